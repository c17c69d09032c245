# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipv6_components, ipv6_binding and the question who needs them, decided on readings alone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import yaml

from plugins.modules import ipv6_components
from plugins.plugin_utils.fixes.ipv6_binding import LINKAGE, LINKAGE6, Ipv6Binding
from plugins.plugin_utils.fixes.ipv6_components import PARAMETERS, ROUTING, Ipv6Components
from plugins.plugin_utils.fixes.plan import LeaveAlone, Plan
from plugins.plugin_utils.formats.registry import KeyAbsent, KeyContent, KeyDenied, SetNumber, Unreadable, Value
from plugins.plugin_utils.ipv6_need import hosts_file_need, ipv6_need
from plugins.plugin_utils.journal import Memory, Record
from plugins.plugin_utils.reads import (
    Addresses,
    Clock,
    Link,
    Observed,
    ReadClock,
    ReadIPv6Addresses,
    ReadKey,
    ReadLink,
    Service,
)

BOOT = datetime.datetime(2008, 11, 5, 8, 0, tzinfo=datetime.UTC)
NOW = BOOT + datetime.timedelta(hours=4)
NAME = "DisabledComponents"


def number(data: int, name: str = NAME) -> Value:
    return Value(name, "REG_DWORD", data, hex(data))


SOME_LEFT, NONE_LEFT = Addresses(("::1", "fe80::3")), Addresses(("::1",))
NO_ROUTING = Service(None)


def server(
    *values: Value,
    boot: datetime.datetime = BOOT,
    addresses: Any = SOME_LEFT,
    routing: Any = NO_ROUTING,
    ipv6_link: bool = False,
    key: Any = None,
) -> Observed:
    return Observed(
        {
            ReadLink(): Link(ipv6_link),
            ReadKey(PARAMETERS): key or KeyContent(values, ()),
            ReadClock(): Clock(boot, max(boot, NOW)),
            ROUTING: routing,
            ReadIPv6Addresses(): addresses,
        }
    )


def plan(observed: Observed, memory: Memory | None = None, state: str = "disabled") -> Plan:
    return Ipv6Components.parse({"state": state}).plan(observed, memory or {})


def test_the_documentation_says_what_is_accepted() -> None:
    options = yaml.safe_load(ipv6_components.DOCUMENTATION)["options"]
    keys = ("type", "elements", "choices", "default")
    assert {
        name: {key: option[key] for key in keys if key in option} for name, option in options.items()
    } == Ipv6Components.argument_spec


@pytest.mark.parametrize(
    ("state", "present", "change"),
    [
        ("disabled", None, 0xFF),
        ("disabled", 0xFF, None),
        ("disabled", 0x20, 0xFF),
        ("disabled", 0xFFFFFFFF, 0xFF),
        ("prefer_ipv4", 0xFF, 0x20),
        ("prefer_ipv4", 0x20, None),
        ("enabled", None, None),
        ("enabled", 0, None),
        ("enabled", 0xFF, 0),
    ],
)
def test_the_number_that_stands_for_the_state(state: str, present: int | None, change: int | None) -> None:
    result = plan(server(*([] if present is None else [number(present)])), state=state)
    assert result.changes == (() if change is None else (SetNumber(PARAMETERS, NAME, change),))
    assert result.reboot_required is (change is not None)


def test_all_bits_are_drift_with_a_reason_of_their_own() -> None:
    assert "5 seconds" in plan(server(number(0xFFFFFFFF))).findings[0].reason


def test_another_type_is_drift() -> None:
    result = plan(server(Value(NAME, "REG_SZ", "255", "255")))
    assert result.changes
    assert "REG_SZ" in result.findings[0].reason


@pytest.mark.parametrize(
    ("observed", "says"),
    [
        (server(number(0xFF, "DisabledComponent")), "misspelt"),
        (server(number(0xFF, "Disabled Components")), "misspelt"),
        (server(routing=Service(4)), "Routing and Remote Access runs"),
        (server(routing=Unreadable("odd", "?")), "could not be read"),
    ],
)
def test_warnings(observed: Observed, says: str) -> None:
    assert any(says in warning for warning in plan(observed).warnings)


def test_routing_is_no_concern_of_a_value_that_it_tolerates() -> None:
    assert plan(server(routing=Service(4)), state="prefer_ipv4").warnings == ()
    assert plan(server(routing=Service(1))).warnings == ()


def test_we_do_not_cut_off_the_branch_that_we_sit_on() -> None:
    result = plan(server(ipv6_link=True))
    assert result.failure is not None
    assert "ansible_host" in result.failure.found
    assert result.changes == ()
    assert result.findings[0].blocked_by
    assert plan(server(ipv6_link=True), state="prefer_ipv4").failure is None
    assert plan(server(number(0xFF), ipv6_link=True)).failure is None


MEMORY: Memory = {("ipv6_components", NAME): Record("ipv6_components", NAME, "0xFF", NOW)}
LATER = NOW + datetime.timedelta(minutes=5)


@pytest.mark.parametrize(
    ("observed", "memory", "effective", "reboot"),
    [
        (server(number(0xFF), addresses=NONE_LEFT), MEMORY, "no", True),
        (server(number(0xFF), boot=LATER, addresses=NONE_LEFT), MEMORY, "yes", False),
        (server(number(0xFF), boot=LATER), MEMORY, "no", False),
        (server(number(0xFF), addresses=NONE_LEFT), {}, "unknown", False),
        (server(number(0xFF)), {}, "no", False),
        (server(number(0xFF), boot=LATER, addresses=Unreadable("odd", "?")), MEMORY, "unknown", False),
    ],
)
def test_off_means_no_address_but_loopback_and_a_boot_since(
    observed: Observed, memory: Memory, effective: str, reboot: bool
) -> None:
    result = plan(observed, memory)
    assert result.changes == ()
    assert result.findings[0].status == "compliant"
    assert result.findings[0].effective == effective
    assert result.reboot_required is reboot


def test_a_key_that_cannot_be_read_is_unknown() -> None:
    assert plan(server(key=KeyAbsent(PARAMETERS))).findings[0].status == "not_applicable"
    for key in (KeyDenied(PARAMETERS, "no"), Unreadable("odd", "?")):
        result = plan(server(key=key))
        assert result.failure is not None
        assert result.findings[0].status == "unknown"


def test_where_it_is_not_needed_it_is_not_applied_and_what_is_there_is_told() -> None:
    fix, leave = Ipv6Components(), LeaveAlone("not_applicable", "mbx1: build 8.1.311.3")
    absent = server()
    left = leave.of(fix, fix.plan(absent, {}), absent)
    assert (left.findings[0].status, left.changes) == ("not_applicable", ())
    assert "8.1.311.3" in left.findings[0].reason
    there = server(number(0xFF))
    kept = leave.of(fix, fix.plan(there, {}), there)
    assert kept.findings[0].status == "compliant"
    assert "would not be needed" in kept.findings[0].reason


# --- the binding


def binding(bound: list[str], bound6: list[str] | None, components: int | None = None) -> Plan:
    def linkage(adapters: list[str]) -> KeyContent:
        devices = tuple(rf"\Device\{adapter}" for adapter in adapters)
        return KeyContent((Value("Bind", "REG_MULTI_SZ", devices, "\\0".join(devices)),), ())

    observed = Observed(
        {
            ReadKey(LINKAGE): linkage(bound),
            ReadKey(LINKAGE6): KeyAbsent(LINKAGE6) if bound6 is None else linkage(bound6),
            ReadKey(PARAMETERS): KeyContent(() if components is None else (number(components),), ()),
        }
    )
    return Ipv6Binding.parse({}).plan(observed, {})


@pytest.mark.parametrize(
    ("bound6", "components", "status"),
    [
        (["{A}", "{B}"], None, "compliant"),
        (["{a}"], None, "drifted"),
        ([], 0x20, "drifted"),
        (None, None, "drifted"),
        ([], 0xFF, "compliant"),
        (["{A}"], 0xFF, "compliant"),
        ([], 0xFFFFFFFF, "drifted"),
    ],
)
def test_half_disabled_is_drift_and_nothing_is_changed(
    bound6: list[str] | None, components: int | None, status: str
) -> None:
    result = binding(["{A}", "{B}"], bound6, components)
    assert result.findings[0].status == status
    assert result.changes == ()
    if status == "drifted":
        assert result.findings[0].blocked_by
        assert "0xFF" in result.findings[0].reason
        assert "{B}" in result.findings[0].reason


# --- who needs it


def facts(**server_facts: Any) -> dict[str, Any]:
    return {"outlook_anywhere_identity": {"server": server_facts}}


OLD = facts(exchange_build="8.1.240.6", directory_stacks=["IPv4"])
FIXED = facts(exchange_build="8.1.311.3", directory_stacks=["IPv4", "IPv6"])


@pytest.mark.parametrize(
    ("mailbox", "needed", "says"),
    [
        ({"mbx1": OLD, "mbx2": FIXED}, True, "mbx1: build 8.1.240.6, below 8.1.311.3"),
        ({"mbx1": FIXED}, False, "mbx1: build 8.1.311.3"),
        ({"mbx1": facts(exchange_build="8.2.176.2", directory_stacks=["IPv4"])}, True, "6004 on IPv4 only"),
        ({"mbx1": facts(exchange_build="8.2.176.2", directory_stacks=[])}, False, "8.2.176.2"),
        ({"mbx1": facts(exchange_build=None)}, True, "mbx1: not read"),
        ({"mbx1": facts(exchange_build="8.1.240.6", unknown={"exchange_rollups": "denied"})}, True, "rollups"),
        ({"mbx1": facts(exchange_2010_or_later=True)}, False, "Exchange 2010"),
        ({"mbx1": {}}, True, "mbx1: not read"),
        ({"mbx1": facts(exchange_build="8.1.240.6", domain_controller=True)}, False, "lsass"),
        ({}, False, "no Mailbox server"),
    ],
)
def test_the_mailbox_servers_decide(mailbox: dict[str, Any], needed: bool, says: str) -> None:
    need = ipv6_need(list(mailbox), mailbox)
    assert need.needed is needed
    assert says in need.reason


def test_a_server_that_nobody_reads_counts_as_one_that_needs_it() -> None:
    need = ipv6_need(["mbx1"], {"mbx1": FIXED}, [{"fqdn": "clustered.contoso.com"}])
    assert need.needed
    assert need.unread == ("clustered.contoso.com",)
    known = {"mbx1": facts(fqdn="mbx1.contoso.com", exchange_build="8.1.311.3", directory_stacks=["IPv4", "IPv6"])}
    assert not ipv6_need(["mbx1"], known, ["MBX1.contoso.com"]).needed


def test_why_it_is_needed_and_who_was_not_read_is_told() -> None:
    options = {"state": "disabled", "needed_because": "mbx1: build 8.1.240.6", "unread_mailbox_servers": ["mbx2"]}
    result = Ipv6Components.parse(options).plan(server(), {})
    assert "mbx1: build 8.1.240.6" in result.findings[0].reason
    assert any("mbx2" in warning for warning in result.warnings)


def test_what_cannot_be_read_is_told_even_where_it_is_left_alone() -> None:
    fix, leave = Ipv6Components(), LeaveAlone("not_applicable", "all fixed")
    denied = server(key=KeyDenied(PARAMETERS, "no"))
    left = leave.of(fix, fix.plan(denied, {}), denied)
    assert left.failure is not None
    assert left.findings[0].status == "unknown"


def test_a_binding_that_cannot_be_read_is_unknown() -> None:
    assert binding([], []).findings[0].status == "unknown"


@pytest.mark.parametrize("own", [facts(windows_version="5.2"), facts(exchange_2010_or_later=True)])
def test_the_client_access_server_itself_may_be_out_of_the_question(own: dict[str, Any]) -> None:
    assert not ipv6_need(["mbx1"], {"mbx1": OLD, "cas1": own}, (), "cas1").needed
    assert ipv6_need(["mbx1"], {"mbx1": OLD, "cas1": facts(windows_version="6.0")}, (), "cas1").needed


def test_a_server_with_both_roles_reaches_itself_by_its_hosts_file_and_others_without_ipv6() -> None:
    alone = ipv6_need(["all1"], {"all1": OLD}, (), "all1")
    assert (alone.needed, alone.applies) == (False, True)
    assert "hosts file" in alone.reason
    others = ipv6_need(["all1", "mbx1"], {"all1": FIXED, "mbx1": OLD}, (), "all1")
    assert others.needed
    assert not ipv6_need(["all1", "mbx1"], {"all1": OLD, "mbx1": FIXED}, (), "all1").needed
    assert ipv6_need(["all1"], {"all1": OLD}, ["clustered.contoso.com"], "all1").needed


def test_the_hosts_file_is_needed_by_a_mailbox_server_whose_own_6004_is_on_ipv4_alone() -> None:
    assert hosts_file_need(["all1"], {"all1": OLD}, "all1").needed
    assert not hosts_file_need(["all1"], {"all1": FIXED}, "all1").needed
    assert hosts_file_need(["all1"], {"all1": {}}, "all1").unread == ("all1",)
    no_mailbox = hosts_file_need(["mbx1"], {"cas1": OLD, "mbx1": OLD}, "cas1")
    assert (no_mailbox.needed, no_mailbox.reason) == (False, "it is no Mailbox server")
