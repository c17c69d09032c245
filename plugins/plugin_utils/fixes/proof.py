# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configured is not effective: what is known of a restart or reboot that a written value still needs."""

from __future__ import annotations

import datetime
from typing import Literal

from ..formats.registry import Unreadable
from ..journal import Memory
from ..reads import Clock, Observed, ReadClock
from .plan import Failure

Proof = Literal["proved", "pending", "unknown"]
# The module that remembers when it restarted a service.
RESTARTS = "service_restart"


def proof_of(memory: Memory, fix: str, setting: str, value: str | None, started: datetime.datetime | None) -> Proof:
    """Whether what must start anew has done so since the value was written.

    C(started) is the time of the boot or of the process's start, None when it does not run. Without a record of this
    very value nothing is known: it may have been written by somebody else, long ago or just now.
    """
    record = memory.get((fix, setting))
    if record is None or record.value != value:
        return "unknown"
    if started is None or started <= record.changed_at:
        return "pending"
    return "proved"


def restarts_of(memory: Memory, service: str) -> list[datetime.datetime]:
    """When the module service_restart has seen a service start anew, by the server's clock."""
    wanted = service.lower()
    return [
        record.changed_at for (fix, setting), record in memory.items() if fix == RESTARTS and setting.lower() == wanted
    ]


def clock_failure(observed: Observed, setting: str) -> Failure | None:
    """A change that has to be proved later needs the server's clock now."""
    clock = observed.get(ReadClock(), Clock)
    return unread_clock(clock, setting) if isinstance(clock, Unreadable) else None


def unread_clock(clock: Unreadable, setting: str) -> Failure:
    """The failure of a task that needs the server's clock and could not read it."""
    return Failure(
        setting=setting,
        problem=f"the server's clock could not be read ({clock.why}), so nobody could prove the change later",
        found=repr(clock.answer),
        expected="LastBootUpTime and LocalDateTime",
        next_step="Run wmic os get LastBootUpTime,LocalDateTime /value on the server by hand; nothing was written.",
    )


def boot_time(observed: Observed) -> datetime.datetime | None:
    """When the server started; None where its clock could not be read."""
    clock = observed.get(ReadClock(), Clock)
    return None if isinstance(clock, Unreadable) else clock.boot
