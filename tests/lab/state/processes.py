# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a server: what runs since when, and which services run in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

SYSTEM = 4
# A third-party agent: its process id is the number of a port, and so is part of the port it listens on.
AGENT_IMAGE = "hwagent.exe"
AGENT_PID = 6004
AGENT_PORT = 16004
# image, process id where it is always the same
EARLY = (("smss.exe", 0), ("csrss.exe", 0), ("wininit.exe", 0), ("services.exe", 0), (AGENT_IMAGE, AGENT_PID))
FIRST_PID = 412
PID_STEP = 36


@dataclass(frozen=True)
class Process:
    """services are names, in the order of their start."""

    image: str
    pid: int
    started: float
    services: tuple[str, ...] = ()


@dataclass
class _Entry:
    image: str
    started: float
    services: list[str]
    # Of a program that was started, and is no service.
    when_ended: Callable[[], None] | None = None
    unkillable: bool = False


class ProcessTable:
    """Process ids are never used twice, across boots too."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._next = FIRST_PID

    def boot(self, moment: float) -> None:
        """Forget all processes and start those that are no services."""
        self._entries = {0: _Entry("System Idle Process", moment, []), SYSTEM: _Entry("System", moment, [])}
        for image, pid in EARLY:
            self._entries[pid or self._new_pid()] = _Entry(image, moment, [])

    def end(self) -> None:
        """Nothing runs any more."""
        self._entries.clear()

    def join(self, service: str, image: str, companions: Iterable[str], moment: float) -> int:
        """Run a service in the process of one of its companions, or in a new one; the process's id."""
        shared = {name.lower() for name in companions}
        for pid, entry in self._entries.items():
            if shared & {name.lower() for name in entry.services}:
                entry.services.append(service)
                return pid
        pid = self._new_pid()
        self._entries[pid] = _Entry(image, moment, [service])
        return pid

    def start(self, image: str, moment: float, when_ended: Callable[[], None], unkillable: bool) -> int:
        """Run a program that is no service; the process's id."""
        pid = self._new_pid()
        self._entries[pid] = _Entry(image, moment, [], when_ended, unkillable)
        return pid

    def kill(self, pid: int, by_force: bool) -> bool:
        """End such a program; whether it has ended."""
        entry = self._entries.get(pid)
        if entry is None or entry.when_ended is None:
            return entry is None
        if entry.unkillable and not by_force:
            return False
        del self._entries[pid]
        entry.when_ended()
        return True

    def leave(self, service: str) -> None:
        """Take a service out; a process without services ends."""
        for pid, entry in list(self._entries.items()):
            if service in entry.services:
                entry.services.remove(service)
                if not entry.services:
                    del self._entries[pid]

    def of(self, service: str) -> Process | None:
        """The process that a service runs in."""
        return next((process for process in self.all() if service in process.services), None)

    def all(self) -> tuple[Process, ...]:
        """Every process by its id."""
        return tuple(
            Process(entry.image, pid, entry.started, tuple(entry.services))
            for pid, entry in sorted(self._entries.items())
        )

    def _new_pid(self) -> int:
        self._next += PID_STEP
        return self._next
