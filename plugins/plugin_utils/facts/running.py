# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a server runs now: its clock, the services and ports that Outlook Anywhere needs, and who owns port 6004."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..formats.registry import Unreadable
from ..reads import Clock, Listeners, Observed, Processes, Read, ReadClock, ReadListeners, ReadService, Service
from .part import Part, said
from .roles import DIRECTORY_PORT, OWNERS

# Those whose absence a user of Outlook Anywhere notices; which of them a server has depends on its roles.
SERVICES = ("NTDS", "Netlogon", "W3SVC", "MSExchangeServiceHost", "MSExchangeSA", "MSExchangeIS")
SYSTEM_ATTENDANT = "mad.exe"
PORTS = (443, 593, 6001, 6002, DIRECTORY_PORT)
READS: tuple[Read, ...] = (ReadClock(), OWNERS, ReadListeners(), *(ReadService(name) for name in SERVICES))


@dataclass(frozen=True)
class Running(Part):
    """Typed facts; None where a part is not known, with the reason in C(unknown) under its name.

    C(services) are states by name, without those that are not installed; C(ports) the stacks by port;
    C(directory_owners) the images of mad.exe and lsass.exe that listen on port 6004; C(system_attendant_started_at) is
    also None where mad.exe does not run.
    """

    booted_at: str | None = None
    read_at: str | None = None
    services: Mapping[str, int] | None = None
    ports: Mapping[str, tuple[str, ...]] | None = None
    directory_owners: tuple[str, ...] | None = None
    system_attendant_started_at: str | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, observed: Observed) -> Running:
        """From the answers to READS."""
        unknown: dict[str, str] = {}
        clock = observed.get(ReadClock(), Clock)
        if isinstance(clock, Unreadable):
            unknown |= dict.fromkeys(("booted_at", "read_at"), said(clock))
        known = not isinstance(clock, Unreadable)
        return cls(
            booted_at=clock.boot.isoformat() if known and isinstance(clock, Clock) else None,
            read_at=clock.now.isoformat() if known and isinstance(clock, Clock) else None,
            services=_services(observed, unknown),
            ports=_ports(observed, unknown),
            directory_owners=_owners(observed, unknown),
            system_attendant_started_at=_started(observed, unknown),
            unknown=unknown,
        )


def _services(observed: Observed, unknown: dict[str, str]) -> dict[str, int] | None:
    states = {}
    for name in SERVICES:
        service = observed.get(ReadService(name), Service)
        if isinstance(service, Unreadable):
            unknown["services"] = f"{name}: {said(service)}"
            return None
        if service.state is not None:
            states[name] = service.state
    return states


def _ports(observed: Observed, unknown: dict[str, str]) -> dict[str, tuple[str, ...]] | None:
    listeners = observed.get(ReadListeners(), Listeners)
    if isinstance(listeners, Unreadable):
        unknown["ports"] = said(listeners)
        return None
    stacks = {port: sorted({listener.stack for listener in listeners.on(port)}) for port in PORTS}
    return {str(port): tuple(found) for port, found in stacks.items() if found}


def _owners(observed: Observed, unknown: dict[str, str]) -> tuple[str, ...] | None:
    listeners, owners = observed.get(ReadListeners(), Listeners), observed.get(OWNERS, Processes)
    if isinstance(listeners, Listeners) and isinstance(owners, Processes):
        images = {process.pid: process.image.lower() for process in owners.running}
        pids = [listener.pid for listener in listeners.on(DIRECTORY_PORT)]
        return tuple(sorted({images[pid] for pid in pids if pid in images}))
    for answer in (listeners, owners):
        if isinstance(answer, Unreadable):
            unknown["directory_owners"] = f"the listeners or their owners were not understood: {said(answer)}"
    return None


def _started(observed: Observed, unknown: dict[str, str]) -> str | None:
    owners = observed.get(OWNERS, Processes)
    if isinstance(owners, Unreadable):
        unknown["system_attendant_started_at"] = said(owners)
        return None
    started = [process.started for process in owners.of(SYSTEM_ATTENDANT)]
    return min(started).isoformat() if started else None
