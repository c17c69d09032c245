# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's own time: it runs like ours and can be put forward."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since the epoch, as the server sees them."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._callbacks: list[Callable[[], None]] = []

    def now(self) -> float:
        """The server's time."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Put it forward."""
        self._offset += seconds
        for callback in self._callbacks:
            callback()

    def on_advance(self, callback: Callable[[], None]) -> None:
        """Call it, in the same thread, whenever the clock was put forward."""
        self._callbacks.append(callback)
