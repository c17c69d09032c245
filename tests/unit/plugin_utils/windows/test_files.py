# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file is absent only when its folder was seen, read only when all of it came, moved only when the copy is right."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.changes import ReplaceFile
from plugins.plugin_utils.formats.registry import Unreadable
from plugins.plugin_utils.reads import FileAbsent, FileContent, ReadFile
from plugins.plugin_utils.windows.command_line import Batch, Frame, Frames, Step
from plugins.plugin_utils.windows.files import (
    interpret,
    left_behind,
    left_behind_steps,
    read_steps,
    remove_steps,
)
from plugins.plugin_utils.windows.shell import AnswerUnusable, TimedOut, Unreachable
from tests.unit.plugin_utils.windows.by_steps import ByStep

FOLDER = r"%SystemRoot%\system32\drivers\etc"
READ = ReadFile(FOLDER, "hosts")
PATH = r"C:\Windows\System32\drivers\etc\hosts"
GOOD = Frame(b"", b"", 0)
BAD = Frame(b"", b"Zugriff verweigert\r\n", 1)


def answer(
    data: bytes | None = b"abc",
    size: bytes | None = None,
    attributes: str = f"A    R      {PATH}",
    entered: Frame = GOOD,
    printed: int = 0,
    **replaced: Frame,
) -> Frames:
    """What the commands of a read print of a file; None: there is none."""
    frames = {
        f"enter {FOLDER}": entered,
        "existence of hosts": Frame(b"" if data is None else b"there\r\n", b"", 1),
        "content of hosts": BAD if data is None else Frame(data, b"", printed),
        "size of hosts": Frame(b"%d\r\n" % len(data or b"") if size is None else size, b"", 1),
        "attributes of hosts": Frame(f"{attributes}\r\n".encode(), b"", 0),
    }
    return Frames({**frames, **{f"{name} of hosts": frame for name, frame in replaced.items()}}, "outside")


@given(st.binary(max_size=200), st.frozensets(st.sampled_from("RHS")))
def test_all_bytes_and_letters_come(data: bytes, letters: frozenset[str]) -> None:
    printed = " ".join(["A", *sorted(letters), "I"]).ljust(11) + PATH
    assert interpret(answer(data, attributes=printed), READ) == FileContent(data, letters | {"A"})


@pytest.mark.parametrize(
    ("listed", "letters"),
    [
        (f"           {PATH}", ""),
        (f"A  SHR     {PATH}", "ASHR"),
        (f"A  SHR I   {PATH}", "ASHR"),
        (f"A    R   {PATH}", "AR"),
        ("     R     a:\\x", "R"),
    ],
)
def test_letters_stand_before_the_path(listed: str, letters: str) -> None:
    assert interpret(answer(attributes=listed), READ) == FileContent(b"abc", frozenset(letters))


def test_absent_is_said_only_of_a_folder_that_was_entered() -> None:
    assert interpret(answer(None), READ) == FileAbsent()
    assert isinstance(interpret(answer(None, entered=BAD), READ), Unreadable)
    assert isinstance(interpret(answer(entered=BAD), READ), Unreadable)


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        (answer(content=BAD), "cannot be read"),
        (answer(existence=GOOD), "cannot be found"),
        (answer(size=b"4\r\n"), "UTF-16"),
        (answer(size=b""), "unknown number"),
        (answer(size=b"<html>"), "unknown number"),
        (answer(attributes="Datei nicht gefunden"), "attributes"),
        (answer(attributes=""), "attributes"),
        (answer(content=Frame(b"ab", b"", None)), "cut off"),
        (Frames({}, "garbage"), "no part"),
    ],
)
def test_what_is_not_whole_is_unreadable(frames: Frames, says: str) -> None:
    state = interpret(frames, READ)
    assert isinstance(state, Unreadable)
    assert says in state.why


def test_what_could_not_be_read_is_shown() -> None:
    state = interpret(answer(content=BAD), READ)
    assert isinstance(state, Unreadable)
    assert state.answer == "Zugriff verweigert"


def test_a_read_is_one_plain_command_a_step_and_nothing_of_it_asks() -> None:
    lines = [step.line for step in read_steps(READ)]
    assert lines == [
        rf'ver >nul&cd /d "{FOLDER}"',
        "(if exist hosts (echo there))",
        "type hosts",
        "(for %i in (hosts) do @echo %~zi)",
        "attrib hosts <nul",
    ]
    assert all(step.may_fail for step in read_steps(READ))


def test_only_our_own_two_names_are_removed() -> None:
    lines = [step.line for step in remove_steps(FOLDER, "hosts")]
    assert [line.count("hosts.exchange_ops") for line in lines] == [3, 3]


def test_what_is_left_behind_is_named() -> None:
    names = [step.name for step in left_behind_steps(FOLDER, "hosts")]
    frames = {names[0]: GOOD, names[1]: Frame(b"left beside\r\n", b"", 0)}
    assert left_behind(Frames(frames, "")) == ("hosts.exchange_ops.b64",)
    assert left_behind(Frames({}, "")) == ()


class Scripted:
    """A server that runs the steps of a replacement, and fails where it is told to."""

    def __init__(self, old: bytes | None = b"old\r\n", attributes: frozenset[str] = frozenset("A")) -> None:
        self.files: dict[str, bytes] = {} if old is None else {"hosts": old}
        self.attributes = attributes
        self.failing: dict[str, Frame] = {}
        self.unredirected: set[str] = set()
        self.lost: list[Exception] = []
        self.lines: list[str] = []
        self.certutil = True
        self.carry: Callable[[bytes], bytes] = lambda data: data

    def __call__(self, steps: Sequence[Step], stdin: bytes | None, waits: int) -> Frames:
        self.lines.append(Batch(steps).line)
        if self.lost:
            raise self.lost.pop(0)
        frames: dict[str, Frame] = {}
        failed = False
        for step in steps:
            if step.when == "while_all_succeed" and failed:
                continue
            frame = self.failing.get(step.name) or self._frame(step, stdin or b"")
            frames[step.name] = frame
            failed = failed or (not step.may_fail and frame.exit_code != 0)
        return Frames(frames, "")

    def _frame(self, step: Step, stdin: bytes) -> Frame:
        kind, _of, name = step.name.partition(" of ")
        data = self.files.get(name)
        told = {
            "content": BAD if data is None else Frame(data, b"", 0),
            "size": Frame(b"" if data is None else b"%d\r\n" % len(data), b"", 0),
            "existence": Frame(b"" if data is None else b"there\r\n", b"", 0),
            "attributes": Frame(f"{' '.join(sorted(self.attributes))}   {PATH}".encode(), b"", 0),
        }
        if kind in told:
            return told[kind]
        if step.name in self.unredirected:
            return Frame(b"", b"Zugriff verweigert\r\n", 0)
        try:
            self._do(step, stdin)
        except KeyError:
            return BAD
        return GOOD

    def _do(self, step: Step, stdin: bytes) -> None:
        copy, encoded = "hosts.exchange_ops", "hosts.exchange_ops.b64"
        if step.name == "fill":
            self.files[step.line.rpartition(">")[2]] = self.carry(stdin)
        elif step.name == "decode" and self.certutil:
            self.files[copy] = base64.b64decode(self.files[encoded])
        elif step.name == "make":
            self.files[copy] = b""
        elif step.name == "move hosts":
            self.files["hosts"] = self.files.pop(copy)
        elif step.name.startswith("remove"):
            self.files.pop(step.name.removeprefix("remove "), None)
        elif step.name in ("keep", "refill", "xcopy"):
            source, target = {"keep": (copy, encoded), "refill": (encoded, copy), "xcopy": ("hosts", copy)}[step.name]
            self.files[target] = self.files[source]


def replacing(new: bytes, old: bytes | None = b"old\r\n", attributes: str = "A") -> ReplaceFile:
    return ReplaceFile(("a", "b"), FOLDER, "hosts", old, new, frozenset(attributes))


@given(st.binary(max_size=40), st.none() | st.binary(max_size=40))
def test_the_bytes_arrive_and_nothing_of_ours_stays(new: bytes, old: bytes | None) -> None:
    server = Scripted(old)
    change = replacing(new, old)
    written = ByStep(server).apply([change], 0, [READ])
    assert (written.accepted, written.rejected, written.warnings) == ((change,), None, ())
    assert written.observed.states[READ] == FileContent(new, frozenset("A"))
    assert server.files == {"hosts": new}
    assert len(server.lines) == 2
    assert ("certutil" in server.lines[0]) == bool(new and not new.endswith(b"\n"))


@pytest.mark.parametrize("step", ["enter for the change", "make", "xcopy", "undress", "move hosts"])
def test_a_command_that_fails_leaves_the_file_as_it_was(step: str) -> None:
    server = Scripted()
    server.failing[step] = BAD
    change = replacing(b"new\r\n")
    written = ByStep(server).apply([change], 0, [READ])
    assert (written.accepted, written.rejected) == ((), change)
    assert "Zugriff verweigert" in written.answer
    assert written.next_step is not None
    assert "Nothing was changed" in written.next_step
    assert server.files == {"hosts": b"old\r\n"}


def test_bytes_that_do_not_come_through_are_not_used() -> None:
    server = Scripted()
    server.carry = lambda data: data.replace(b"\0", b"")
    written = ByStep(server).apply([replacing(b"a\0b\r\n")], 0, [])
    assert written.rejected is not None
    assert "byte 1" in written.answer
    assert "8,191" in str(written.next_step)
    assert server.files == {"hosts": b"old\r\n"}


@pytest.mark.parametrize(("there", "expected"), [(b"other\r\n", b"old\r\n"), (None, b"old\r\n"), (b"made\r\n", None)])
def test_a_file_that_changed_since_it_was_read_is_left_alone(there: bytes | None, expected: bytes | None) -> None:
    server = Scripted(there)
    written = ByStep(server).apply([replacing(b"new\r\n", expected)], 0, [])
    assert written.rejected is not None
    assert server.files == ({} if there is None else {"hosts": there})
    assert "move" not in "".join(server.lines)


def test_a_line_end_that_cannot_be_left_out_is_added_and_told() -> None:
    server = Scripted()
    server.certutil = False
    written = ByStep(server).apply([replacing(b"a\nb\nc")], 0, [])
    assert written.rejected is None
    assert "a line end was added" in written.warnings[0]
    assert server.files == {"hosts": b"a\nb\nc\n"}


@pytest.mark.parametrize("lost", [TimedOut("hung"), AnswerUnusable("garbage")])
def test_however_certutil_fails_the_line_end_is_added_and_the_reason_told(lost: Exception) -> None:
    server = Scripted()
    server.lost = [lost]
    written = ByStep(server).apply([replacing(b"a\nb\nc")], 0, [])
    assert written.rejected is None
    assert f"failed ({lost}), so a line end was added" in written.warnings[0]
    assert server.files == {"hosts": b"a\nb\nc\n"}
    assert [("certutil" in line, "move /y" in line) for line in server.lines] == [
        (True, False),
        (False, False),
        (False, True),
    ]


@pytest.mark.parametrize("step", ["decode", "keep", "refill"])
def test_a_command_of_the_way_through_certutil_that_fails_is_no_end(step: str) -> None:
    server = Scripted()
    server.failing[step] = BAD
    written = ByStep(server).apply([replacing(b"a\nb\nc")], 0, [])
    assert written.rejected is None
    assert "Zugriff verweigert" in written.warnings[0]
    assert server.files == {"hosts": b"a\nb\nc\n"}


@pytest.mark.parametrize("before", [[], [TimedOut("hung")]], ids=["encoded", "plain"])
def test_a_line_that_is_lost_says_nothing_of_certutil(before: list[Exception]) -> None:
    server = Scripted()
    server.lost = [*before, Unreachable("cut")]
    with pytest.raises(Unreachable):
        ByStep(server).apply([replacing(b"a\nb\nc")], 0, [])
    assert len(server.lines) == len(before) + 1
    assert server.files == {"hosts": b"old\r\n"}


@pytest.mark.parametrize("unredirected", [{"make", "fill"}, {"fill"}])
@pytest.mark.parametrize("old", [None, b"old\r\n"])
def test_a_redirection_that_fails_sets_no_exit_code_and_is_told_as_what_it_is(
    unredirected: set[str], old: bytes | None
) -> None:
    server = Scripted(old)
    if old is None and "make" in unredirected:
        server.files["hosts.exchange_ops"] = b"left by a cut run"
    server.unredirected = unredirected
    written = ByStep(server).apply([replacing(b"new\r\n", old)], 0, [])
    assert written.rejected is not None
    assert "Zugriff verweigert" in written.answer
    assert "who has the file open" in str(written.next_step)
    assert "8,191" not in str(written.next_step)
    assert server.files == ({} if old is None else {"hosts": old})


def test_what_protects_a_file_is_taken_off_and_put_back_also_when_the_move_fails() -> None:
    server = Scripted(attributes=frozenset("ARH"))
    server.failing["move hosts"] = BAD
    written = ByStep(server).apply([replacing(b"new\r\n", attributes="ARH")], 0, [READ])
    assert written.rejected is not None
    line = server.lines[-1]
    assert line.index("attrib -h -r hosts <nul") < line.index("move /y") < line.index("attrib +h +r ")


def test_attributes_that_were_not_put_back_are_told() -> None:
    server = Scripted(attributes=frozenset("A"))
    written = ByStep(server).apply([replacing(b"new\r\n", attributes="AR")], 0, [READ])
    assert written.accepted
    assert "had the attributes R and now has none" in written.warnings[0]


def test_a_damaged_answer_is_no_failure_of_the_server() -> None:
    server = Scripted()
    server.failing["content of hosts"] = Frame(b"", b"", None)
    with pytest.raises(AnswerUnusable):
        ByStep(server).apply([replacing(b"new\r\n")], 0, [])
