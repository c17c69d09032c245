# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads that others answer are not asked for, and processes of every kind are understood."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats.registry import Key, KeyContent, KeyDenied, Unreadable
from plugins.plugin_utils.reads import Link, Process, Processes, Read, ReadKey, ReadProcesses
from plugins.plugin_utils.windows.command_line import Frame, Frames
from plugins.plugin_utils.windows.reading import interpret, read_steps

STARTED = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
ALL, MAD, LSASS, BOTH = (
    ReadProcesses(images) for images in ((), ("mad.exe",), ("lsass.exe",), ("mad.exe", "lsass.exe"))
)
RUNNING = [("", "System Idle Process", 0), ("", "System", 4), ("20090101120000.000000+060", "lsass.exe", 640)]
RUNNING += [("20090101120000.000000+060", "MAD.EXE", 1808), ("20090101120000.000000+060", "store.exe", 1900)]


def printed(*entries: tuple[str, str, int]) -> Frame:
    blocks = [f"CreationDate={date}\r\r\nName={name}\r\r\nProcessId={pid}\r\r\n" for date, name, pid in entries]
    return Frame(("\r\r\n" + "\r\r\n\r\r\n".join(blocks)).encode(), b"", 0)


def answered(reads: Sequence[Read], frame: Frame) -> dict[Read, object]:
    steps = read_steps(reads)
    return dict(interpret(Frames({step.name: frame for step in steps}, ""), reads, Link(ipv6=False)).states)


@pytest.mark.parametrize("reads", [(ALL, MAD, LSASS), (MAD, LSASS, BOTH, ALL), (LSASS, ALL, BOTH)])
def test_processes_that_are_among_others_are_not_asked_for_again(reads: tuple[ReadProcesses, ...]) -> None:
    (step,) = read_steps(reads)
    assert step.line == "wmic process get CreationDate,Name,ProcessId /value <nul"
    found = answered(reads, printed(*RUNNING))
    assert found[ALL] == Processes(
        (Process("lsass.exe", 640, STARTED), Process("MAD.EXE", 1808, STARTED), Process("store.exe", 1900, STARTED))
    )
    assert found[LSASS] == Processes((Process("lsass.exe", 640, STARTED),))
    for read, images in ((MAD, {"MAD.EXE"}), (BOTH, {"MAD.EXE", "lsass.exe"})):
        if (state := found.get(read)) is not None:
            assert isinstance(state, Processes)
            assert {process.image for process in state.running} == images


def test_what_cannot_be_understood_is_so_for_every_read_that_it_answers() -> None:
    found = answered((ALL, MAD), Frame(b"garbage", b"", 0))
    assert [isinstance(state, Unreadable) for state in found.values()] == [True, True]


@given(st.sets(st.sampled_from((ALL, MAD, LSASS, BOTH)), min_size=1).map(tuple))
def test_every_read_is_answered_by_its_own_command_or_a_wider_one(reads: tuple[ReadProcesses, ...]) -> None:
    assert len(read_steps(reads)) == sum(not any(o.covers(read) for o in reads if o != read) for read in reads)
    alone = {
        read: answered((read,), printed(*(item for item in RUNNING if _is_asked(read, item[1]))))[read]
        for read in reads
    }
    lines = {step.name: step for step in read_steps(reads)}
    frames = {}
    for read in (ALL, MAD, LSASS, BOTH):
        if repr(read) in lines:
            frames[repr(read)] = printed(*(item for item in RUNNING if _is_asked(read, item[1])))
    assert dict(interpret(Frames(frames, ""), reads, Link(ipv6=False)).states) == alone


def _is_asked(read: ReadProcesses, image: str) -> bool:
    return not read.images or image.lower() in read.images


def test_a_program_that_crashed_tells_neither_denied_nor_absent() -> None:
    """reg.exe ends with 0 or 1; below 0 it did not run, and nothing above the key is asked for that alone."""
    key = Key(r"HKLM\SOFTWARE\A")
    crashed = Frame(b"", b"", -1073741502)
    frames = {step.name: crashed for step in read_steps([ReadKey(key)]) if step.when == "always"}
    state = interpret(Frames(frames, ""), [ReadKey(key)], Link(ipv6=False)).key(key)
    assert isinstance(state, Unreadable)
    assert not isinstance(state, (KeyContent, KeyDenied))
