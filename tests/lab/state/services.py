# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a server: which run, in which process, and what goes down with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.lab.catalogue import ServiceKind
from tests.lab.state.processes import ProcessTable


@dataclass(frozen=True)
class Service:
    """A service as it is now; pid 0 and started None: it does not run. dependents are those that need it."""

    name: str
    display: str
    running: bool
    image: str
    shared: bool
    pid: int
    started: float | None
    started_since_boot: bool
    dependents: tuple[str, ...]


class ServiceTable:
    """Names ignore case; KeyError for a service that is not there."""

    def __init__(self, processes: ProcessTable) -> None:
        self._processes = processes
        self._kinds: dict[str, ServiceKind] = {}
        self._ever_started: set[str] = set()

    def boot(self, kinds: Iterable[ServiceKind]) -> None:
        """Install the services that are there from now on; none of them runs yet."""
        self._kinds = {kind.name.lower(): kind for kind in kinds}
        self._ever_started.clear()

    def start(self, name: str, moment: float) -> list[str]:
        """Start what a service needs, then itself; those that did not run before."""
        kind = self._kinds[name.lower()]
        if self._processes.of(kind.name):
            return []
        started = []
        for needed in kind.needs:
            if needed.lower() in self._kinds:
                started += self.start(needed, moment)
        companions = [other.name for other in self._kinds.values() if kind.shared and other.process == kind.process]
        self._processes.join(kind.name, kind.image, companions, moment)
        self._ever_started.add(kind.name)
        return [*started, kind.name]

    def stop(self, name: str) -> list[str]:
        """Stop a service and, before it, the running ones that need it; those that stopped, itself last."""
        kind = self._kinds[name.lower()]
        stopped: list[str] = []
        for dependent in self._dependents(kind):
            stopped += [other for other in self.stop(dependent) if other not in stopped]
        if self._processes.of(kind.name):
            self._processes.leave(kind.name)
            stopped.append(kind.name)
        return stopped

    def get(self, name: str) -> Service:
        """One service."""
        kind = self._kinds[name.lower()]
        process = self._processes.of(kind.name)
        return Service(
            name=kind.name,
            display=kind.display,
            running=process is not None,
            image=kind.image,
            shared=kind.shared,
            pid=process.pid if process else 0,
            started=process.started if process else None,
            started_since_boot=kind.name in self._ever_started,
            dependents=tuple(self._dependents(kind)),
        )

    def all(self) -> tuple[Service, ...]:
        """Every service."""
        return tuple(self.get(name) for name in self._kinds)

    def _dependents(self, kind: ServiceKind) -> list[str]:
        return [
            other.name
            for other in self._kinds.values()
            if kind.name.lower() in (needed.lower() for needed in other.needs)
        ]
