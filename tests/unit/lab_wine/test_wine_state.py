# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wine server has the state that its fleet file gives it, and its programs and registry tell the same."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.hosts import load_hosts
from tests.lab.model import ModelBackend
from tests.lab.state import ServerState
from tests.patience import wait
from tests.unit.lab.conftest import Client, when_it_boots
from tests.unit.lab_wine.reg_files import reg_file
from tests.unit.lab_wine.server import Servers

pytestmark = pytest.mark.wine

NONCE = "oa7f3a"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
SYSTEM_ATTENDANT = SERVICES + r"\MSExchangeSA\Parameters"
REFERRAL = "Do Not Refer HTTP to DSProxy"
SEQUENCES = "NSPI interface protocol sequences"
PATCHES = (
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products"
    r"\461C2B4266EDEF444B864AD6D9E5B613\Patches"
)
LISTENING = 'netstat -ano <nul|findstr /c:" 0.0.0.0:0 " /c:" [::]:0 "'
PROCESSES = "wmic process where \"name='mad.exe' or name='lsass.exe'\" get CreationDate,Name,ProcessId /value <nul"
MAILBOX: dict[str, Any] = {
    "fqdn": "mbx1.contoso.example",
    "exchange": {"roles": ["mailbox"], "rollups": [{"build": "8.1.311.3"}, {"build": "8.1.336.1"}]},
    "exchange_2010": True,
    "cluster": True,
    "addresses": {"ipv4": ["10.1.2.3", "10.1.2.4"], "ipv6": ["2001:db8::3", "fe80::3"]},
    "adapters": [
        {"guid": "{1B2C0000-0000-0000-0000-000000000001}", "ipv6_bound": False},
        {"guid": "{1B2C0000-0000-0000-0000-000000000002}"},
    ],
    "services": {"HwAgent": {"state": "running", "process": "agent.exe", "depends_on": ["MSExchangeSA"]}},
    "boot_hours_ago": 3,
    "utc_offset": -480,
}
CATALOG: dict[str, Any] = {
    "fqdn": "gc1.contoso.example",
    "windows": "2008r2",
    "domain_controller": {"global_catalog": True},
    "services": {"RemoteAccess": "stopped"},
}


def framed(*commands: str) -> str:
    """Commands between their marks on both streams, each with its outcome behind it."""
    return "set oa=&" + "&".join(
        f"echo {mark}.&echo {mark}.>&2&{command}"
        f"&(if errorlevel 0 (if not errorlevel 1 (echo {mark}=0.)))"
        f"&(if errorlevel 1060 (if not errorlevel 1061 (echo {mark}=1060.)))"
        f"&(if errorlevel 1 (echo {mark}=1.&set oa=1))&(if not errorlevel 0 (echo {mark}=-1.&set oa=1))"
        for mark, command in ((f"{NONCE}.{number}", command) for number, command in enumerate(commands))
    )


def frames(stdout: bytes) -> list[tuple[str, list[str]]]:
    """What each command printed, and its outcomes."""
    found: list[tuple[str, list[str]]] = []
    for line in stdout.decode().splitlines(keepends=True):
        mark, _equals, outcome = line.rstrip().partition("=")
        if not line.startswith(NONCE):
            found[-1] = (found[-1][0] + line, found[-1][1])
        elif outcome:
            assert mark == f"{NONCE}.{len(found) - 1}"
            found[-1][1].append(outcome.rstrip("."))
        else:
            assert mark == f"{NONCE}.{len(found)}."
            found.append(("", []))
    return found


def running(name: str, raw: dict[str, Any]) -> Iterator[Servers]:
    with Servers(load_hosts({"hosts": {name: raw}}, "wine").hosts[0]) as servers:
        yield servers


@pytest.fixture(scope="module")
def mailbox(wine_installed: None) -> Iterator[Servers]:
    yield from running("mbx1", MAILBOX)


@pytest.fixture(scope="module")
def catalog(wine_installed: None) -> Iterator[Servers]:
    yield from running("gc1", CATALOG)


def printed(state: ServerState, line: str) -> str:
    output = state.answer(line)
    assert output is not None
    return output.stdout.decode()


def refers(state: ServerState) -> bool | None:
    return state.referral.refers if state.referral else None


@pytest.mark.parametrize(("name", "raw"), [("mailbox", MAILBOX), ("catalog", CATALOG)])
def test_the_state_is_as_on_the_model(request: pytest.FixtureRequest, name: str, raw: dict[str, Any]) -> None:
    state = request.getfixturevalue(name).backends[0].state
    model = ModelBackend(load_hosts({"hosts": {"other": raw}}).hosts[0]).state
    for asked in (state, model):
        asked.reboot()
    assert [(process.image, process.services) for process in state.processes()] == [
        (process.image, process.services) for process in model.processes()
    ]
    assert [(service.name, service.running) for service in state.services()] == [
        (service.name, service.running) for service in model.services()
    ]
    for stack in ("ipv4", "ipv6"):
        assert state.addresses(stack) == model.addresses(stack)
    for line in ("netstat -ano", "tasklist /svc", "netsh interface ipv6 show addresses", "sc query HwAgent"):
        assert printed(state, line) == printed(model, line)


def test_one_line_reads_it_all(mailbox: Servers) -> None:
    state = mailbox.backends[0].state
    output = mailbox.run(
        framed(
            r'reg query "HKLM\SOFTWARE\Microsoft\Exchange\v8.0" <nul',
            f'reg query "{PATCHES}" /s <nul',
            r'reg query "HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters" <nul',
            "wmic os get LastBootUpTime,LocalDateTime /value <nul",
            PROCESSES,
            "sc query RemoteAccess <nul",
            "sc query MSExchangeSA <nul",
            "netsh interface ipv6 show addresses <nul",
            LISTENING,
        )
    )
    texts, outcomes = zip(*frames(output.stdout), strict=True)
    assert list(outcomes) == [["0"], ["0"], ["1"], ["0"], ["0"], ["1060", "1"], ["0"], ["0"], ["0"]]
    assert texts[0].endswith("v8.0\\MailboxRole\r\n")
    assert texts[1].count("    DisplayName    REG_SZ    Update Rollup ") == 2
    assert "-480\r\r\n" in texts[3]
    assert texts[4] == printed(state, PROCESSES.removesuffix(" <nul"))
    assert "mad.exe" in texts[4]
    assert "1060" in texts[5]
    assert texts[6] == printed(state, "sc query MSExchangeSA")
    assert "2001:db8::3" not in texts[7]
    assert "fe80::3%" in texts[7]
    listening = texts[8].splitlines()
    assert len(listening) == len(state.listeners()) + 1  # and port 139, which is on one address
    assert [line for line in listening if ":6004 " in line]
    assert [line.split(".")[1] for line in output.stderr.decode().splitlines()] == [str(number) for number in range(9)]


def test_a_service_that_is_there_but_stopped_has_no_exit_code(catalog: Servers) -> None:
    ((text, outcomes),) = frames(catalog.run(framed("sc query RemoteAccess <nul")).stdout)
    assert "STOPPED" in text
    assert outcomes == ["0"]


def test_services_are_stopped_and_started(mailbox: Servers) -> None:
    state = mailbox.backends[0].state
    before = state.service("MSExchangeSA").pid
    lines = (
        "sc stop MSExchangeSA <nul",
        "sc enumdepend MSExchangeSA 65536 <nul",
        "net stop MSExchangeSA /y <nul",
        "sc query HwAgent <nul",
        "net start MSExchangeSA <nul",
        "net start MSExchangeSA <nul",
    )
    texts, outcomes = zip(*frames(mailbox.run(framed(*lines)).stdout), strict=True)
    assert list(outcomes) == [["1"], ["0"], ["0"], ["0"], ["0"], ["1"]]
    assert "FAILED 1051:" in texts[0]
    assert "SERVICE_NAME: HwAgent\r\n" in texts[1]
    assert ": 1  STOPPED" in texts[3]
    assert state.service("MSExchangeSA").pid not in (0, before)
    assert not state.service("HwAgent").running
    state.start_service("HwAgent")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("sc start MSExchangeSA", 1056),
        ("sc stop RemoteAccess", 1060),
        ("sc enumdepend MSExchangeSA 0", 234),
        ("net stop RemoteAccess /y", 2),
        ("shutdown /a", 1116),
    ],
)
def test_exit_codes_arrive_whole(mailbox: Servers, line: str, code: int) -> None:
    assert mailbox.run(f"{line} <nul").exit_code == code


def test_a_reboot_is_ordered(catalog: Servers) -> None:
    state = catalog.backends[0].state
    boot = state.boot_time
    order = 'shutdown /r /t 30 /c "some words" /d p:2:4 <nul'
    assert [catalog.run(order).exit_code for _time in range(2)] == [0, 1115]
    state.clock.advance(31)
    assert state.pending_shutdown is None
    assert state.boot_time > boot


def connecting(port: int) -> int:
    """The error's number; 0 when somebody answers."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port))


def test_a_server_reboots_on_the_network(wine_installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with Lab({"hosts": {"mbx1": {**MAILBOX, "reboot": {"outage_seconds": 0.5}}}}, "wine") as lab:
        host = lab["mbx1"]
        boot = host.state.boot_time
        seen = when_it_boots(host, monkeypatch, lambda: connecting(host.port))
        client = Client(host)
        assert client.run("shutdown /r /t 0 <nul")[2] == 0
        wait(lambda: host.state.boot_time != boot)
        assert seen == [errno.ECONNREFUSED]
        host.power_off()
        host.power_on()
        client = Client(host)
        assert client.run("sc query MSExchangeSA <nul")[2] == 0
        client.close()


def test_a_restarted_service_reads_the_registry_anew(mailbox: Servers) -> None:
    state = mailbox.backends[0].state
    before = state.service("MSExchangeSA")
    mailbox.run(f'reg add "{SYSTEM_ATTENDANT}" /v "{REFERRAL}" /t REG_DWORD /d 1 /f <nul')
    assert refers(state) is True
    state.restart_service("MSExchangeSA")
    assert refers(state) is False
    text = mailbox.run(PROCESSES).stdout.decode()
    assert f"ProcessId={state.service('MSExchangeSA').pid}\r" in text
    assert f"ProcessId={before.pid}\r" not in text
    assert state.service("HwAgent").running


def test_what_is_written_takes_effect_with_the_reboot(catalog: Servers) -> None:
    state = catalog.backends[0].state
    parameters = SERVICES + r"\NTDS\Parameters"
    catalog.run(f'reg add "{parameters}" /v "{SEQUENCES}" /t REG_MULTI_SZ /d "ncacn_http:6004\\0x" /f <nul')
    assert catalog.registry.get(parameters, SEQUENCES) == ("REG_MULTI_SZ", ["ncacn_http:6004", "x"])
    assert not state.listening(6004)
    boot = "wmic os get LastBootUpTime /value <nul"
    before = catalog.run(boot).stdout
    state.reboot()
    assert catalog.run(boot).stdout > before
    assert state.listening(6004) == {("ipv4", "lsass.exe"), ("ipv6", "lsass.exe")}
    text = catalog.run(LISTENING).stdout.decode()
    assert len([line for line in text.splitlines() if ":6004 " in line]) == 2


def test_multi_strings_are_imported_and_deleted(catalog: Servers) -> None:
    key = SERVICES + r"\Tcpip6\Linkage"
    content = reg_file(key, '"Bind"=hex(7):5c,00,61,00,00,00,\\\r\n  62,00,63,00,00,00,00,00')
    catalog.run('cd /d "%TEMP%"&findstr "^" >x.reg&reg import x.reg <nul', [content])
    assert catalog.registry.get(key, "Bind") == ("REG_MULTI_SZ", ["\\a", "bc"])
    assert "    Bind    REG_MULTI_SZ    \\a\\0bc\r\n" in catalog.run(f'reg query "{key}" <nul').stdout.decode()
    delete = framed(f'reg delete "{key}" /v "Bind" /f <nul')
    assert [frames(catalog.run(delete).stdout)[0][1] for _time in range(2)] == [["0"], ["1"]]
    assert catalog.registry.get(key, "Bind") is None
