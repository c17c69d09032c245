# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that show a server's state, by their full command lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.lab import argv
from tests.lab.backend import Output
from tests.lab.state.printed import NotModelled, Printed
from tests.lab.state.programs import appcmd, net, netsh, netstat, sc, shutdown, taskkill, tasklist, wmic

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

UTF8_CODE_PAGE = 65001
NOT_MODELLED = 255

PROGRAMS: dict[str, Callable[[ServerState, list[str]], Printed]] = {
    "appcmd": appcmd.run,
    "net": net.run,
    "netsh": netsh.run,
    "netstat": netstat.run,
    "sc": sc.run,
    "shutdown": shutdown.run,
    "taskkill": taskkill.run,
    "tasklist": tasklist.run,
    "wmic": wmic.run,
}
# Facts of the collection, section 8: without <nul it waits for ever.
WAITING = ("wmic",)


def answer(state: ServerState, command_line: str, code_page: int) -> Output | None:
    """Run one of them; None for another program."""
    program = PROGRAMS.get(argv.program_name(command_line).lower())
    if program is None:
        return None
    try:
        printed = program(state, argv.split(command_line)[1:])
    except NotModelled as error:
        printed = Printed("", f"tests.lab: not modelled: {error or command_line}\n", NOT_MODELLED)
        return _output(printed, code_page, with_stderr=True)
    return _output(printed, code_page, with_stderr=not state.spec.empty_stderr)


def waits_without_nul(state: ServerState, command_line: str) -> bool:
    """Whether the program waits for its standard input to end, and on a console or a WinRS stream for ever."""
    name = argv.program_name(command_line).lower()
    return name in WAITING or (name == "net" and net.asks(state, argv.split(command_line)[1:]))


def _output(printed: Printed, code_page: int, with_stderr: bool) -> Output:
    codec = "utf-8" if code_page == UTF8_CODE_PAGE else f"cp{code_page}"
    stdout, stderr = (
        text.replace("\n", printed.line_end).encode(codec, "replace") for text in (printed.stdout, printed.stderr)
    )
    return Output(stdout, stderr if with_stderr else b"", printed.exit_code)
