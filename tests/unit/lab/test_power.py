# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shutdowns, reboots and outages: as shutdown.exe orders them, and as a client on the network meets them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from winrm.exceptions import WinRMError, WinRMTransportError, WSManFaultError

from tests.lab import Host, Lab
from tests.lab.backend import Output
from tests.lab.hosts import HostsFileError
from tests.lab.samples import sample
from tests.lab.state import system_errors
from tests.patience import PATIENCE_SECONDS, wait
from tests.unit.lab.conftest import Client, Server, make_server, when_it_boots

MAILBOX: dict[str, Any] = {"exchange": {"roles": ["mailbox"]}}
BOTH_ROLES: dict[str, Any] = {**MAILBOX, "domain_controller": {"global_catalog": True}}
REBOOT = 'shutdown /r /t 0 /c "Outlook Anywhere" /d p:2:4 <nul'
INTERFACES = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces"
CARDS = tuple(f"{{{digit * 8}-1111-1111-1111-111111111111}}" for digit in "123")
SERVER = make_server()

NewServer = Callable[..., Server]


# -- shutdown.exe


@pytest.mark.parametrize(("windows", "expected"), [("2003", 1115), ("2008", 1115), ("2008r2", 1115), ("2012", 1190)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_one_shutdown_at_a_time(new_server: NewServer, windows: str, language: str, expected: int) -> None:
    server = new_server(windows=windows, language=language)
    line = 'shutdown /r /t 600 /c "some words" /d p:2:4 <nul'
    first, second = server.run(line), server.run(line)
    assert (first.stdout, first.stderr, first.exit_code) == (b"", b"", 0)
    assert (second.stdout, second.exit_code) == (b"", expected)
    assert f"({expected})".encode() in second.stderr
    assert server.run("shutdown /a <nul").exit_code == 0
    assert server.run("shutdown /a <nul").exit_code == 1116
    assert server.state.pending_shutdown is None


@given(
    st.integers(0, 315360000),
    st.permutations([["r"], ["f"], ["c", '"a /s b"'], ["d", "p:2:4"]]),
    st.sampled_from("/-"),
    st.booleans(),
)
def test_switches_come_in_any_order(seconds: int, switches: list[list[str]], mark: str, upper: bool) -> None:
    words = [[mark + (name.upper() if upper else name), *values] for name, *values in [["t", str(seconds)], *switches]]
    state = SERVER.state
    before = state.clock.now()
    output = state.answer(" ".join(["shutdown", *(word for group in words for word in group)]))
    after = state.clock.now()
    assert output == Output(b"", b"", 0)
    pending = state.pending_shutdown
    assert state.abort_shutdown() or not seconds
    assert pending is None or (pending.kind == "reboot" and before <= pending.due - seconds <= after)


def test_system_errors_have_a_text_in_every_language() -> None:
    numbers = [[line.split()[0] for line in sample(f"system-errors-{name}").splitlines()] for name in ("en", "de")]
    assert numbers[0] == numbers[1]
    assert system_errors.text(1115, "en").startswith("A system shutdown")
    with pytest.raises(LookupError):
        system_errors.text(1, "en")


def test_without_a_network_a_reboot_happens_by_the_clock(new_server: NewServer) -> None:
    server = new_server(**MAILBOX)
    state, boot = server.state, server.state.boot_time
    assert server.run("shutdown /r /t 60 <nul").exit_code == 0
    state.clock.advance(59)
    assert server.run("shutdown /r /t 60 <nul").exit_code == 1115
    assert state.boot_time == boot
    state.clock.advance(2)
    assert state.pending_shutdown is None
    assert boot < state.boot_time < state.clock.now()
    assert state.service("MSExchangeSA").running


def test_somebody_elses_shutdown_waits(new_server: NewServer) -> None:
    server = new_server(pending_shutdown=True)
    boot = server.state.boot_time
    server.state.clock.advance(1e6)
    assert server.run(REBOOT).exit_code == 1115
    assert server.state.boot_time == boot
    server.state.let_shutdown_happen()
    assert server.state.boot_time > boot
    assert server.run(REBOOT).exit_code == 0


def test_a_power_off_leaves_nothing_running(new_server: NewServer) -> None:
    state = new_server(pending_shutdown={"kind": "power_off", "seconds": 5}).state
    assert state.listening(135)
    state.clock.advance(6)
    assert state.listening(135) == set()
    assert not state.is_up
    with pytest.raises(ValueError, match="sleep"):
        state.schedule_shutdown("sleep")


# -- on the network


@pytest.fixture
def start() -> Iterator[Callable[..., Host]]:
    """Makes a running server of a description."""
    labs: list[Lab] = []

    def make(**host: Any) -> Host:
        labs.append(Lab({"hosts": {"mbx1": {"fqdn": "mbx1.contoso.com", **MAILBOX, **host}}}).__enter__())
        return labs[-1]["mbx1"]

    yield make
    for lab in labs:
        lab.__exit__(None, None, None)


def reachable(host: Host) -> bool:
    """Whether a shell runs a command."""
    try:
        client = Client(host)
        succeeded = client.run("hostname")[2] == 0
        client.close()
    except requests.ConnectionError:
        return False
    return succeeded


def run(host: Host, line: str) -> tuple[bytes, bytes, int]:
    client = Client(host)
    try:
        return client.run(line)
    finally:
        client.close()


@pytest.mark.parametrize("transport", ["basic", "ntlm"])
def test_a_reboot_takes_the_server_away_and_back(
    start: Callable[..., Host], monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    host = start(transport=transport, reboot={"outage_seconds": 0.4})
    seen = when_it_boots(host, monkeypatch, lambda: (reachable(host), host.open_shells))
    change, port, pid = host.state.clock.now(), host.port, host.state.service("MSExchangeSA").pid
    client = Client(host)
    begun = time.monotonic()
    assert client.run(REBOOT)[2] == 0
    wait(lambda: host.state.boot_time > change)
    assert time.monotonic() - begun >= 0.4
    assert seen == [(False, 0)]
    wait(lambda: reachable(host))
    assert host.port == port
    assert host.state.service("MSExchangeSA").pid != pid
    # What is sealed for the connection of before opens on no other one.
    with pytest.raises((WinRMError, WinRMTransportError)):
        client.run("hostname")


def test_a_command_that_runs_is_broken_off(start: Callable[..., Host]) -> None:
    host = start()
    client = Client(host)
    command = client.start("wmic os get LocalDateTime /value")
    host.state.schedule_shutdown(seconds=0)
    with pytest.raises(requests.ConnectionError):
        client.finish(command)


def test_a_server_that_does_not_come_back(start: Callable[..., Host]) -> None:
    host = start(reboot={"comes_back": False})
    assert run(host, REBOOT)[2] == 0
    wait(lambda: not host.state.is_up)
    time.sleep(0.5)
    assert not reachable(host)
    host.power_on()
    assert reachable(host)
    assert host.state.service("MSExchangeSA").running


def test_a_server_that_comes_back_out_of_reach(start: Callable[..., Host]) -> None:
    host = start(reboot={"network_lost": True, "outage_seconds": 0})
    boot = host.state.boot_time
    assert run(host, REBOOT)[2] == 0
    wait(lambda: host.state.boot_time > boot)
    time.sleep(0.2)
    assert not reachable(host)
    host.plug_in()
    assert reachable(host)


def test_winrm_comes_late(start: Callable[..., Host]) -> None:
    host = start(reboot={"outage_seconds": 0, "winrm_late_seconds": 0.5, "shells_late": 2})
    boot = host.state.boot_time
    begun = time.monotonic()
    assert run(host, REBOOT)[2] == 0
    wait(lambda: host.state.boot_time > boot)
    faults = 0
    while faults < 2:
        assert time.monotonic() - begun < PATIENCE_SECONDS
        try:
            Client(host)
        except WSManFaultError:
            faults += 1
        except requests.ConnectionError:
            time.sleep(0.02)
    assert time.monotonic() - begun >= 0.5
    assert reachable(host)


def test_a_reboot_that_is_accepted_and_never_happens(start: Callable[..., Host]) -> None:
    host = start(reboot={"happens": False})
    assert run(host, REBOOT)[2] == 0
    time.sleep(0.5)
    assert reachable(host)
    assert run(host, REBOOT)[2] == 1115
    boot = host.state.boot_time
    host.state.let_shutdown_happen()
    wait(lambda: host.state.boot_time > boot)
    wait(lambda: reachable(host))


def test_an_order_that_is_taken_back(start: Callable[..., Host]) -> None:
    host = start(reboot={"warning_seconds": 1})
    assert run(host, "shutdown /r /t 600 & shutdown /a")[2] == 0
    time.sleep(1.5)
    assert reachable(host)


def test_the_clock_put_forward_brings_the_shutdown_on(start: Callable[..., Host]) -> None:
    host = start()
    host.state.schedule_shutdown("power_off", 3600)
    host.state.clock.advance(3601)
    wait(lambda: not host.state.is_up)
    wait(lambda: not reachable(host))


def test_power_off_and_on_at_any_time(start: Callable[..., Host]) -> None:
    host = start()
    boot = host.state.boot_time
    client = Client(host)
    for _turn in range(3):
        host.power_off()
        assert not reachable(host)
        assert host.open_shells == 0
        assert host.state.listeners() == ()
        host.power_on()
        host.power_on()
        assert reachable(host)
        assert host.state.boot_time > boot
    with pytest.raises(WinRMError):
        client.run("hostname")


def test_a_cable_that_is_pulled_leaves_the_shells(start: Callable[..., Host]) -> None:
    host = start()
    boot = host.state.boot_time
    client = Client(host)
    host.unplug()
    assert not reachable(host)
    assert host.open_shells == 1
    host.plug_in()
    assert client.run("hostname") == (b"mbx1\r\n", b"", 0)
    client.close()
    assert host.state.boot_time == boot


def test_a_server_that_is_not_running_takes_no_orders() -> None:
    with pytest.raises(RuntimeError, match="mbx1"):
        Lab({"hosts": {"mbx1": None}})["mbx1"].power_off()


@pytest.mark.parametrize(
    "host",
    [
        {"reboot": {"comes_back": 1}},
        {"reboot": {"outage_seconds": -1}},
        {"pending_shutdown": {"kind": "sleep"}},
        {"directory_owner": "store.exe"},
        {"stale_adapters": [{"ipv4": ["10.1.2.3"]}]},
    ],
)
def test_the_schema_refuses(host: dict[str, Any]) -> None:
    with pytest.raises(HostsFileError):
        make_server(**host)


# -- who has port 6004


def test_a_global_catalog_that_does_not_listen(new_server: NewServer) -> None:
    parameters = r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters"
    value = {"NSPI interface protocol sequences": {"type": "REG_MULTI_SZ", "data": ["ncacn_http:6004"]}}
    server = new_server(domain_controller={"global_catalog": True}, nspi_listens=False, registry={parameters: value})
    server.state.reboot()
    assert server.state.listening(6004) == set()
    server.state.nspi_listens = True
    assert {image for _stack, image in server.state.listening(6004)} == {"lsass.exe"}


def test_mad_may_have_6004_on_a_global_catalog(new_server: NewServer) -> None:
    assert {image for _stack, image in new_server(**BOTH_ROLES).state.listening(6004)} == {"lsass.exe"}
    server = new_server(**BOTH_ROLES, directory_owner="mad.exe")
    assert server.state.listening(6004) == {("ipv4", "mad.exe")}


# -- adapters


def test_adapters_have_their_keys(new_server: NewServer) -> None:
    server = new_server(
        adapters=[{"guid": CARDS[0]}, {"guid": CARDS[1], "dhcp": True}],
        addresses={"ipv4": ["10.1.2.3", "10.1.2.4", "10.1.2.5"]},
        stale_adapters=[{"guid": CARDS[2], "ipv4": ["10.9.9.9"]}],
    )
    registry = server.registry
    assert registry.get(f"{INTERFACES}\\{CARDS[0]}", "EnableDHCP") == ("REG_DWORD", 0)
    assert registry.get(f"{INTERFACES}\\{CARDS[0]}", "IPAddress") == ("REG_MULTI_SZ", ["10.1.2.3", "10.1.2.5"])
    assert registry.get(f"{INTERFACES}\\{CARDS[0]}", "SubnetMask") == ("REG_MULTI_SZ", ["255.255.255.0"] * 2)
    assert registry.get(f"{INTERFACES}\\{CARDS[1]}", "EnableDHCP") == ("REG_DWORD", 1)
    assert registry.get(f"{INTERFACES}\\{CARDS[1]}", "DhcpIPAddress") == ("REG_SZ", "10.1.2.4")
    assert registry.get(f"{INTERFACES}\\{CARDS[1]}", "IPAddress") is None
    assert registry.get(f"{INTERFACES}\\{CARDS[2]}", "IPAddress") == ("REG_MULTI_SZ", ["10.9.9.9"])
    bound = registry.get(r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Linkage", "Bind")
    assert bound == ("REG_MULTI_SZ", [f"\\Device\\{card}" for card in CARDS[:2]])
    assert "10.9.9.9" not in server.state.addresses("ipv4")
