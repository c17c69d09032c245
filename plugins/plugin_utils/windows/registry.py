# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's registry, through reg.exe alone.

reg.exe ends with 1 for an absent key and for a denied one alike, in words of the server's language. So whole keys are
asked for, never single values, and when one fails, every key above it: a readable parent that lists the key means that
it is denied, one that does not list it means that it is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..formats.reg_exe import NotParsed, format_import, parse_query, parse_tree
from ..formats.registry import (
    DeleteValue,
    Key,
    KeyAbsent,
    KeyContent,
    KeyDenied,
    KeyState,
    KeyTree,
    RegistryChange,
    SetData,
    SetNumber,
    SetText,
    SetTexts,
    Unreadable,
)
from .command_line import Frame, Frames, LineTooLong, Step, UnsafeArgument, command, fits, quote
from .writing import END, Part

# One name for every run, so that the next run finds and removes what a cut one left behind.
IMPORT_FILE = "exchange_ops_outlook_anywhere.reg"
_LEFT = "left behind"
_STAGED = "staged"


def _ancestors(keys: Iterable[Key]) -> list[Key]:
    """Every key above the given ones that is not among them, the nearest first."""
    asked = dict.fromkeys(keys)
    above: dict[Key, None] = {}
    for key in asked:
        parent = key.parent
        while parent is not None and parent not in above:
            if parent not in asked:
                above[parent] = None
            parent = parent.parent
    return list(above)


def _query_name(key: Key) -> str:
    return f"query {key.path.lower()}"


def _tree_name(key: Key) -> str:
    return f"tree {key.path.lower()}"


def key_step(key: Key, tree: bool = False, may_fail: bool = False) -> Step:
    """The command that reads a key, or a key with all below it."""
    line = command("reg", "query", key.path, *(["/s"] if tree else []))
    return Step(_tree_name(key) if tree else _query_name(key), line, may_fail=may_fail, never_negative=True)


def above_steps(keys: Sequence[Key]) -> list[Step]:
    """The commands that read the keys above the given ones when any of these fails."""
    return [
        Step(_query_name(key), command("reg", "query", key.path), "after_a_failure", may_fail=True)
        for key in _ancestors(keys)
    ]


def interpret_tree(frames: Frames, key: Key) -> KeyTree | Unreadable:
    """What reading a key with all below it said; a key below that refuses access is missing without a word."""
    frame = frames.get(_tree_name(key))
    if frame is None:
        return Unreadable("the server's answer has no part for this command", frames.outside)
    if frame.exit_code is None:
        return Unreadable("the answer was cut off before its end", frame.text)
    if not frame.succeeded:
        return Unreadable("it is absent, or cannot be read", frame.text)
    try:
        return parse_tree(frame.stdout.decode("utf-8", "surrogateescape"), key)
    except NotParsed as error:
        return Unreadable(str(error), frame.text)


def interpret_key(frames: Frames, key: Key, probe: bool) -> KeyState:
    """What reading a key said; for a probe every failure counts as absent."""
    state = _state(frames, key)
    if probe and isinstance(state, (KeyAbsent, KeyDenied, Unreadable)):
        return KeyAbsent(key)
    return state


def _parse(frame: Frame, key: Key) -> KeyContent | Unreadable:
    if frame.exit_code is None:
        return Unreadable("the answer was cut off before its end", frame.text)
    try:
        return parse_query(frame.stdout.decode("utf-8", "surrogateescape"), key)
    except NotParsed as error:
        return Unreadable(str(error), frame.text)


def _state(frames: Frames, key: Key) -> KeyState:
    frame = frames.get(_query_name(key))
    if frame is None:
        return Unreadable("the server's answer has no part for this command", frames.outside)
    if frame.exit_code in (0, None):
        return _parse(frame, key)
    below, parent = key, key.parent
    while parent is not None:
        above = frames.get(_query_name(parent))
        if above is not None and above.succeeded:
            listing = _parse(above, parent)
            if isinstance(listing, Unreadable):
                return listing
            return KeyDenied(below, frame.text) if listing.has_subkey(below.name) else KeyAbsent(below)
        below, parent = parent, parent.parent
    return Unreadable("reg query failed for it, and no key above it could be read", frame.text)


def _write_line(change: SetText | SetNumber | SetTexts | DeleteValue) -> str:
    if isinstance(change, DeleteValue):
        return command("reg", "delete", change.key.path, "/v", change.name, "/f")
    kind, data = _kind_and_data(change)
    return command("reg", "add", change.key.path, "/v", change.name, "/t", kind, "/d", data, "/f")


def _kind_and_data(change: SetText | SetNumber | SetTexts) -> tuple[str, str]:
    if isinstance(change, SetText):
        return "REG_SZ", change.text
    if isinstance(change, SetNumber):
        return "REG_DWORD", str(change.number)
    return "REG_MULTI_SZ", "\\0".join(change.texts)


def part(change: RegistryChange) -> Part:
    """The steps that make a change.

    A text that is too long for a line, or that cmd.exe could read as syntax, goes by a .reg file, and so does data
    of the types that are not written otherwise.
    """
    name = f"write {change.key.path.lower()} {change.name}"
    if not isinstance(change, SetData):
        try:
            step = Step(name, _write_line(change), "while_all_succeed")
            if fits([step, END]):
                return Part(change, (step,), name, lambda frames: _answer(frames, name), _nothing_known)
        except UnsafeArgument:
            if isinstance(change, (DeleteValue, SetNumber)):
                raise
    if isinstance(change, (DeleteValue, SetNumber)):
        raise LineTooLong(f"the name {change.name[:80]!r}... of a value does not fit a line")
    content = format_import(change).encode("ascii")
    imported = Step(name, f"reg import {quote(IMPORT_FILE)} <nul", "while_all_succeed")
    steps = (_stage_step(len(content)), imported, remove_step())
    return Part(change, steps, name, lambda frames: _answer(frames, name), _nothing_known, content)


def _nothing_known(_answer: str) -> None:
    return None


def _answer(frames: Frames, name: str) -> str:
    frame = frames.get(name)
    if frame is not None:
        return frame.text
    return "nothing: the command was not run, as what it needs had not arrived whole"


def _stage_step(length: int) -> Step:
    """Standard input into the file; a file of another length than was sent counts as a failure and is not used.

    The bare name and the change of folder: FOR gives no size for a path that begins with a variable in every cmd.exe.
    """
    name = quote(IMPORT_FILE)
    wrong = f'(for %i in ({name}) do @if not "%~zi"=="{length}" set oa=1)'
    return Step(_STAGED, f'cd /d "%TEMP%"&findstr "^" >{name}&{wrong}')


def remove_step() -> Step:
    """Delete the import file, whatever happened."""
    return Step("remove", f'(if exist "%TEMP%\\{IMPORT_FILE}" (del /q "%TEMP%\\{IMPORT_FILE}" <nul))')


def left_behind_step() -> Step:
    """Ask whether a cut run left its import file behind."""
    return Step(_LEFT, f'(if exist "%TEMP%\\{IMPORT_FILE}" (echo {_LEFT}))', may_fail=True)


def is_left_behind(frames: Frames) -> bool:
    """The answer to left_behind_step."""
    frame = frames.get(_LEFT)
    return frame is not None and _LEFT.encode() in frame.stdout


def settle_steps(seconds: int) -> list[Step]:
    """Wait on the server: ping sends one packet a second and needs no console."""
    if not seconds:
        return []
    return [Step("settle", f"ping -n {seconds + 1} 127.0.0.1 <nul >nul", "while_all_succeed")]
