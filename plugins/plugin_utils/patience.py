# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deadline that is waited for in growing pauses."""

from __future__ import annotations

import math
from collections.abc import Callable

PAUSES = (1, 2, 5, 10, 15, 20, 30)


class Patience:
    """So many seconds; 0 means that nothing is waited for.

    A pause counts for what it was asked to take even where it took less, so that a deadline is met in any case.
    """

    def __init__(self, seconds: int, clock: Callable[[], float]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._began = clock()
        self._pauses = list(PAUSES)
        self.paused = 0

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return max(self._clock() - self._began, float(self.paused))

    @property
    def left(self) -> int:
        """Whole seconds to the deadline; 0 when it has passed."""
        return max(0, math.ceil(self.seconds - self.spent))

    def pause(self) -> int | None:
        """How many seconds to wait before asking again; None when the deadline has passed."""
        left = self.left
        if not left:
            return None
        usual = self._pauses.pop(0) if len(self._pauses) > 1 else self._pauses[0]
        self.paused += min(usual, left)
        return min(usual, left)
