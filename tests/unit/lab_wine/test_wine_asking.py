# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ask.exe and the port that answers it: lines, bytes and exit codes arrive whole, and a program that waits does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.backend import Output
from tests.lab.wine.asking import Asking
from tests.lab.wine.process import ENDED_FROM_OUTSIDE
from tests.unit.lab_wine.server import Servers, collect

pytestmark = pytest.mark.wine

PROGRAMS = ("net", "netsh", "netstat", "sc", "shutdown", "tasklist", "wmic")


class Script:
    """Answers as a test wants them, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.reply: Callable[[str], Output | None] = lambda line: Output(b"", b"", 0)

    def answer(self, command_line: str, code_page: int = 0) -> Output | None:
        self.asked.append((command_line, code_page))
        return self.reply(command_line)

    def waits_without_nul(self, command_line: str) -> bool:
        return command_line.startswith("wmic")


@pytest.fixture
def address_file(server: Servers) -> Path:
    return server.backends[0].drive / "lab" / "ask.txt"


@pytest.fixture
def script(server: Servers, address_file: Path) -> Iterator[Script]:
    """In the place of the server's state for one test."""
    script = Script()
    before = address_file.read_bytes()
    asking = Asking(script)
    server.loop.run(asking.start(address_file))
    yield script
    server.loop.run(asking.stop())
    address_file.write_bytes(before)


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_hands_its_line_over_as_it_stands(server: Servers, script: Script, program: str) -> None:
    line = rf'{program} "a  b" c\"d" /x:"&^" %nix% é€'
    server.run(f"{line} <nul")
    assert [(asked.rstrip(), page) for asked, page in script.asked] == [(line, 65001)]


def test_the_shells_code_page_is_told(server: Servers, script: Script) -> None:
    async def run() -> None:
        await collect(await server.backends[0].run_in_code_page("sc query x", False, False, 850))

    server.loop.run(run())
    assert script.asked[0][1] == 850


@pytest.mark.parametrize("code", [0, 1, 1060, 0x80041003, 0xFFFFFFFF])
def test_streams_and_exit_code_are_the_answers(server: Servers, script: Script, code: int) -> None:
    answer = Output(bytes(range(256)) * 1000, b"\r\r\nerr\xff" * 50, code)
    script.reply = lambda line: answer
    assert server.run("sc query x <nul") == answer


def test_negative_exit_codes_are_the_same_32_bits(server: Servers, script: Script) -> None:
    script.reply = lambda line: Output(b"", b"", -1)
    assert server.run("sc query x <nul").exit_code == 0xFFFFFFFF


@pytest.mark.parametrize("before", ["", "set oa=&"])
def test_errorlevel_behind_a_pipe_is_the_last_programs(server: Servers, script: Script, before: str) -> None:
    script.reply = lambda line: Output(b" TCP 0.0.0.0:0 x\r\n UDP *:*\r\n TCP [::]:0 y\r\n", b"", 7)
    pipe = 'netstat -ano <nul|findstr /c:" 0.0.0.0:0 " /c:" [::]:0 "'
    levels = "(if not errorlevel 1 (echo found.))&(if errorlevel 1 (echo none.))"
    assert server.run(f"{before}(if not defined oa ({pipe}&{levels}))&echo end.").stdout == (
        b" TCP 0.0.0.0:0 x\r\n TCP [::]:0 y\r\nfound.\r\nend.\r\n"
    )
    assert server.run(f'netstat -ano <nul|findstr /c:"nothing"&{levels}').stdout == b"none.\r\n"


def test_a_program_that_waits_does_so_until_it_is_killed(server: Servers, script: Script) -> None:
    async def waiting() -> list[Output | None]:
        process = await server.backends[0].run("echo a&wmic os get x /value&echo b", False, False)
        printed = b""
        while not printed.endswith(b"\n"):
            output = await process.read(20)
            assert output is not None
            printed += output.stdout
        await process.write(b"", end=True)
        silence = await process.read(1)
        await process.terminate()
        return [silence, await process.read(20)]

    assert server.loop.run(waiting()) == [None, Output(b"", b"", ENDED_FROM_OUTSIDE)]
    assert script.asked == []


@pytest.mark.parametrize("line", ["wmic os get x /value <nul", r"wmic os <C:\windows\win.ini", "echo x|wmic os"])
def test_it_does_not_wait_with_redirected_input(server: Servers, script: Script, line: str) -> None:
    assert server.run(line).exit_code == 0
    assert len(script.asked) == 1


def test_a_mistake_of_the_lab_is_told(server: Servers, script: Script) -> None:
    def fail(line: str) -> Output:
        raise LookupError("no such thing")

    script.reply = fail
    output = server.run("sc query x <nul")
    assert b"no such thing" in output.stderr
    assert output.exit_code == 255
    script.reply = lambda line: None
    assert server.run("sc query x <nul") == Output(b"", b"tests.lab: no such program: sc query x \r\n", 255)


@pytest.mark.parametrize("address", [b"", b"1 x", b"nonsense"])
def test_without_the_lab_it_fails(server: Servers, script: Script, address_file: Path, address: bytes) -> None:
    address_file.write_bytes(address)
    output = server.run("sc query x <nul")
    assert (output.exit_code, output.stdout) == (255, b"")
    assert b"tests.lab: no answer to: sc query x" in output.stderr


def test_a_stranger_is_not_answered(server: Servers, script: Script, address_file: Path) -> None:
    port, token = address_file.read_text().split()
    address_file.write_text(f"{port} {token[::-1]}\n")
    assert server.run("sc query x <nul").exit_code == 255

    async def garbage(data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(data)
        writer.write_eof()
        try:
            return await reader.read()
        finally:
            writer.close()

    for data in (b"", b"x" * 1000, token.encode(), token.encode() + b"\xff" * 12):
        assert server.loop.run(garbage(data)) == b""
    assert script.asked == []
