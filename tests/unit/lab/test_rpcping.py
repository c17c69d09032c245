# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpcping.exe and taskkill of the model, and programs that are started without cmd.exe."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.lab.backend import Output
from tests.lab.rpcping import BAD_ARGUMENTS, IMAGE, RPCPING, UNAUTHORISED
from tests.patience import PATIENCE_SECONDS
from tests.unit.lab.conftest import Server, make_server

WHO = '"user,CONTOSO,a b&c"'
COMMON = f"-t ncacn_http -s mbx1 -o RpcProxy=cas1.contoso.com -P {WHO} -H 1 -F 3 -a connect -u 9 -v 3"
STEPS = {"proxy": f"{RPCPING} {COMMON} -E", "6001": f"{RPCPING} {COMMON} -I {WHO} -e 6001"}


def rpcping(server: Server, step: str, skip_cmd_shell: bool = True) -> Output:
    async def run() -> Output:
        process = await server.backend.run(STEPS[step], False, skip_cmd_shell)
        output = await process.read(PATIENCE_SECONDS)
        assert output is not None
        return output

    return asyncio.run(run())


def ids(server: Server) -> list[int]:
    return [process.pid for process in server.state.processes() if process.image == IMAGE]


@pytest.mark.parametrize("skip_cmd_shell", [True, False])
def test_each_step_goes_as_the_fleet_file_says(skip_cmd_shell: bool) -> None:
    server = make_server(rpcping={"steps": {"6001": {"exit_code": 1722, "output": "for {identity}"}}})
    assert rpcping(server, "proxy", skip_cmd_shell).exit_code == 0
    output = rpcping(server, "6001", skip_cmd_shell)
    assert (output.stdout, output.exit_code) == (b"for user,CONTOSO,a b&c", 1722)


def test_another_password_is_refused() -> None:
    assert rpcping(make_server(rpcping={"password": "other"}), "proxy").exit_code == UNAUTHORISED
    assert rpcping(make_server(rpcping={"password": "a b&c"}), "6001").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        COMMON,
        f"{COMMON} -E -e 6001",
        f"{COMMON} -E -x",
        COMMON.replace("-a connect", "") + " -E",
        COMMON.replace("ncacn_http", "ncacn_ip_tcp") + " -E",
        COMMON.replace("RpcProxy=", "") + " -E",
        COMMON.replace("a b&c", "*") + " -E",
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments: str) -> None:
    server = make_server(rpcping={})
    assert server.run(f"{RPCPING} {arguments}").exit_code == BAD_ARGUMENTS


def test_a_server_has_it_only_when_told_so() -> None:
    assert server_finds_it(make_server(rpcping={})) == "yes"
    assert server_finds_it(make_server()) == ""
    assert rpcping(make_server(), "proxy").exit_code == 9009


def server_finds_it(server: Server) -> str:
    return server.out(r'(if exist "%SystemRoot%\system32\rpcping.exe" (echo yes))').strip()


def hang(server: Server, line: str, **how: Any) -> tuple[list[int], list[int], int | None]:
    """Process ids while it hangs and after WinRS has ended it, with a line that is run in between; its exit code."""

    async def run() -> tuple[list[int], list[int], int | None]:
        process = await server.backend.run(STEPS["proxy"], False, True)
        first = await process.read(PATIENCE_SECONDS)
        assert first is not None
        assert first.exit_code is None
        before = ids(server)
        if line:
            other = await server.backend.run(line.replace("PID", str(before[0])), False, False)
            await other.read(PATIENCE_SECONDS)
        output = await process.read(0.2 if ids(server) else PATIENCE_SECONDS)
        await process.terminate()
        return before, ids(server), output.exit_code if output else None

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("how", "line", "left", "exit_code"),
    [
        ({}, "", 0, None),
        ({"survives": True}, "", 1, None),
        ({"survives": True}, 'taskkill /f /fi "pid eq PID" /fi "imagename eq rpcping.exe"', 0, 1),
        ({"survives": True}, "taskkill /f /pid PID", 0, 1),
        ({"survives": True}, "taskkill /f /im rpcping.exe", 0, 1),
        ({"survives": True}, 'taskkill /f /im rpcping.exe /fi "pid ne PID"', 1, None),
        ({"survives": True, "unkillable": True}, "taskkill /f /pid PID", 1, None),
    ],
)
def test_what_ends_one_that_hangs(how: dict[str, bool], line: str, left: int, exit_code: int | None) -> None:
    server = make_server(rpcping={"steps": {"proxy": {"hangs": True, **how}}})
    before, after, code = hang(server, line)
    assert len(before) == 1
    assert (len(after), code) == (left, exit_code)


def test_taskkill_tells_how_it_went() -> None:
    server = make_server(rpcping={})
    free = server.state.start_program(IMAGE)
    held = server.state.start_program(IMAGE, unkillable=True)
    assert server.run("taskkill /f /pid 99999").exit_code == 128
    assert server.run('taskkill /f /fi "pid eq 99999"').exit_code == 0
    assert server.run(f"taskkill /f /pid {held}").exit_code == 1
    assert server.run(f"taskkill /f /pid {free}").exit_code == 0
    assert ids(server) == [held]


def test_a_ping_waits_where_a_guard_has_to() -> None:
    server = make_server(rpcping={})

    async def run() -> tuple[Output | None, Output | None]:
        process = await server.backend.run("ping -n 601 127.0.0.1 >nul", False, False)
        early = await process.read(0.2)
        server.state.clock.advance(600)
        return early, await process.read(PATIENCE_SECONDS)

    assert asyncio.run(run()) == (None, Output(b"", b"", 0))
