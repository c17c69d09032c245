# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wmic, netstat, sc, netsh and tasklist: the shapes of the samples, and what a reader could trip over."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.samples import DATA, sample
from tests.patience import PATIENCE_SECONDS
from tests.unit.lab.conftest import Server

MAILBOX: dict[str, Any] = {"exchange": {"roles": ["mailbox"]}}
SOCKETS = '/c:" 0.0.0.0:0 " /c:" [::]:0 "'
LISTENING = "netstat -ano <nul|findstr " + SOCKETS
BOTH = "name='mad.exe' or name='LSASS.EXE'"

NewServer = Callable[..., Server]


@pytest.fixture(params=["en", "de"])
def mailbox(request: pytest.FixtureRequest, new_server: NewServer) -> Server:
    """A Mailbox server in each language."""
    return new_server(
        **MAILBOX, language=request.param, addresses={"ipv4": ["10.1.2.3"], "ipv6": ["2001:db8::3", "fe80::3"]}
    )


# -- wmic


def test_wmic_os(mailbox: Server) -> None:
    output = mailbox.run("wmic os get LastBootUpTime,LocalDateTime /value <nul")
    assert (output.stderr, output.exit_code) == (b"", 0)
    lines = output.stdout.decode().split("\r\r\n")
    assert "\n" not in "".join(lines)
    values = [line for line in lines if line]
    assert [re.sub(r"\d{14}\.\d{6}", "T", value) for value in values] == ["LastBootUpTime=T+060", "LocalDateTime=T+060"]


@pytest.mark.parametrize(("offset", "shown"), [(0, "+000"), (-300, "-300"), (330, "+330")])
def test_the_time_is_the_servers_own(
    new_server: NewServer, monkeypatch: pytest.MonkeyPatch, offset: int, shown: str
) -> None:
    server = new_server(utc_offset=offset)
    monkeypatch.setattr(server.state.clock, "now", lambda: 1227168933.25 - offset * 60)
    assert "LocalDateTime=20081120081533.25" in server.out("wmic os get localdatetime /value <nul")
    assert f"{shown}\r" in server.run("wmic os get LocalDateTime /value <nul").stdout.decode()


def test_wmic_process_is_laid_out_as_the_sample(mailbox: Server) -> None:
    output = mailbox.run(f'wmic process where "{BOTH}" get Name,ProcessId,CreationDate /value <nul')
    assert (output.stderr, output.exit_code) == (b"", 0)
    shape = re.sub(r"=\d.*", "=", sample("wmic-value"))
    assert re.sub(r"=\d.*", "=", output.stdout.decode().replace("\r\r\n", "\n")) == shape
    for service in ("MSExchangeSA", "SamSs"):
        assert f"ProcessId={mailbox.state.service(service).pid}\r\r\n" in output.stdout.decode()


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("where name='mad.exe'", ["mad.exe"]),
        ("where (name='mad.exe')", ["mad.exe"]),
        ("where \"Name = 'mad.exe' OR name='store.exe'\"", ["store.exe", "mad.exe"]),
        ("where \"name='6004'\"", []),
    ],
)
def test_wmic_conditions(mailbox: Server, condition: str, names: list[str]) -> None:
    text = mailbox.out(f"wmic.exe PROCESS {condition} GET name /VALUE <nul")
    assert re.findall(r"^Name=(.*?)\r*$", text, re.MULTILINE) == names


def test_no_such_process(mailbox: Server) -> None:
    output = mailbox.run("wmic process where \"name='none.exe'\" get ProcessId /value <nul")
    assert output.stdout.strip() == b""
    assert output.stdout != b""
    assert output.stderr
    assert output.exit_code == 0


def test_wmic_waits_for_ever_without_nul(server: Server) -> None:
    async def scenario(console: bool) -> None:
        process = await server.backend.run("wmic os get LocalDateTime /value", console, False)
        await process.write(b"", end=True)
        assert await process.read(0.05) is None
        await process.terminate()
        output = await process.read(PATIENCE_SECONDS)
        assert output is not None
        assert (output.stdout, output.exit_code) == (b"", 1)

    asyncio.run(scenario(True))
    asyncio.run(scenario(False))


# -- netstat


def test_netstat_keeps_the_columns_of_the_sample(mailbox: Server) -> None:
    lines = mailbox.out(LISTENING).splitlines()
    port = next(line for line in lines if ":6004 " in line)
    expected = sample("netstat-ano").splitlines()[0].replace("1808", str(mailbox.state.service("MSExchangeSA").pid))
    assert port == (expected if mailbox.machine.spec.language == "en" else expected.replace("LISTENING", "ABHÖREN  "))


def test_the_filter_leaves_every_listener_and_nothing_else(mailbox: Server) -> None:
    rows = [line.split() for line in mailbox.out(LISTENING).splitlines()]
    assert {row[0] for row in rows} == {"TCP"}
    found = {(row[1], int(row[4])) for row in rows}
    ends = {"ipv4": "0.0.0.0:{}", "ipv6": "[::]:{}"}
    listeners = {(ends[open_.stack].format(open_.port), open_.pid) for open_ in mailbox.state.listeners()}
    assert found == listeners | {("10.1.2.3:139", 4)}


def test_netstat_is_full_of_traps(mailbox: Server) -> None:
    lines = mailbox.out("netstat -ano <nul").splitlines()
    pid = mailbox.state.service("MSExchangeSA").pid
    assert [line for line in lines if re.search(r":16004 .* 6004$", line)]
    assert [line for line in lines if re.match(r"  UDP    0\.0\.0\.0:6004 ", line)]
    assert [line for line in lines if re.match(rf"  TCP    10\.1\.2\.3:6004 +\S+ +\S+ +{pid}$", line)]
    assert [line for line in lines if re.match(r"  TCP    10\.1\.2\.3:\d+ +\S+:6004 ", line)]
    assert [line for line in lines if re.match(r"  TCP    \[2001:db8::3\]:6002 +\[\S+\]:\d+ ", line)]
    state = {"en": "LISTENING", "de": "ABHÖREN"}[mailbox.machine.spec.language]
    assert all((state in line) == (" 0.0.0.0:0 " in line or " [::]:0 " in line) for line in lines)


def test_netstat_in_an_oem_code_page(new_server: NewServer) -> None:
    output = new_server(language="de").run("netstat -ano <nul", code_page=850)
    assert "ABHÖREN".encode("cp850") in output.stdout


# -- sc


def test_sc_query_begins_as_the_sample(new_server: NewServer) -> None:
    server = new_server(services={"spooler": "running"})
    output = server.run("sc query spooler <nul")
    expected = sample("sc-query").replace("110", "10").replace("  (interactive)", "")
    lines = [line.rstrip() for line in output.stdout.decode().split("\r\n")]
    assert lines[1:6] == expected.splitlines()
    assert output.exit_code == 0
    assert re.search(r"RUNNING +\r\n", output.stdout.decode())


@pytest.mark.parametrize(("state", "number"), [("running", 4), ("stopped", 1)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_numbers_of_sc_are_the_same_in_every_language(
    new_server: NewServer, language: str, state: str, number: int
) -> None:
    server = new_server(language=language, services={"RemoteAccess": state})
    for verb in ("query", "queryex"):
        output = server.run(f"sc {verb} RemoteAccess <nul")
        numbers = re.findall(r"^ +\S+ +: (?:0x)?(\d+)", output.stdout.decode(), re.MULTILINE)
        assert numbers[:2] == ["20", str(number)]
        assert numbers[2] == ("0" if state == "running" else "1077")
        assert output.exit_code == 0
    assert numbers[-1] == str(server.state.service("RemoteAccess").pid)


@pytest.mark.parametrize("verb", ["query", "queryex"])
def test_sc_of_a_missing_service(mailbox: Server, verb: str) -> None:
    output = mailbox.run(f"sc {verb} RemoteAccess <nul")
    assert output.exit_code == 1060
    assert output.stdout.decode().splitlines()[0] == sample("sc-query-missing").strip()


# -- netsh and tasklist


def test_netsh_names_every_address_as_a_word(mailbox: Server) -> None:
    words = mailbox.out("netsh interface ipv6 show addresses <nul").split()
    assert {"::1", "2001:db8::3", "fe80::3%10"} <= set(words)
    assert sum(":" in word and not word.endswith(":") for word in words) == 3
    assert {"127.0.0.1", "10.1.2.3"} <= set(mailbox.out("netsh interface ipv4 show addresses <nul").split())


def test_tasklist_under_its_rule(mailbox: Server) -> None:
    lines = mailbox.out("tasklist /svc <nul").splitlines()
    rule = next(line for line in lines if line.startswith("==="))
    rows = lines[lines.index(rule) + 1 :]
    ends = [match.span() for match in re.finditer("=+", rule)]
    cells = [[row[start:end].strip() for start, end in ends] for row in rows]
    assert ["mad.exe", str(mailbox.state.service("MSExchangeSA").pid), "MSExchangeSA"] in cells
    assert ["Microsoft.Exchange.Servic", str(mailbox.state.service("MSExchangeServiceHost").pid)] in [
        cell[:2] for cell in cells
    ]
    assert ["hwagent.exe", "6004", "N/A" if mailbox.machine.spec.language == "en" else "(Labor) Keine"] in cells


def test_long_lists_of_services_go_on_in_the_next_line(new_server: NewServer) -> None:
    names = [f"AServiceOfSomeLength{number}" for number in range(4)]
    server = new_server(services={name: {"process": "svchost.exe/many"} for name in names})
    lines = server.out("tasklist /svc <nul").splitlines()
    first = next(number for number, line in enumerate(lines) if names[0] in line)
    assert lines[first + 1].startswith(" " * 35 + names[1])


# -- all of them


@pytest.mark.parametrize(
    "line",
    [
        "wmic os get Caption /value",
        "wmic os get LocalDateTime",
        "wmic cpu get Name /value",
        "wmic process where \"name like 'm%'\" get Name /value",
        "netstat -an",
        "netstat -ano -p tcp",
        "sc config MSExchangeSA start= auto",
        "net use",
        "net stop /y",
        "shutdown",
        "shutdown /r /s",
        "shutdown /h",
        "netsh interface ipv6 show interfaces",
        "netsh",
        "tasklist",
    ],
)
def test_what_they_cannot_yet_is_loud(server: Server, line: str) -> None:
    output = server.run(f"{line} <nul")
    assert (output.stdout, output.exit_code) == (b"", 255)
    assert b"not modelled" in output.stderr


def test_another_program_is_none_of_the_states_business(server: Server) -> None:
    assert server.state.answer("reg query HKLM") is None
    output = server.state.answer(r'"C:\Windows\system32\sc.exe" query "none"')
    assert output is not None
    assert output.exit_code == 1060
    assert server.state.waits_without_nul("WMIC.exe os get LocalDateTime /value")
    assert not server.state.waits_without_nul("netstat -ano")


def test_without_error_messages(new_server: NewServer) -> None:
    server = new_server(empty_stderr=True)
    assert server.run("wmic process where \"name='none.exe'\" get ProcessId /value <nul").stderr == b""
    assert server.run("wmic <nul").stderr, "the lab's own words are told all the same"


def test_every_sample_says_where_it_is_from() -> None:
    for path in DATA.glob("*.txt"):
        assert sample(path.stem)
