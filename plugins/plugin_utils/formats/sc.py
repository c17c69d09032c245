# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(sc query NAME) and C(sc enumdepend NAME) print of services: numbers, because words may be localised."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"^\s+\S[^:]*:\s*(-?[0-9A-Fa-f]+)\b")
_COUNT = re.compile(r"=\s*(\d+)\s*$")
NO_SUCH_SERVICE = 1060
MORE_DATA = 234
# Exit codes of a service: a start that was given up after 30 seconds, and none that was tried since the boot.
START_TIMED_OUT = 1053
NEVER_STARTED = 1077
STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4
STATES = range(1, 8)
MEANINGS = {
    1: "stopped",
    2: "starting",
    3: "stopping",
    4: "running",
    5: "about to continue",
    6: "about to pause",
    7: "paused",
}


class NotParsed(ValueError):
    """sc printed something that is not of its documented shape."""


@dataclass(frozen=True)
class Status:
    """A service's state, 1 (stopped) to 7 (paused), and its WIN32_EXIT_CODE; None where that was not printed."""

    state: int
    exit_code: int | None


def parse_status(text: str) -> Status:
    """State and exit code: the second and third number, behind the type; raises NotParsed."""
    numbers = [match[1] for line in text.splitlines() if (match := _NUMBER.match(line))]
    if len(numbers) < 2 or not numbers[1].isdigit() or int(numbers[1]) not in STATES:
        raise NotParsed(f"no state of a service in {text!r}")
    try:
        # A code above 0x7fffffff may be printed as a negative number.
        exit_code = int(numbers[2]) & 0xFFFFFFFF if len(numbers) > 2 else None
    except ValueError as error:
        raise NotParsed(f"no exit code of a service in {text!r}") from error
    return Status(int(numbers[1]), exit_code)


def parse_dependents(text: str) -> tuple[tuple[str, Status], ...]:
    """Names and states in the order in which they must be stopped; raises NotParsed.

    Each service has two lines that begin at the margin, its name and its display name, and indented ones below them.
    The first line of all ends in the number of services.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    count = _COUNT.search(lines[0]) if lines else None
    if count is None:
        raise NotParsed(f"no number of dependent services in {text!r}")
    found: list[tuple[str, Status]] = []
    margin: list[str] = []
    indented: list[str] = []
    for line in [*lines[1:], "end"]:
        if line[0].isspace():
            indented.append(line)
            continue
        if indented:
            found.append(_dependent(margin, indented))
            margin, indented = [], []
        margin.append(line)
    if len(found) != int(count[1]):
        raise NotParsed(f"{count[1]} dependent services are announced and {len(found)} listed in {text!r}")
    return tuple(found)


def _dependent(margin: list[str], indented: list[str]) -> tuple[str, Status]:
    name = margin[-2].partition(":")[2].strip() if len(margin) > 1 else ""
    if not name:
        raise NotParsed(f"no name of a service in {margin!r}")
    return name, parse_status("\n".join(indented))
