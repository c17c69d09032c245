# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings about a fleet are of what is there now, and of all that the inventory says."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils.findings.fleet import NOT_JUDGED
from plugins.plugin_utils.fleet_inputs import fleet_inventory, fleet_readings, touched

CHANGED = {"changed": True}
PREDICTED = {"changed": True, "predicted": True}


def read(at: str, **more: Any) -> dict[str, Any]:
    return {"server": {"read_at": f"2009-01-01T{at}:00+00:00"}, **more}


FIRST, NOW, LAST = read("10:00"), read("12:00"), read("13:00")


def reading(applied: bool = True, **variables: Any) -> Any:
    known = {"outlook_anywhere_identity": FIRST, **variables}
    return fleet_readings(["cas1"], {"cas1": known}, applied).get("cas1")


@pytest.mark.parametrize(
    ("variables", "is_touched"),
    [
        ({}, False),
        ({"client_access_pin": PREDICTED}, False),
        ({"client_access_pin": {"skipped": True, "changed": True}}, False),
        ({"client_access_pin": CHANGED}, True),
        ({"client_access_pin": {"unreachable": True}}, True),
        ({"mailbox_baseline": {"failed": True}}, True),
        ({"outlook_anywhere_before": {"skipped": True}}, False),
        ({"outlook_anywhere_before": read("10:30"), "client_access_pin": PREDICTED}, True),
    ],
)
def test_a_server_is_touched_when_a_task_may_have_changed_it(variables: Any, is_touched: bool) -> None:
    assert touched(variables) is is_touched


def test_what_the_run_has_not_changed_is_known_by_the_latest_look() -> None:
    assert reading() == FIRST
    assert reading(outlook_anywhere_now=NOW) == NOW
    assert reading(outlook_anywhere_now={"skipped": True}) == FIRST
    assert fleet_readings(["cas1"], {"cas1": {}}, True) == {}


def test_what_the_run_has_changed_is_known_only_by_what_was_read_behind_it() -> None:
    done = {"outlook_anywhere_before": read("10:30"), "outlook_anywhere_after": read("11:00")}
    assert reading(**done, outlook_anywhere_last=LAST) == LAST
    assert reading(**done, outlook_anywhere_now=NOW) == NOW
    assert NOT_JUDGED in reading(**done)
    assert NOT_JUDGED in reading(**done, outlook_anywhere_now=read("10:59"))
    assert NOT_JUDGED in reading(**done, outlook_anywhere_now=NOW, outlook_anywhere_in_work=True)
    assert NOT_JUDGED in reading(client_access_pin=CHANGED, outlook_anywhere_now=NOW)


def test_a_last_look_that_failed_is_not_replaced_by_an_earlier_one() -> None:
    lost = {"unreachable": True, "msg": "no route"}
    assert reading(client_access_pin=CHANGED, outlook_anywhere_last=lost) == lost


def test_in_check_mode_and_in_a_run_that_only_reads_the_first_look_holds() -> None:
    assert reading(applied=False, client_access_pin={"failed": True}) == FIRST


def test_the_inventory_is_gathered_from_whichever_host_has_it() -> None:
    hostvars = {
        "cas1": {"client_access_extra_entries": ["proxy:593"], "outlook_anywhere_affinity": "source_ip"},
        "cas2": {"client_access_extra_entries": ["proxy:593"], "mailbox_affinity": "none"},
        "mbx1": {
            "outlook_anywhere_fqdn": "mbx1.contoso.com",
            "outlook_anywhere_netbios": "MBX-1",
            "outlook_anywhere_mailbox_names": ["mail.contoso.com"],
        },
        "gc1.contoso.com": {"outlook_anywhere_global_catalog_names": [{"fqdn": "far.contoso.com", "netbios": "F"}]},
        "mute": {},
    }
    groups = {"client_access": ["cas1", "cas2"], "mailbox": ["mbx1", "mute"], "global_catalog": ["gc1.contoso.com"]}
    found = fleet_inventory(hostvars, groups)
    assert {name: found[name] for name in groups} == groups
    assert found["mailbox_servers"][0] == {"fqdn": "mbx1.contoso.com", "netbios": "MBX-1"}
    assert "the FQDN of mute is not known" in found["mailbox_servers"][1]["unknown"]
    assert found["mailbox_servers"][2:] == ["mail.contoso.com"]
    assert found["global_catalogs"] == [
        {"host": "gc1.contoso.com", "attested": False, "fqdn": "gc1.contoso.com"},
        {"host": None, "attested": False, "fqdn": "far.contoso.com", "netbios": "F"},
    ]
    assert found["affinity"] == "none"
    assert found["extra_entries"] == ["proxy:593"]


def test_global_catalogs_that_a_role_is_given_are_known_once() -> None:
    named = {"outlook_anywhere_fqdn": "gc1.contoso.com"}
    hostvars: dict[str, Any] = {
        "cas1": {"client_access_global_catalogs": ["gc1.contoso.com", {"fqdn": "gc8.contoso.com", "netbios": "EIGHT"}]},
        "mbx1": {"mailbox_global_catalogs": ["GC8.contoso.com", "gc9.contoso.com", {"unknown": "gc3 was not read"}]},
        "gc1": named,
    }
    found = fleet_inventory(hostvars, {"client_access": ["cas1"], "mailbox": ["mbx1"], "global_catalog": ["gc1"]})
    assert found["global_catalogs"] == [
        {"host": "gc1", "attested": False, "fqdn": "gc1.contoso.com"},
        {"host": None, "attested": False, "fqdn": "gc8.contoso.com", "netbios": "EIGHT"},
        {"host": None, "attested": False, "fqdn": "gc9.contoso.com"},
        {"host": None, "attested": False, "unknown": "gc3 was not read"},
    ]


@pytest.mark.parametrize(
    ("given", "affinity"),
    [(["source_ip", "ssl_id"], "ssl_id"), (["sourceip", "none"], "none"), (["source_ip", "sourceip"], "sourceip")],
)
def test_the_affinity_that_may_split_a_connection_counts_and_then_one_that_nobody_knows(
    given: list[str], affinity: str
) -> None:
    hostvars = {f"cas{n}": {"client_access_affinity": value} for n, value in enumerate(given)}
    assert fleet_inventory(hostvars, {"client_access": [*hostvars]})["affinity"] == affinity


def test_a_list_that_a_client_access_server_has_for_itself_is_its_own_and_a_wrong_form_is_left_to_the_roles() -> None:
    hostvars: dict[str, Any] = {
        "cas1": {
            "client_access_mailbox_servers": ["only.contoso.com"],
            "outlook_anywhere_mailbox_names": "mbx9.contoso.com",
            "client_access_extra_entries": {"a": 1},
        },
        "cas2": {"client_access_mailbox_servers": "mbx1.contoso.com"},
        "mbx1": {"outlook_anywhere_fqdn": "mbx1.contoso.com", "client_access_mailbox_servers": ["x.contoso.com"]},
    }
    found = fleet_inventory(hostvars, {"client_access": ["cas1", "cas2"], "mailbox": ["mbx1"]})
    assert found["mailbox_servers"] == [{"fqdn": "mbx1.contoso.com"}]
    assert found["own_mailbox_servers"] == {"cas1": ["only.contoso.com"]}
    assert (found["global_catalogs"], found["affinity"], found["extra_entries"]) == ([], "", [])
