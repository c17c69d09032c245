# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of the server, stopped, started and waited for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..formats.registry import Unreadable
from ..formats.sc import RUNNING, START_PENDING, STOP_PENDING, STOPPED
from ..patience import Patience
from ..reads import Clock, Link, Read, ReadClock, ReadService, Service
from .command_line import Step, command
from .reading import interpret, read_steps
from .shell import TimedOut
from .writing import Run

_ACT = "act"


@dataclass(frozen=True)
class Seen:
    """A service after a command, by the server's own clock; what the command said, and whether it failed."""

    service: Service | Unreadable
    clock: Clock | Unreadable
    said: str = ""
    refused: bool = False

    @property
    def state(self) -> int | None:
        """The state's number; None where there is none."""
        return None if isinstance(self.service, Unreadable) else self.service.state


def pause_step(seconds: int) -> Step:
    """Wait on the server: ping sends one packet a second and needs no console."""
    return Step("pause", f"ping -n {seconds + 1} 127.0.0.1 <nul >nul")


def stop(run: Run, name: str, patience: Patience) -> Seen:
    """Stop a service, and those that need it, and wait until it has stopped; raises FarSideError."""
    return _settled(run, name, command("net", "stop", name, "/y"), patience, lambda state: state == STOPPED)


def start(run: Run, name: str, patience: Patience) -> Seen:
    """Start a service and wait until it runs, or has stopped again; raises FarSideError."""
    return _settled(run, name, command("net", "start", name), patience, lambda state: state in (STOPPED, RUNNING))


def settled(run: Run, name: str, patience: Patience) -> Seen:
    """Wait while a service is on its way up or down; raises FarSideError."""
    return _settled(run, name, None, patience, lambda state: state not in (START_PENDING, STOP_PENDING))


def _settled(run: Run, name: str, line: str | None, patience: Patience, is_end: Callable[[int | None], bool]) -> Seen:
    try:
        steps = [Step(_ACT, line, may_fail=True)] if line else []
        seen = _ask(run, name, steps, patience.left)
    except TimedOut as error:
        # What the program had asked for may go on without it.
        seen = _ask(run, name, [], 0, said=str(error))
    if seen.refused and seen.state == RUNNING:
        return seen
    while not is_end(seen.state) and (pause := patience.pause()) is not None:
        seen = _ask(run, name, [pause_step(pause)], pause, seen.said)
    return seen


def _ask(run: Run, name: str, steps: Sequence[Step], waits: int, said: str = "") -> Seen:
    reads: tuple[Read, ...] = (ReadService(name), ReadClock())
    frames = run([*steps, *read_steps(reads)], None, waits)
    observed = interpret(frames, reads, Link(ipv6=False))
    acted = frames.get(_ACT)
    return Seen(
        observed.get(ReadService(name), Service),
        observed.get(ReadClock(), Clock),
        said if acted is None else acted.text,
        refused=acted is not None and acted.exit_code not in (0, None),
    )
