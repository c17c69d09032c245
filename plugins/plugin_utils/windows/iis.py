# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIS's configuration, through appcmd.exe alone."""

from __future__ import annotations

from collections.abc import Sequence

from ..changes import SetIisAttribute
from ..formats.appcmd import NotParsed, advice, parse_error, parse_places, parse_section, parse_value
from ..formats.registry import Unreadable
from ..reads import IisAbsent, IisPlaces, IisSection, PoolText, ReadIisSection, ReadPool, SearchIis
from .command_line import Frame, Frames, Step, UnsafeArgument, command
from .writing import Part

FOLDER = r"%windir%\system32\inetsrv"
APPCMD = rf"{FOLDER}\appcmd.exe"
# Reads go into its folder first, as there are many of them on one line.
_HERE = r".\appcmd"
IisRead = ReadIisSection | SearchIis | ReadPool
State = IisSection | IisPlaces | PoolText | IisAbsent | Unreadable
_EXISTS = "appcmd exists"
_THERE = "there"
# appcmd's exit code for a search without a result; its emptiness says so, not the code.
_NOTHING_FOUND = 1


def read_steps(reads: Sequence[IisRead]) -> list[Step]:
    """The commands that read these, and whether there is an IIS at all; none where nothing is to be read."""
    if not reads:
        return []
    exists = Step(_EXISTS, f"cd /d {FOLDER} 2>nul&(if exist {APPCMD} (echo {_THERE}))", may_fail=True)
    return [exists, *(step for read in reads for step in _read_step(read))]


def _read_step(read: IisRead) -> list[Step]:
    try:
        return [Step(repr(read), _read_line(read), may_fail=True)]
    except UnsafeArgument:
        return []


def _read_line(read: IisRead) -> str:
    if isinstance(read, ReadPool):
        return command(_HERE, "list", "apppool", read.pool, f"/text:{read.attribute}")
    # A section's own name says as much as its path, and is shorter.
    section = f"/section:{read.section.rpartition('/')[2]}"
    if isinstance(read, SearchIis):
        return command(_HERE, "search", "config", section, f"/{read.attribute}:{read.value}")
    return command(_HERE, "list", "config", *_path(read.path), section, "/config:*")


def _path(path: str | None) -> list[str]:
    return [] if path is None else [path]


def interpret(frames: Frames, read: IisRead) -> State:
    """What read_steps said. Success is the exit code and an answer that parses, never a word."""
    exists, frame = frames.get(_EXISTS), frames.get(repr(read))
    if exists is None or exists.exit_code is None:
        return Unreadable("the server's answer does not say whether appcmd.exe is there", frames.outside)
    if not exists.text:
        return IisAbsent()
    if exists.text != _THERE:
        return Unreadable("the question for appcmd.exe has another answer than it can have", exists.text)
    if frame is None:
        try:
            _read_line(read)
        except UnsafeArgument as error:
            return Unreadable(f"it was not asked: {error}", repr(read))
        return Unreadable("the server's answer has no part for this command", frames.outside)
    if frame.exit_code is None:
        return Unreadable("the answer was cut off before its end", frame.text)
    return _parsed(frame, read)


def _parsed(frame: Frame, read: IisRead) -> State:
    text = frame.stdout.decode("utf-8", "backslashreplace")
    nothing = isinstance(read, SearchIis) and frame.exit_code == _NOTHING_FOUND and not frame.text
    if not frame.succeeded and not nothing:
        said = " with an error of its own" if parse_error(text) is not None else ""
        return Unreadable(f"appcmd ended{said}, exit code {frame.exit_code}", frame.text)
    try:
        if isinstance(read, SearchIis):
            return IisPlaces(parse_places(text))
        if isinstance(read, ReadPool):
            return PoolText(parse_value(text))
        return IisSection(parse_section(text, read.section))
    except NotParsed as error:
        return Unreadable(str(error), frame.text)


def part(change: SetIisAttribute) -> Part:
    """Into applicationHost.config in every case: the section is locked below the server's level."""
    arguments = [*_path(change.path), f"/section:{change.section}", f"/{change.attribute}:{change.value}"]
    line = command(APPCMD, "set", "config", *arguments, "/commit:apphost")
    name = f"set {change.setting}"
    return Part(
        change,
        (Step(name, line, "while_all_succeed"),),
        name,
        lambda frames: frames[name].text,
        advice,
    )
