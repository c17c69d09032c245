# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a server is up, and the shutdown that somebody has ordered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.clock import Clock

REBOOT, POWER_OFF = "reboot", "power_off"

Watcher = Callable[[], None]


@dataclass(frozen=True)
class Shutdown:
    """kind is reboot or power_off; due is a moment of the server's clock, infinite until a test lets it happen."""

    kind: str
    due: float


class Power:
    """One shutdown at a time. A watcher is called, from any thread, whenever one may have fallen due."""

    def __init__(self, clock: Clock) -> None:
        self.is_up = False
        self.pending: Shutdown | None = None
        self.watcher: Watcher | None = None
        self._clock = clock
        clock.on_advance(self._tell)

    def schedule(self, kind: str, seconds: float | None) -> bool:
        """Order a shutdown; False where one is pending."""
        if self.pending is not None:
            return False
        if kind not in (REBOOT, POWER_OFF):
            raise ValueError(f"{kind!r} is no kind of shutdown, known: {REBOOT}, {POWER_OFF}")
        self.pending = Shutdown(kind, math.inf if seconds is None else self._clock.now() + seconds)
        self._tell()
        return True

    def hasten(self) -> None:
        """Let the pending one happen now."""
        if self.pending is not None:
            self.pending = Shutdown(self.pending.kind, self._clock.now())
            self._tell()

    def abort(self) -> bool:
        """Take the order back; False where there is none."""
        pending, self.pending = self.pending, None
        self._tell()
        return pending is not None

    @property
    def is_due(self) -> bool:
        """Whether a shutdown has to happen now."""
        return self.pending is not None and self.pending.due <= self._clock.now()

    def _tell(self) -> None:
        if self.watcher is not None:
            self.watcher()
