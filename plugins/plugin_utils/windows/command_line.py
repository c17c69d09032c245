# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines for cmd.exe: exact quoting, and several commands in one line with an exit code each.

What is said here of cmd.exe and its traps: public documentation and experience, listed in docs/evidence.md.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

MAX_LINE = 8191
# What these are at most, as cmd.exe takes a line of MAX_LINE characters with its variables put in; no other is used.
_EXPANDED = {"TEMP": 100, "windir": 20, "SystemRoot": 20}
_VARIABLE = re.compile(r"%(\w+)%")
# Everything that neither cmd.exe nor a program's argument parser gives a meaning to, inside double quotes.
_SAFE = re.compile(r"[A-Za-z0-9 ._\-:;*\\/,=@()\[\]{}#$+~']*")
_PLAIN = re.compile(r"[A-Za-z0-9._:,\\/\-]+")


class UnsafeArgument(ValueError):
    """A text holds characters that must not stand on a command line."""


class LineTooLong(ValueError):
    """A line is longer than cmd.exe takes."""


def quote(argument: str) -> str:
    """The argument so that the program sees exactly this text.

    Nothing is escaped: a text with a quote, a percent sign or anything else that cmd.exe could read as syntax raises
    UnsafeArgument and has to go another way (a file, standard input).
    """
    if not _SAFE.fullmatch(argument):
        odd = sorted({char for char in argument if not _SAFE.fullmatch(char)})
        raise UnsafeArgument(f"the characters {' '.join(map(repr, odd))} must not stand on a command line")
    if _PLAIN.fullmatch(argument):
        return argument
    # A backslash before the closing quote would escape it.
    trailing = len(argument) - len(argument.rstrip("\\"))
    return f'"{argument}{chr(92) * trailing}"'


def command(program: str, *arguments: str) -> str:
    """One command with its arguments quoted, and nothing to read on its standard input."""
    return " ".join([program, *map(quote, arguments), "<nul"])


@dataclass(frozen=True)
class Frame:
    """What one command of a batch printed; exit_code is None when its end is missing (it was cut off)."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None

    @property
    def succeeded(self) -> bool:
        """Whether the command ended with exit code 0."""
        return self.exit_code == 0

    @property
    def text(self) -> str:
        """Both streams for people."""
        both = self.stdout.strip() + b" " + self.stderr.strip()
        return both.decode("utf-8", "backslashreplace").strip()


@dataclass(frozen=True)
class Frames(Mapping[str, Frame]):
    """The frames of a batch by the names of its steps, and what the server printed outside of all of them."""

    frames: Mapping[str, Frame]
    outside: str

    def __getitem__(self, name: str) -> Frame:
        return self.frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Step:
    """A named command of a batch.

    C(when) is always, while_all_succeed or after_a_failure; a command that may_fail is no failure for those behind it.
    One that is never_negative fails with 1 and above alone, so less is asked.
    """

    name: str
    line: str
    when: str = "always"
    may_fail: bool = False
    never_negative: bool = False

    def __post_init__(self) -> None:
        if self.when not in _CONDITIONS:
            raise ValueError(f"{self.when!r} is no condition of a step")


_CONDITIONS = {
    "always": "{}",
    "while_all_succeed": "(if not defined oa ({}))",
    "after_a_failure": "(if defined oa ({}))",
}


def _runs(framed: Sequence[tuple[str, str]]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What stands under one condition: what follows a failure together, what needs success each by itself."""
    for when, part in groupby(framed, lambda item: item[0]):
        if when == "while_all_succeed":
            yield from ((when, [item]) for item in part)
        else:
            yield when, list(part)


class Batch:
    """Commands for one line of cmd.exe, and the way back from what the line printed to each command.

    Marks with a random token, which nothing that a command prints can be taken for, tell the commands apart: one on
    standard error where each begins, one on standard output where it ends. That has the exit code, which comes by
    C(call), as this expands once more: C(%errorlevel%) alone would be expanded before the line runs.
    """

    def __init__(self, steps: Sequence[Step], token: str | None = None) -> None:
        self._steps = tuple(steps)
        self._token = token or f"o{secrets.token_hex(2)}"

    @property
    def line(self) -> str:
        """The whole line; raises LineTooLong, also where it is its variables that make it so."""
        framed = [(step.when, self._framed(place, step)) for place, step in enumerate(self._steps)]
        parts = [_CONDITIONS[when].format("&".join(text for _when, text in part)) for when, part in _runs(framed)]
        # A variable of that name would hide what is asked for.
        line = "&".join(["set errorlevel=", "set oa=", *parts])
        if (length := _length(line)) > MAX_LINE:
            raise LineTooLong(f"{length} characters, more than the {MAX_LINE} that cmd.exe takes")
        return line

    def _framed(self, place: int, step: Step) -> str:
        mark = f"{self._token}.{place}"
        # The last dot keeps the digit away from '>', where it would name a handle. An IF without brackets around it
        # swallows the rest of the line.
        failed = "" if step.may_fail else "&(if errorlevel 1 (set oa=1))"
        below_0 = "" if step.may_fail or step.never_negative else "&(if not errorlevel 0 (set oa=1))"
        return f"echo {mark}.>&2&{step.line}&call echo {mark}=%^errorlevel%.{failed}{below_0}"

    def split(self, stdout: bytes, stderr: bytes) -> Frames:
        """What each command that ran printed, by the step's name; a command that did not run is missing."""
        token = re.escape(self._token.encode())
        before, err = _begun(stderr, re.compile(rb"%b\.(\d+)\.\r?\n?" % token))
        ended, rest = _ended(stdout, re.compile(rb"%b\.(\d+)=(-?\d+)\.\r?\n?" % token))
        out: dict[int, tuple[bytes, int | None]] = dict(ended)
        if cut := err.keys() - out.keys():
            # The last one that has begun was cut off.
            out[max(cut)], rest = (rest, None), b""
        frames = {
            step.name: Frame(out[place][0], err.get(place, b""), out[place][1])
            for place, step in enumerate(self._steps)
            if place in out
        }
        return Frames(frames, Frame(rest, before, None).text)


def _length(line: str) -> int:
    """The characters of a line that cmd.exe has put its variables into."""
    names = _VARIABLE.findall(line)
    if unknown := [name for name in names if name not in _EXPANDED]:
        raise UnsafeArgument(f"%{unknown[0]}% may be of any length, so it must not stand on a command line")
    return len(_VARIABLE.sub("", line)) + sum(_EXPANDED[name] for name in names)


def _begun(stderr: bytes, mark: re.Pattern[bytes]) -> tuple[bytes, dict[int, bytes]]:
    """What stands before all commands, and the text of each one behind its mark, by its place."""
    before, *parts = mark.split(stderr)
    return before, {int(place): text for place, text in zip(parts[::2], parts[1::2], strict=True)}


def _ended(stdout: bytes, mark: re.Pattern[bytes]) -> tuple[dict[int, tuple[bytes, int]], bytes]:
    """The text of each command before its mark, with the exit code; and what stands behind all of them."""
    *parts, rest = mark.split(stdout)
    return {int(place): (text, int(code)) for text, place, code in zip(*[iter(parts)] * 3, strict=True)}, rest


def fits(steps: Iterable[Step]) -> bool:
    """Whether the steps fit one line."""
    try:
        return bool(Batch(tuple(steps)).line)
    except LineTooLong:
        return False
