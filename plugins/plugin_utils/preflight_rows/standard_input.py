# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the way in: bytes by WinRM into a command's standard input, and through findstr.

What findstr does is seen without WinRM's part first, by a pipe on the server; then what WinRM does, with a text that
findstr is known to copy; then the rest of findstr.
"""

from __future__ import annotations

from ..windows.command_line import Step
from ..windows.shell import SEND_BYTES
from .probe import FRAME, Answers, Ask, Probe, Untestable, chain, expect, lines, shown, text

# A line of 8,190 bytes, the carriage return among them.
LONG = b"x" * 8189 + b"\r\n"
OCTETS = bytes(range(0x20, 0x7F)) + b"\t" + bytes(range(0x80, 0x100)) + b"\r\n"
SHORT = b"first\r\nsecond\r\n\r\nlast\r\n"
_ROW = b"%08d " + b"y" * 89 + b"\r\n"
MANY = b"".join(_ROW % number for number in range(SEND_BYTES // len(_ROW % 0)))

PIPED = Ask(
    "findstr behind a pipe",
    steps=(
        Step("all", 'echo one.|findstr "^"', may_fail=True),
        Step("either", 'set|findstr /c:"SystemRoot=" /c:"SystemDrive="', may_fail=True),
        Step("none", 'echo one.|findstr /c:"two"', may_fail=True),
    ),
)
SENT_SHORT = Ask("a text to findstr", 'findstr "^"', stdin=SHORT)
SENT_LONG = Ask("a long line to findstr", 'findstr "^"', stdin=LONG)
SENT_OCTETS = Ask("bytes to findstr", 'findstr "^"', stdin=OCTETS)
SENT_MANY = Ask("a whole envelope to findstr", 'findstr "^"', stdin=MANY)


def _standard_input(answers: Answers) -> str:
    frame = answers.frame(PIPED, "all")
    if lines(frame) != ["one."]:
        raise Untestable(f"because findstr differs: {shown(frame)}")
    came = answers.line(SENT_SHORT)
    expect(came.stdout == SHORT, f"sent '{text(SHORT)}', came {shown(came)}")
    return f"sent '{text(SHORT)}', came back whole"


def _findstr(answers: Answers) -> str:
    found = {name: answers.frame(PIPED, name) for name in ("all", "either", "none")}
    right = (
        lines(found["all"]) == ["one."]
        and sorted(line.partition("=")[0] for line in lines(found["either"])) == ["SystemDrive", "SystemRoot"]
        and (found["none"].exit_code, found["none"].stdout) == (1, b"")
    )
    expect(right and found["all"].succeeded and found["either"].succeeded, answers.said(PIPED))
    if not answers.proved("standard_input"):
        raise Untestable(chain("because standard_input differs", answers.said(PIPED)))
    for ask in (SENT_LONG, SENT_OCTETS):
        came = answers.line(ask).stdout
        expect(came == ask.stdin, f"{ask.name}: {len(ask.stdin or b'')} bytes sent, {len(came)} came: '{text(came)}'")
    return chain(answers.said(PIPED), f"a line of {len(LONG)} bytes and every byte from 0x80 on came back")


def _envelope(answers: Answers) -> str:
    came = answers.line(SENT_MANY).stdout
    expect(came == MANY, f"{len(MANY)} bytes sent at once, {len(came)} came: '{text(came[-200:])}' at the end")
    return f"{len(MANY)} bytes, sent at once, came back"


_FILES = "hosts_ipv4, restore, and registry values that are too long for a line"
PROBES = (
    Probe("standard_input", _standard_input, (PIPED, SENT_SHORT), FRAME, used_by=_FILES),
    Probe("findstr", _findstr, (PIPED, SENT_LONG, SENT_OCTETS), FRAME, used_by=f"{_FILES}; every look at listeners"),
    Probe("envelope", _envelope, (SENT_MANY,), ("findstr", "standard_input"), used_by=_FILES),
)
