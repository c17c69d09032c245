# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens where: the ports of the article, and what else a server has open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.lab.state.processes import AGENT_IMAGE, AGENT_PORT, SYSTEM, Process
from tests.lab.state.readings import Boot

ANY = {"ipv4": "0.0.0.0", "ipv6": "::"}
IPV4_ONLY = ("ipv4",)
BOTH = ("ipv4", "ipv6")
# mad.exe of an earlier build listens on 6004 on IPv4 only (KB 952580).
FIXED_BUILD = (8, 1, 311, 3)


@dataclass(frozen=True)
class Listener:
    """An open TCP port; stack is ipv4 or ipv6."""

    stack: str
    address: str
    port: int
    pid: int
    image: str


@dataclass(frozen=True)
class Directory:
    """Who listens on 6004: the build of mad.exe, whether a Global Catalog does, and whether mad.exe does beside it."""

    system_attendant_build: tuple[int, ...]
    nspi_listens: bool
    mad_beside_lsass: bool


def listeners(
    processes: Iterable[Process], boot: Boot, directory: Directory, ipv6_installed: bool
) -> tuple[Listener, ...]:
    """All of them, IPv4 first, by port; the services of the processes are those that run."""
    found = []
    for process in processes:
        for port, stacks in _ports(process, boot, directory):
            for stack in stacks if ipv6_installed else IPV4_ONLY:
                found.append(Listener(stack, ANY[stack], port, process.pid, process.image))
    return tuple(sorted(found, key=lambda listener: (listener.stack, listener.port)))


def _ports(process: Process, boot: Boot, directory: Directory) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The ports of one process, with the stacks of each."""
    services = process.services
    if process.pid == SYSTEM:
        yield from ((port, BOTH) for port in (445, 5985))
        if "client_access" in boot.roles:
            yield from ((port, BOTH) for port in (80, 443))
    if process.image == AGENT_IMAGE:
        yield AGENT_PORT, BOTH
    if "RpcSs" in services:
        yield 135, BOTH
        if "client_access" in boot.roles:
            yield 593, BOTH
    if "SamSs" in services:
        yield 49155, BOTH
    if "NTDS" in services:
        yield from ((port, BOTH) for port in _directory_ports(boot, directory))
    if "MSExchangeIS" in services:
        yield 6001, BOTH
    if "MSExchangeSA" in services:
        yield 6002, BOTH
        # On a domain controller lsass has that port.
        if not boot.domain_controller or directory.mad_beside_lsass:
            yield 6004, BOTH if directory.system_attendant_build >= FIXED_BUILD else IPV4_ONLY


def _directory_ports(boot: Boot, directory: Directory) -> Iterator[int]:
    yield from (88, 389, 636)
    if boot.global_catalog:
        yield from (3268, 3269)
    if not directory.nspi_listens or directory.mad_beside_lsass:
        return
    if "mailbox" in boot.roles or (boot.global_catalog and boot.nspi_over_http):
        yield 6004
