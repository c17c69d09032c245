# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gate opens by what was read just now, and says of every server what keeps it closed."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from plugins.plugin_utils.formats.names import ServerName
from plugins.plugin_utils.gates import DirectoryServer, Gate, Settling, client_access_pinned, global_catalogs_listen
from plugins.plugin_utils.journal import Memory, Record

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.UTC)
GC1 = DirectoryServer("gc1", ServerName("gc1.contoso.com", "gc1"))
GC2 = DirectoryServer("gc2", ServerName("gc2.contoso.com", "gc2"))
PINNED = "mbx1:6001-6002;gc1:6004;gc1.contoso.com:6004;GC2:6000-6010;gc2.contoso.com:6004"


def listening(*owners: str) -> dict[str, Any]:
    return {"server": {"directory_owners": list(owners)}}


def unreachable() -> dict[str, Any]:
    return {"unreachable": True, "msg": "m", "failure": {"found": "no answer"}, "server": {"directory_owners": None}}


LSASS = listening("lsass.exe")


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (None, "gc2 was not read just now"),
        ({"skipped": True}, "gc2 was not read just now"),
        (unreachable(), "gc2 could not be read: no answer"),
        ({"failed": True, "msg": "no connection", "server": {}}, "gc2 could not be read: no connection"),
        (listening(), "gc2 does not listen on port 6004"),
        (listening("mad.exe"), "gc2 has port 6004 owned by mad.exe"),
        (
            {"server": {"directory_owners": None, "unknown": {"directory_owners": "odd"}}},
            "gc2 shows no owner of port 6004: odd",
        ),
    ],
)
def test_a_global_catalog_that_is_not_seen_listening_keeps_the_gate_closed(reading: Any, says: str) -> None:
    gate = global_catalogs_listen([GC1, GC2], {"gc1": LSASS, "gc2": reading})
    assert not gate.open
    assert gate.proved == ("gc1",)
    assert len(gate.missing) == 1
    assert says in gate.missing[0]
    assert says in gate.reason


def test_every_global_catalog_seen_listening_opens_it_and_lsass_beside_another_process_counts() -> None:
    gate = global_catalogs_listen([GC1, GC2], {"gc1": LSASS, "gc2": listening("lsass.exe", "mad.exe")})
    assert (gate.open, gate.proved, gate.reason) == (True, ("gc1", "gc2"), "")


def test_without_any_global_catalog_it_is_closed() -> None:
    assert "no Global Catalog is known" in global_catalogs_listen([], {}).reason


def test_what_cannot_be_read_can_be_attested_and_is_shown_as_attested() -> None:
    attested = DirectoryServer("gc2", GC2.name, attested=True)
    outside = DirectoryServer(None, ServerName("gc9.contoso.com", "gc9"), attested=True)
    gate = global_catalogs_listen([GC1, attested, outside], {"gc1": LSASS, "gc2": unreachable()})
    assert (gate.open, gate.proved, gate.attested) == (True, ("gc1",), ("gc2", "gc9.contoso.com"))


def test_what_was_read_counts_more_than_an_attestation() -> None:
    attested = DirectoryServer("gc2", GC2.name, attested=True)
    gate = global_catalogs_listen([attested], {"gc2": listening()})
    assert (gate.open, gate.attested) == (False, ())


def test_a_name_outside_the_inventory_needs_an_attestation() -> None:
    gate = global_catalogs_listen([DirectoryServer(None, ServerName("gc9.contoso.com", "gc9"))], {})
    assert gate.missing == ("gc9.contoso.com was not read just now",)


def test_a_predicted_reboot_is_expected_and_not_proved() -> None:
    gate = global_catalogs_listen([GC1, GC2], {"gc1": LSASS, "gc2": listening()}, expected=["gc2"])
    assert (gate.open, gate.proved, gate.expected) == (True, ("gc1",), ("gc2",))


def cas(ports: str | None = PINNED, polling: int | None = 0, read_at: datetime.datetime = NOON) -> dict[str, Any]:
    return {"server": {"valid_ports": ports, "polling_minutes": polling, "read_at": read_at.isoformat()}}


def written(seconds_ago: int) -> Memory:
    at = NOON - datetime.timedelta(seconds=seconds_ago)
    return {("valid_ports", "ValidPorts"): Record("valid_ports", "ValidPorts", PINNED, at)}


def judge(reading: Any, memory: Memory | None = None, earlier: Any = None, seconds: float = 360, **more: Any) -> Gate:
    settle = Settling(seconds, {"cas1": memory or {}}, {"cas1": earlier})
    return client_access_pinned(["cas1"], [GC1, GC2], {"cas1": reading}, settle, **more)


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (None, "cas1 was not read just now"),
        (unreachable(), "cas1 could not be read: no answer"),
        (cas(polling=15), "cas1 polls (every 15 minutes)"),
        (cas(polling=None), "cas1 polls (PeriodicPollingMinutes not seen)"),
        (cas(ports=None), "cas1 does not allow gc1:6004, gc1.contoso.com:6004, gc2:6004, gc2.contoso.com:6004"),
        (cas(ports="gc1:6004;gc1.contoso.com:6004;gc2.contoso.com:6004"), "cas1 does not allow gc2:6004"),
        (cas(ports=PINNED.replace("GC2:6000-6010", "gc2:6001-6003")), "cas1 does not allow gc2:6004"),
        (cas(ports="gc1*:6004;gc*:6001-6003"), "cas1 does not allow gc2:6004, gc2.contoso.com:6004"),
    ],
)
def test_a_client_access_server_that_is_not_pinned_keeps_the_gate_closed(reading: Any, says: str) -> None:
    gate = judge(reading, written(1000))
    assert not gate.open
    assert gate.wait_seconds == 0
    assert says in gate.missing[0]


@pytest.mark.parametrize("ports", ["*:6001-6004", "GC*:6004", "gc1*:6004;gc2:6004;gc2.*:6004"])
def test_a_wildcard_that_covers_every_global_catalog_allows_it(ports: str) -> None:
    assert judge(cas(ports=ports), written(1000), seconds=0).open


@pytest.mark.parametrize(
    ("ago", "seconds", "left"), [(1000, 360, 0), (360, 360, 0), (359, 360, 1), (0, 360, 360), (0, 0, 0), (5, 6.5, 2)]
)
def test_a_list_counts_once_the_rpc_proxy_has_read_it(ago: int, seconds: float, left: int) -> None:
    gate = judge(cas(), written(ago), seconds=seconds)
    assert (gate.open, gate.wait_seconds) == (left == 0, left)


def test_a_list_of_unknown_age_counts_from_when_it_was_first_seen() -> None:
    early = NOON - datetime.timedelta(seconds=100)
    assert judge(cas()).wait_seconds == 360
    assert judge(cas(), earlier=cas(read_at=early)).wait_seconds == 260
    assert judge(cas(), earlier=cas("mbx1:6004", read_at=early)).wait_seconds == 360
    assert judge(cas(), earlier=unreachable()).wait_seconds == 360


def test_a_predicted_pin_is_expected() -> None:
    gate = judge(cas(polling=15), expected=["cas1"])
    assert (gate.open, gate.proved, gate.expected) == (True, (), ("cas1",))


def test_a_global_catalog_without_a_name_cannot_be_seen_in_a_list() -> None:
    nameless = DirectoryServer("gc3", None, unknown="the FQDN of gc3 is not known")
    settle = Settling(0, {}, {})
    gate = client_access_pinned(["cas1"], [nameless], {"cas1": cas()}, settle)
    assert gate.missing == ("cas1 may lack gc3: the FQDN of gc3 is not known",)


def test_without_any_client_access_server_it_is_closed() -> None:
    assert "there is no Client Access server" in client_access_pinned([], [GC1], {}, Settling(0, {}, {})).reason
