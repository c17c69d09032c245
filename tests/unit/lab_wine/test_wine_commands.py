# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines as WinRS hands them over: streams, exit codes, ends, and the constructs that the collection uses."""

from __future__ import annotations

import shutil

import pytest

from tests.lab.backend import Output
from tests.lab.hosts import HostSpec, Servicelet
from tests.lab.wine import WineBackend, WineCannot
from tests.lab.wine.process import ENDED_FROM_OUTSIDE
from tests.unit.lab_wine.conftest import DENIED
from tests.unit.lab_wine.reg_files import hex_value, reg_file
from tests.unit.lab_wine.server import DEADLINE_SECONDS, Servers, collect

pytestmark = pytest.mark.wine

RPC_PROXY = r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"
POLLING = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeServiceHost\RpcHttpConfigurator"


def marked(nonce: str, command: str) -> str:
    """A command between its marks on both streams, and its outcome behind it."""
    return (
        f"echo {nonce}.&echo {nonce}.>&2&{command} <nul"
        f"&(if not errorlevel 1 (echo {nonce}=0.))&(if errorlevel 1 (echo {nonce}=1.&set oa=1))"
    )


def test_streams_are_told_apart(server: Servers) -> None:
    assert server.run("echo out&echo err>&2") == Output(b"out\r\n", b"err\r\n", 0)


@pytest.mark.parametrize("code", [0, 1, 255, 256, 1060, 0xC000013A])
def test_exit_code_keeps_all_its_bits(server: Servers, code: int) -> None:
    assert server.run(f"exit {code - (1 << 32) if code >> 31 else code}").exit_code == code


def test_undefined_variables_stay_as_they_are(server: Servers) -> None:
    assert server.run("echo %nix% 50% %%").stdout == b"%nix% 50% %%\r\n"


def test_quotes_reach_the_program_untouched(server: Servers) -> None:
    server.run(r'reg add "HKLM\SOFTWARE\Quotes" /v "a b" /d "say \"x\" & go" /f')
    assert server.registry.get(r"HKLM\SOFTWARE\Quotes", "a b") == ("REG_SZ", 'say "x" & go')


def test_without_cmd_shell_the_line_is_the_program(server: Servers) -> None:
    assert server.run("hostname & ver", skip_cmd_shell=True).exit_code != 0
    assert b"Microsoft Windows" in server.run("cmd /c ver", skip_cmd_shell=True).stdout


def test_says_it_is_server_2008(server: Servers) -> None:
    assert b"6.0.6002" in server.run("ver").stdout


def test_long_lines_run_to_their_last_character(server: Servers) -> None:
    line = "echo ".ljust(8190, "x")
    assert server.run(line).stdout == line.removeprefix("echo ").encode() + b"\r\n"


def test_line_over_the_limit_is_refused(server: Servers) -> None:
    assert server.run("echo ".ljust(8192, "x")) == Output(b"", b"The command line is too long.\r\n", 1)


@pytest.mark.parametrize("variable", ["windir", "TEMP"])
def test_line_over_the_limit_once_its_variables_are_in_is_refused(server: Servers, variable: str) -> None:
    line = "echo ".ljust(8190 - len(f"%{variable}%"), "x") + f"%{variable}%"
    assert server.run(line) == Output(b"", b"The command line is too long.\r\n", 1)


def test_standard_input_comes_in_pieces(server: Servers) -> None:
    assert server.run('findstr "^"', [b"one\r\nt", b"wo\r\n"]).stdout == b"one\r\ntwo\r\n"


def test_output_is_handed_over_before_the_end(server: Servers) -> None:
    async def first_words() -> Output | None:
        process = await server.backends[0].run("echo now&ping -n 60 127.0.0.1 >nul", False, False)
        try:
            return await process.read(20)
        finally:
            await process.terminate()

    output = server.loop.run(first_words())
    assert output is not None
    assert (output.stdout.rstrip(), output.exit_code) == (b"now", None)


def test_terminate_ends_the_whole_tree(server: Servers) -> None:
    async def terminated() -> Output:
        process = await server.backends[0].run("echo now&ping -n 600 127.0.0.1 >nul&echo then", False, False)
        await process.read(20)
        await process.terminate()
        await process.terminate()
        return await collect(process)

    output = server.loop.run(terminated())
    assert (output.stdout.strip(), output.exit_code) == (b"", ENDED_FROM_OUTSIDE)


def test_nothing_to_read_is_none(server: Servers) -> None:
    async def silence() -> Output | None:
        process = await server.backends[0].run('findstr "^"', False, False)
        try:
            return await process.read(0.3)
        finally:
            await process.terminate()

    assert server.loop.run(silence()) is None


def test_writing_after_the_end_is_harmless(server: Servers) -> None:
    async def late() -> Output:
        process = await server.backends[0].run("echo done", False, False)
        output = await collect(process)
        await process.write(b"late", end=True)
        return output

    assert server.loop.run(late()).stdout == b"done\r\n"


def test_read_batch(server: Servers) -> None:
    server.registry.delete(RPC_PROXY)
    first, second, third = (
        marked(f"oa7f3a.{number}", f'reg query "{key}"')
        for number, key in enumerate([RPC_PROXY, r"HKLM\SYSTEM", r"HKLM\SOFTWARE\Microsoft\Rpc"], start=1)
    )
    line = (
        f"set oa=&{first}&{second}&(if defined oa ({third}))"
        r'&(if exist "%TEMP%\exchange_ops_outlook_anywhere.reg" (echo oa7f3a.4.left.))'
    )
    output = server.run(line)
    assert output.stderr.replace(b"\r\n", b" ").split() == [b"oa7f3a.1.", b"oa7f3a.2.", b"oa7f3a.3."]
    assert b"\r\noa7f3a.1=1.\r\noa7f3a.2.\r\n" in output.stdout
    assert b"\r\noa7f3a.2=0.\r\noa7f3a.3.\r\n" in output.stdout
    assert output.stdout.endswith(b"\r\noa7f3a.3=0.\r\n")


def test_write_batch(server: Servers) -> None:
    number = f'reg add "{POLLING}" /v PeriodicPollingMinutes /t REG_DWORD /d 0 /f'
    text = f'reg add "{RPC_PROXY}" /v ValidPorts /t REG_SZ /d "mbx1:6001-6002;mbx1:6004" /f'
    output = server.run(
        f"set oa=&(if not defined oa ({marked('oa1.1', number)}))&(if not defined oa ({marked('oa1.2', text)}))"
        "&(if not defined oa (ping -n 2 127.0.0.1 <nul >nul))"
    )
    assert b"oa1.1=0.\r\n" in output.stdout
    assert b"oa1.2=0.\r\n" in output.stdout
    assert server.registry.get(POLLING, "PeriodicPollingMinutes") == ("REG_DWORD", 0)
    assert server.registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", "mbx1:6001-6002;mbx1:6004")


def test_write_batch_stops_at_the_first_failure(server: Servers) -> None:
    bad = r"reg add HKLM\SOFTWARE\Stopped /v a /t REG_NO_SUCH_TYPE /d 0 /f"
    good = r"reg add HKLM\SOFTWARE\Stopped /v b /d 1 /f"
    output = server.run(
        f"set oa=&(if not defined oa ({marked('oa1.1', bad)}))&(if not defined oa ({marked('oa1.2', good)}))"
    )
    assert b"oa1.1=1.\r\n" in output.stdout
    assert b"oa1.2" not in output.stdout
    assert server.registry.get(r"HKLM\SOFTWARE\Stopped", "b") is None


@pytest.mark.parametrize("missing_bytes", [0, 1])
def test_long_write(server: Servers, missing_bytes: int) -> None:
    server.registry.set(RPC_PROXY, "ValidPorts", "REG_SZ", "before")
    ports = "".join(f"mbx{number:04}.contoso.example:6001-6002;" for number in range(1500))[:54000]
    content = reg_file(RPC_PROXY, hex_value("ValidPorts", ports))
    output = server.run(
        'set oa=&cd /d "%TEMP%"&findstr "^" >exchange_ops_outlook_anywhere.reg'
        f"&(for %i in (exchange_ops_outlook_anywhere.reg) do (if not %~zi=={len(content)} (set oa=1)))"
        f"&(if not defined oa ({marked('oa1.1', 'reg import exchange_ops_outlook_anywhere.reg')}))"
        "&del /q exchange_ops_outlook_anywhere.reg <nul&(if exist exchange_ops_outlook_anywhere.reg (echo left.))",
        [content[: len(content) - 100 * missing_bytes]],
    )
    assert (b"oa1.1=0.\r\n" in output.stdout) is not bool(missing_bytes)
    assert b"left" not in output.stdout
    expected = "before" if missing_bytes else ports
    assert server.registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", expected)


@pytest.mark.parametrize("key", [DENIED, rf"{DENIED}\Below"])
def test_denied_key_is_neither_read_nor_written(server: Servers, key: str) -> None:
    assert server.run(f'reg query "{key}" <nul').exit_code == 1
    assert server.run(f'reg add "{key}" /v Name /d changed /f <nul').exit_code == 1
    assert server.registry.get(rf"{DENIED}\Below", "Name") == ("REG_SZ", "hidden")


def test_parent_lists_a_denied_key(server: Servers) -> None:
    output = server.run(r"reg query HKLM\SOFTWARE <nul")
    assert output.exit_code == 0
    assert b"\\Denied\r\n" in output.stdout


def test_every_server_has_a_hosts_file_of_its_own(server: Servers) -> None:
    hosts = r"C:\windows\system32\drivers\etc\hosts"
    server.run(f"echo 127.0.0.1 changed>{hosts}")
    with Servers(HostSpec("cas2", "cas2.test")) as other:
        lines = other.run(f"type {hosts}").stdout.splitlines()
    assert [line.split() for line in lines] == [[b"127.0.0.1", b"localhost"], [b"::1", b"localhost"]]


def test_two_servers_run_at_the_same_time_and_share_nothing(wine_installed: None) -> None:
    async def both(servers: Servers) -> list[bytes]:
        lines = [rf"reg add HKLM\SOFTWARE\Own /v Name /d {name} /f&ping -n 600 127.0.0.1 >nul" for name in ("a", "b")]
        running = [await backend.run(line, False, False) for backend, line in zip(servers.backends, lines, strict=True)]
        first = [await process.read(DEADLINE_SECONDS) for process in running]
        for process in running:
            await process.terminate()
        return [output.stdout for output in first if output and output.exit_code is None]

    with Servers(HostSpec("cas1", "cas1.test"), HostSpec("cas2", "cas2.test", windows="2008r2")) as servers:
        assert len(servers.loop.run(both(servers))) == 2, "the one goes on while the other does"
        names = [backend.registry.get(r"HKLM\SOFTWARE\Own", "Name") for backend in servers.backends]
        assert names == [("REG_SZ", "a"), ("REG_SZ", "b")]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (HostSpec("cas1", "cas1.test", windows="2003"), "reg.exe .* Windows Server 2003"),
        (HostSpec("cas1", "cas1.test", language="de"), "another language"),
        (HostSpec("cas1", "cas1.test", empty_stderr=True), "without error messages"),
        (HostSpec("cas1", "cas1.test", servicelet=Servicelet(("mbx1.test",))), "MSExchangeServiceHost"),
    ],
)
def test_what_wine_cannot_is_named(wine_installed: None, spec: HostSpec, reason: str) -> None:
    with pytest.raises(WineCannot, match=reason):
        WineBackend(spec)


def test_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    with pytest.raises(WineCannot, match=r"wine \(package wine\)"):
        WineBackend(HostSpec("cas1", "cas1.test"))
