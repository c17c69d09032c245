# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client Access servers of one fleet that are not alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..allowed_ports import AllowedPorts
from ..facts.roles import WINDOWS_2003
from ..fixes.ipv6_components import ALL_BITS, COMPONENTS, NUMBERS, Ipv6Components, shown_number
from ..fixes.valid_ports import VALID_PORTS
from ..fleet_finding import FleetFinding
from .allowed_ports import each_once, lists_of
from .fleet import Fleet, Kind, Seen, some, together
from .polling_frozen_on_some import minutes_of

KIND = Kind(
    name="client_access_servers_differ",
    why=(
        "The load balancer decides which of them a client meets, and the two connections of one Outlook may even meet "
        "different ones. What works through one and not through the other comes and goes, and nobody can repeat it."
    ),
    fix=(
        "Is a difference not meant: playbook site brings the settings of the collection to the same value everywhere; "
        "authentication of the virtual directories is set with Set-OutlookAnywhere and its like; update rollups are "
        "installed on all of them; an RPC proxy is switched on by Enabled 1 in "
        "HKLM\\SOFTWARE\\Microsoft\\Rpc\\RpcProxy. Is it meant, leave it: this is no more than a notice."
    ),
    undo="Module restore brings back what a server had before (its snapshots).",
    reference="Exchange team blog, 2008-06-20; MicrosoftDocs/win32, rpc-over-http-security",
)
LOOPBACK = "::1"


@dataclass(frozen=True)
class Aspect:
    """One thing in which they may differ; C(of) shows it in words, None where it is not known or not there."""

    name: str
    of: Callable[[Seen], str | None]

    def values(self, servers: Iterable[Seen]) -> dict[str, str]:
        """The value of each server that shows one."""
        return {seen.host: value for seen in servers if (value := self.of(seen)) is not None}


def client_access_servers_differ(fleet: Fleet) -> FleetFinding | None:
    """A notice: whatever differs may be meant so, an RPC proxy that is switched off too."""
    servers = [seen for seen in fleet.client_access if not seen.later_exchange]
    differing: dict[str, list[str]] = {}
    hosts: list[str] = []
    lists = lists_of(servers)
    # Lists that are to be different are not compared.
    for alike in fleet.by_mailbox_servers(lists).values():
        if lines := _lists_differ({host: lists[host] for host in alike}):
            differing.setdefault(VALID_PORTS, []).extend(lines)
            hosts += alike
    for aspect in ASPECTS:
        values = aspect.values(servers)
        if len(set(values.values())) > 1:
            differing[aspect.name] = [f"{aspect.name}: {line}" for line in together(values)]
            hosts += values
    if not differing:
        return None
    return KIND.finding(
        "notice",
        hosts,
        f"the Client Access servers differ in {some(differing, 20)}",
        [*(line for lines in differing.values() for line in lines), *fleet.not_read("client_access")],
    )


def _lists_differ(lists: dict[str, AllowedPorts]) -> list[str]:
    """How the lists differ from the one that most servers have, by their meaning."""
    nothing = AllowedPorts("")
    meanings: dict[tuple[str, ...], list[str]] = {}
    for host, meaning in each_once(lists, lambda allowed: tuple(allowed.only_here(nothing))).items():
        meanings.setdefault(meaning, []).append(host)
    if len(meanings) < 2:
        return []
    groups = sorted(meanings.values(), key=len, reverse=True)
    usual = lists[groups[0][0]]
    lines = [
        f"{VALID_PORTS}: {some(groups[0])}: {len(usual.only_here(nothing))} targets, with which the others compare"
    ]
    for hosts in groups[1:]:
        allowed = lists[hosts[0]]
        more, less = allowed.only_here(usual), usual.only_here(allowed)
        parts = [*([f"also allows {some(more)}"] if more else []), *([f"does not allow {some(less)}"] if less else [])]
        lines.append(f"{VALID_PORTS}: {some(hosts)}: {'; '.join(parts)}")
    return lines


def _proxy(seen: Seen) -> str | None:
    enabled = seen.get("rpc_proxy_enabled")
    return None if enabled is None else ("on" if enabled else "switched off")


def _build(seen: Seen) -> str | None:
    build = seen.get("exchange_build")
    return None if not build or "exchange_rollups" in seen.unknown else str(build)


def _components(seen: Seen) -> str | None:
    """DisabledComponents by its meaning: absent is 0, and all bits do what 0xFF does."""
    if seen.get("windows_version") == WINDOWS_2003:
        return None
    for setting in seen.get("settings") or ():
        if setting.get("fix") == Ipv6Components.name and setting.get("setting") == COMPONENTS:
            configured = setting.get("configured")
            if configured == shown_number(ALL_BITS):
                return shown_number(NUMBERS["disabled"])
            if configured is None and setting.get("known"):
                return shown_number(NUMBERS["enabled"])
            return None if configured is None else str(configured)
    return None


def _ipv6(seen: Seen) -> str | None:
    if seen.get("windows_version") == WINDOWS_2003:
        return None
    addresses = (seen.get("addresses") or {}).get("ipv6")
    if addresses is None:
        return None
    return "in use" if any(str(address).partition("%")[0] != LOOPBACK for address in addresses) else "off"


def _switch(directory: str, switch: str) -> Callable[[Seen], str | None]:
    def of(seen: Seen) -> str | None:
        value = ((seen.get("iis_authentication") or {}).get(directory) or {}).get(switch)
        return None if value is None else ("on" if value else "off")

    return of


ASPECTS = (
    Aspect("PeriodicPollingMinutes", minutes_of),
    Aspect("the RPC proxy", _proxy),
    Aspect("the build of Exchange", _build),
    Aspect(COMPONENTS, _components),
    Aspect("IPv6", _ipv6),
    *(
        Aspect(f"{words} of /{directory}", _switch(directory, switch))
        for directory in ("rpc", "oab", "autodiscover", "ews")
        for switch, words in (
            ("windows", "Windows authentication"),
            ("basic", "Basic authentication"),
            ("kernel_mode", "kernel-mode authentication"),
        )
    ),
)
