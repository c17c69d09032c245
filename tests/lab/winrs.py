# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What WinRS itself goes by on one server, whatever stands behind it. Each default is as docs/evidence.md has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.lab import wsman

BLANKS = re.compile(r" {2,}")
WESTERN_EUROPE = 850
INTERNAL_ERROR = 1359


@dataclass(frozen=True)
class WinRs:
    """line and stdin: what becomes of a command line and of input on their way; code_page: of the one asked for.

    envelope_bytes: of what its quota says.
    """

    envelope_bytes: Callable[[int], int] = int
    quota_code: int = wsman.OPERATIONS_EXCEEDED
    line: Callable[[str], str] = str
    stdin: Callable[[bytes], bytes] = bytes
    code_page: Callable[[int], int] = int
    skips_cmd_shell: bool = True
    refusal: int = INTERNAL_ERROR
    side_by_side: bool = True


# Id of a row -> what is otherwise.
DEVIATIONS: Mapping[str, Mapping[str, Any]] = {
    "envelope": {"envelope_bytes": lambda _quota: 65536},
    "operation_quota": {"quota_code": INTERNAL_ERROR},
    "line_as_it_is": {"line": lambda line: BLANKS.sub(" ", line)},
    "standard_input": {"stdin": lambda data: data.replace(b"\r\n", b"\n")},
    "skip_cmd_shell": {"skips_cmd_shell": False},
    "commands_side_by_side": {"side_by_side": False},
    "code_page": {"code_page": lambda _asked: WESTERN_EUROPE},
}


def winrs(broken: Iterable[str]) -> WinRs:
    """What WinRS goes by on a server on which these rows are broken."""
    habits = WinRs()
    for name in broken:
        habits = replace(habits, **DEVIATIONS.get(name, {}))
    return habits
