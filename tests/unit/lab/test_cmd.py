# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines run on the model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lab.model.rules import LINE_LIMIT
from tests.lab.samples import message
from tests.patience import PATIENCE_SECONDS
from tests.unit.lab.conftest import Server

TEMP_FILE = r"%TEMP%\exchange_ops_outlook_anywhere.reg"
RPC_PROXY = r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"


def read_line(*keys: str) -> str:
    """The shape of the product's reading lines."""
    frames = (
        f'echo oa.{number}.&echo oa.{number}.>&2&reg query "{key}" <nul'
        f"&(if errorlevel 1 (echo oa.{number}=1.&set oa=1) else (echo oa.{number}=0.))"
        for number, key in enumerate(keys, 1)
    )
    return f'set oa=&{"&".join(frames)}&(if defined oa (echo oa.failed.))&(if exist "{TEMP_FILE}" (echo oa.left.))'


def test_reading_line(server: Server) -> None:
    server.registry.set(RPC_PROXY, "Enabled", "REG_DWORD", 1)
    output = server.run(read_line(RPC_PROXY, r"HKLM\SYSTEM\None"))
    stdout = output.stdout.decode().split("\r\n")
    assert stdout[0] == "oa.1."
    assert "    Enabled    REG_DWORD    0x1" in stdout
    assert [line for line in stdout if line.startswith("oa.")] == ["oa.1.", "oa.1=0.", "oa.2.", "oa.2=1.", "oa.failed."]
    assert output.stderr.decode().split("\r\n")[:2] == ["oa.1.", "oa.2."]


def test_reading_line_without_failure(server: Server) -> None:
    assert "oa.failed" not in server.out(read_line("HKLM"))


def test_writing_line_stops_at_the_first_failure(new_server: Callable[..., Server]) -> None:
    server = new_server(denied=[RPC_PROXY])
    add = 'reg add "{key}" /v {name} /t REG_SZ /d "a;b" /f <nul'
    keys = (("HKLM\\SOFTWARE\\One", "A"), (RPC_PROXY, "B"), ("HKLM\\SOFTWARE\\Two", "C"))
    steps = "&".join(
        f"(if not defined oa ({add.format(key=key, name=name)}&(if errorlevel 1 (echo failed.&set oa=1))))"
        for key, name in keys
    )
    assert "failed." in server.out(f"set oa=&{steps}&(if not defined oa (ping -n 6 127.0.0.1 <nul >nul))")
    assert server.registry.get(r"HKLM\SOFTWARE\One", "A") == ("REG_SZ", "a;b")
    assert server.registry.get(r"HKLM\SOFTWARE\Two", "C") is None


@pytest.mark.parametrize("variable", ["windir", "TEMP"])
def test_a_line_that_is_too_long_once_its_variables_are_in_is_refused(server: Server, variable: str) -> None:
    name = f"%{variable}%"
    count = (LINE_LIMIT - len("echo ")) // len(server.out(f"echo {name}").strip())
    assert server.run("echo " + name * count).exit_code == 0
    refused = server.run("echo " + name * (count + 1))
    assert len("echo " + name * (count + 1)) < LINE_LIMIT
    assert refused.stderr.decode() == message("cmd-line-too-long", "en").replace("\n", "\r\n")
    assert (refused.stdout, refused.exit_code) == (b"", 1)


def test_long_writing_line(server: Server) -> None:
    text = "mbx1:6001-6002;" * 3000
    data = [f"{byte:02x}" for byte in (text + "\0").encode("utf-16-le")]
    rows = [",".join(data[start : start + 25]) for start in range(0, len(data), 25)]
    lines = ["Windows Registry Editor Version 5.00", "", f"[{RPC_PROXY.replace('HKLM', 'HKEY_LOCAL_MACHINE')}]"]
    body = "\r\n".join([*lines, '"ValidPorts"=hex(1):' + ",\\\r\n  ".join(rows), ""]).encode()
    line = (
        f'set oa=&findstr "^" >"{TEMP_FILE}"'
        f'&(for %i in ("{TEMP_FILE}") do @(if not %~zi=={len(body)} (set oa=1)))'
        f'&(if not defined oa (reg import "{TEMP_FILE}" <nul&(if errorlevel 1 (echo no.) else (echo yes.))))'
        f'&del /q "{TEMP_FILE}" <nul&(if exist "{TEMP_FILE}" (echo left.))'
    )
    output = server.run(line, body)
    assert output.stdout == b"yes.\r\n"
    assert server.registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", text)
    assert server.run(line, body[:-2]).stdout == b"yes.\r\n", "a piped last line without its LF gets one"
    assert server.run(line, body + b"x\r\n").stdout == b""


@pytest.mark.parametrize(
    ("line", "stdout"),
    [
        ("echo a", "a\n"),
        ("echo  a ", " a \n"),
        ("echo.", "\n"),
        ("echo.a", "a\n"),
        ("echo a&&echo b||echo c", "a\nb\n"),
        ("nosuch&&echo a||echo b", "b\n"),
        ("(echo a&echo b)", "a\nb\n"),
        ("if 1==2 echo a&echo b", ""),
        ("(if 1==2 echo a)&echo b", "b\n"),
        ("for %x in (a b) do @echo %x&echo c", "a\nc\nb\nc\n"),
        ('for %x in ("a b") do @echo %x %~x', '"a b" a b\n'),
        ("for %x in (1) do @for %y in (2) do @echo %x%y%z", "12%z\n"),
        ("set x=1&echo %x%", "%x%\n"),
        ("set x=1&(if defined X (echo yes))", "yes\n"),
        ("set x=1&set x=&(if not defined x (echo no))", "no\n"),
        ("set x=1&set x", "x=1\n"),
        ("echo %nosuch% 100%", "%nosuch% 100%\n"),
        ("echo a^&b", "a&b\n"),
        ("echo a>nul&echo b", "b\n"),
        ("echo a >%TEMP%\\f&type %temp%\\F", "a \n"),
        ("(echo a&echo b)>%TEMP%\\f&echo c>>%TEMP%\\f&type %TEMP%\\f", "a\nb\nc\n"),
        ("echo a>%TEMP%\\f&del %TEMP%\\f&(if exist %TEMP%\\f (echo left))", ""),
        ("nosuch 2>nul&(if errorlevel 9009 (echo yes))&(if errorlevel 9010 (echo no))", "yes\n"),
        ("reg query HKLM\\x 2>nul&echo a&(if errorlevel 1 (echo stale))", "a\nstale\n"),
        ("nosuch 2>nul&call echo now %^errorlevel%.", "now 9009.\n"),
        (
            "(if not defined q (nosuch 2>nul&call echo 1=%^errorlevel%.&ver>nul&call echo 2=%^errorlevel%.))",
            "1=9009.\n2=0.\n",
        ),
        ("set x=1&call echo %^x%&nosuch 2>nul&echo %errorlevel% %^errorlevel%", "1\n0 %errorlevel%\n"),
        ("reg query HKLM\\x 2>nul&echo %errorlevel%", "0\n"),
        ('"echo a"', "a\n"),
        ('"echo "a b" c"', '"a b" c\n'),
        ("rem a&echo b", ""),
        ("echo a&exit 3&echo b", "a\n"),
        ("(set x=1|echo a)&(if defined x (echo kept))", "a\n"),
        ("echo a b c|findstr b", "a b c\n"),
        ("cmd /c echo a", "a\n"),
        ("%windir%\\system32\\reg.exe query HKLM\\x 2>nul||echo no", "no\n"),
        ("hostname", "cas1\n"),
        ("if exist %windir%\\system32\\drivers\\etc\\hosts echo yes", "yes\n"),
        ("type %windir%\\system32\\drivers\\etc\\hosts", "127.0.0.1       localhost\n::1             localhost\n"),
        ("for %i in (%windir%\\system32\\drivers\\etc\\*) do @echo %~zi", "54\n"),
    ],
)
def test_lines(server: Server, line: str, stdout: str) -> None:
    assert server.out(line) == stdout


def test_a_body_of_for_is_printed_unless_it_begins_with_at(server: Server) -> None:
    assert server.out(r"cd /d C:\Windows&(for %i in (a b) do echo %i)") == (
        "\nC:\\Windows>echo a\na\n\nC:\\Windows>echo b\nb\n"
    )
    assert server.out("echo off&(for %i in (a b) do echo %i)") == "a\nb\n"
    assert server.out("for %i in (a) do @(echo %i&echo c)") == "a\nc\n"


def test_a_digit_before_a_redirection_is_lost(server: Server) -> None:
    output = server.run("echo a1>&2")
    assert (output.stdout, output.stderr) == (b"", b"a\r\n")


def test_standard_error_follows_the_handle_it_copied(server: Server) -> None:
    both = server.run(r"nosuch >%TEMP%\f 2>&1&type %TEMP%\f")
    assert both.stdout
    assert not both.stderr
    only_out = server.run(r"nosuch 2>&1 >%TEMP%\f&type %TEMP%\f")
    assert only_out.stdout == both.stdout


def test_exit_code(server: Server) -> None:
    assert server.run("exit 1060").exit_code == 1060
    assert server.run("nosuch").exit_code == 9009
    assert server.run("reg query HKLM").exit_code == 0


def test_a_line_has_its_limit(server: Server) -> None:
    assert server.run("echo " + "a" * 8186).stdout == b"a" * 8186 + b"\r\n"
    output = server.run("echo " + "a" * 8187)
    assert (output.stdout, output.exit_code) == (b"", 1)
    expanded = server.run("echo " + "a" * 8100 + "%TEMP%%TEMP%%TEMP%")
    assert (expanded.stdout, expanded.exit_code) == (b"", 1)


@pytest.mark.parametrize(
    ("line", "stdout"),
    [
        (r"hostname>C:\nosuch\f&(if not errorlevel 1 (echo zero))", b"zero\r\n"),
        (r"nosuch 2>nul&hostname>C:\nosuch\f&(if errorlevel 9009 (echo stale))", b"stale\r\n"),
        (r"hostname>C:\nosuch\f&&echo done", b""),
        (r"hostname>C:\nosuch\f||(if errorlevel 1 (echo failed))", b"failed\r\n"),
    ],
)
def test_a_failed_redirection_runs_nothing_and_leaves_errorlevel_alone(
    server: Server, line: str, stdout: bytes
) -> None:
    output = server.run(line)
    assert output.stdout == stdout
    assert output.stderr


def test_what_cmd_has_and_the_model_lacks_is_loud(server: Server) -> None:
    output = server.run("call :label")
    assert output.exit_code == 255
    assert b"not modelled: call" in output.stderr


def test_a_program_that_asks_waits_for_ever_without_nul(server: Server) -> None:
    server.registry.set(RPC_PROXY, "Enabled", "REG_DWORD", 0)

    async def scenario() -> None:
        line = f"reg add {RPC_PROXY} /v Enabled /t REG_DWORD /d 1"
        process = await server.backend.run(line, console_stdin=True, skip_cmd_shell=False)
        prompt = await process.read(PATIENCE_SECONDS)
        assert prompt is not None
        assert prompt.exit_code is None
        assert await process.read(0.05) is None
        await process.terminate()

    asyncio.run(scenario())
    assert server.run(f"reg add {RPC_PROXY} /v Enabled /t REG_DWORD /d 1 <nul").exit_code == 1
    assert server.registry.get(RPC_PROXY, "Enabled") == ("REG_DWORD", 0)


def test_a_console_never_ends(server: Server) -> None:
    async def scenario() -> None:
        process = await server.backend.run('findstr "^"', console_stdin=True, skip_cmd_shell=False)
        await process.write(b"a\r\n", end=True)
        assert await process.read(0.05) is None
        await process.terminate()

    asyncio.run(scenario())


def test_without_cmd_there_are_no_internal_commands(server: Server) -> None:
    async def scenario() -> tuple[int | None, int | None]:
        codes = []
        for line in ("echo a", "reg query HKLM"):
            process = await server.backend.run(line, console_stdin=True, skip_cmd_shell=True)
            output = await process.read(PATIENCE_SECONDS)
            assert output is not None
            codes.append(output.exit_code)
        return codes[0], codes[1]

    assert asyncio.run(scenario()) == (9009, 0)


def test_messages_are_in_the_code_page(new_server: Callable[..., Server]) -> None:
    server = new_server(language="de")
    text = message("reg-missing", "de").replace("\n", "\r\n")
    assert server.run(r"reg query HKLM\x").stderr == text.encode()
    assert server.run(r"reg query HKLM\x", code_page=850).stderr == text.encode("cp850")


def test_empty_stderr_leaves_only_what_echo_prints(new_server: Callable[..., Server]) -> None:
    server = new_server(empty_stderr=True)
    output = server.run(r"echo mark.>&2&reg query HKLM\x")
    assert (output.stderr, output.exit_code) == (b"mark.\r\n", 1)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_a_file_written_by_findstr_differs_at_most_by_its_last_line_end(server: Server, data: bytes) -> None:
    server.run(r'findstr "^" >%TEMP%\f', data)
    written = server.run(r"type %TEMP%\f").stdout
    if not data.startswith(b"\xff\xfe"):  # type would convert that
        assert written == data + (b"" if not data or data.endswith(b"\n") else b"\r\n")


def test_type_converts_utf16(server: Server) -> None:
    server.machine.files.write(r"C:\f", b"\xff\xfe" + "äb".encode("utf-16-le"))
    assert server.run(r"type C:\f").stdout == "äb".encode()
