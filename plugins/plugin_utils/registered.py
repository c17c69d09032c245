# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks and roles register, and what is missing where one of them did not come to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .fixes.dsproxy_referral import DsproxyReferral
from .fixes.hosts_ipv4 import HostsIpv4
from .fixes.ipv6_binding import Ipv6Binding
from .fixes.ipv6_components import Ipv6Components
from .fixes.kernel_mode_authentication import KernelModeAuthentication
from .fixes.nspi_endpoint import NspiEndpoint
from .fixes.plan import Fix
from .fixes.rpc_virtual_directory import RpcVirtualDirectory
from .fixes.valid_ports import ValidPorts
from .inventory_names import IDENTITY_VARIABLE, is_true

STOPPED_VARIABLE = "outlook_anywhere_stopped"
NOW_VARIABLE = "outlook_anywhere_now"
# Whether playbook site has begun to change a host and not seen it as well as before since, and what it says of that.
IN_WORK_VARIABLE, BROKEN_VARIABLE = "outlook_anywhere_in_work", "outlook_anywhere_broken"
# Whether the playbooks have found that the fix for split connections is wanted on a host.
SPLIT_VARIABLE = "outlook_anywhere_split_wanted"
# What the tasks returned that changed a server, by the name that they registered; a later look may have replaced it.
APPLIED_VARIABLE = "outlook_anywhere_applied"
# Those of them behind which the server has booted.
REBOOTED_VARIABLE = "outlook_anywhere_rebooted"
# What the playbooks register while they change a server and at the end, beside the results of the fixes; rollback
# leaves nothing else undone for a hosts file that somebody else has edited.
STEP_VARIABLES = (
    "rollback_hosts_ipv4",
    "outlook_anywhere_before",
    "outlook_anywhere_reboot",
    "outlook_anywhere_restart",
    "outlook_anywhere_after",
    "outlook_anywhere_last",
)
PIN = "client_access_pin"
# How a result says that its task went wrong.
_WRONG = ("failed", "unreachable", "msg", "failure")
# What a second look may say of a setting that is as the run has left it.
_AT_REST = ("compliant", "not_managed", "not_applicable")
# Under which name each role registers the result of which fixes, by group.
EXPECTED: dict[str, dict[str, tuple[type[Fix], ...]]] = {
    "global_catalog": {"global_catalog_baseline": (NspiEndpoint,)},
    "client_access": {
        "client_access_ungated": (
            Ipv6Components,
            Ipv6Binding,
            HostsIpv4,
            KernelModeAuthentication,
            RpcVirtualDirectory,
        ),
        PIN: (ValidPorts,),
    },
    "mailbox": {"mailbox_baseline": (DsproxyReferral,)},
}
# The parts of a fleet in the order in which it changes: a Client Access server's pin stands behind a gate of its own.
# What an earlier run has begun and not finished comes first, and is known from the first look at a server.
UNFINISHED = "unfinished"
PARTS: dict[str, tuple[str, ...]] = {
    UNFINISHED: (),
    "global_catalog": tuple(EXPECTED["global_catalog"]),
    "client_access": tuple(name for name in EXPECTED["client_access"] if name != PIN),
    "pin": (PIN,),
    "mailbox": tuple(EXPECTED["mailbox"]),
}


def registered_results(
    hosts: Iterable[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Iterable[str]],
    only: Iterable[str] = (),
    held: Mapping[str, str] | None = None,
) -> dict[str, list[Mapping[str, Any]]]:
    """What the tasks of this run registered for each host of our groups.

    A fix that a role of the host should have looked at and did not has every setting unknown. C(only) are the parts
    that the run looks after, all of them where none is named. C(held) are parts that a closed gate holds back, with its
    reason.
    """
    parts = list(only) or list(PARTS)
    names = {name for part in parts for name in PARTS[part]}
    wanted = {
        group: {name: fixes for name, fixes in tasks.items() if name in names} for group, tasks in EXPECTED.items()
    }
    ours = {host for group, tasks in wanted.items() if tasks for host in groups.get(group, ())}
    reasons = {name: reason for part, reason in (held or {}).items() for name in PARTS[part]}
    return {host: _of_host(host, hostvars[host], groups, wanted, reasons) for host in hosts if host in ours}


def readings(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], name: str = NOW_VARIABLE
) -> dict[str, Mapping[str, Any]]:
    """What server_info returned for each of the hosts, where it was asked; a skipped task says nothing."""
    found = {host: hostvars[host].get(name) for host in hosts}
    return {host: result for host, result in found.items() if result and not result.get("skipped")}


def part_state(variables: Mapping[str, Any], part: str) -> dict[str, Any]:
    """What the results of one part come to on one host: what went wrong, what changes, and what then waits."""
    results = {
        name: variables[name] for name in PARTS[part] if name in variables and not variables[name].get("skipped")
    }
    wrong = [result for result in results.values() if _went_wrong(result)]
    identity = variables.get(IDENTITY_VARIABLE) or {} if part == UNFINISHED else {}
    waiting = [str(name) for result in (identity, *results.values()) for name in result.get("restart_required") or ()]
    return {
        "results": results,
        "trouble": [str(result.get("msg") or "a task failed and gave no reason") for result in wrong],
        "to_change": any(result.get("changed") for result in results.values()),
        "restart_required": list(dict.fromkeys(waiting)),
        "reboot_required": any(result.get("reboot_required") for result in results.values()),
        "unfinished": bool(identity.get("unfinished")),
    }


def _steps(variables: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The results of what playbook site does beside the fixes, those of a loop each by itself."""
    results: list[Mapping[str, Any]] = []
    for name in STEP_VARIABLES:
        result = variables.get(name) or {}
        results += result.get("results") or [result]
    return results


def together(results: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The results of several tasks as that of one; of a setting that several tell of, what the first says."""
    every = [one for result in results for one in result.get("results") or [result]]
    told = [one for one in every if one and not one.get("skipped")]
    if not told:
        return {"changed": False, "skipped": True}
    findings = [finding for one in told for finding in one.get("findings") or ()]
    first = {(finding["fix"], finding["setting"]): finding for finding in reversed(findings)}
    wrong = [{name: one[name] for name in _WRONG if one.get(name)} for one in told if _went_wrong(one)]
    return {
        "changed": any(one.get("changed") for one in told),
        "predicted": any(one.get("changed") and one.get("predicted") for one in told),
        "findings": list(reversed(first.values())),
        "restart_required": list(dict.fromkeys(name for one in told for name in one.get("restart_required") or ())),
        "reboot_required": any(one.get("reboot_required") for one in told),
        "warnings": list(dict.fromkeys(text for one in told for text in one.get("warnings") or ())),
        **(wrong[0] if wrong else {}),
    }


def lost_lines(variables: Mapping[str, Any], part: str) -> list[str]:
    """A line for each task of this part that lost its server: Ansible goes on behind such a task, and nobody may."""
    results = [*part_state(variables, part)["results"].values(), *_steps(variables)]
    lost = [
        str(result.get("msg") or "the line to the server was lost") for result in results if result.get("unreachable")
    ]
    return list(dict.fromkeys(lost))


def broken(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each host that this run has begun to change and not seen as well as before since."""
    return [
        str(hostvars[host].get(BROKEN_VARIABLE) or f"the run stopped at {host}: what it was doing there lost its line")
        for host in hosts
        if hostvars[host].get(IN_WORK_VARIABLE)
    ]


def waiting(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], part: str) -> list[str]:
    """The hosts on which a part is not yet in force: to be changed, waiting for a restart, or not known."""
    states = {host: part_state(hostvars[host], part) for host in hosts}
    return [host for host, state in states.items() if _waits(state) or not state["results"]]


def _waits(state: Mapping[str, Any]) -> bool:
    return bool(state["trouble"] or state["to_change"] or state["restart_required"] or state["reboot_required"])


def _went_wrong(result: Mapping[str, Any]) -> bool:
    return bool(result.get("failed") or result.get("unreachable"))


def _latest(name: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a task registered; where it had changed the server and looked again later, both in one.

    What was found before the change and whether it was changed comes from the first, what holds now from the second.
    The second may not look at all that was changed, or not know any more what it waits for.
    """
    again: Mapping[str, Any] = variables[name]
    first = (variables.get(APPLIED_VARIABLE) or {}).get(name)
    if not first or _went_wrong(again) or _went_wrong(first):
        return first if first and _went_wrong(first) else again
    before = {finding["setting"]: finding for finding in first.get("findings") or ()}
    findings = [
        {**before.pop(finding["setting"]), "effective": finding["effective"]}
        if finding["status"] in _AT_REST and finding["setting"] in before
        else finding
        for finding in again.get("findings") or ()
    ]
    settings = {finding["setting"] for finding in findings}
    findings += [finding for setting, finding in before.items() if setting not in settings]
    waits = bool(first.get("reboot_required")) and name not in (variables.get(REBOOTED_VARIABLE) or ())
    return {
        **again,
        "changed": first.get("changed"),
        "predicted": False,
        "findings": findings,
        "reboot_required": bool(again.get("reboot_required")) or waits,
    }


def _held_back(result: Mapping[str, Any], why: str | None) -> Mapping[str, Any]:
    """A predicted change behind a closed gate is none: its findings say what holds it back."""
    if why is None or not result.get("predicted") or not result.get("changed"):
        return result
    findings = [
        {**finding, "after": finding["before"], "blocked_by": finding["blocked_by"] or why}
        if finding["status"] == "drifted"
        else finding
        for finding in result.get("findings") or ()
    ]
    return {**result, "changed": False, "findings": findings, "restart_required": [], "reboot_required": False}


def unread(
    hosts: Iterable[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    global_catalogs: Iterable[Mapping[str, Any]] = (),
) -> list[str]:
    """A line for each server that was not read at the beginning of the run; a Global Catalog can be attested."""
    lines = {host: _why_unread(host, hostvars[host]) for host in hosts}
    for server in global_catalogs:
        name = str(server.get("host") or server.get("fqdn"))
        if not is_true(server.get("attested")):
            lines[name] = _why_unread(name, hostvars[name] if server.get("host") else {})
    return [line for line in lines.values() if line]


def _why_unread(host: str, variables: Mapping[str, Any]) -> str:
    result = variables.get(IDENTITY_VARIABLE) or {}
    if "server" in result and not _went_wrong(result):
        return ""
    found = (result.get("failure") or {}).get("found") or result.get("msg") or "it was not asked"
    return f"{host} could not be read: {found}"


def behind(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], parts: Iterable[str], only_waiting: bool = False
) -> list[str]:
    """The hosts with a part behind a gate: the fix for split connections is wanted there, and the part looked after.

    With C(only_waiting) a part that is in force already stands behind no gate.
    """
    wanted = list(parts)
    states = {
        host: [part_state(hostvars[host], part) for part in wanted]
        for host in hosts
        if hostvars[host].get(SPLIT_VARIABLE)
    }
    return [
        host
        for host, found in states.items()
        if any(state["results"] and (_waits(state) or not only_waiting) for state in found)
    ]


def predicted(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], part: str, consent: str = ""
) -> list[str]:
    """The hosts of which the run that check mode predicts would bring this part to where it should be.

    C(consent) names the variable by which a host allows the reboot that this needs; empty where it needs none.
    """
    states = {host: part_state(hostvars[host], part) for host in hosts if _allows(hostvars[host], consent)}
    return [
        host
        for host, state in states.items()
        if not state["trouble"] and (state["to_change"] or state["reboot_required"])
    ]


def _allows(variables: Mapping[str, Any], consent: str) -> bool:
    return not consent or is_true(variables.get(consent))


def _of_host(
    host: str,
    variables: Mapping[str, Any],
    groups: Mapping[str, Iterable[str]],
    wanted: Mapping[str, Mapping[str, tuple[type[Fix], ...]]],
    held: Mapping[str, str],
) -> list[Mapping[str, Any]]:
    results: list[Mapping[str, Any]] = [variables[IDENTITY_VARIABLE]] if IDENTITY_VARIABLE in variables else []
    stopped = variables.get(STOPPED_VARIABLE) or {}
    reason = str(stopped.get("msg") or "it was not looked at in this run")
    missing: list[type[Fix]] = []
    for group, tasks in wanted.items():
        for name, fixes in tasks.items() if host in groups.get(group, ()) else ():
            if name in variables:
                results.append(_held_back(_latest(name, variables), held.get(name)))
            else:
                missing += fixes
    # What went wrong between the fixes is told too; what did not has nothing to tell.
    results += [result for result in _steps(variables) if _went_wrong(result)]
    known = any(result.get("msg") == stopped.get("msg") for result in results)
    return [
        *results,
        *(_not_looked_at(host, fix, "the server was stopped before it" if known else reason) for fix in missing),
    ]


def _not_looked_at(host: str, fix: type[Fix], reason: str) -> dict[str, Any]:
    return {
        "failed": True,
        "msg": f"{host}: {fix.name}: {reason}",
        "findings": [finding.as_dict(host) for finding in fix.unknown(reason)],
    }
