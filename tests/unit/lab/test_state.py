# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The article, as the lab's servers live it: who listens on what, and what only a restart or a reboot changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.roles import PATCHES
from tests.lab.state import Referral
from tests.unit.lab.conftest import Server

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
NTDS = SERVICES + r"\NTDS\Parameters"
SYSTEM_ATTENDANT = SERVICES + r"\MSExchangeSA\Parameters"
TCPIP6 = SERVICES + r"\Tcpip6\Parameters"
NSPI = "NSPI interface protocol sequences"
MAILBOX: dict[str, Any] = {"exchange": {"roles": ["mailbox"]}}
CLIENT_ACCESS: dict[str, Any] = {"exchange": {"roles": ["client_access"]}}
CATALOG: dict[str, Any] = {"domain_controller": {"global_catalog": True}}
CARDS = ("{11111111-1111-1111-1111-111111111111}", "{22222222-2222-2222-2222-222222222222}")

NewServer = Callable[..., Server]


def on(image: str, *stacks: str) -> set[tuple[str, str]]:
    return {(stack, image) for stack in stacks or ("ipv4", "ipv6")}


# -- Mailbox


def rollup(*builds: str, build: str = "8.1.240.6") -> dict[str, Any]:
    rollups = [{"build": number} for number in builds]
    return {"exchange": {"roles": ["mailbox"], "build": build, "rollups": rollups}}


@pytest.mark.parametrize(
    ("host", "stacks"),
    [
        (rollup(), ("ipv4",)),
        (rollup("8.1.291.2"), ("ipv4",)),
        (rollup("8.1.263.1", "8.1.311.3"), ("ipv4", "ipv6")),
        (rollup("8.1.336.1"), ("ipv4", "ipv6")),
        (rollup(build="8.2.176.2"), ("ipv4", "ipv6")),
        (rollup("8.0.744.0", build="8.0.685.24"), ("ipv4",)),
    ],
)
def test_mad_listens_on_6004_as_its_build_does(
    new_server: NewServer, host: dict[str, Any], stacks: tuple[str, ...]
) -> None:
    state = new_server(**host).state
    assert state.listening(6001) == on("store.exe")
    assert state.listening(6002) == on("mad.exe")
    assert state.listening(6004) == on("mad.exe", *stacks)
    assert state.listening(593) == set()


def test_a_rollup_counts_once_the_system_attendant_has_started_again(new_server: NewServer) -> None:
    server = new_server(**MAILBOX)
    server.registry.set(PATCHES + r"\A1", "DisplayName", "REG_SZ", "Update Rollup 4 8.1.311.3")
    assert server.state.listening(6004) == on("mad.exe", "ipv4")
    server.state.restart_service("msexchangesa")
    assert server.state.listening(6004) == on("mad.exe")


def test_a_role_key_written_by_hand_makes_a_mailbox_server(new_server: NewServer) -> None:
    role = {r"HKLM\SOFTWARE\Microsoft\Exchange\v8.0\MailboxRole": {"ConfiguredVersion": text("8.1.0240.006")}}
    assert new_server(registry=role).state.listening(6004) == on("mad.exe", "ipv4")


def text(data: str) -> dict[str, Any]:
    return {"type": "REG_SZ", "data": data}


@pytest.mark.parametrize("global_catalog", [True, False])
def test_on_a_mailbox_server_that_is_a_domain_controller_lsass_has_6004(
    new_server: NewServer, global_catalog: bool
) -> None:
    state = new_server(**MAILBOX, domain_controller={"global_catalog": global_catalog}).state
    assert state.listening(6004) == on("lsass.exe")
    assert state.listening(6002) == on("mad.exe")


def test_a_stopped_service_listens_on_nothing(new_server: NewServer) -> None:
    state = new_server(**MAILBOX).state
    state.stop_service("MSExchangeSA")
    assert (state.listening(6002), state.listening(6004), state.referral) == (set(), set(), None)
    state.start_service("MSExchangeSA")
    assert state.listening(6002) == on("mad.exe")


def test_the_referral_is_what_the_system_attendant_read_at_its_start(new_server: NewServer) -> None:
    server = new_server(**MAILBOX)
    server.registry.set(SYSTEM_ATTENDANT, "Do Not Refer HTTP to DSProxy", "REG_DWORD", 2)
    server.registry.set(SYSTEM_ATTENDANT, "NSPI Target Server", "REG_SZ", "gc1.contoso.com")
    assert server.state.referral == Referral(refers=True, nspi_target=None)
    server.state.restart_service("MSExchangeSA")
    assert server.state.referral == Referral(refers=False, nspi_target="gc1.contoso.com")


def test_a_referral_switch_that_is_no_number_switches_nothing(new_server: NewServer) -> None:
    values = {SYSTEM_ATTENDANT: {"Do Not Refer HTTP to DSProxy": text("1")}}
    assert new_server(**MAILBOX, registry=values).state.referral == Referral(refers=True, nspi_target=None)


# -- Client Access and Global Catalog


def test_client_access_has_the_endpoint_mapper(new_server: NewServer) -> None:
    state = new_server(**CLIENT_ACCESS).state
    assert state.listening(593) == on("svchost.exe")
    assert state.listening(6004) == set()
    assert state.service("MSExchangeServiceHost").running


@pytest.mark.parametrize(
    ("catalog", "strings", "expected"),
    [
        (True, ["ncacn_http:6004"], on("lsass.exe")),
        (True, ["ncacn_http:6005", "NCACN_HTTP:6004"], on("lsass.exe")),
        (True, ["ncacn_http:16004"], set()),
        (True, [], set()),
        (False, ["ncacn_http:6004"], set()),
    ],
)
def test_a_global_catalog_listens_from_its_next_boot(
    new_server: NewServer, catalog: bool, strings: list[str], expected: set[tuple[str, str]]
) -> None:
    server = new_server(domain_controller={"global_catalog": catalog})
    server.registry.set(NTDS, NSPI.upper(), "REG_MULTI_SZ", strings)
    assert server.state.listening(6004) == set()
    server.state.restart_service("Netlogon")
    assert server.state.listening(6004) == set()
    server.state.reboot()
    assert server.state.listening(6004) == expected


def test_a_global_catalog_goes_on_listening_until_its_next_boot(new_server: NewServer) -> None:
    server = new_server(**CATALOG, registry={NTDS: {NSPI: {"type": "REG_MULTI_SZ", "data": ["ncacn_http:6004"]}}})
    server.registry.delete(NTDS, NSPI)
    assert server.state.listening(6004) == on("lsass.exe")
    server.state.reboot()
    assert server.state.listening(6004) == set()


# -- IPv6


@pytest.mark.parametrize(
    ("components", "left"),
    [
        (0xFF, []),
        (0xFFFFFFFF, []),
        (0x11, []),
        (0x10, ["fe80::5efe:10.1.2.3"]),
        (0x01, ["2001:db8::3", "fe80::3"]),
        (0x20, ["2001:db8::3", "fe80::5efe:10.1.2.3", "fe80::3"]),
        (0, ["2001:db8::3", "fe80::5efe:10.1.2.3", "fe80::3"]),
    ],
)
def test_disabled_components_count_from_the_next_boot(new_server: NewServer, components: int, left: list[str]) -> None:
    every = ["2001:db8::3", "fe80::5efe:10.1.2.3", "fe80::3"]
    server = new_server(**CLIENT_ACCESS, addresses={"ipv6": every})
    server.registry.set(TCPIP6, "DisabledComponents", "REG_DWORD", components)
    assert server.state.addresses("ipv6") == every
    server.state.reboot()
    assert server.state.addresses("ipv6") == left
    assert "::1\n" in server.out("netsh interface ipv6 show addresses <nul")
    assert server.state.listening(593) == on("svchost.exe")


def test_disabled_components_of_another_type_disable_nothing(new_server: NewServer) -> None:
    state = new_server(registry={TCPIP6: {"DisabledComponents": text("255")}}).state
    assert len(state.addresses("ipv6")) == 2


def test_an_unbound_adapter_has_no_ipv6_address(new_server: NewServer) -> None:
    server = new_server(
        adapters=[{"guid": CARDS[0], "ipv6_bound": False}, {"guid": CARDS[1]}],
        addresses={"ipv4": ["10.1.2.3", "10.1.2.4"], "ipv6": ["2001:db8::1", "2001:db8::2"]},
    )
    assert server.state.addresses("ipv4") == ["10.1.2.3", "10.1.2.4"]
    assert server.state.addresses("ipv6") == ["2001:db8::2"]
    devices = [f"\\Device\\{card.lower()}" for card in CARDS]
    server.registry.set(SERVICES + r"\Tcpip6\Linkage", "Bind", "REG_MULTI_SZ", devices)
    assert server.state.addresses("ipv6") == ["2001:db8::1", "2001:db8::2"]


def test_default_addresses_differ(new_server: NewServer) -> None:
    first, second = (new_server(fqdn=f"{name}.contoso.com").state for name in ("a", "b"))
    for stack, count in (("ipv4", 1), ("ipv6", 2)):
        assert len(first.addresses(stack)) == count
        assert not set(first.addresses(stack)) & set(second.addresses(stack))


def test_server_2003_knows_no_ipv6(new_server: NewServer) -> None:
    server = new_server(windows="2003", exchange={"roles": ["mailbox"], "build": "8.1.336.1"})
    assert server.state.addresses("ipv6") == []
    assert server.state.listening(6004) == on("mad.exe", "ipv4")
    output = server.run("netsh interface ipv6 show addresses <nul")
    assert b"::" not in output.stdout
    assert output.exit_code == 1


# -- services and time


def test_a_restart_is_later_and_another_process(new_server: NewServer) -> None:
    state = new_server(**MAILBOX).state
    before, change, others = state.service("MSExchangeSA"), state.clock.now(), state.service("MSExchangeIS")
    state.restart_service("MSExchangeSA")
    after = state.service("MSExchangeSA")
    assert before.pid != after.pid
    assert before.started is not None
    assert after.started is not None
    assert before.started < change < after.started <= state.clock.now()
    assert state.service("MSExchangeIS") == others


def test_a_reboot_is_later_for_everything(new_server: NewServer) -> None:
    state = new_server(**MAILBOX, **CATALOG, boot_hours_ago=2).state
    before, change = {process.pid for process in state.processes() if process.services}, state.clock.now()
    assert change - state.boot_time == pytest.approx(2 * 3600, abs=5)
    state.reboot()
    assert change < state.boot_time < state.clock.now()
    for process in state.processes():
        assert state.boot_time <= process.started <= state.clock.now()
        assert not process.services or process.pid not in before


def test_services_go_down_and_come_up_with_those_that_need_them(new_server: NewServer) -> None:
    agent = {"MailAgent": {"process": "agent.exe", "depends_on": ["MSExchangeSA"]}}
    state = new_server(**MAILBOX, services={**agent, "Later": {"state": "stopped", "depends_on": ["MailAgent"]}}).state
    assert state.service("MSExchangeSA").dependents == ("MailAgent",)
    assert state.stop_service("MSExchangeSA") == ["MailAgent", "MSExchangeSA"]
    assert not state.service("mailagent").running
    state.start_service("MailAgent")
    assert state.service("MSExchangeSA").running
    assert state.referral is not None
    state.restart_service("MSExchangeSA")
    assert state.service("MailAgent").image == "agent.exe"
    assert state.service("MailAgent").running
    assert not state.service("Later").running


def test_services_that_start_by_hand_or_not_at_all(new_server: NewServer) -> None:
    server = new_server(**MAILBOX, services={"MSExchangeSA": "stopped", "RemoteAccess": "running"})
    assert not server.state.service("MSExchangeSA").running
    assert server.state.service("RemoteAccess").pid == server.state.service("Schedule").pid
    server.registry.set(SERVICES + r"\RemoteAccess", "Start", "REG_DWORD", 4)
    assert server.state.service("RemoteAccess").running
    server.state.reboot()
    assert not server.state.service("RemoteAccess").running


def test_an_unknown_service(new_server: NewServer) -> None:
    for act in ("service", "start_service", "stop_service", "restart_service"):
        with pytest.raises(KeyError):
            getattr(new_server().state, act)("MSExchangeSA")


def test_a_shared_process_lives_as_long_as_one_of_its_services(server: Server) -> None:
    pid = server.state.service("SamSs").pid
    server.state.stop_service("Netlogon")
    assert server.state.service("SamSs").pid == pid
    server.state.start_service("Netlogon")
    assert server.state.service("Netlogon").pid == pid


def test_a_cluster_node(new_server: NewServer) -> None:
    server = new_server(cluster=True)
    assert server.state.service("ClusSvc").running
    assert server.run(r"reg query HKLM\Cluster <nul").exit_code == 0


def test_many_threads_may_ask(new_server: NewServer) -> None:
    state = new_server(**MAILBOX, **CATALOG).state
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            for _turn in range(20):
                assert len(state.listening(6004)) == 2
                assert state.answer("netstat -ano") is not None
                state.restart_service("MSExchangeSA")
        except BaseException as error:  # noqa: BLE001 told below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
