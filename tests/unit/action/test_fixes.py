# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task of a fix says in check mode what its run does, and what it could not read, or may not do, it does not do."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils.journal import FileJournal
from tests.cuts.harness import SERVER, Order, Stand, as_a_task_with, predicted
from tests.cuts.subjects import EVERY_FIX, EVERY_ROLE, PORTS
from tests.integration.fleet import RPC_PROXY
from tests.unit.action.conftest import PINS, Up, pending

SAID = ("changed", "findings", "restart_required", "reboot_required")


def commands(on: Stand) -> list[str]:
    return [request.command_line or "" for request in on.host.requests if request.operation == "command"]


def test_every_fix_is_predicted_done_and_then_found_done(up: Up) -> None:
    on, order = up(**EVERY_ROLE), Order("baseline", EVERY_FIX)
    said = predicted(on, order)
    assert {finding["fix"] for finding in said["findings"]} == set(EVERY_FIX)
    assert said["predicted"] is True
    assert len(commands(on)) == 1
    assert on.settings() == on.untouched
    assert not [*on.snapshots.rglob("*.json")]

    done = on.run(order)
    assert [done[key] for key in SAID] == [said[key] for key in SAID]
    assert done["changed"] is True
    settings = on.settings()
    assert [place for place in on.untouched if settings[place] != on.untouched[place]]
    assert pending(on)

    again = on.run(order)
    assert again["changed"] is False
    assert on.settings() == settings


@pytest.mark.parametrize("fix", [*EVERY_FIX, "ipv6_binding"])
def test_a_module_of_one_fix_looks_after_that_one(up: Up, fix: str) -> None:
    result = predicted(up(), Order(fix, EVERY_FIX.get(fix, {})))
    assert {finding["fix"] for finding in result["findings"]} == {fix}
    assert "unknown" not in {finding["status"] for finding in result["findings"]}


def test_what_is_to_be_left_alone_is_looked_at_and_not_changed(up: Up) -> None:
    on = up()
    reason = "the load balancer keeps a client on one server"
    alone = {"leave_alone": "not_managed", "leave_alone_reason": reason}
    result = on.run(Order("dsproxy_referral", {**EVERY_FIX["dsproxy_referral"], **alone}))
    assert {(finding["status"], finding["reason"]) for finding in result["findings"]} == {("not_managed", reason)}
    assert result["changed"] is False
    assert on.settings() == on.untouched


def test_all_that_is_wrong_with_the_options_of_all_fixes_is_said_at_once_and_nothing_is_sent(up: Up) -> None:
    on = up()
    result = on.run(Order("baseline", {"valid_ports": {**PORTS, "polling_minutes": -1}, "hosts_ipv4": None}))
    assert result["failed"]
    assert result["failure"]["setting"] == "hosts_ipv4, valid_ports.polling_minutes"
    assert "-1" in result["failure"]["found"]
    assert "give {} to manage it" in result["failure"]["problem"]
    assert {finding["status"] for finding in result["findings"]} == {"unknown"}
    assert {finding["fix"] for finding in result["findings"]} == {"hosts_ipv4", "valid_ports"}
    assert not on.host.requests


def test_a_task_without_any_fix_names_those_that_there_are(up: Up) -> None:
    on = up()
    result = on.run(Order("baseline"))
    assert result["failed"]
    assert all(fix in result["failure"]["problem"] for fix in (*EVERY_FIX, "ipv6_binding"))
    assert not on.host.requests


def test_an_option_of_another_kind_is_named_and_nothing_is_sent(up: Up) -> None:
    on = up()
    result = on.run(Order("valid_ports", {**PORTS, "settle_seconds": "soon"}))
    assert result["failed"]
    assert "settle_seconds" in result["failure"]["problem"]
    assert not on.host.requests


@pytest.mark.parametrize(
    ("keywords", "options", "found"),
    [
        ({"become": True}, {}, "become needs PowerShell"),
        ({"environment": [{"PATH": "x"}]}, {}, "environment is not passed"),
        ({}, {"command_timeout": 0}, "command_timeout 0 is not between 1 and 3600 seconds"),
        ({}, {"command_timeout": 3601}, "command_timeout 3601 is not between"),
    ],
)
@pytest.mark.parametrize("module", ["valid_ports", "server_info", "preflight"])
def test_what_this_way_to_the_server_cannot_give_is_refused_before_anything_is_sent(
    up: Up, keywords: dict[str, Any], options: dict[str, Any], found: str, module: str
) -> None:
    on = up()
    with as_a_task_with(**keywords):
        result = on.run(Order(module, {**(PORTS if module == "valid_ports" else {}), **options}))
    assert result["failed"]
    assert found in result["failure"]["found"]
    assert "Nothing was sent" in result["failure"]["next_step"]
    assert not on.host.requests


def test_a_denied_key_is_unknown_and_holds_every_change_back(up: Up) -> None:
    on = up(denied=[RPC_PROXY])
    result = on.run(Order("baseline", {"valid_ports": PINS, "ipv6_components": {}}))
    assert result["failed"]
    assert result["changed"] is False
    status = {finding["setting"]: finding["status"] for finding in result["findings"]}
    assert status["ValidPorts"] == "unknown"
    blocked = {finding["setting"] for finding in result["findings"] if finding["blocked_by"]}
    assert "DisabledComponents" in blocked
    assert on.settings() == on.untouched


def test_a_server_that_is_off_is_unreachable_with_every_setting_unknown(up: Up) -> None:
    on = up()
    on.host.power_off()
    result = on.run(Order("valid_ports", PORTS))
    assert result["unreachable"]
    assert {finding["status"] for finding in result["findings"]} == {"unknown"}
    assert SERVER in result["msg"]


@pytest.mark.parametrize(("module", "options"), [("valid_ports", PORTS), ("preflight", {})])
def test_a_second_task_at_once_is_told_and_check_mode_does_not_wait_for_anybody(
    up: Up, module: str, options: dict[str, Any]
) -> None:
    on = up()
    with FileJournal(on.snapshots, SERVER).alone():
        result = on.run(Order(module, options))
        assert result["failed"]
        assert "another task is at work on this server" in result["msg"]
        assert not on.host.requests
        assert not predicted(on, Order(module, options)).get("failed")
    assert on.settings() == on.untouched


@pytest.mark.parametrize("module", ["valid_ports", "server_info", "preflight", "server_check", "service_restart"])
def test_a_memory_that_cannot_be_read_stops_a_task_and_the_server_keeps_what_it_has(up: Up, module: str) -> None:
    on = up()
    memory = on.snapshots / SERVER / "pending.json"
    memory.parent.mkdir(parents=True)
    memory.write_text("no journal", encoding="utf-8")
    options = {
        "valid_ports": PORTS,
        "server_check": {"moment": "done"},
        "service_restart": {"name": "MSExchangeSA", "mailbox_outage": True},
    }
    result = on.run(Order(module, options.get(module, {})))
    assert result["failed"]
    assert str(memory) in result["failure"]["found"]
    assert on.settings() == on.untouched
    assert not on.stopped()
    assert memory.read_text(encoding="utf-8") == "no journal"
