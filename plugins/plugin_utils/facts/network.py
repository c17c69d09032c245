# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses a server has, and who listens on the ports of RPC over HTTP.

Sources: as in facts/ipv4.py; netsh and netstat by public documentation and transcripts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..formats.registry import Unreadable
from ..reads import (
    Addresses,
    Listeners,
    Observed,
    Processes,
    Read,
    ReadIPv6Addresses,
    ReadListeners,
    ReadProcesses,
)
from . import ipv4
from .ipv4 import OwnIPv4
from .part import Part, said

# The endpoint mapper of the RPC proxy's own server, and the three ports of a Mailbox server.
PORTS = (593, 6001, 6002, 6004)
EVERY_PROCESS = ReadProcesses()
READS: tuple[Read, ...] = (*ipv4.READS, ReadIPv6Addresses(), ReadListeners(), EVERY_PROCESS)


@dataclass(frozen=True)
class Network(Part):
    """Typed facts; a half of C(addresses) is None where it is not known, with the reason under addresses.ipv4 or .ipv6.

    C(listeners) are lists by port, without those that nobody listens on; an owner is None where its name is not known.
    """

    addresses: dict[str, Any] | None = None
    listeners: dict[str, Any] | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, observed: Observed) -> Network:
        """From the answers to READS."""
        unknown: dict[str, str] = {}
        return cls(_addresses(observed, unknown), _listeners(observed, unknown), unknown)


def _addresses(observed: Observed, unknown: dict[str, str]) -> dict[str, Any]:
    own, ipv6 = OwnIPv4.of(observed), observed.get(ReadIPv6Addresses(), Addresses)
    if own.unknown is not None:
        unknown["addresses.ipv4"] = own.unknown
    if isinstance(ipv6, Unreadable):
        unknown["addresses.ipv6"] = said(ipv6)
    adapters = [{"adapter": item.adapter, "address": str(item.address)} for item in own.addresses]
    return {
        "ipv4": None if own.unknown is not None else adapters,
        "ipv6": None if isinstance(ipv6, Unreadable) else list(ipv6.ipv6),
    }


def _listeners(observed: Observed, unknown: dict[str, str]) -> dict[str, Any] | None:
    listeners, processes = observed.get(ReadListeners(), Listeners), observed.get(EVERY_PROCESS, Processes)
    if isinstance(listeners, Unreadable):
        unknown["listeners"] = said(listeners)
        return None
    images: dict[int, str] = {}
    if isinstance(processes, Unreadable):
        unknown["listeners"] = f"the owners: {said(processes)}"
    else:
        images = {process.pid: process.image for process in processes.running}
    found = {
        str(port): [
            {"stack": stack, "pid": pid, "owner": images.get(pid)}
            for stack, pid in dict.fromkeys((listener.stack, listener.pid) for listener in listeners.on(port))
        ]
        for port in PORTS
    }
    return {port: owners for port, owners in found.items() if owners}
