# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that a server really has: its configured ones, less what DisabledComponents and bindings take away."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.backend import Registry
from tests.lab.hosts import HostSpec
from tests.lab.roles import WITHOUT_IPV6, Adapter, dealt
from tests.lab.state import readings
from tests.lab.state.readings import Boot

# KB 929852
OFF_ON_TUNNELS = 0x01
OFF_ELSEWHERE = 0x10
FIRST_INDEX = 10


@dataclass(frozen=True)
class Interface:
    """An adapter with the addresses it has in one stack; index is its zone."""

    index: int
    name: str
    addresses: tuple[str, ...]


def ipv6_installed(spec: HostSpec) -> bool:
    """Server 2003 comes without."""
    return spec.windows not in WITHOUT_IPV6


def interfaces(spec: HostSpec, registry: Registry, boot: Boot, stack: str) -> tuple[Interface, ...]:
    """Every adapter of the server; the configured addresses are dealt out to the adapters in turn."""
    configured = spec.addresses.ipv4 if stack == "ipv4" else spec.addresses.ipv6
    count = len(spec.adapters)
    return tuple(
        Interface(
            FIRST_INDEX + position,
            adapter.name,
            tuple(
                address
                for address in dealt(configured, position, count)
                if stack == "ipv4" or _has_ipv6(adapter, address, spec, registry, boot)
            ),
        )
        for position, adapter in enumerate(spec.adapters)
    )


def link_local(address: str) -> bool:
    """Whether an address needs its zone."""
    return address.lower().startswith("fe80:")


def _has_ipv6(adapter: Adapter, address: str, spec: HostSpec, registry: Registry, boot: Boot) -> bool:
    if not ipv6_installed(spec):
        return False
    if _tunnelled(address):
        return not boot.disabled_components & OFF_ON_TUNNELS
    if boot.disabled_components & OFF_ELSEWHERE:
        return False
    guid = adapter.guid.lower()
    return guid not in readings.bound(registry, "Tcpip") or guid in readings.bound(registry, "Tcpip6")


def _tunnelled(address: str) -> bool:
    """ISATAP and 6to4 addresses; they belong to no card."""
    return ":5efe:" in address.lower() or address.startswith("2002:")
