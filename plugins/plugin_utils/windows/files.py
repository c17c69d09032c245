# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the server, read whole and replaced whole.

New bytes go into a copy beside the file that has its owner and permissions; only when the copy holds exactly these
bytes, and the file still holds those that were read, is the copy moved over the file.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..changes import ReplaceFile
from ..formats.hosts_file import line_end
from ..formats.registry import Unreadable
from ..formats.text import shortened
from ..reads import FileAbsent, FileContent, Observed, ReadFile
from .command_line import Frames, Step, command, quote
from .shell import FarSideError, Unreachable
from .writing import Part, Run, check_whole

# One name of each for every run, so that the next run finds and removes what a cut one left behind.
COPY = ".exchange_ops"
ENCODED = ".exchange_ops.b64"
# What keeps a file from being replaced. The archive attribute says that a file has changed, so it stays set.
PROTECTING = frozenset("RHS")
_LETTERS = PROTECTING | {"A"}
_LEFT = "left beside"
_ENTER = "enter for the change"
_IF_GOOD = "while_all_succeed"
_THERE = "there"
_BASE64_PER_LINE = 64
_SHOWN = 300
# The letters stand before the path, in every language.
_ATTRIBUTES = re.compile(rb"^([A-Z ]*?) *[A-Za-z]:\\")

_IN_USE = (
    "Nothing was changed. Look who has the file open or watches over it (endpoint protection often guards the hosts "
    "file), and whether the connection's account may write it; then run again."
)
_RUN_AGAIN = "Nothing was changed. Run again: it reads the file anew."
_NOT_WHOLE = (
    "Nothing was changed. A line of 8,191 bytes or more, or a NUL in the file, does not pass through findstr: mend "
    "these lines on the server by hand, or make this change there by hand; then run again."
)


def read_steps(read: ReadFile) -> list[Step]:
    """The commands that read a file with its length and attributes."""
    return [
        _enter(read.folder, may_fail=True),
        _exists(read.name),
        *_content(read.name),
        Step(f"attributes of {read.name}", command("attrib", read.name), may_fail=True),
    ]


def interpret(frames: Frames, read: ReadFile) -> FileContent | FileAbsent | Unreadable:
    """What read_steps said."""
    for step in read_steps(read):
        frame = frames.get(step.name)
        if frame is None:
            return Unreadable("the server's answer has no part for this command", frames.outside)
        if frame.exit_code is None:
            return Unreadable("the answer was cut off before its end", frame.text)
    entered = frames[f"enter {read.folder}"]
    if not entered.succeeded:
        return Unreadable(f"the folder {read.folder} could not be entered", entered.text)
    content = frames[f"content of {read.name}"]
    if not _is_there(frames, read.name):
        if content.succeeded:
            return Unreadable("the file cannot be found, and can be printed", _excerpt(content.stdout))
        return FileAbsent()
    if not content.succeeded:
        return Unreadable("the file is there and cannot be read", content.text)
    size = _size(frames, read.name)
    if size != len(content.stdout):
        return Unreadable(
            f"the file has {'an unknown number of' if size is None else size} bytes and {len(content.stdout)} were "
            "printed: it is UTF-16, or it changes just now",
            _excerpt(content.stdout),
        )
    listed = frames[f"attributes of {read.name}"]
    matches = [match for line in listed.stdout.splitlines() if (match := _ATTRIBUTES.match(line))]
    if len(matches) != 1:
        return Unreadable("the file's attributes could not be read", listed.text)
    return FileContent(content.stdout, frozenset(matches[0][1].decode("ascii")) & _LETTERS)


def left_behind_steps(folder: str, name: str) -> list[Step]:
    """Ask whether a cut run left a file of its own beside this one."""
    return [
        Step(f"{_LEFT} {name}{ours}", f'(if exist "{folder}\\{name}{ours}" (echo {_LEFT}))', may_fail=True)
        for ours in (COPY, ENCODED)
    ]


def left_behind(frames: Frames) -> tuple[str, ...]:
    """The answer to left_behind_steps: the names of what is there."""
    there = [name for name, frame in frames.items() if name.startswith(_LEFT) and _LEFT.encode() in frame.stdout]
    return tuple(name.removeprefix(f"{_LEFT} ") for name in there)


def remove_steps(folder: str, name: str) -> list[Step]:
    """Delete what a cut run left beside this file, whatever its attributes."""
    steps = []
    for ours in (COPY, ENCODED):
        path = f'"{folder}\\{name}{ours}"'
        remove = f"attrib -r -h -s {path} <nul&del /f /q {path} <nul"
        steps.append(Step(f"remove {name}{ours}", f"(if exist {path} ({remove}))", may_fail=True))
    return steps


def part(change: ReplaceFile) -> Part:
    """The steps that move a copy, which stage() has made, over the file; cleanup() belongs behind them."""
    steps = tuple(_move_steps(change))
    return Part(change, steps, _move_name(change), lambda frames: _said(frames, steps), lambda _answer: _IN_USE)


def cleanup(changes: Iterable[ReplaceFile]) -> list[Step]:
    """Remove what stage() has made, whatever happened."""
    return [step for change in changes for step in remove_steps(change.folder, change.file)]


@dataclass(frozen=True)
class Problem:
    """Why a file was not replaced, and what to do about it."""

    answer: str
    next_step: str


def stage(run: Run, change: ReplaceFile) -> tuple[Problem | None, str | None]:
    """Make the copy: why it cannot be used, and what must be told of one that can.

    findstr adds the line end that a last line lacks. Only for this the bytes go through certutil, which endpoint
    protection watches, stops or holds for ever: however that fails, the plain way is tried, and the line end added.
    Until then nothing but our own two files was written.
    """
    if not change.new or change.new.endswith(b"\n"):
        return _fill(run, change, _plain_steps(change), change.new, change.new), None
    lines = textwrap.wrap(base64.b64encode(change.new).decode("ascii"), _BASE64_PER_LINE)
    encoded = "".join(f"{line}\r\n" for line in lines).encode("ascii")
    try:
        problem = _fill(run, change, _encoded_steps(change), encoded, change.new)
        if problem is None:
            return None, None
        why = problem.answer
    except Unreachable:
        # That says nothing of certutil.
        raise
    except FarSideError as error:
        why = str(error)
    ended = change.new + line_end(change.new)
    warning = (
        f"{change.folder}\\{change.file}: its last line had no line end; writing such a file through certutil failed "
        f"({why}), so a line end was added"
    )
    return _fill(run, change, _plain_steps(change), ended, ended), warning


def _fill(run: Run, change: ReplaceFile, fill: Sequence[Step], stdin: bytes, wanted: bytes) -> Problem | None:
    """Fill the copy, and compare it and the file with what they must be.

    A redirection that fails leaves the exit code alone: that bytes arrived is known from the copy only.
    """
    copy = change.file + COPY
    steps = [
        Step(_ENTER, _enter(change.folder).line),
        *fill,
        *_content(copy),
        *_content(change.file),
        _exists(change.file),
    ]
    frames = run(steps, stdin, 0)
    check_whole(frames, steps)
    if any(not _succeeded(frames, step.name) for step in (steps[0], *fill) if not step.may_fail):
        return Problem(_said(frames, steps), _IN_USE)
    if change.old is not None and not _succeeded(frames, f"content of {change.file}"):
        return Problem(f"type {change.file}: {frames[f'content of {change.file}'].text}", _IN_USE)
    if not _is_unchanged(frames, change):
        return Problem("the file has changed between reading it and writing it", _RUN_AGAIN)
    came = frames[f"content of {copy}"].stdout
    if came == wanted and _size(frames, copy) == len(wanted):
        return None
    if came in (b"", change.old) or frames["make"].stderr.strip():
        return Problem(f"nothing of what was sent arrived in the copy; the server said {_said(frames, fill)}", _IN_USE)
    answer = (
        f"{len(wanted)} bytes were sent and {len(came)} other ones arrived in the copy: {_difference(came, wanted)}"
    )
    return Problem(answer, _NOT_WHOLE)


def _plain_steps(change: ReplaceFile) -> list[Step]:
    """Standard input into a copy that has the file's owner and permissions; an empty input is no failure."""
    copy = quote(change.file + COPY)
    return [*_dressed_copy(change), Step("fill", f'findstr "^" >{copy}', _IF_GOOD, may_fail=True)]


def _encoded_steps(change: ReplaceFile) -> list[Step]:
    """The same by base64, so that a last line may lack its line end.

    What was decoded is printed into the copy: certutil may make its output anew, without the file's permissions.
    """
    copy, encoded = quote(change.file + COPY), quote(change.file + ENCODED)
    return [
        Step("fill", f'findstr "^" >{encoded}', _IF_GOOD),
        Step("decode", command("certutil", "-f", "-decode", encoded, copy), _IF_GOOD),
        Step("keep", f"type {copy} >{encoded}", _IF_GOOD),
        *_dressed_copy(change),
        Step("refill", f"type {encoded} >{copy}", _IF_GOOD),
    ]


def _dressed_copy(change: ReplaceFile) -> list[Step]:
    """A copy with the owner and permissions of the file, where there is a file, that can be written.

    It is made empty first: xcopy asks nothing about a target that exists, and copy does not see a hidden file.
    """
    copy = quote(change.file + COPY)
    make = Step("make", f"type nul >{copy}", _IF_GOOD)
    if change.old is None:
        return [make]
    return [
        make,
        Step("xcopy", command("xcopy", change.file, copy, "/o", "/x", "/k", "/h", "/r", "/y"), _IF_GOOD),
        Step("undress", command("attrib", "-r", "-h", "-s", copy), _IF_GOOD),
    ]


def _move_steps(change: ReplaceFile) -> list[Step]:
    """Move the copy over the file; what protected the file is taken off before, and put back whatever happened."""
    letters = sorted(letter.lower() for letter in change.attributes & PROTECTING)
    steps = [Step(_ENTER, _enter(change.folder).line)]
    if letters:
        steps.append(Step("unprotect", command("attrib", *(f"-{letter}" for letter in letters), change.file), _IF_GOOD))
    steps.append(Step(_move_name(change), command("move", "/y", change.file + COPY, change.file), _IF_GOOD))
    if letters:
        again = " ".join(f"+{letter}" for letter in letters)
        steps.append(Step("protect", f'attrib {again} "{change.folder}\\{change.file}" <nul', may_fail=True))
    return steps


def _move_name(change: ReplaceFile) -> str:
    return f"move {change.file}"


def undressed(observed: Observed, change: ReplaceFile) -> str | None:
    """What must be told when what is read behind the change shows other attributes than before."""
    state = observed.states.get(ReadFile(change.folder, change.file))
    if not isinstance(state, FileContent) or state.attributes & PROTECTING == change.attributes & PROTECTING:
        return None
    before, now = (
        " ".join(sorted(letters & PROTECTING)) or "none" for letters in (change.attributes, state.attributes)
    )
    return f"{change.folder}\\{change.file} had the attributes {before} and now has {now}: set them by hand with attrib"


def _is_unchanged(frames: Frames, change: ReplaceFile) -> bool:
    if change.old is None:
        return not _is_there(frames, change.file)
    return frames[f"content of {change.file}"].stdout == change.old and _size(frames, change.file) == len(change.old)


def _enter(folder: str, may_fail: bool = False) -> Step:
    """Change into the folder: FOR gives no size for a path that begins with a variable in every cmd.exe.

    VER before it clears the exit code, which a CD that succeeds need not do.
    """
    return Step(f"enter {folder}", f'ver >nul&cd /d "{folder}"', may_fail=may_fail)


def _exists(name: str) -> Step:
    return Step(f"existence of {name}", f"(if exist {quote(name)} (echo {_THERE}))", may_fail=True)


def _is_there(frames: Frames, name: str) -> bool:
    return _THERE.encode() in frames[f"existence of {name}"].stdout


def _content(name: str) -> list[Step]:
    """Print a file and its size: TYPE converts UTF-16, which only the size tells."""
    return [
        Step(f"content of {name}", f"type {quote(name)}", may_fail=True),
        Step(f"size of {name}", f"(for %i in ({quote(name)}) do @echo %~zi)", may_fail=True),
    ]


def _size(frames: Frames, name: str) -> int | None:
    printed = frames[f"size of {name}"].stdout.strip()
    return int(printed) if re.fullmatch(rb"[0-9]+", printed) else None


def _succeeded(frames: Frames, name: str) -> bool:
    frame = frames.get(name)
    return frame is not None and frame.succeeded


def _said(frames: Frames, steps: Sequence[Step]) -> str:
    """The answer to the first command that failed, and the complaints before it: a redirection has no exit code."""
    said = []
    for step in steps:
        frame = frames.get(step.name)
        failed = frame is not None and not frame.succeeded and not step.may_fail
        if frame is not None and (failed or frame.stderr.strip()):
            said.append(f"{step.line}: {frame.text or f'exit code {frame.exit_code}'}")
        if failed:
            break
    return "; ".join(said) or "nothing"


def _difference(came: bytes, wanted: bytes) -> str:
    """Where two texts begin to differ, for people."""
    same = next(
        (at for at, (a, b) in enumerate(zip(came, wanted, strict=False)) if a != b), min(len(came), len(wanted))
    )
    return f"byte {same} begins {_excerpt(came[same : same + 20])!r}, not {_excerpt(wanted[same : same + 20])!r}"


def _excerpt(data: bytes) -> str:
    return shortened(data.decode("utf-8", "backslashreplace"), _SHOWN)
