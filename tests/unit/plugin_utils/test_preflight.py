# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""preflight has a row for everything in docs/evidence.md, and judges whatever a server answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.plugin_utils.journal import FileJournal
from plugins.plugin_utils.preflight import PreflightRun
from plugins.plugin_utils.preflight_rows import network, system, whoami
from plugins.plugin_utils.preflight_rows.probe import Answer, Answers, Ask, Odd, Probe, Untestable, Verdict
from plugins.plugin_utils.preflight_rows.rows import ROWS
from plugins.plugin_utils.preflight_rows.scratch import look_steps, remove_steps
from plugins.plugin_utils.windows.command_line import Batch, Frame, Frames
from plugins.plugin_utils.windows.shell import Completed, TimedOut, Unreachable
from tests.evidence_ids import ids
from tests.integration.conftest import evidence
from tests.integration.fleet import programs

PROBES = {probe.row: probe for probe in ROWS}
ASKS = tuple(dict.fromkeys(ask for probe in ROWS for ask in (*probe.asks, *probe.also)))
FULL = ("S-1-5-21-1-2-3-513", "S-1-5-32-544", "S-1-16-12288")
FILTERED = ("S-1-5-21-1-2-3-513", "S-1-5-32-544", "S-1-16-8192")
NOT_A_MEMBER = ("S-1-5-21-1-2-3-513", "S-1-5-32-545", "S-1-16-8192")
ON_2003 = ("S-1-5-21-1-2-3-513", "S-1-5-32-544")


def test_every_row_of_the_evidence_is_judged_once() -> None:
    assert sorted(probe.row for probe in ROWS) == sorted(ids())


def test_a_row_is_judged_behind_those_that_it_needs() -> None:
    for place, probe in enumerate(ROWS):
        assert {*probe.needs} <= {earlier.row for earlier in ROWS[:place]}, probe.row


def test_asks_are_told_apart_by_their_names() -> None:
    assert len({ask.name for ask in ASKS}) == len(ASKS)


def test_every_program_that_is_sent_has_a_row() -> None:
    of_steps = [step.line for ask in ASKS for step in ask.all_steps]
    of_scratch = [step.line for step in (*look_steps("before"), *remove_steps())]
    of_lines = [line for ask in ASKS for line in (ask.line, ask.beside) if line is not None and ask.program is None]
    sent = {program for line in (*of_steps, *of_scratch, *of_lines) for program in programs(line)}
    assert not sent - evidence()


def test_no_ask_is_longer_than_a_line() -> None:
    for ask in ASKS:
        if ask.all_steps:
            assert Batch(ask.all_steps).line


def test_a_read_is_told_by_its_command_line_and_not_by_names_of_the_code() -> None:
    for ask in ASKS:
        frames = Frames({step.name: Frame(b"", b"", 0) for step in ask.all_steps}, "")
        said = Answers({ask.name: Answer(frames)}, {}).said(ask)
        assert not [read for read in ask.reads if repr(read) in said]
    frames = Frames({step.name: Frame(b"", b"", 0) for step in system.IPV6.all_steps}, "")
    told = Answers({system.IPV6.name: Answer(frames)}, {}).said(system.IPV6)
    assert told == "netsh interface ipv6 show addresses: '', exit code 0"


def test_what_is_never_tried_says_why_and_who_relies_on_the_others_is_said() -> None:
    for probe in ROWS:
        if not probe.asks and not probe.needs and probe.row not in ("shell", "operation_quota"):
            with pytest.raises(Untestable, match=r"\w+ \w+"):
                probe.judge(Answers({}, {}))
        assert probe.used_by


PRINTED = (
    b"",
    b"there.\r\n",
    b"one.\r\n",
    b"\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\r\n    a    REG_MULTI_SZ    b\\0c\r\n",
    b'IPAddress={"10.0.0.5"}\r\r\nSettingID={AB-1}\r\r\n',
    b'VDIR "Default Web Site/Rpc" (physicalPath:C:\\)\r\n',
    b'CONFIGSEARCH "MACHINE/WEBROOT/APPHOST"\r\n',
    b"        TYPE : 20\r\n        STATE : 4\r\n        WIN32_EXIT_CODE : 0\r\n",
    b"LastBootUpTime=20081105080000.000000+060\r\r\nLocalDateTime=20081105090000.000000+060\r\r\n",
)
CODES = (None, 0, 0, 0, 1, -5, 234, 1060)


class Anything:
    """Answers that a server may give: of the shapes that are known and of none, whole, in part and not at all."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def octets(self) -> bytes:
        return self._random.choice((*PRINTED, self._random.randbytes(40)))

    def frame(self) -> Frame:
        return Frame(self.octets(), self.octets(), self._random.choice(CODES))

    def to(self, ask: Ask) -> Answer:
        if self._random.random() < 0.05:
            return Answer(Frames({}, ""), trouble="it did not end")
        steps = [step.name for step in ask.all_steps] or [""]
        lost = self._random.random() < 0.1
        return Answer(
            Frames({name: self.frame() for name in steps if not (lost and name and self._random.random() < 0.3)}, "")
        )

    def verdict(self) -> Verdict:
        return Verdict(self._random.choice(("proved", "differs", "not_testable")), "")


# Every row takes its turn with each seed; to draw so much by hypothesis itself would take minutes.
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_a_judge_takes_whatever_a_server_answers(seed: int, check_mode: bool) -> None:
    anything = Anything(seed)
    answers = {ask.name: anything.to(ask) for ask in ASKS}
    for probe in ROWS:
        verdicts = {other.row: anything.verdict() for other in ROWS}
        verdicts |= dict.fromkeys(probe.needs, Verdict("proved", ""))
        with suppress(Odd, Untestable):
            assert isinstance(probe.judge(Answers(answers, verdicts, check_mode=check_mode)), str)


class FakeShell:
    """A line to a server that answers every command in the same way, or is not there."""

    name = "shell"

    def __init__(self, answer: Completed | Exception, opens: bool = True) -> None:
        self.answer = answer
        self.opens = opens
        self.lines: list[str] = []

    def open(self) -> None:
        if not self.opens:
            raise Unreachable("no route")

    def leave(self) -> None:
        """Nothing is held."""

    def end_other(self, name: str) -> None:
        """There is none."""

    def run(self, line: str, stdin: bytes | None = None, waits: int = 0) -> Completed:
        self.lines.append(line)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @contextmanager
    def started(self, line: str) -> Iterator[str]:
        yield "command"

    @contextmanager
    def program(self, path: str, arguments: str) -> Iterator[str]:
        yield "command"

    def wait(self, command_id: str, seconds: int) -> Completed:
        return self.run("", None)


def run_of(shell: Any, folder: Path, **options: Any) -> PreflightRun:
    run = PreflightRun(shell, FileJournal(folder, "cas1"), **{"leave_out": (), "check_mode": False, **options})
    run.all()
    return run


def test_a_server_that_is_not_there_has_every_row_and_is_unreachable(tmp_path: Path) -> None:
    run = run_of(FakeShell(Completed(b"", b"", 0), opens=False), tmp_path)
    assert sorted(run.verdicts) == sorted(ids())
    assert {verdict.result for verdict in run.verdicts.values()} == {"not_testable"}
    assert all("no route" in verdict.seen for verdict in run.verdicts.values())
    stop = run.stop()
    assert stop is not None
    assert stop.unreachable


@pytest.mark.parametrize("answer", [Completed(b"", b"", 0), TimedOut("it did not end"), Completed(b"\xff\0", b"", -1)])
def test_a_server_that_says_nothing_understandable_is_written_nothing_to(tmp_path: Path, answer: Any) -> None:
    shell = FakeShell(answer)
    run = run_of(shell, tmp_path)
    assert sorted(run.verdicts) == sorted(ids())
    assert run.verdicts["echo"].result == "differs"
    assert run.verdicts["reg_add"].result == "not_testable"
    assert "echo differs" in run.verdicts["reg_query"].seen
    assert not [line for line in shell.lines if "reg add" in line or "reg delete" in line]
    stop = run.stop()
    assert stop is not None
    assert "echo" in stop.failure.setting
    assert "every module" in stop.failure.next_step


def test_a_row_that_is_left_out_says_so(tmp_path: Path) -> None:
    run = run_of(FakeShell(Completed(b"", b"", 0)), tmp_path, leave_out=("echo",))
    assert run.verdicts["echo"] == Verdict("not_testable", "left out by the task")


def token_of(sids: tuple[str, ...], exit_code: int = 0) -> Answers:
    printed = "".join(f'"NAME","Group","{sid}","words of a language"\r\n' for sid in sids).encode()
    frame = Frames({"groups": Frame(printed, b"", exit_code)}, "")
    return Answers({whoami.GROUPS.name: Answer(frame)}, {})


@pytest.mark.parametrize(
    ("sids", "full", "words"),
    [
        (FULL, True, "S-1-16-12288"),
        (FILTERED, False, "KB 951016"),
        (NOT_A_MEMBER, False, "no member of Administrators"),
        (ON_2003, True, "an administrator's"),
        ((), None, "not known"),
    ],
)
def test_the_token_is_told_by_its_identifiers(sids: tuple[str, ...], full: bool | None, words: str) -> None:
    answers = token_of(sids)
    assert whoami.has_full_token(answers) is full
    assert words in whoami.token(answers)


def test_a_filtered_token_is_named_where_nothing_can_be_written() -> None:
    probe: Probe = PROBES["rights"]
    denied = Answer(Frames({}, "Access is denied."))
    answers = {**token_of(FILTERED).answers, **{ask.name: denied for ask in probe.also}}
    with pytest.raises(Odd, match="KB 951016"):
        probe.judge(Answers(answers, {}))


adapters = st.lists(
    st.builds(
        network.Adapter,
        st.uuids().map(lambda value: f"{{{str(value).upper()}}}"),
        st.lists(st.ip_addresses(), max_size=3).map(tuple),
    ),
    max_size=4,
).map(tuple)


def printed_adapters(found: tuple[network.Adapter, ...]) -> str:
    blocks = []
    for adapter in found:
        addresses = ",".join(f'"{address}"' for address in adapter.addresses)
        listed = f"{{{addresses}}}" if adapter.addresses else ""
        blocks.append(f"IPAddress={listed}\r\r\nSettingID={adapter.guid}\r\r\n")
    return "\r\r\n\r\r\n" + "\r\r\n\r\r\n".join(blocks) + "\r\r\n\r\r\n"


@given(adapters)
def test_adapters_are_read_as_wmic_prints_them(found: tuple[network.Adapter, ...]) -> None:
    assert network.parse_adapters(printed_adapters(found)) == found


@given(st.text(max_size=80))
def test_other_texts_are_no_adapters_or_said_to_be_none(text: str) -> None:
    with suppress(network.NotParsed):
        assert all(adapter.guid for adapter in network.parse_adapters(text))
