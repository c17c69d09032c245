# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report is made of: nothing that a role should have looked at is missing from it."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils.registered import (
    behind,
    broken,
    lost_lines,
    part_state,
    predicted,
    readings,
    registered_results,
    together,
    unread,
    waiting,
)

DONE = {"findings": []}
ALL = {"client_access_ungated": {"skipped": True}, "client_access_pin": DONE}


def of(variables: dict[str, Any], group: str = "client_access") -> list[Any]:
    return registered_results(["cas1"], {"cas1": variables}, {group: ["cas1"]})["cas1"]


def test_results_are_collected_for_our_groups_only() -> None:
    hostvars = {"cas1": {"outlook_anywhere_identity": {"server": {}}, **ALL, "other": 1}, "localhost": ALL}
    results = registered_results(hostvars, hostvars, {"client_access": ["cas1"], "all": ["localhost"]})
    assert results == {"cas1": [{"server": {}}, {"skipped": True}, DONE]}


def test_a_fix_that_was_not_looked_at_is_a_failure_with_its_settings_unknown() -> None:
    (result,) = of({}, "mailbox")
    assert result["failed"]
    assert "not looked at" in result["msg"]
    assert [(item["setting"], item["status"]) for item in result["findings"]] == [
        ("Do Not Refer HTTP to DSProxy", "unknown"),
        ("NSPI Target Server", "unknown"),
    ]


def test_what_stopped_a_server_is_told_once() -> None:
    stopped = {"failed": True, "msg": "the proxy is denied"}
    before = of({"outlook_anywhere_stopped": {"failed": True, "msg": "an option of the role"}})
    assert [item["msg"] for item in before if "an option of the role" in item["msg"]]
    after = of({"client_access_pin": stopped, "outlook_anywhere_stopped": stopped})
    assert [item.get("msg") for item in after].count("the proxy is denied") == 1
    assert [item["msg"] for item in after if "stopped before it" in item["msg"]]


def finding(status: str, **more: Any) -> dict[str, Any]:
    return {
        "setting": "ValidPorts",
        "status": status,
        "before": "old",
        "after": "new",
        "reason": "why",
        "effective": "no",
        "blocked_by": None,
        **more,
    }


PREDICTED = {
    "changed": True,
    "predicted": True,
    "findings": [finding("drifted"), finding("compliant", setting="Other")],
    "restart_required": ["MSExchangeServiceHost"],
    "reboot_required": False,
}


def pin(variables: dict[str, Any], **more: Any) -> dict[str, Any]:
    (result,) = registered_results(["cas1"], {"cas1": variables}, {"client_access": ["cas1"]}, ["pin"], **more)["cas1"]
    return dict(result)


def test_a_run_that_looks_after_one_part_misses_no_other() -> None:
    assert pin({"client_access_pin": DONE}) == DONE
    assert registered_results(["mbx1"], {"mbx1": {}}, {"mailbox": ["mbx1"]}, ["pin"]) == {}


def test_a_prediction_behind_a_closed_gate_is_held_back_and_counts_as_no_change() -> None:
    held = pin({"client_access_pin": PREDICTED}, held={"pin": "gc1 is off"})
    assert (held["changed"], held["restart_required"]) == (False, [])
    assert held["findings"] == [
        finding("drifted", after="old", blocked_by="gc1 is off"),
        finding("compliant", setting="Other"),
    ]
    assert pin({"client_access_pin": PREDICTED}, held={"mailbox": "cas1 is off"}) == PREDICTED
    done = {**PREDICTED, "predicted": False}
    assert pin({"client_access_pin": done}, held={"pin": "gc1 is off"}) == done


def applied(first: dict[str, Any], again: dict[str, Any]) -> dict[str, Any]:
    return pin({"client_access_pin": again, "outlook_anywhere_applied": {"client_access_pin": first}})


def test_a_second_look_keeps_what_was_found_and_changed_and_tells_what_holds_now() -> None:
    first = {**PREDICTED, "predicted": False}
    again = {
        "changed": False,
        "predicted": True,
        "findings": [finding("compliant", before="new", effective="yes"), finding("drifted", setting="Other")],
        "restart_required": [],
        "reboot_required": False,
    }
    both = applied(first, again)
    assert (both["changed"], both["predicted"], both["restart_required"]) == (True, False, [])
    assert both["findings"] == [finding("drifted", effective="yes"), finding("drifted", setting="Other")]
    lost = {"unreachable": True, "msg": "lost", "findings": []}
    assert applied(first, lost) == lost
    assert applied(lost, again) == lost


@pytest.mark.parametrize("status", ["not_managed", "not_applicable"])
def test_a_setting_that_a_second_look_leaves_alone_or_does_not_see_is_told_as_it_was_found(status: str) -> None:
    first = {**PREDICTED, "predicted": False}
    assert applied(first, {"findings": [finding(status, effective="unknown")]})["findings"] == [
        finding("drifted", effective="unknown"),
        finding("compliant", setting="Other"),
    ]
    assert applied(first, {"skipped": True, "changed": False})["findings"] == first["findings"]


def test_a_reboot_stays_due_until_the_server_has_booted_behind_the_change() -> None:
    variables: dict[str, Any] = {
        "client_access_pin": {"findings": [], "reboot_required": False},
        "outlook_anywhere_applied": {"client_access_pin": {**PREDICTED, "reboot_required": True}},
    }
    assert pin(variables)["reboot_required"] is True
    assert pin({**variables, "outlook_anywhere_rebooted": ["client_access_pin"]})["reboot_required"] is False


def test_a_part_says_what_went_wrong_what_changes_and_what_waits() -> None:
    failed = {
        "changed": True,
        "reboot_required": True,
        "restart_required": ["W3SVC"],
        "failed": True,
        "msg": "denied",
    }
    state = part_state({"client_access_ungated": failed, "client_access_pin": {"changed": True}}, "client_access")
    assert state == {
        "results": {"client_access_ungated": failed},
        "trouble": ["denied"],
        "to_change": True,
        "restart_required": ["W3SVC"],
        "reboot_required": True,
        "unfinished": False,
    }
    assert part_state({"client_access_pin": {"skipped": True, "changed": True}}, "pin")["to_change"] is False
    assert part_state({}, "pin")["to_change"] is False
    assert part_state({"client_access_pin": {"unreachable": True}}, "pin")["trouble"]


def test_a_gate_guards_only_hosts_on_which_its_parts_are_looked_after_and_wanted() -> None:
    wanted = {"outlook_anywhere_split_wanted": True}
    hostvars: dict[str, dict[str, Any]] = {
        "cas1": {**wanted, "client_access_pin": DONE},
        "cas2": {"client_access_pin": DONE, "outlook_anywhere_split_wanted": False},
        "cas3": {**wanted, "client_access_pin": {"skipped": True}},
        "mbx1": {**wanted, "mailbox_baseline": DONE},
    }
    assert behind(hostvars, hostvars, ["pin", "mailbox"]) == ["cas1", "mbx1"]
    assert behind(hostvars, hostvars, ["mailbox"]) == ["mbx1"]


@pytest.mark.parametrize(
    ("result", "waits"),
    [
        (DONE, False),
        ({"skipped": True}, False),
        ({"changed": True}, True),
        ({"failed": True}, True),
        ({"restart_required": ["MSExchangeSA"]}, True),
        ({"reboot_required": True}, True),
    ],
)
def test_a_gate_that_guards_only_what_waits_is_none_where_all_is_in_force(result: dict[str, Any], waits: bool) -> None:
    hostvars = {"gc1": {"outlook_anywhere_split_wanted": True, "global_catalog_baseline": result}}
    assert behind(hostvars, hostvars, ["global_catalog", "pin"], True) == (["gc1"] if waits else [])


def test_what_a_run_would_bring_needs_no_trouble_and_the_consent() -> None:
    hostvars: dict[str, dict[str, Any]] = {
        "gc1": {"global_catalog_baseline": {"changed": True}},
        "gc2": {"global_catalog_baseline": {"changed": False, "reboot_required": True}},
        "gc3": {"global_catalog_baseline": {"changed": False}},
        "gc4": {"global_catalog_baseline": {"changed": True, "failed": True}},
    }
    assert predicted(hostvars, hostvars, "global_catalog") == ["gc1", "gc2"]
    hostvars["gc2"]["outlook_anywhere_allow_reboot"] = "true"
    hostvars["gc1"]["outlook_anywhere_allow_reboot"] = "no"
    assert predicted(hostvars, hostvars, "global_catalog", "outlook_anywhere_allow_reboot") == ["gc2"]


def test_a_part_is_not_in_force_while_it_changes_waits_or_is_not_known() -> None:
    hostvars: dict[str, dict[str, Any]] = {
        "mbx1": {"mailbox_baseline": {"changed": True}},
        "mbx2": {"mailbox_baseline": {"restart_required": ["MSExchangeSA"]}},
        "mbx3": {"mailbox_baseline": {"failed": True}},
        "mbx4": {},
        "mbx5": {"mailbox_baseline": {"changed": False, "restart_required": []}},
        "mbx6": {"mailbox_baseline": {"reboot_required": True}},
    }
    assert waiting(hostvars, hostvars, "mailbox") == ["mbx1", "mbx2", "mbx3", "mbx4", "mbx6"]


def test_a_host_in_work_is_broken_until_it_is_done() -> None:
    hostvars: dict[str, dict[str, Any]] = {
        "cas1": {"outlook_anywhere_in_work": True, "outlook_anywhere_broken": "W3SVC is down"},
        "cas2": {"outlook_anywhere_in_work": False, "outlook_anywhere_broken": "of an earlier part"},
        "cas3": {"outlook_anywhere_in_work": True},
        "cas4": {},
    }
    assert broken(hostvars, hostvars) == [
        "W3SVC is down",
        "the run stopped at cas3: what it was doing there lost its line",
    ]


def test_what_went_wrong_between_the_fixes_is_told() -> None:
    down = {"failed": True, "msg": "mbx1: MSExchangeSA does not start"}
    edited = {"failed": True, "msg": "cas1: the file was changed by somebody else since"}
    variables = {
        "mailbox_baseline": DONE,
        "outlook_anywhere_restart": {"failed": True, "msg": "One or more items failed", "results": [DONE, down]},
        "outlook_anywhere_reboot": {"skipped": True},
    }
    assert of(variables, "mailbox") == [DONE, down]
    assert of({**ALL, "rollback_hosts_ipv4": edited}) == [{"skipped": True}, DONE, edited]


def test_readings_are_those_of_hosts_that_were_asked() -> None:
    read = {"server": {"fqdn": "gc1.contoso.com"}}
    hostvars: dict[str, dict[str, Any]] = {
        "gc1": {"outlook_anywhere_now": read},
        "gc2": {"outlook_anywhere_now": {"skipped": True}},
        "gc3": {"outlook_anywhere_identity": read},
    }
    assert readings(hostvars, hostvars) == {"gc1": read}
    assert readings(hostvars, hostvars, "outlook_anywhere_identity") == {"gc3": read}


def test_a_server_that_was_not_read_is_named_unless_it_is_attested() -> None:
    hostvars: dict[str, dict[str, Any]] = {
        "gc1": {"outlook_anywhere_identity": {"server": {}}},
        "gc2": {"outlook_anywhere_identity": {"server": {}, "unreachable": True, "failure": {"found": "no answer"}}},
        "cas3": {},
    }
    catalogs = [
        {"host": "gc1", "attested": False},
        {"host": "gc2", "attested": False},
        {"host": None, "fqdn": "gc8.contoso.com", "attested": True},
        {"host": None, "fqdn": "gc9.contoso.com", "attested": False},
    ]
    assert unread(["gc1", "cas3"], hostvars, catalogs) == [
        "cas3 could not be read: it was not asked",
        "gc2 could not be read: no answer",
        "gc9.contoso.com could not be read: it was not asked",
    ]
    catalogs[1]["attested"] = "yes"
    assert len(unread(["gc1"], hostvars, catalogs)) == 1


def test_what_an_earlier_run_has_begun_is_a_part_of_its_own() -> None:
    cut = {"server": {}, "restart_required": ["w3svc"], "unfinished": None}
    variables: dict[str, Any] = {"outlook_anywhere_identity": cut, "client_access_pin": {"changed": True}}
    state = part_state(variables, "unfinished")
    assert (state["restart_required"], state["to_change"], state["unfinished"]) == (["w3svc"], False, False)
    assert part_state(variables, "pin")["restart_required"] == []
    variables["outlook_anywhere_identity"] = {"server": {}, "unfinished": "cas1: in work since noon"}
    assert part_state(variables, "unfinished")["unfinished"] is True
    assert part_state(variables, "pin")["unfinished"] is False


def test_several_tasks_tell_as_one_what_changed_what_waits_and_what_went_wrong() -> None:
    mine, other = finding("drifted", fix="a"), finding("compliant", fix="a")
    first = {"changed": False, "predicted": True, "findings": [mine], "warnings": ["w"], "reboot_required": True}
    second = {"changed": True, "predicted": False, "findings": [other, finding("drifted", fix="b")]}
    loop = {"results": [{"skipped": True}, {"restart_required": ["W3SVC"], "warnings": ["w", "v"]}]}
    assert together([first, {}, second, loop]) == {
        "changed": True,
        "predicted": False,
        "findings": [mine, finding("drifted", fix="b")],
        "restart_required": ["W3SVC"],
        "reboot_required": True,
        "warnings": ["w", "v"],
    }
    lost = {"unreachable": True, "msg": "gone", "failure": {"found": "nothing"}, "changed": False}
    assert together([first, lost]) == {**together([first]), **{name: lost[name] for name in list(lost)[:3]}}
    assert together([{"skipped": True}, {}]) == {"changed": False, "skipped": True}


def test_a_lost_line_is_told_once() -> None:
    lost = {"unreachable": True, "msg": "gone"}
    variables: dict[str, Any] = {
        "client_access_pin": {"changed": True},
        "outlook_anywhere_reboot": {"skipped": True},
        "outlook_anywhere_restart": {**lost, "results": [lost, {"changed": True}]},
    }
    assert lost_lines(variables, "pin") == ["gone"]
    assert lost_lines({"client_access_pin": {"changed": True}}, "pin") == []


@pytest.mark.parametrize("wrong", [{"failed": True, "msg": "denied"}, {"unreachable": True, "msg": "no answer"}])
def test_a_changed_server_that_could_not_be_read_at_the_end_went_wrong(wrong: dict[str, Any]) -> None:
    assert of({**ALL, "outlook_anywhere_last": wrong})[-1] == wrong
    assert of({**ALL, "outlook_anywhere_last": {"server": {}}}) == of(ALL)
    assert of({**ALL, "outlook_anywhere_last": {"skipped": True}}) == of(ALL)
