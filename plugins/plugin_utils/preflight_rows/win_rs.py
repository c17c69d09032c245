# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of WinRS itself: how it starts commands, and what it does when a shell has used up its operations."""

from __future__ import annotations

import re

from .cmd_line import VARIABLES
from .probe import Answers, Ask, Probe, Untestable, chain, expect, lines, shown

# What cmd.exe would not read as syntax, without blanks.
_FOLDER = re.compile(r"[A-Za-z]:(?:\\[A-Za-z0-9._~-]+)+")
_WAITS = 'findstr "^"'

WITHOUT_CMD = Ask("a program without cmd.exe", "-n 1 127.0.0.1", program="ping.exe")
SIDE_BY_SIDE = Ask("two commands of one shell", "echo a.", beside=_WAITS)


def system32(answers: Answers) -> str:
    """The folder of Windows' programs, as a line may hold it; raises Odd or Untestable."""
    folder = (lines(answers.line(VARIABLES)) or [""])[-1]
    if not _FOLDER.fullmatch(folder):
        raise Untestable(f"%SystemRoot% is {folder!r}")
    return f"{folder}\\system32"


def _without_cmd(answers: Answers) -> str:
    folder = system32(answers)
    frame = answers.line(WITHOUT_CMD)
    seen = f"{folder}\\{WITHOUT_CMD.program} {WITHOUT_CMD.line} -> {shown(frame)}"
    expect(frame.succeeded and bool(frame.stdout.strip()), seen)
    return seen


def _side_by_side(answers: Answers) -> str:
    frame = answers.line(SIDE_BY_SIDE)
    waits = "had ended" if answers.answer(SIDE_BY_SIDE).beside_ended else "waited on"
    seen = f"{SIDE_BY_SIDE.line} -> {shown(frame)}; {_WAITS}, started before it, {waits} behind it"
    expect(lines(frame) == ["a."] and not answers.answer(SIDE_BY_SIDE).beside_ended, seen)
    return seen


def _operation_quota(answers: Answers) -> str:
    expect(not answers.refusals, chain(*answers.refusals))
    if not answers.renewals:
        raise Untestable(f"no limit of operations was met in {len(answers.answers)} commands")
    return chain(*answers.renewals)


PROBES = (
    Probe("skip_cmd_shell", _without_cmd, (VARIABLES, WITHOUT_CMD), ("echo",), used_by="rpcping"),
    Probe("commands_side_by_side", _side_by_side, (SIDE_BY_SIDE,), ("echo",), used_by="rpcping"),
)
# Behind all commands.
AT_THE_END = (Probe("operation_quota", _operation_quota),)
