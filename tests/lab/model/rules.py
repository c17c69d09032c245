# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a modelled server goes by. Each default is Windows as docs/evidence.md has it; a deviation changes one."""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.model.call import Call, Result
    from tests.lab.model.machine import Machine

LINE_LIMIT = 8191

Run = Callable[["Call"], Awaitable["Result"]]
# Runs a program or an internal command in another way than its own; text is what the call says.
Around = Callable[["Call", Run], Awaitable["Result"]]


@dataclass(frozen=True)
class Rules:
    """around: by the name of a program or internal command, in lower case. prepared: changes to a server that runs."""

    around: Mapping[str, Around] = field(default_factory=dict)
    prepared: tuple[Callable[[Machine], None], ...] = ()
    line_limit: int = LINE_LIMIT
    # A variable stands for what it was before the line ran.
    variables_before_the_line: bool = True
    call_expands: bool = True
    errorlevel_reaches: Callable[[int, int], bool] = operator.ge
    if_takes_the_rest: bool = True
    for_gives_sizes: bool = True
    redirection_keeps_permissions: bool = True
    # What a redirection that fails does to errorlevel; None leaves it alone.
    failed_redirection: int | None = None
    lists_denied_keys: bool = True
    # Whether texts in a file for reg import are what its first line says, UTF-16, and not of the ANSI code page.
    import_goes_by_the_header: bool = True

    # Whether the connection's account has all rights of an administrator (KB 951016).
    full_token: bool = True

    def runner(self, name: str, run: Run) -> Run:
        """How a program or internal command runs on this server."""
        around = self.around.get(name.lower())
        return run if around is None else lambda call: around(call, run)


WINDOWS = Rules()
