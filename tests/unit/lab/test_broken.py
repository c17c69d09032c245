# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server can be told to break a behaviour of docs/evidence.md, and breaks nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.evidence_ids import ids
from tests.integration.fleet import RPC_PROXY
from tests.lab import Lab, load_hosts
from tests.lab.broken import BREAKABLE, UNBREAKABLE
from tests.lab.hosts import HostsFileError
from tests.lab.model.deviations import DEVIATIONS
from tests.lab.model.machine import TEMP
from tests.lab.winrs import DEVIATIONS as OF_WINRS
from tests.unit.lab.conftest import Client, Server, make_server

KEY = r"HKLM\SOFTWARE\Trial"
FILE = TEMP + r"\file"
OTHER = TEMP + r"\other"
REGISTRY_FILE = TEMP + r"\trial.reg"
APPCMD = r"C:\Windows\system32\inetsrv\appcmd.exe"
WINDOWS_AUTHENTICATION = "/section:system.webServer/security/authentication/windowsAuthentication"
REG_FILE = (
    b"Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Trial]\r\n"
    b'"imported"=hex(1):61,00,62,00,00,00\r\n\r\n'
)


@dataclass(frozen=True)
class Trial:
    """A command line, and the rows whose breaking changes what it prints, its end, or what it leaves behind."""

    line: str
    ids: tuple[str, ...] = ()
    stdin: bytes = b""


TRIALS = (
    Trial(rf"reg query {KEY} <nul", ("reg_query", "text_with_line_breaks", "long_value")),
    Trial(r"reg query HKLM\SOFTWARE\Empty <nul", ("key_without_values",)),
    Trial(r"reg query HKLM <nul", ("key_absent_or_denied", "key_without_values", "cluster_key")),
    Trial(r"reg query HKLM\SECURITY <nul"),
    Trial(r"reg query HKLM\SOFTWARE\Nowhere <nul"),
    Trial(rf"reg add {KEY} /v new /t REG_DWORD /d 5 /f <nul", ("reg_add", "rights")),
    Trial(r"reg add HKLM\SOFTWARE\New /f <nul", ("rights",)),
    Trial(rf"reg delete {KEY} /v plain /f <nul", ("reg_delete", "rights")),
    Trial(rf"reg delete {KEY} /f <nul", ("rights",)),
    Trial(r"reg add HKLM\SYSTEM\Trial /v new /d a /f <nul&reg query HKLM\SYSTEM\Trial <nul", ("reg_add",)),
    Trial(rf'findstr "^" >{REGISTRY_FILE}&reg import {REGISTRY_FILE} <nul', ("reg_import", "rights"), REG_FILE),
    Trial("wmic os get LastBootUpTime,LocalDateTime /value <nul", ("wmic_os",)),
    Trial("wmic process where name='lsass.exe' get CreationDate,Name,ProcessId /value <nul", ("wmic_process",)),
    Trial("wmic nicconfig where IPEnabled=true get IPAddress,SettingID /value <nul", ("wmic_nicconfig",)),
    Trial("whoami /groups /fo csv /nh <nul", ("whoami", "rights")),
    Trial(r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Linkage <nul", ("adapter_binding",)),
    Trial(r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Linkage <nul"),
    Trial(
        r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces /s <nul", ("adapter_address",)
    ),
    Trial(r"reg query HKLM\SOFTWARE\Microsoft\Exchange\v8.0 <nul", ("mailbox_role", "key_without_values")),
    Trial(rf"reg query {RPC_PROXY} <nul", ("rpc_web_site",)),
    Trial("netstat -ano <nul", ("netstat",)),
    Trial("sc query RpcSs <nul"),
    Trial("sc query nosuch <nul", ("sc_query",)),
    Trial("sc enumdepend RpcSs 1 <nul", ("sc_enumdepend",)),
    Trial("sc enumdepend RpcSs 8192 <nul"),
    Trial("netsh interface ipv6 show addresses <nul", ("netsh_interface",)),
    Trial('findstr "^"', ("findstr",), b"x" * 8000 + b"\r\n"),
    Trial('findstr /c:"a"', (), b"ab\r\nb\r\n"),
    Trial('findstr /c:"a"', (), b"b\r\n"),
    Trial(
        f'{APPCMD} list config "Default Web Site/Rpc" {WINDOWS_AUTHENTICATION} "/config:*" <nul',
        ("appcmd_list", "appcmd_is_there", "kernel_mode_default", "rights"),
    ),
    Trial(f"{APPCMD} list vdir <nul", ("appcmd_is_there", "rights")),
    Trial(
        f"{APPCMD} search config {WINDOWS_AUTHENTICATION} /enabled:true <nul",
        ("appcmd_search", "appcmd_is_there", "rights"),
    ),
    Trial(
        f"{APPCMD} search config {WINDOWS_AUTHENTICATION} /useKernelMode:true <nul",
        ("appcmd_search", "appcmd_is_there", "rights"),
    ),
    Trial(f"(if exist {APPCMD} (echo there))", ("appcmd_is_there",)),
    Trial(r"ver >nul&cd /d C:\Windows"),
    Trial(r"cd /d C:\Nowhere", ("cd",)),
    Trial(f"del /f /q {FILE} <nul", ("del", "del_exit_code")),
    Trial(rf"del /q {TEMP}\nothing <nul", ("del_exit_code",)),
    Trial(f"attrib {FILE} <nul", ("attrib",)),
    Trial(f"icacls {FILE} <nul"),
    Trial(f'icacls {FILE} /grant "*S-1-5-32-545:R" <nul', ("icacls",)),
    Trial(f"xcopy {OTHER} {FILE} /o /x /k /h /r /y <nul", ("xcopy",)),
    Trial(rf"move /y {OTHER} {TEMP}\third <nul", ("move",)),
    Trial(f"type {FILE}", ("type",)),
    Trial(f"type {OTHER}"),
    Trial(f"certutil -f -decode {OTHER} {TEMP}\\decoded <nul", ("certutil",)),
    Trial(f"type nul >{OTHER}", ("redirection_keeps_permissions",)),
    Trial(f"type nul >{FILE}", ("redirection_that_fails",)),
    Trial("sc query nosuch >nul&ver >nul", ("ver",)),
    Trial("sc query nosuch >nul&call echo %^errorlevel%", ("sc_query", "call", "echo")),
    Trial("set oa=1&(if defined oa (echo there))", ("set",)),
    Trial("set temp=&(if defined temp (echo there))"),
    Trial(f"cmd /c exit 1&(if errorlevel 1 (type {OTHER}))"),
    Trial(f"cmd /c exit 5&(if errorlevel 1 (type {OTHER}))", ("if",)),
    Trial(f"cmd /c exit -5&(if not errorlevel 0 (type {OTHER}))", ("cmd",)),
    Trial("cmd /c exit 1060&call echo %^errorlevel%", ("cmd", "call", "echo")),
    Trial("cmd /c exit 5&echo said", ("echo",)),
    Trial("exit 5&echo no"),
    Trial("if a==b echo 1&echo 2", ("if_without_brackets",)),
    Trial("(if a==b (echo 1))&echo 2"),
    Trial(f"(for %i in ({FILE}) do @echo %~zi)", ("for",)),
    Trial("set oa=1&echo %oa%", ("variables_before_the_line",)),
    Trial("(if defined windir (echo there))"),
    Trial("echo " + "x" * 3000, ("line_length",)),
    Trial("echo %windir%"),
    Trial("echo %TEMP%", ("variable_lengths",)),
    Trial("reg query HKLM\\Cluster >nul <nul&echo looked", ("cluster_key",)),
)
MOMENT = re.compile(rb"\d{14}\.\d{6}")
NAMES = [f"{place}: {trial.line[:60]}" for place, trial in enumerate(TRIALS)]


def server(*broken: str) -> Server:
    """A node of a cluster that is a Client Access server, with a key and two files for trials."""
    made = make_server(
        broken=list(broken),
        cluster=True,
        exchange={"roles": ["client_access", "mailbox"]},
        registry={
            KEY: {
                "many": {"type": "REG_MULTI_SZ", "data": ["a", "b"]},
                "plain": {"type": "REG_SZ", "data": "a"},
                "lines": {"type": "REG_SZ", "data": "a\nb"},
                "long": {"type": "REG_SZ", "data": "x" * 30000},
            },
            r"HKLM\SOFTWARE\Empty\Below": {"value": {"type": "REG_SZ", "data": "a"}},
        },
    )
    files = made.machine.files
    files.write(FILE, b"one\x1atwo")
    files.set_attributes(FILE, frozenset("RA"))
    files.write(OTHER, b"YWJj\r\n")
    for path in (FILE, OTHER):
        files.set_permissions(path, f"those of {path}")
    return made


def contents(made: Server) -> tuple[Any, ...]:
    """The files and values that a trial may change."""
    files = made.machine.files
    names = {
        name: (files.read(f"{TEMP}\\{name}"), files.permissions(f"{TEMP}\\{name}"), files.attributes(f"{TEMP}\\{name}"))
        for name in files.list(TEMP)
    }
    return names, [made.registry.get(KEY, name) for name in ("many", "plain", "lines", "new", "imported")]


def outcome(made: Server, trial: Trial) -> tuple[Any, ...]:
    """What can be seen of a trial, times aside."""
    output = made.run(trial.line, trial.stdin)
    printed = tuple(MOMENT.sub(b"then", stream) for stream in (output.stdout, output.stderr))
    return (*printed, output.exit_code, contents(made))


def outcomes(*broken: str) -> list[tuple[Any, ...]]:
    """Of every trial, each on a server that is as it was at first."""
    made = server(*broken)
    first, found = contents(made), []
    for trial in TRIALS:
        if contents(made) != first:
            made = server(*broken)
        found.append(outcome(made, trial))
    return found


@pytest.fixture(scope="module")
def whole() -> list[tuple[Any, ...]]:
    """What an unbroken server makes of every trial."""
    return outcomes()


def test_every_row_of_the_evidence_can_be_broken_or_says_why_not() -> None:
    assert not set(BREAKABLE) & set(UNBREAKABLE)
    assert sorted((*BREAKABLE, *UNBREAKABLE)) == sorted(ids())


def test_what_can_be_broken_is_broken_somewhere() -> None:
    assert not set(DEVIATIONS) & set(OF_WINRS)
    assert set(DEVIATIONS) | set(OF_WINRS) == set(BREAKABLE)


@pytest.mark.parametrize("name", sorted(set(DEVIATIONS) - {"ping"}))
def test_a_broken_row_changes_what_it_says_and_nothing_else(name: str, whole: list[tuple[Any, ...]]) -> None:
    changed = {line for line, found, expected in zip(NAMES, outcomes(name), whole, strict=True) if found != expected}
    assert changed == {line for line, trial in zip(NAMES, TRIALS, strict=True) if name in trial.ids}
    assert changed


@pytest.mark.parametrize(("broken", "seconds"), [((), 100), (("ping",), 0)])
def test_a_ping_that_takes_no_time(broken: tuple[str, ...], seconds: int) -> None:
    made = server(*broken)
    began = made.machine.clock.now()
    made.run("ping -n 101 127.0.0.1 <nul >nul")
    # Less what this machine itself takes for it.
    assert seconds <= made.machine.clock.now() - began < seconds + 50


def test_two_rows_of_one_program_are_broken_together() -> None:
    made = server("reg_query", "text_with_line_breaks")
    printed = made.out(rf"reg query {KEY}")
    assert "a b" in printed
    assert made.run(rf"reg query {KEY}").stdout.count(b"a\r\nb\r\n") == 1


@pytest.mark.parametrize(
    ("names", "backend", "words"),
    [
        (["net_stop"], "model", "net_stop cannot be broken: preflight stops no service"),
        (["reg_quary"], "model", "'reg_quary' is no id of a row that can be broken; these are: adapter_"),
        (["reg_query"], "wine", "only servers of the model can be broken"),
    ],
)
def test_what_cannot_be_broken_is_refused(names: list[str], backend: str, words: str) -> None:
    with pytest.raises(HostsFileError, match=re.escape(words)):
        load_hosts({"hosts": {"cas1": {"broken": names}}}, backend)


@pytest.fixture
def broken_client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A shell of a server with one broken row."""
    quotas = {"operations_per_shell": 2}
    with Lab({"hosts": {"cas1": {"language": "de", "broken": [request.param], "quotas": quotas}}}) as lab:
        client = Client(lab["cas1"])
        yield client
        client.close()


def _say(client: Client, line: str, stdin: bytes) -> bytes:
    command = client.start(line)
    client.protocol.send_command_input(client.shell, command, stdin, end=True)
    return client.finish(command)[0]


@pytest.mark.parametrize("broken_client", ["standard_input"], indirect=True)
def test_input_that_loses_bytes(broken_client: Client) -> None:
    assert _say(broken_client, 'findstr "^"', b"a\r\nb\r\n") == b"a\nb\n"


@pytest.mark.parametrize("broken_client", ["code_page"], indirect=True)
def test_a_shell_of_another_code_page(broken_client: Client) -> None:
    said = broken_client.run(r"reg query HKLM\SOFTWARE\Nowhere")[1]
    assert "\u00fc".encode("cp850") in said
    assert "\u00fc".encode() not in said


@pytest.mark.parametrize("broken_client", ["line_as_it_is"], indirect=True)
def test_a_line_that_loses_blanks(broken_client: Client) -> None:
    assert broken_client.run("echo a   b")[0] == b"a b\r\n"


@pytest.mark.parametrize("broken_client", ["operation_quota"], indirect=True)
def test_another_fault_for_a_quota(broken_client: Client) -> None:
    for _each in range(2):
        broken_client.run("ver")
    with pytest.raises(Exception, match="1359") as caught:
        broken_client.run("ver")
    assert getattr(caught.value, "wsman_fault_code", None) == 1359


@pytest.mark.parametrize("broken_client", ["envelope"], indirect=True)
def test_an_envelope_that_takes_less(broken_client: Client) -> None:
    assert _say(broken_client, 'findstr "^"', b"x\r\n" * 5000) == b"x\r\n" * 5000
    with pytest.raises(Exception, match="envelope"):
        _say(broken_client, 'findstr "^"', b"x\r\n" * 30000)


@pytest.mark.parametrize("broken_client", ["skip_cmd_shell"], indirect=True)
def test_no_program_without_cmd(broken_client: Client) -> None:
    with pytest.raises(Exception, match=r"without cmd\.exe"):
        broken_client.protocol.run_command(
            broken_client.shell, r"C:\Windows\system32\hostname.exe", skip_cmd_shell=True
        )
    assert broken_client.run("hostname")[2] == 0


@pytest.mark.parametrize("broken_client", ["commands_side_by_side"], indirect=True)
def test_a_command_that_ends_another(broken_client: Client) -> None:
    waits = broken_client.start('findstr "^"')
    assert broken_client.run("echo a")[0] == b"a\r\n"
    assert broken_client.finish(waits) == (b"", b"", 1)
