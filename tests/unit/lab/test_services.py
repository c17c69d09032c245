# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services on their way: sc and net, what they refuse, and services that do not behave."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.behaviour import ServiceBehaviour
from tests.lab.catalogue import ServiceKind
from tests.lab.hosts import HostsFileError
from tests.lab.state.processes import ProcessTable
from tests.lab.state.services import RUNNING, START_PENDING, STOP_PENDING, STOPPED, ServiceFailure, ServiceTable
from tests.unit.lab.conftest import Server, make_server

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
MAILBOX: dict[str, Any] = {"exchange": {"roles": ["mailbox"]}}
STORE_NEEDS_ATTENDANT = {"MSExchangeIS": {"depends_on": ["MSExchangeSA"]}}
ATTENDANT = "MSExchangeSA"

NewServer = Callable[..., Server]


def code(server: Server, line: str) -> int | None:
    return server.run(f"{line} <nul").exit_code


def shown(server: Server, name: str) -> tuple[int, int]:
    """State and exit code as sc query prints them."""
    numbers = re.findall(r"^ +\S+ +: (?:0x)?(\d+)", server.out(f"sc query {name} <nul"), re.MULTILINE)
    return int(numbers[1]), int(numbers[2])


# -- sc start and sc stop


@pytest.mark.parametrize("language", ["en", "de"])
def test_sc_does_not_wait(new_server: NewServer, language: str) -> None:
    slow = {ATTENDANT: {"stop_seconds": 30, "start_seconds": 20}}
    server = new_server(**MAILBOX, language=language, services=slow)
    before = server.state.service(ATTENDANT).pid
    assert code(server, f"sc stop {ATTENDANT}") == 0
    assert shown(server, ATTENDANT) == (STOP_PENDING, 0)
    assert server.state.service(ATTENDANT).pid == before
    assert server.state.listening(6002) == set()
    assert server.state.referral is None
    assert code(server, f"sc stop {ATTENDANT}") == 1061
    assert code(server, f"sc start {ATTENDANT}") == 1056
    server.state.clock.advance(31)
    assert shown(server, ATTENDANT) == (STOPPED, 0)
    assert code(server, f"sc stop {ATTENDANT}") == 1062
    assert code(server, f"sc start {ATTENDANT}") == 0
    assert shown(server, ATTENDANT) == (START_PENDING, 0)
    assert server.state.listening(6002) == set()
    server.state.clock.advance(21)
    assert shown(server, ATTENDANT) == (RUNNING, 0)
    assert server.state.service(ATTENDANT).pid != before
    assert server.state.listening(6002)
    assert server.state.referral is not None


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_sc_start_and_stop_print_has_the_state_as_a_number(new_server: NewServer, language: str) -> None:
    server = new_server(**MAILBOX, language=language)
    assert re.search(r"^ +\S+ +: 3 ", server.out(f"sc stop {ATTENDANT} <nul"), re.MULTILINE)
    text = server.out(f"sc start {ATTENDANT} <nul")
    assert re.search(r"^ +\S+ +: 2 ", text, re.MULTILINE)
    assert f": {server.state.service(ATTENDANT).pid}\n" in text


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sc start None", 1060),
        ("sc stop None", 1060),
        ("sc enumdepend None 65536", 1060),
        (f"sc stop {ATTENDANT}", 1051),
        (f"sc start {ATTENDANT}", 1056),
        ("sc stop Stopped", 1062),
        ("sc start Disabled", 1058),
        ("sc start NeedsDisabled", 1068),
    ],
)
def test_what_sc_refuses_has_its_number(new_server: NewServer, language: str, line: str, expected: int) -> None:
    own = {
        "Stopped": "stopped",
        "Disabled": "stopped",
        "NeedsDisabled": {"state": "stopped", "depends_on": ["Disabled"]},
    }
    disabled = {f"{SERVICES}\\Disabled": {"Start": {"type": "REG_DWORD", "data": 4}}}
    services = {**STORE_NEEDS_ATTENDANT, **own}
    server = new_server(**MAILBOX, language=language, services=services, registry=disabled)
    output = server.run(f"{line} <nul")
    assert output.exit_code == expected
    assert f" {expected}:\r\n".encode() in output.stdout


def test_a_start_starts_what_is_needed(new_server: NewServer) -> None:
    server = new_server(**MAILBOX, services={**STORE_NEEDS_ATTENDANT, ATTENDANT: {"start_seconds": 10}})
    server.state.stop_service(ATTENDANT)
    assert code(server, "sc start MSExchangeIS") == 0
    assert shown(server, ATTENDANT) == (START_PENDING, 0)
    server.state.clock.advance(9)
    assert shown(server, "MSExchangeIS") == (START_PENDING, 0)
    server.state.clock.advance(2)
    assert shown(server, "MSExchangeIS") == (RUNNING, 0)


def test_what_was_started_for_another_runs_though_the_other_fails(new_server: NewServer) -> None:
    services = {"MSExchangeIS": {"depends_on": [ATTENDANT], "starts": "fails"}}
    server = new_server(**MAILBOX, services=services)
    server.state.stop_service(ATTENDANT)
    assert code(server, "sc start MSExchangeIS") == 1053
    assert shown(server, ATTENDANT) == (RUNNING, 0)
    assert server.state.referral is not None


# -- sc enumdepend


@pytest.mark.parametrize("language", ["en", "de"])
def test_enumdepend_lists_those_that_run_and_those_that_do_not(new_server: NewServer, language: str) -> None:
    far = {"Agent": {"state": "stopped", "depends_on": ["MSExchangeIS"]}}
    server = new_server(**MAILBOX, language=language, services={**STORE_NEEDS_ATTENDANT, **far})
    output = server.run(f"sc enumdepend {ATTENDANT} 65536 <nul")
    text = output.stdout.decode()
    assert output.exit_code == 0
    assert re.search(r"= 2\r\n", text)
    assert text.index(": Agent\r\n") < text.index(": MSExchangeIS\r\n")
    assert re.findall(r"^ +\S+ +: ([1-4])  \w", text, re.MULTILINE) == ["1", "4"]
    assert re.search(r"= 0\r\n", server.run("sc enumdepend Agent <nul").stdout.decode())


@pytest.mark.parametrize("language", ["en", "de"])
def test_enumdepend_names_the_bytes_it_needs(new_server: NewServer, language: str) -> None:
    many = {f"Agent{number}": {"depends_on": [ATTENDANT]} for number in range(20)}
    server = new_server(**MAILBOX, language=language, services=many)
    output = server.run(f"sc enumdepend {ATTENDANT} <nul")
    assert output.exit_code == 234
    needed = max(int(number) for number in re.findall(r"\d+", output.stdout.decode()))
    assert code(server, f"sc enumdepend {ATTENDANT} {needed - 1}") == 234
    assert code(server, f"sc enumdepend {ATTENDANT} {needed}") == 0


# -- net


@pytest.mark.parametrize("language", ["en", "de"])
def test_net_waits_and_leaves_dependents_stopped(new_server: NewServer, language: str) -> None:
    slow = {
        ATTENDANT: {"stop_seconds": 20, "start_seconds": 20},
        "MSExchangeIS": {"depends_on": [ATTENDANT], "stop_seconds": 9},
    }
    server = new_server(**MAILBOX, language=language, services=slow)
    before = server.state.clock.now()
    assert code(server, f"net stop {ATTENDANT} /y") == 0
    assert 29 <= server.state.clock.now() - before < 35
    assert shown(server, ATTENDANT) == shown(server, "MSExchangeIS") == (STOPPED, 0)
    assert code(server, f"net start {ATTENDANT}") == 0
    assert shown(server, ATTENDANT) == (RUNNING, 0)
    assert shown(server, "MSExchangeIS") == (STOPPED, 0)
    assert code(server, 'net start "Microsoft Exchange Information Store"') == 0


@pytest.mark.parametrize(
    "line",
    ["net stop None /y", "net start None", f"net start {ATTENDANT}", "net stop Stopped /y", f"net stop {ATTENDANT}"],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_net_ends_with_2_whatever_is_wrong(new_server: NewServer, language: str, line: str) -> None:
    services = {**STORE_NEEDS_ATTENDANT, "Stopped": "stopped"}
    server = new_server(**MAILBOX, language=language, services=services)
    assert code(server, line) == 2
    assert server.state.service(ATTENDANT).running


def test_net_waits_for_an_answer_without_nul(new_server: NewServer) -> None:
    server = new_server(**MAILBOX, services=STORE_NEEDS_ATTENDANT)

    async def scenario() -> None:
        process = await server.backend.run(f"net stop {ATTENDANT}", True, False)
        assert await process.read(0.05) is None
        await process.terminate()

    asyncio.run(scenario())
    assert not server.state.waits_without_nul(f"net stop {ATTENDANT} /y")
    assert not server.state.waits_without_nul("net stop MSExchangeIS")
    assert not server.state.waits_without_nul("net use")


def test_was_takes_the_web_server_along(new_server: NewServer) -> None:
    server = new_server(exchange={"roles": ["client_access"]})
    state = server.state
    assert state.service("W3SVC").pid == state.service("WAS").pid
    assert code(server, "net stop WAS /y") == 0
    assert shown(server, "W3SVC") == (STOPPED, 0)
    assert code(server, "net start W3SVC") == 0
    assert state.service("WAS").running


def test_a_service_in_a_shared_process_is_younger_than_the_process(new_server: NewServer) -> None:
    state = new_server(exchange={"roles": ["client_access"]}).state
    before = state.service("W3SVC")
    state.restart_service("W3SVC")
    after = state.service("W3SVC")
    assert after.started == before.started
    assert before.since is not None
    assert after.since is not None
    assert after.since > before.since


# -- services that do not behave


def test_a_service_that_never_stops(new_server: NewServer) -> None:
    server = new_server(**MAILBOX, services={ATTENDANT: {"stops": "never"}})
    output = server.run(f"net stop {ATTENDANT} /y <nul")
    assert output.exit_code == 2
    assert output.stderr
    server.state.clock.advance(3600)
    assert shown(server, ATTENDANT)[0] == STOP_PENDING
    assert code(server, f"net start {ATTENDANT}") == 2
    server.state.reboot()
    assert shown(server, ATTENDANT) == (RUNNING, 0)


def test_a_dependent_that_never_stops_keeps_what_it_needs(new_server: NewServer) -> None:
    services = {"MSExchangeIS": {"depends_on": [ATTENDANT], "stops": "never"}}
    server = new_server(**MAILBOX, services=services)
    assert code(server, f"net stop {ATTENDANT} /y") == 2
    assert shown(server, ATTENDANT) == (RUNNING, 0)
    assert shown(server, "MSExchangeIS")[0] == STOP_PENDING


def test_a_service_that_does_not_answer_does_not_start(new_server: NewServer) -> None:
    server = new_server(**MAILBOX, services={ATTENDANT: {"starts": "fails"}})
    assert shown(server, ATTENDANT) == (RUNNING, 0)
    server.state.stop_service(ATTENDANT)
    assert code(server, f"sc start {ATTENDANT}") == 1053
    assert code(server, f"net start {ATTENDANT}") == 2
    assert shown(server, ATTENDANT) == (STOPPED, 1053)
    server.state.set_behaviour(ATTENDANT, starts="normally")
    assert code(server, f"net start {ATTENDANT}") == 0


def test_a_service_that_ends_while_it_starts(new_server: NewServer) -> None:
    server = new_server(**MAILBOX)
    server.state.stop_service(ATTENDANT)
    server.state.set_behaviour(ATTENDANT, starts="fails", exit_code=1067, start_seconds=5)
    assert code(server, f"sc start {ATTENDANT}") == 0
    assert shown(server, ATTENDANT) == (START_PENDING, 0)
    server.state.clock.advance(6)
    assert shown(server, ATTENDANT) == (STOPPED, 1067)
    output = server.run(f"net start {ATTENDANT} <nul")
    assert output.exit_code == 2
    assert b"1067" in output.stderr
    assert server.state.service(ATTENDANT).pid == 0


def test_a_service_that_does_not_start_at_boot(new_server: NewServer) -> None:
    services = {ATTENDANT: {"boot": "fails"}, **STORE_NEEDS_ATTENDANT}
    server = new_server(**MAILBOX, services=services)
    assert shown(server, ATTENDANT) == (RUNNING, 0)
    server.state.reboot()
    assert shown(server, ATTENDANT) == (STOPPED, 1053)
    assert server.state.listening(6004) == set()
    assert code(server, f"net start {ATTENDANT}") == 0
    assert server.state.listening(6004)


def test_a_service_may_take_longer_than_the_boot(new_server: NewServer) -> None:
    server = new_server(**MAILBOX, services={ATTENDANT: {"start_seconds": 90}})
    server.state.reboot()
    assert shown(server, ATTENDANT) == (START_PENDING, 0)
    server.state.clock.advance(90)
    assert shown(server, ATTENDANT) == (RUNNING, 0)


@pytest.mark.parametrize("entry", [{"stops": "sometimes"}, {"stop_seconds": -1}, {"exit_code": 0}, {"boots": "fails"}])
def test_the_schema_refuses(entry: dict[str, Any]) -> None:
    with pytest.raises(HostsFileError):
        make_server(services={ATTENDANT: entry})


# -- whatever is asked of them

KINDS = (
    ServiceKind("A", "A", "a.exe"),
    ServiceKind("B", "B", "shared.exe/x", ("A",)),
    ServiceKind("C", "C", "shared.exe/x", ("B",)),
    ServiceKind("D", "D", "d.exe", ("A", "C")),
)
BEHAVIOURS = st.builds(
    ServiceBehaviour,
    stop_seconds=st.sampled_from([0.0, 5.0]),
    start_seconds=st.sampled_from([0.0, 5.0]),
    stops=st.sampled_from(["normally", "never"]),
    starts=st.sampled_from(["normally", "fails"]),
    exit_code=st.sampled_from([1053, 1067]),
)
ORDERS = st.tuples(
    st.sampled_from(["begin_start", "begin_stop", "start", "stop"]),
    st.sampled_from("ABCD"),
    st.integers(0, 6),
)


@given(st.dictionaries(st.sampled_from("abcd"), BEHAVIOURS), st.lists(ORDERS, max_size=30))
def test_no_service_runs_without_a_process_or_what_it_needs(
    behaviours: dict[str, ServiceBehaviour], orders: list[tuple[str, str, int]]
) -> None:
    processes = ProcessTable()
    table = ServiceTable(processes, lambda name: False, lambda name: None)
    table.behaviours.update(behaviours)
    table.boot(KINDS)
    moment = 0.0
    for order, name, seconds in orders:
        moment += seconds
        table.settle(moment)
        with contextlib.suppress(ServiceFailure):
            if order == "stop":
                table.stop(name)
            elif order == "start":
                table.start(name, moment)
            elif order == "begin_start":
                table.begin_start(name, moment)
            else:
                table.begin_stop(name, moment)
        for service in table.all():
            process = processes.of(service.name)
            assert (process is None) == (service.status == STOPPED)
            assert (service.since is None) == (service.status == STOPPED)
            assert service.pid == (process.pid if process else 0)
            if service.status == RUNNING:
                needs = next(kind.needs for kind in KINDS if kind.name == service.name)
                assert all(table.status(needed) in (RUNNING, START_PENDING) for needed in needs)
