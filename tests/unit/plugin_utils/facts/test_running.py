# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a server runs, and what of the split-connection fix it has: null and a reason where that is not known."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from plugins.plugin_utils.facts import referral, running
from plugins.plugin_utils.facts.part import names_of
from plugins.plugin_utils.facts.referral import Referral
from plugins.plugin_utils.facts.roles import OWNERS
from plugins.plugin_utils.facts.running import SERVICES, Running
from plugins.plugin_utils.fixes.dsproxy_referral import PARAMETERS
from plugins.plugin_utils.fixes.valid_ports import CONFIGURATOR, RPC_PROXY
from plugins.plugin_utils.formats.netstat import Listener
from plugins.plugin_utils.formats.registry import KeyAbsent, KeyContent, KeyDenied, Unreadable, Value
from plugins.plugin_utils.reads import (
    Clock,
    Listeners,
    Observed,
    Process,
    Processes,
    ReadClock,
    ReadKey,
    ReadListeners,
    ReadService,
    Service,
)

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
BOOT = NOON - datetime.timedelta(hours=7)
LISTENERS = Listeners(
    (
        Listener(443, "IPv4", "0.0.0.0", 4),
        Listener(443, "IPv6", "::", 4),
        Listener(6004, "IPv4", "0.0.0.0", 700),
        Listener(6004, "IPv6", "::", 999),
        Listener(16004, "IPv4", "0.0.0.0", 6004),
    )
)


def observe(**given: Any) -> Observed:
    services = {ReadService(name): Service(None) for name in SERVICES}
    services |= {ReadService(name): Service(state) for name, state in given.get("services", {"W3SVC": 4}).items()}
    return Observed(
        {
            **services,
            **given.get("unread", {}),
            ReadClock(): given.get("clock", Clock(BOOT, NOON)),
            ReadListeners(): given.get("listeners", LISTENERS),
            OWNERS: given.get("owners", Processes((Process("LSASS.EXE", 700, BOOT),))),
        }
    )


def test_what_runs_and_listens_is_told_with_the_owner_of_6004() -> None:
    found = Running.of(observe(services={"W3SVC": 4, "MSExchangeIS": 1}))
    assert found.services == {"W3SVC": 4, "MSExchangeIS": 1}
    assert found.ports == {"443": ("IPv4", "IPv6"), "6004": ("IPv4", "IPv6")}
    assert found.directory_owners == ("lsass.exe",)
    assert (found.booted_at, found.read_at) == ("2009-01-01T05:00:00+01:00", "2009-01-01T12:00:00+01:00")
    assert found.unknown == {}


def test_what_cannot_be_read_is_null_with_what_the_server_said() -> None:
    odd = Unreadable("no such shape", "garbage")
    found = Running.of(observe(clock=odd, listeners=odd, unread={ReadService("W3SVC"): odd}))
    assert (found.services, found.ports, found.directory_owners, found.read_at) == (None, None, None, None)
    assert set(found.unknown) == {"services", "ports", "directory_owners", "booted_at", "read_at"}
    assert "garbage" in found.unknown["services"]
    assert set(Running.not_read("why").unknown.values()) == {"why"}
    assert set(running.READS) == set(observe().states)


def keys(proxy: Any = None, polling: Any = None, attendant: Any = None) -> Observed:
    states = {RPC_PROXY: proxy, CONFIGURATOR: polling, PARAMETERS: attendant}
    return Observed(
        {
            ReadKey(key): KeyAbsent(key) if values is None else KeyContent(tuple(values), ())
            for key, values in states.items()
        }
    )


def value(name: str, kind: str, data: Any) -> Value:
    return Value(name, kind, data, str(data))


def test_the_list_polling_and_referral_are_told_as_they_are() -> None:
    refer = value("Do Not Refer HTTP to DSProxy", "REG_DWORD", 1)
    found = Referral.of(
        keys([value("ValidPorts", "REG_SZ", "a:1")], [value("PeriodicPollingMinutes", "REG_DWORD", 0)], [refer])
    )
    assert found == Referral("a:1", 0, False, False)
    assert Referral.of(keys([], attendant=[])) == Referral(None, None, True, False)
    assert Referral.of(keys(attendant=[value(refer.name, "REG_DWORD", 0)])).refers_http_to_dsproxy is True
    target = value("NSPI Target Server", "REG_SZ", "gc1.contoso.com")
    found = Referral.of(keys([value("Enabled", "REG_DWORD", 1)], attendant=[target]))
    assert (found.rpc_proxy_enabled, found.nspi_target_server, found.unknown) == (True, "gc1.contoso.com", {})
    assert set(referral.READS) == set(keys().states)


def test_what_of_the_referral_is_absent_denied_or_of_another_type_is_told_apart() -> None:
    absent = Referral.of(keys())
    assert absent == Referral(unknown=absent.unknown)
    assert list(absent.unknown) == ["rpc_proxy_enabled"]
    assert "does not exist" in absent.unknown["rpc_proxy_enabled"]
    denied = Referral.of(
        Observed({ReadKey(key): KeyDenied(key, "no!") for key in (RPC_PROXY, CONFIGURATOR, PARAMETERS)})
    )
    assert denied == Referral(unknown=denied.unknown)
    assert set(denied.unknown) == set(names_of(Referral))
    assert all("no!" in why for why in denied.unknown.values())
    odd = Referral.of(keys([value("ValidPorts", "REG_DWORD", 5)], [value("PeriodicPollingMinutes", "REG_SZ", "x")]))
    assert (odd.valid_ports, odd.polling_minutes) == (None, None)
    assert "REG_DWORD: '5'" in odd.unknown["valid_ports"]
    assert "no number" in odd.unknown["polling_minutes"]


@pytest.mark.parametrize(("kind", "data"), [("REG_SZ", "1"), ("REG_QWORD", 1), ("REG_DWORD", None)])
def test_a_switch_of_another_type_is_neither_on_nor_off(kind: str, data: Any) -> None:
    odd = Referral.of(
        keys([value("Enabled", kind, data)], attendant=[value("Do Not Refer HTTP to DSProxy", kind, data)])
    )
    assert (odd.rpc_proxy_enabled, odd.refers_http_to_dsproxy) == (None, None)
    for part in ("rpc_proxy_enabled", "refers_http_to_dsproxy"):
        assert f"{kind}: '{data}'" in odd.unknown[part]


def test_the_start_of_the_system_attendant_is_told_where_it_runs() -> None:
    started = NOON - datetime.timedelta(minutes=5)
    found = Running.of(observe(owners=Processes((Process("MAD.EXE", 800, NOON), Process("mad.exe", 801, started)))))
    assert found.system_attendant_started_at == started.isoformat()
    assert Running.of(observe()).system_attendant_started_at is None
    unread = Running.of(observe(owners=Unreadable("odd", "x")))
    assert unread.system_attendant_started_at is None
    assert "odd" in unread.unknown["system_attendant_started_at"]
