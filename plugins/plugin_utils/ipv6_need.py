# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Client Access servers need IPv6 off: it depends on the Mailbox servers that they serve, not on themselves.

Source: KB 952580 and TechNet cc411322: mad.exe listens on both stacks from build 8.1.311.3 on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .facts.roles import WINDOWS_2003
from .formats.builds import Build
from .inventory_names import IDENTITY_VARIABLE

FIXED = Build(8, 1, 311, 3)
BOTH_STACKS = {"IPv4", "IPv6"}


@dataclass(frozen=True)
class Ipv6Need:
    """Whether the fix is needed and why, which Mailbox servers were not read, and whether Windows has the problem."""

    needed: bool
    reason: str
    unread: tuple[str, ...] = ()
    applies: bool = True


def _name(name: Any) -> str:
    return str(name.get("fqdn") if isinstance(name, Mapping) else name)


def _facts(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    return (variables.get(IDENTITY_VARIABLE) or {}).get("server") or {}


@dataclass(frozen=True)
class _Judgement:
    """What is known of one Mailbox server's port 6004; needs is None where nothing is."""

    needs: bool | None
    why: str


def _judge(host: str, facts: Mapping[str, Any]) -> _Judgement:
    if facts.get("exchange_2010_or_later"):
        return _Judgement(False, f"{host}: Exchange 2010 or later")
    if facts.get("domain_controller"):
        return _Judgement(False, f"{host}: a domain controller, where lsass owns 6004")
    build = facts.get("exchange_build")
    stacks = facts.get("directory_stacks")
    if not build:
        return _Judgement(None, host)
    if Build.parse(build) < FIXED and (facts.get("unknown") or {}).get("exchange_rollups"):
        return _Judgement(None, f"{host} (its update rollups)")
    if Build.parse(build) < FIXED:
        return _Judgement(True, f"{host}: build {build}, below {FIXED}")
    if stacks and set(stacks) != BOTH_STACKS:
        return _Judgement(True, f"{host}: build {build}, and 6004 on {stacks[0]} only")
    return _Judgement(False, f"{host}: build {build}")


def _without_the_problem(facts: Mapping[str, Any]) -> Ipv6Need | None:
    """The answer for a Client Access server whose RPC proxy has no such problem."""
    if facts.get("exchange_2010_or_later"):
        return Ipv6Need(False, "Exchange 2010 or later is installed here")
    if facts.get("windows_version") == WINDOWS_2003:
        return Ipv6Need(False, "the RPC proxy of Windows Server 2003 does not prefer IPv6", applies=False)
    return None


def _needed_by(judgements: Iterable[_Judgement]) -> Ipv6Need:
    judgements = list(judgements)
    unread = [item.why for item in judgements if item.needs is None]
    reasons = [item.why for item in judgements if item.needs]
    reasons += [f"{host}: not read, so taken for one that needs it" for host in unread]
    if reasons:
        return Ipv6Need(True, "; ".join(reasons), tuple(unread))
    return Ipv6Need(False, "; ".join(item.why for item in judgements) or "there is no Mailbox server")


def ipv6_need(
    hosts: Iterable[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    further: Iterable[Any] = (),
    client_access: str | None = None,
) -> Ipv6Need:
    """Judge every Mailbox server by its build and by what it was seen to listen on in this run.

    C(further) are Mailbox servers that the inventory does not manage: nothing is known of them. C(client_access) is the
    server that would get the fix; where it is a Mailbox server itself, its hosts file serves for it.
    """
    own = _facts(hostvars.get(client_access, {})) if client_access else {}
    if (none := _without_the_problem(own)) is not None:
        return none
    hosts = list(hosts)
    managed = {str(_facts(hostvars[host]).get("fqdn")).lower() for host in hosts}
    unmanaged = [_Judgement(None, name) for name in map(_name, further) if name.lower() not in managed]
    others = [_judge(host, _facts(hostvars[host])) for host in hosts if host != client_access]
    if hosts and not others and not unmanaged:
        return Ipv6Need(
            False, f"{client_access} is the only Mailbox server that it serves, and its hosts file does that"
        )
    return _needed_by([*unmanaged, *others])


def hosts_file_need(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], client_access: str) -> Ipv6Need:
    """Whether a Client Access server that is a Mailbox server as well must reach itself by IPv4."""
    own = _facts(hostvars.get(client_access, {}))
    if client_access not in set(hosts):
        return Ipv6Need(False, "it is no Mailbox server", applies=False)
    return _without_the_problem(own) or _needed_by([_judge(client_access, own)])
