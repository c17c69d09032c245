# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problem B: the two halves of a client's connection reach different Client Access servers.

Source: Exchange team blog, 2008-06-20; the order of its fix is docs/fleet-order.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..findings.progress import Progress
from ..fixes.dsproxy_referral import REFER, DsproxyReferral
from ..fixes.valid_ports import VALID_PORTS, ValidPorts
from .answer import About, Problem, Verdict
from .case import Case, Row

REFERRAL = (DsproxyReferral.name, REFER)
LISTED = (ValidPorts.name, VALID_PORTS)
ABOUT = About(
    name="B",
    title="split connections: RPC_IN_DATA and RPC_OUT_DATA of one client reach different Client Access servers",
    notice="mail and referral work, and connections to DSProxy (port 6004) do not survive",
    fix=(
        "first choice: source-IP affinity at the load balancer, and then outlook_anywhere_affinity: source_ip",
        "last resort: outlook_anywhere_affinity: ssl_id or none, and playbook site, which keeps the order: Global "
        "Catalogs (module nspi_endpoint, reboot), Client Access servers (valid_ports), Mailbox servers "
        "(dsproxy_referral, restart of MSExchangeSA)",
    ),
    reference="Exchange team blog, 2008-06-20",
)
_SPLITS = ("ssl_id", "none")


@dataclass(frozen=True)
class _Fix:
    """How far a fleet is with the fix: what is known to lack, what could not be judged, and who refers to DSProxy."""

    lacks: tuple[str, ...]
    unknown: tuple[str, ...]
    refer: tuple[str, ...]
    do_not_refer: tuple[str, ...]
    pending: tuple[str, ...]
    waits: bool
    unproved: bool

    @property
    def in_place(self) -> bool:
        """Whether every part is configured as far as anyone can see."""
        return bool(self.do_not_refer) and not (self.lacks or self.unknown or self.refer)


def split_connections(case: Case) -> Problem:
    """Problem B, judged for the fleet: nobody can read a load balancer, so outlook_anywhere_affinity speaks for it."""
    return Problem.of(ABOUT, [_judge(case, _fix(case))])


def _judge(case: Case, fix: _Fix) -> Verdict:
    said = f"outlook_anywhere_affinity is {case.affinity or 'not set'}"
    if not case.client_access:
        return Verdict(None, "unknown", (said,), unknown=("the inventory has no Client Access server",))
    if fix.do_not_refer and fix.lacks:
        gone = f"the fix is half-way: {', '.join(fix.do_not_refer)} no longer refer to DSProxy, and clients lack"
        return Verdict(None, "present", (said, gone, *fix.lacks), fix.pending, fix.unknown)
    none = _cannot_split(case)
    if none:
        return Verdict(None, "not_present", (said, none), fix.pending)
    if fix.in_place:
        evidence = (said, "the fix is in place on every server of the inventory")
        if fix.waits:
            return Verdict(None, "present", evidence, fix.pending)
        return Verdict(None, "unknown" if fix.unproved else "not_present", evidence, fix.pending)
    refer = (f"refer HTTP clients to DSProxy: {', '.join(fix.refer)}",) if fix.refer else ()
    evidence = (said, f"Client Access servers: {', '.join(case.client_access)}", *refer, *fix.lacks)
    if case.affinity not in _SPLITS:
        why = "whether the load balancer keeps a client on one server cannot be read: set outlook_anywhere_affinity"
        return Verdict(None, "possible", evidence, fix.pending, (why, *fix.unknown))
    return Verdict(None, "present" if fix.refer or fix.lacks else "unknown", evidence, fix.pending, fix.unknown)


def _cannot_split(case: Case) -> str:
    """Why no connection of this fleet is split; empty where one may be."""
    if case.affinity == "source_ip":
        return "the load balancer keeps a client on one server"
    if len(case.client_access) == 1:
        return f"{case.client_access[0]} is the only Client Access server of the inventory: both halves reach it"
    if all(case.facts(host).get("exchange_2010_or_later") for host in case.client_access):
        return "Exchange 2010 or later has no DSProxy"
    return ""


def _fix(case: Case) -> _Fix:
    progress = Progress.of(case.fleet)
    switched = [seen.host for seen in progress.switched]
    in_doubt = _in_doubt(case, switched, REFERRAL)
    not_taken_up = {
        host: row for host, row in _in_doubt(case, case.client_access, LISTED).items() if row.effective == "no"
    }
    return _Fix(
        lacks=(*progress.without_directory, *progress.not_pinned),
        unknown=_unknown(case, progress),
        refer=tuple(seen.host for seen in progress.refer),
        do_not_refer=tuple(switched),
        pending=tuple(row.pending(host) for some in (in_doubt, not_taken_up) for host, row in some.items()),
        waits=any(row.effective == "no" for row in (*in_doubt.values(), *not_taken_up.values())),
        unproved=any(row.effective == "unknown" for row in in_doubt.values()),
    )


def _unknown(case: Case, progress: Progress) -> tuple[str, ...]:
    unread = [f"{item.host} was not read: {item.why}" for item in case.unread if item.host not in progress.attested]
    outside = [f"whether {name} offers the directory on 6004 is not known" for name in progress.not_read]
    parts = [
        f"{seen.host}: {part} is not known: {case.why_unknown(seen.host, part)}"
        for seen, part in (
            *((seen, "refers_http_to_dsproxy") for seen in case.fleet.mailbox if not seen.later_exchange),
            *((seen, "valid_ports") for seen in case.fleet.client_access if not seen.later_exchange),
            *((seen, "polling_minutes") for seen in case.fleet.client_access if not seen.later_exchange),
            *((seen, "directory_owners") for seen in case.fleet.global_catalog),
        )
        if seen.get(part) is None and (part == "refers_http_to_dsproxy" or not seen.known(part))
    ]
    nobody = () if case.fleet.global_catalogs else ("the inventory has no Global Catalog",)
    return (*unread, *outside, *nobody, *parts)


def _in_doubt(case: Case, hosts: Iterable[str], setting: tuple[str, str]) -> dict[str, Row]:
    """Where a setting is configured and not proved to work."""
    rows = {host: case.row(host, *setting) for host in hosts}
    return {host: row for host, row in rows.items() if row and row.configured is not None and row.effective != "yes"}
