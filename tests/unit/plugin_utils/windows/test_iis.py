# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""appcmd's command lines, and the way back; absent, refused and garbled are told apart without reading a word."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from plugins.plugin_utils.changes import SetIisAttribute
from plugins.plugin_utils.fixes.kernel_mode_authentication import OFF, SERVER_SECTION, KernelModeAuthentication
from plugins.plugin_utils.fixes.rpc_virtual_directory import RpcVirtualDirectory
from plugins.plugin_utils.formats.registry import Unreadable
from plugins.plugin_utils.reads import IisAbsent, IisPlaces, IisSection, PoolText, Read, ReadIisSection, ReadPool
from plugins.plugin_utils.windows import iis
from plugins.plugin_utils.windows.command_line import MAX_LINE, Batch, Frame, Frames, Step
from plugins.plugin_utils.windows.reading import read_steps
from plugins.plugin_utils.windows.registry import left_behind_step
from plugins.plugin_utils.windows.shell import AnswerUnusable
from tests.unit.plugin_utils.windows.by_steps import ByStep

WINDOWS = SERVER_SECTION.section
RPC = ReadIisSection("Default Web Site/Rpc", WINDOWS)
XML = (
    b"<system.webServer><security><authentication>"
    b'<windowsAuthentication useKernelMode="false"><providers /></windowsAuthentication>'
    b"</authentication></security></system.webServer>\r\n"
)
THERE = Frame(b"there\r\n", b"", 0)
DENIED = b"ERROR ( message:Configuration error\r\nFilename: redirection.config\r\nLine Number: 0\r\n)\r\n"
POOL = ReadPool("DefaultAppPool", "recycling.periodicRestart.time")


def state(read: iis.IisRead, frame: Frame | None, exists: Frame | None = THERE) -> iis.State:
    frames = {repr(read): frame, "appcmd exists": exists}
    return iis.interpret(Frames({name: item for name, item in frames.items() if item is not None}, "outside"), read)


def test_the_commands() -> None:
    assert [step.line for step in iis.read_steps([SERVER_SECTION, RPC, OFF, POOL])] == [
        r"cd /d %windir%\system32\inetsrv 2>nul&(if exist %windir%\system32\inetsrv\appcmd.exe (echo there))",
        r'.\appcmd list config /section:windowsAuthentication "/config:*" <nul',
        r'.\appcmd list config "Default Web Site/Rpc" /section:windowsAuthentication "/config:*" <nul',
        r".\appcmd search config /section:windowsAuthentication /useKernelMode:false <nul",
        r".\appcmd list apppool DefaultAppPool /text:recycling.periodicRestart.time <nul",
    ]
    assert iis.read_steps([]) == []
    assert all(step.may_fail for step in iis.read_steps([SERVER_SECTION, RPC, OFF]))


@pytest.mark.parametrize("fix", [KernelModeAuthentication, RpcVirtualDirectory])
def test_the_reads_of_a_fix_fit_one_line(fix: type[KernelModeAuthentication | RpcVirtualDirectory]) -> None:
    assert len(Batch([*read_steps(fix.reads), left_behind_step()]).line) < MAX_LINE


def test_what_was_read() -> None:
    assert state(SERVER_SECTION, Frame(XML, b"", 0)) == IisSection({"useKernelMode": "false"})
    place = b'CONFIGSEARCH "MACHINE/WEBROOT/APPHOST/Default Web Site/Rpc"\r\n'
    assert state(OFF, Frame(place, b"", 0)) == IisPlaces(("Default Web Site/Rpc",))
    for code in (0, 1):
        assert state(OFF, Frame(b"", b"", code)) == IisPlaces(())


def test_what_a_pool_has() -> None:
    assert state(POOL, Frame(b"1.05:00:00\r\n", b"", 0)) == PoolText("1.05:00:00")
    assert state(POOL, Frame(b"", b"", 0), Frame(b"", b"", 0)) == IisAbsent()
    for printed, code in ((b"", 0), (b"a\r\nb\r\n", 0), (b'ERROR ( message:Cannot find it "x". )\r\n', 1168)):
        found = state(POOL, Frame(printed, b"", code))
        assert isinstance(found, Unreadable)
        assert printed.decode().strip() in found.answer


def test_without_appcmd_there_is_no_iis() -> None:
    assert state(SERVER_SECTION, Frame(b"", b"not found", 1), Frame(b"", b"", 0)) == IisAbsent()


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        (Frame(DENIED, b"", 5), "redirection.config"),
        (Frame(DENIED, b"", 1), "redirection.config"),
        (Frame(DENIED, b"", 0), "redirection.config"),
        (Frame(b"oops", b"", 0), "oops"),
        (Frame(b"", b"not found", 1), "not found"),
        (Frame(b"", b"", -1), ""),
        (Frame(XML[:60], b"", None), "<system.webServer>"),
        (None, "outside"),
    ],
)
@pytest.mark.parametrize("read", [SERVER_SECTION, OFF])
def test_what_gives_no_value_is_unreadable_and_kept(read: iis.IisRead, frame: Frame | None, shown: str) -> None:
    unreadable = state(read, frame)
    assert isinstance(unreadable, Unreadable)
    assert shown in unreadable.answer


def test_a_search_that_printed_places_and_failed_is_unreadable() -> None:
    assert isinstance(state(OFF, Frame(b'CONFIGSEARCH "MACHINE/WEBROOT/APPHOST"\r\n', b"", 1)), Unreadable)


@pytest.mark.parametrize("exists", [None, Frame(b"", b"", None), Frame(b"oops", b"", 0)])
def test_whether_there_is_an_iis_may_be_unknown(exists: Frame | None) -> None:
    assert isinstance(state(SERVER_SECTION, Frame(XML, b"", 0), exists), Unreadable)


def test_what_must_not_be_sent_is_not_and_is_told() -> None:
    odd = ReadIisSection("%TEMP%/Rpc", WINDOWS)
    assert [step.name for step in iis.read_steps([odd])] == ["appcmd exists"]
    unreadable = state(odd, None)
    assert isinstance(unreadable, Unreadable)
    assert "%TEMP%" in unreadable.answer


# --- writing


def change(place: int | None = None) -> SetIisAttribute:
    path = None if place is None else f"Default Web Site/Directory{place:03}"
    return SetIisAttribute(f"{path or 'server'} useKernelMode", path, WINDOWS, "useKernelMode", "false", "true")


class Appcmd:
    """Runs batches: every change succeeds but one."""

    def __init__(self, refused: SetIisAttribute | None = None, cut: bool = False) -> None:
        self.refused, self.cut = refused, cut
        self.lines: list[str] = []
        self.written: list[str] = []

    def run(self, steps: Sequence[Step], stdin: bytes | None, waits: int) -> Frames:
        self.lines.append(Batch(steps).line)
        frames: dict[str, Frame] = {}
        failed = False
        for step in steps:
            if failed and step.when == "while_all_succeed":
                continue
            failed = self.refused is not None and step.name == f"set {self.refused.setting}"
            frames[step.name] = Frame(b"ERROR ( message:locked )" if failed else b"Applied", b"", 33 if failed else 0)
            self.written += [] if failed else [step.name]
        if self.cut:
            frames.pop(steps[0].name)
        return Frames(frames, "outside")


def test_changes_and_reads_are_one_line() -> None:
    appcmd = Appcmd()
    written = ByStep(appcmd.run).apply([change(), change(1)], 0, [SERVER_SECTION])
    assert written.accepted == (change(), change(1))
    assert SERVER_SECTION in written.observed.states
    assert len(appcmd.lines) == 1
    assert f"set config /section:{WINDOWS} /useKernelMode:false /commit:apphost <nul" in appcmd.lines[0]
    assert 'set config "Default Web Site/Directory001" /section' in appcmd.lines[0]


def test_many_changes_take_several_lines_in_order() -> None:
    appcmd, wanted = Appcmd(), [change(place) for place in range(60)]
    written = ByStep(appcmd.run).apply(wanted, 0, [SERVER_SECTION])
    assert written.accepted == tuple(wanted)
    assert [name for name in appcmd.written if name.startswith("set ")] == [f"set {item.setting}" for item in wanted]
    assert 1 < len(appcmd.lines) < 10


@pytest.mark.parametrize("place", [0, 1, 30, 59])
def test_the_first_that_is_rejected_ends_it(place: int) -> None:
    wanted = [change(number) for number in range(60)]
    written = ByStep(Appcmd(wanted[place]).run).apply(wanted, 0, [])
    assert written.accepted == tuple(wanted[:place])
    assert written.rejected == wanted[place]
    assert "locked" in written.answer
    assert written.next_step is not None
    assert "unlock" in written.next_step


@pytest.mark.parametrize("reads", [[], [SERVER_SECTION]])
def test_an_answer_that_is_not_whole_is_no_success(reads: list[Read]) -> None:
    with pytest.raises(AnswerUnusable):
        ByStep(Appcmd(cut=True).run).apply([change()], 0, reads)
