# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which IPv4 addresses a server's adapters have, read from its registry.

Source: HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip, Linkage and Parameters\\Interfaces, as public tools read them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from ..formats.registry import Key, KeyContent, KeyTree, Unreadable
from ..reads import Observed, Read, ReadKey, ReadTree
from .part import data_of, said, why_not

LINKAGE = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Linkage")
INTERFACES = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces")
BIND = "Bind"
READS: tuple[Read, ...] = (ReadKey(LINKAGE), ReadTree(INTERFACES))


@dataclass(frozen=True)
class AdapterAddress:
    """An IPv4 address that others can reach, and the adapter that has it."""

    adapter: str
    address: ipaddress.IPv4Address

    def __str__(self) -> str:
        return f"{self.address} on {self.adapter}"


@dataclass(frozen=True)
class OwnIPv4:
    """The addresses of the bound adapters; C(unknown) says why they are not known."""

    addresses: tuple[AdapterAddress, ...] = ()
    unknown: str | None = None

    @classmethod
    def of(cls, observed: Observed) -> OwnIPv4:
        """From the answers to READS. A key of an adapter that is gone stays in the registry, but not in Bind."""
        linkage, tree = observed.key(LINKAGE), observed.get(ReadTree(INTERFACES), KeyTree)
        if not isinstance(linkage, KeyContent):
            return cls(unknown=why_not(LINKAGE, linkage))
        if isinstance(tree, Unreadable):
            return cls(unknown=f"{INTERFACES.path}: {said(tree)}")
        if not tree.keys:
            return cls(unknown=f"{INTERFACES.path} holds nothing")
        unknown: dict[str, str] = {}
        devices: tuple[str, ...] | None = data_of(linkage, BIND, tuple, BIND, unknown)
        if devices is None:
            return cls(unknown=f"{LINKAGE.path}: {unknown.get(BIND, f'it has no value {BIND}')}")
        found = {key.name.lower(): content for key, content in tree.keys}
        adapters = dict.fromkeys(device.rpartition("\\")[2] for device in devices)
        return cls(tuple(item for name in adapters for item in _of_adapter(name, found.get(name.lower()))))


def _of_adapter(name: str, content: KeyContent | None) -> Iterable[AdapterAddress]:
    if content is None:
        return
    dhcp = content.value("EnableDHCP")
    value = content.value("DhcpIPAddress" if dhcp is not None and dhcp.data == 1 else "IPAddress")
    data = None if value is None else value.data
    for text in data if isinstance(data, tuple) else [data]:
        try:
            address = ipaddress.IPv4Address(text) if isinstance(text, str) else None
        except ValueError:
            continue
        if address is not None and not (address.is_unspecified or address.is_link_local or address.is_loopback):
            yield AdapterAddress(name, address)
