# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(sc query NAME) prints of a service's state: the number, because the word may be localised."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"^\s+\S[^:]*:\s*([0-9A-Fa-f]+)\b")
NO_SUCH_SERVICE = 1060
STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4
STATES = range(1, 8)


class NotParsed(ValueError):
    """sc printed something that is not of its documented shape."""


def parse_state(text: str) -> int:
    """The state, 1 (stopped) to 7 (paused): the second number, behind the type; raises NotParsed."""
    numbers = [match[1] for line in text.splitlines() if (match := _NUMBER.match(line))]
    if len(numbers) < 2 or not numbers[1].isdigit() or int(numbers[1]) not in STATES:
        raise NotParsed(f"no state of a service in {text!r}")
    return int(numbers[1])
