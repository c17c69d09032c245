# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Absent, denied and unreadable are three different things; writes are one line and, where it must be, one file."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from plugins.plugin_utils.changes import Change
from plugins.plugin_utils.formats.registry import (
    Key,
    KeyAbsent,
    KeyContent,
    KeyDenied,
    KeyState,
    KeyTree,
    SetData,
    SetNumber,
    SetText,
    Unreadable,
)
from plugins.plugin_utils.reads import ReadKey
from plugins.plugin_utils.windows.command_line import MAX_LINE, Batch, Frame, Frames, Step
from plugins.plugin_utils.windows.reading import read_steps
from plugins.plugin_utils.windows.registry import (
    IMPORT_FILE,
    interpret_key,
    interpret_tree,
    is_left_behind,
    left_behind_step,
)
from tests.unit.plugin_utils.windows.by_steps import ByStep

KEY = Key(r"HKLM\A\B\C")


def listing(key: str, *below: str) -> Frame:
    long = Key(key).long_path
    lines = ["", long, "    Value    REG_DWORD    0x1", "", *(f"{long}\\{name}" for name in below), ""]
    return Frame("\r\n".join(lines).encode(), b"", 0)


def failed(stderr: bytes = b"ERROR: Access is denied.") -> Frame:
    return Frame(b"", stderr, 1)


def state(**frames: Frame) -> KeyState:
    names = {"key": KEY.path, "parent": r"HKLM\A\B", "grandparent": r"HKLM\A", "hive": "HKLM"}
    told = {f"query {names[name].lower()}": frame for name, frame in frames.items()}
    return interpret_key(Frames(told, "outside"), KEY, probe=False)


@pytest.mark.parametrize(
    "stderr",
    [
        b"ERROR: Access is denied.\r\n",
        b"ERROR: The system was unable to find the specified registry key or value.\r\n",
        "FEHLER: Der angegebene Registrierungsschl\u00fcssel bzw. Wert wurde nicht gefunden.\r\n".encode(),
        b"",
    ],
)
def test_the_words_of_an_error_decide_nothing(stderr: bytes) -> None:
    denied = state(key=failed(stderr), parent=listing(r"HKLM\A\B", "c"))
    absent = state(key=failed(stderr), parent=listing(r"HKLM\A\B", "other"))
    assert isinstance(denied, KeyDenied)
    assert denied.denied == KEY
    assert absent == KeyAbsent(KEY)


def test_what_is_above_a_key_is_asked_upward_until_something_can_be_read() -> None:
    denied = state(key=failed(), parent=failed(), grandparent=listing(r"HKLM\A", "B"))
    absent = state(key=failed(), parent=failed(), grandparent=failed(), hive=listing("HKLM", "other"))
    assert isinstance(denied, KeyDenied)
    assert denied.denied == Key(r"HKLM\A\B")
    assert absent == KeyAbsent(Key(r"HKLM\A"))


def test_when_nothing_can_be_read_nothing_is_known() -> None:
    unreadable = state(key=failed(b"?"), parent=failed(), grandparent=failed(), hive=failed())
    assert isinstance(unreadable, Unreadable)
    assert unreadable.answer == "?"


@pytest.mark.parametrize(
    "frames",
    [
        {},
        {"key": Frame(b"garbage", b"", 0)},
        {"key": Frame(b"\r\nHKEY_LOCAL_MACHINE\\A\\B\\C\r\n    V    REG_", b"", None)},
        {"key": failed(), "parent": Frame(b"garbage", b"", 0)},
        {"key": failed()},
    ],
)
def test_garbage_is_unreadable_and_shown(frames: dict[str, Frame]) -> None:
    unreadable = state(**frames)
    assert isinstance(unreadable, Unreadable)
    printed = b"".join(frame.stdout for frame in frames.values()).decode().strip()
    assert printed in unreadable.answer or "failed" in unreadable.why
    assert frames or unreadable.answer == "outside"


def test_a_key_that_is_read_has_its_values() -> None:
    content = state(key=listing(KEY.path, "Sub"))
    assert isinstance(content, KeyContent)
    assert content.value("value") is not None


def test_a_tree_that_failed_is_no_empty_one_and_keeps_what_the_server_said() -> None:
    def tree(frame: Frame) -> KeyTree | Unreadable:
        return interpret_tree(Frames({f"tree {KEY.path.lower()}": frame}, "outside"), KEY)

    denied = tree(failed())
    assert isinstance(denied, Unreadable)
    assert (denied.answer, "absent" in denied.why) == ("ERROR: Access is denied.", True)
    assert isinstance(tree(Frame(b"", b"", -1073741502)), Unreadable)
    assert tree(Frame(b"", b"", 0)) == KeyTree(())


def test_a_read_asks_for_whole_keys_and_for_those_above_only_after_a_failure() -> None:
    steps = read_steps([ReadKey(KEY), ReadKey(Key(r"HKLM\A\Other"))])
    assert [(step.line, step.when) for step in steps] == [
        (r"reg query HKLM\A\B\C <nul", "always"),
        (r"reg query HKLM\A\Other <nul", "always"),
        (r"reg query HKLM\A\B <nul", "after_a_failure"),
        (r"reg query HKLM\A <nul", "after_a_failure"),
        (r"reg query HKLM <nul", "after_a_failure"),
    ]


def lines_for(changes: list[Change], settle: int) -> list[tuple[list[Step], bytes | None]]:
    """The commands that changes and one read behind them come to, everything accepted."""
    asked: list[tuple[list[Step], bytes | None]] = []

    def answer(steps: Sequence[Step], stdin: bytes | None, _waits: int) -> Frames:
        asked.append((list(steps), stdin))
        return Frames({step.name: Frame(b"", b"", 0) for step in steps}, "")

    ByStep(answer).apply(changes, settle, [ReadKey(KEY)])
    return asked


def test_short_values_are_written_in_order_and_read_again_in_one_line() -> None:
    ((steps, stdin),) = lines_for([SetNumber(KEY, "Number", 0), SetText(KEY, "Text", "a:1;b:2")], 3)
    lines = [step.line for step in steps]
    assert stdin is None
    assert lines[:3] == [
        r"reg add HKLM\A\B\C /v Number /t REG_DWORD /d 0 /f <nul",
        r'reg add HKLM\A\B\C /v Text /t REG_SZ /d "a:1;b:2" /f <nul',
        "ping -n 4 127.0.0.1 <nul >nul",
    ]
    assert lines[3].startswith("reg query")
    assert [step.when for step in steps[:3]] == ["while_all_succeed"] * 3


@pytest.mark.parametrize("text", ["x" * 54_000, 'a"b', "100%", "a&b", "b\u00e4", "line\r\nbreak", "a!b^c|d"])
def test_what_does_not_fit_a_command_line_goes_by_a_file(text: str) -> None:
    ((steps, stdin),) = lines_for([SetNumber(KEY, "Number", 0), SetText(KEY, "Text", text)], 0)
    line = Batch(steps).line
    assert stdin is not None
    assert text not in line
    assert text[:5] not in stdin.decode("ascii") or text.startswith("x")
    assert f'do @if not "%~zi"=="{len(stdin)}" set oa=1)' in line
    assert line.index("/v Number") < line.index("findstr") < line.index("reg import") < line.index("del /q")


def test_two_files_take_two_lines_and_each_brings_its_own_input() -> None:
    asked = lines_for([SetText(KEY, "One", "a%b"), SetText(KEY, "Two", "c%d"), SetNumber(KEY, "Three", 3)], 0)
    assert [sum("findstr" in step.line for step in steps) for steps, _stdin in asked] == [1, 1]
    assert len({stdin for _steps, stdin in asked} - {None}) == 2


@pytest.mark.parametrize("length", [6000, 7000, 7600, 7900, 8090])
def test_a_text_of_any_length_is_written_and_read_again(length: int) -> None:
    asked = lines_for([SetText(KEY, "Text", "x" * length), SetNumber(KEY, "Number", 1)], 5)
    assert all(len(Batch(steps).line) <= MAX_LINE for steps, _stdin in asked)
    names = [step.name for steps, _stdin in asked for step in steps]
    assert sum(name.startswith("write ") for name in names) == 2
    assert names.count("settle") == 1
    assert max(at for at, name in enumerate(names) if name.startswith("write ")) < names.index("settle")
    assert names.index("settle") < names.index(f"query {KEY.path.lower()}")


def test_data_of_a_type_that_is_not_written_otherwise_go_by_a_file() -> None:
    ((_steps, stdin),) = lines_for([SetData(KEY, "Odd", "REG_EXPAND_SZ", "%x%")], 0)
    assert stdin is not None
    assert b'"Odd"=hex(2):25,00,78,00,25,00,00,00' in stdin


def test_a_file_left_behind_is_noticed() -> None:
    assert IMPORT_FILE in left_behind_step().line
    name = left_behind_step().name
    assert is_left_behind(Frames({name: Frame(b"left behind\r\n", b"", 0)}, ""))
    assert not is_left_behind(Frames({name: Frame(b"", b"", 0)}, ""))
    assert not is_left_behind(Frames({}, ""))
