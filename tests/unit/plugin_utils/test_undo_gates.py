# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the way back a gate opens when nobody needs any more what stands behind it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from plugins.plugin_utils.formats.names import ServerName
from plugins.plugin_utils.gates import DirectoryServer, Gate, Settling
from plugins.plugin_utils.journal import Memory, Record
from plugins.plugin_utils.undo_gates import Grace, refers_to_dsproxy, without_global_catalogs

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
HOUR = datetime.timedelta(hours=1)
REFER = ("dsproxy_referral", "Do Not Refer HTTP to DSProxy")
RESTART = ("service_restart", "MSExchangeSA")
LIST = ("valid_ports", "ValidPorts")


def mailbox(refers: bool | None = True, started: datetime.datetime | None = NOON, **more: Any) -> dict[str, Any]:
    at = None if started is None else started.isoformat()
    facts = {"refers_http_to_dsproxy": refers, "system_attendant_started_at": at, "read_at": (NOON + HOUR).isoformat()}
    return {"server": {**facts, **more}}


def unreachable() -> dict[str, Any]:
    return {"unreachable": True, "msg": "m", "failure": {"found": "no answer"}, "server": {}}


def record(name: tuple[str, str], at: datetime.datetime, value: str | None = None) -> Memory:
    return {name: Record(*name, value, at)}


CHANGED = record(REFER, NOON - HOUR)


def judge(reading: Any, memory: Memory | None = None, hours: float = 1, **more: Any) -> Gate:
    memory = CHANGED if memory is None else memory
    return refers_to_dsproxy(["mbx1"], {"mbx1": reading}, Grace(hours * 3600, {"mbx1": memory}), **more)


@pytest.mark.parametrize(
    ("reading", "memory", "says"),
    [
        (mailbox(refers=False), CHANGED, "mbx1 does not refer HTTP clients to DSProxy"),
        (mailbox(started=NOON - HOUR), CHANGED, "mbx1 has not restarted MSExchangeSA since 2009-01-01 11:00:00+01:00"),
    ],
)
def test_a_mailbox_server_that_is_not_back_keeps_the_gate_closed_whatever_is_attested(
    reading: Any, memory: Memory, says: str
) -> None:
    gate = judge(reading, memory, attested=["mbx1"])
    assert (gate.open, gate.attested) == (False, ())
    assert says in gate.reason


@pytest.mark.parametrize(
    ("reading", "memory", "says"),
    [
        (None, CHANGED, "mbx1 was not read just now"),
        (unreachable(), CHANGED, "mbx1 could not be read: no answer"),
        (mailbox(refers=None), CHANGED, "mbx1 does not show whether it refers"),
        (mailbox(refers=None, unknown={"refers_http_to_dsproxy": "odd"}), CHANGED, "HTTP clients to DSProxy (odd)"),
        (mailbox(started=None), CHANGED, "mbx1 does not show when MSExchangeSA (mad.exe) started"),
        (mailbox(read_at=None), CHANGED, "mbx1 does not show when"),
        (mailbox(), {}, "mbx1 refers to DSProxy, and this controller has not changed that"),
        (
            mailbox(),
            record(REFER, NOON - HOUR, "1"),
            "mbx1 refers to DSProxy, and this controller has not changed that",
        ),
    ],
)
def test_what_is_not_known_keeps_the_gate_closed_unless_somebody_attests_it(
    reading: Any, memory: Memory, says: str
) -> None:
    assert says in judge(reading, memory).reason
    gate = judge(reading, memory, attested=["mbx1"])
    assert (gate.open, gate.proved, gate.attested) == (True, (), ("mbx1",))


@pytest.mark.parametrize("reading", [None, unreachable(), mailbox(refers=None)])
def test_what_this_controller_has_written_last_counts_more_than_an_attestation(reading: Any) -> None:
    gate = judge(reading, record(REFER, NOON, "1"), attested=["mbx1"])
    assert (gate.open, gate.attested) == (False, ())
    assert "the last that this controller has written, on 2009-01-01 12:00:00+01:00" in gate.reason


def test_an_attested_restart_has_its_hours_too() -> None:
    assert "run again at 2009-01-01 15:00:00+01:00" in judge(mailbox(), {}, hours=3, attested=["mbx1"]).reason


@pytest.mark.parametrize(
    ("hours", "left"),
    [(1, ""), (1.01, "0 h 1 min from now"), (3, "2 h 0 min from now"), (24.5, "23 h 30 min from now")],
)
def test_the_hours_count_from_the_restart_by_the_servers_clock_and_are_never_waited_for(
    hours: float, left: str
) -> None:
    gate = judge(mailbox(), hours=hours)
    assert gate.open == (not left)
    assert left in gate.reason
    assert gate.wait_seconds == 0


def test_the_last_server_decides_and_each_says_when_to_run_again() -> None:
    later = NOON + datetime.timedelta(minutes=30)
    readings = {"mbx1": mailbox(), "mbx2": mailbox(started=later)}
    gate = refers_to_dsproxy(["mbx1", "mbx2"], readings, Grace(3600, {"mbx1": CHANGED, "mbx2": CHANGED}))
    assert gate.proved == ("mbx1",)
    assert "run again at 2009-01-01 13:30:00+01:00" in gate.reason


def test_a_further_restart_for_another_reason_does_not_begin_the_hours_anew() -> None:
    later = mailbox(started=NOON + HOUR)
    assert not judge(later).open
    assert judge(later, {**CHANGED, **record(RESTART, NOON)}).open
    assert not judge(later, {**CHANGED, **record(RESTART, NOON - 2 * HOUR)}).open


def test_a_change_of_the_target_alone_needs_its_restart_too() -> None:
    target = ("dsproxy_referral", "NSPI Target Server")
    assert judge(mailbox(), record(target, NOON - HOUR)).open
    assert not judge(mailbox(), {**CHANGED, **record(target, NOON + HOUR)}).open


def test_a_passive_cluster_node_reads_the_value_when_it_takes_over() -> None:
    passive = {"started": None, "services": {"MSExchangeSA": 1}}
    assert judge(mailbox(**passive, cluster_node=True), {}).proved == ("mbx1",)
    assert not judge(mailbox(**passive)).open


def test_exchange_2010_has_no_dsproxy_and_needs_no_proof() -> None:
    assert judge(mailbox(refers=None, exchange_2010_or_later=True), {}).open


def test_a_predicted_restart_is_expected_and_its_hours_are_still_to_come() -> None:
    gate = judge(mailbox(refers=False), hours=0, expected=["mbx1"])
    assert (gate.open, gate.proved, gate.expected) == (True, (), ("mbx1",))
    assert "24 hours begin then" in judge(mailbox(refers=False), hours=24, expected=["mbx1"]).reason


def test_without_any_mailbox_server_it_is_closed() -> None:
    assert "there is no Mailbox server" in refers_to_dsproxy([], {}, Grace(0, {})).reason


GC1 = DirectoryServer("gc1", ServerName("gc1.contoso.com", "gc1"))
OWN = "mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004"


def cas(ports: str | None) -> dict[str, Any]:
    return {"server": {"valid_ports": ports, "polling_minutes": 15, "read_at": NOON.isoformat()}}


def listing(reading: Any, memory: Memory | None = None, *names: ServerName, **more: Any) -> Gate:
    settle = Settling(360, {"cas1": record(LIST, NOON - HOUR) if memory is None else memory}, {})
    return without_global_catalogs(["cas1"], [GC1], {"cas1": reading}, settle, names, **more)


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (None, "cas1 was not read just now"),
        (unreachable(), "cas1 could not be read: no answer"),
        (cas(None), "cas1 does not show its ValidPorts"),
        (cas(f"{OWN};GC1:6004"), "cas1 still allows GC1:6004"),
        (cas(f"{OWN};gc1.contoso.com:6000-6010"), "cas1 still allows gc1.contoso.com:6000-6010"),
    ],
)
def test_a_client_access_server_that_lists_a_global_catalog_keeps_the_gate_closed(reading: Any, says: str) -> None:
    gate = listing(reading)
    assert (gate.open, gate.wait_seconds) == (False, 0)
    assert says in gate.reason


def test_a_list_without_global_catalogs_counts_once_the_rpc_proxy_has_read_it() -> None:
    assert listing(cas(OWN)).proved == ("cas1",)
    fresh = record(LIST, NOON - datetime.timedelta(seconds=100))
    assert listing(cas(OWN), fresh).wait_seconds == 260
    assert listing(cas(OWN), {}).wait_seconds == 360


def test_a_global_catalog_that_is_a_mailbox_server_too_stays_in_the_list() -> None:
    assert listing(cas("gc1:6001-6002;gc1:6004"), None, ServerName("gc1.contoso.com", "gc1")).open


def test_another_port_of_a_global_catalog_and_a_wildcard_are_nobodys_pin() -> None:
    assert listing(cas(f"{OWN};gc1:593;gc*:6004")).open


def test_a_global_catalog_without_a_name_cannot_be_seen_in_a_list_that_gives_it_up() -> None:
    nameless = DirectoryServer("gc3", None, unknown="the FQDN of gc3 is not known")
    gate = without_global_catalogs(["cas1"], [nameless], {"cas1": cas(OWN)}, Settling(0, {}, {}))
    assert gate.missing == ("cas1 may still allow gc3: the FQDN of gc3 is not known",)


def test_a_predicted_list_is_expected_without_global_catalogs() -> None:
    gate = listing(cas(f"{OWN};gc1:6004"), expected=["cas1"])
    assert (gate.open, gate.expected) == (True, ("cas1",))


def test_without_any_client_access_server_the_global_catalogs_wait() -> None:
    assert "there is no Client Access server" in without_global_catalogs([], [GC1], {}, Settling(0, {}, {})).reason
