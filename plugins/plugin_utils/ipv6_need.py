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


def ipv6_need(
    hosts: Iterable[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    further: Iterable[Any] = (),
    client_access: str | None = None,
) -> Ipv6Need:
    """Judge every Mailbox server by its build and by what it was seen to listen on in this run.

    C(further) are Mailbox servers that the inventory does not manage: nothing is known of them. C(client_access) is the
    server that would get the fix.
    """
    own = _facts(hostvars.get(client_access, {})) if client_access else {}
    if own.get("exchange_2010_or_later"):
        return Ipv6Need(False, "Exchange 2010 or later is installed here")
    if own.get("windows_version") == WINDOWS_2003:
        return Ipv6Need(False, "the RPC proxy of Windows Server 2003 does not prefer IPv6", applies=False)
    hosts = list(hosts)
    managed = {str(_facts(hostvars[host]).get("fqdn")).lower() for host in hosts}
    needing, fixed, unread = [], [], [name for name in map(_name, further) if name.lower() not in managed]
    for host in hosts:
        facts = _facts(hostvars[host])
        if facts.get("exchange_2010_or_later"):
            fixed.append(f"{host}: Exchange 2010 or later")
            continue
        if facts.get("domain_controller"):
            fixed.append(f"{host}: a domain controller, where lsass owns 6004")
            continue
        build = facts.get("exchange_build")
        stacks = facts.get("directory_stacks")
        if not build:
            unread.append(host)
        elif Build.parse(build) < FIXED and (facts.get("unknown") or {}).get("exchange_rollups"):
            unread.append(f"{host} (its update rollups)")
        elif Build.parse(build) < FIXED:
            needing.append(f"{host}: build {build}, below {FIXED}")
        elif stacks and set(stacks) != BOTH_STACKS:
            needing.append(f"{host}: build {build}, and 6004 on {stacks[0]} only")
        else:
            fixed.append(f"{host}: build {build}")
    reasons = [*needing, *(f"{host}: not read, so taken for one that needs it" for host in unread)]
    if reasons:
        return Ipv6Need(True, "; ".join(reasons), tuple(unread))
    return Ipv6Need(False, "; ".join(fixed) or "there is no Mailbox server")
