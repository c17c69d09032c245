# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a server is told with what is not known of it, and a server in work is compared with what it was."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail, AnsibleError

from plugins.plugin_utils import rpcping
from tests.cuts.harness import SERVER, Order, Stand, as_a_task_with
from tests.cuts.subjects import NEEDS_IT, RESTARTED
from tests.unit.action.conftest import Up, gone_at, judge, pending
from tests.unit.plugin_utils.test_rpcping import PASSWORD, WAY

OUTAGE = Order("service_restart", {"name": RESTARTED, "mailbox_outage": True})


def check(on: Stand, moment: str, **options: Any) -> dict[str, Any]:
    return on.run(Order("server_check", {"moment": moment, "seconds": 0, **options}))


def test_a_server_is_told_with_its_roles_and_nothing_changes(up: Up) -> None:
    on = up()
    result = on.run(Order("server_info"))
    assert (result["changed"], result["unfinished"], result["restart_required"]) == (False, None, [])
    assert result["server"]["fqdn"] == "all1.contoso.com"
    assert {"ClientAccessRole", "MailboxRole"} <= set(result["server"]["exchange_roles"])
    assert not [*on.snapshots.rglob("*.json")]
    assert on.settings() == on.untouched


def test_a_server_that_is_off_has_every_fact_null_with_the_reason(up: Up) -> None:
    on = up()
    on.host.power_off()
    result = on.run(Order("server_info"))
    assert result["unreachable"]
    facts = result["server"]
    assert {name for name, value in facts.items() if value is not None} == {"unknown"}
    assert set(facts["unknown"]) >= {"services", "ports", "settings"}
    assert set(facts["unknown"].values()) == {"the server could not be read in this run"}


def test_a_server_in_work_says_since_when_and_by_what_it_goes_on(up: Up) -> None:
    on = up()
    check(on, "before")
    unfinished = on.run(Order("server_info"))["unfinished"]
    assert unfinished.startswith(f"{SERVER}: it has been in work since")
    assert "puts it back on the load balancer" in unfinished


def test_a_restart_that_was_cut_short_is_told_until_it_is_finished(up: Up) -> None:
    on = up()
    gone_at(on, f"net stop {RESTARTED}", OUTAGE)
    assert on.run(OUTAGE)["unreachable"]
    on.host.faults.clear()
    told = on.run(Order("server_info"))
    assert told["restart_required"] == [RESTARTED.lower()]
    assert any(f"a restart of {RESTARTED.lower()} was cut short" in warning for warning in told["warnings"])
    assert not on.run(OUTAGE).get("failed")
    assert not on.stopped()
    assert on.run(Order("server_info"))["restart_required"] == []


def test_a_server_that_runs_as_before_passes_and_is_then_no_longer_in_work(up: Up) -> None:
    on = up()
    before = check(on, "before")
    assert (before["changed"], before["resumed"]) == (False, False)
    assert pending(on)
    assert check(on, "before")["resumed"] is True
    assert not check(on, "after").get("failed")
    assert check(on, "done") == {"changed": False}
    assert pending(on) == []


def test_a_service_that_does_not_run_any_more_is_named(up: Up) -> None:
    on = up()
    check(on, "before")
    on.host.state.stop_service(NEEDS_IT)
    worse = check(on, "after")
    assert worse["failed"]
    assert NEEDS_IT in worse["failure"]["found"]
    assert "waited 0 seconds" in worse["failure"]["problem"]


def test_a_server_that_does_not_come_back_is_worse_than_before(up: Up) -> None:
    on = up()
    check(on, "before")
    on.host.power_off()
    worse = check(on, "after")
    assert worse["failed"]
    assert "worse than before" in worse["failure"]["problem"]
    assert "could not be read" in worse["failure"]["found"]
    assert worse["failure"]["next_step"]


def test_without_a_measure_nothing_is_compared(up: Up) -> None:
    result = check(up(), "after")
    assert result["failed"]
    assert result["failure"]["found"] == "no record of a server in work"


def test_a_server_whose_listeners_cannot_be_told_gives_no_measure(up: Up) -> None:
    on = up(broken=["netstat"])
    result = check(on, "before")
    assert result["failed"]
    assert "ports: " in result["failure"]["found"]
    assert not [*on.snapshots.rglob("*.json")]


def test_check_mode_keeps_no_measure(up: Up) -> None:
    on = up()
    with as_a_task_with(check_mode=True):
        assert not check(on, "before").get("failed")
    assert not [*on.snapshots.rglob("*.json")]


@pytest.mark.parametrize("seconds", [-1, 86401])
def test_a_wait_outside_of_its_bounds_is_refused(up: Up, seconds: int) -> None:
    on = up()
    result = check(on, "before", seconds=seconds)
    assert result["failed"]
    assert str(seconds) in result["failure"]["found"]
    assert not on.host.requests


def test_an_unreachable_server_gives_no_measure(up: Up) -> None:
    on = up()
    on.host.power_off()
    assert check(on, "before")["unreachable"]


def test_check_mode_boots_nothing_and_says_that_a_run_would(up: Up) -> None:
    on = up()
    booted = on.run(Order("server_info"))["server"]["booted_at"]
    with as_a_task_with(check_mode=True):
        result = judge("reboot", {}, on)
    assert (result["changed"], result.get("failed")) == (True, None)
    assert on.run(Order("server_info"))["server"]["booted_at"] == booted
    assert not on.host.state.pending_shutdown


def test_the_way_of_a_client_is_climbed_and_the_password_is_shown_nowhere(up: Up) -> None:
    result = judge("rpcping", WAY, up(rpcping={"password": PASSWORD}))
    assert (result["proved"], result["failed_step"], result["changed"]) == (True, None, False)
    assert {step["state"] for step in result["steps"]} == {"succeeded"}
    assert PASSWORD not in repr(result)


def test_a_refused_climb_quotes_no_password(up: Up) -> None:
    on = up()
    result = judge("rpcping", {**WAY, "proxy_authentication": PASSWORD}, on)
    assert result["failed"]
    assert (result["proved"], result["steps"]) == (False, [])
    assert PASSWORD not in repr(result)
    with as_a_task_with(become=True):
        assert "become needs PowerShell" in judge("rpcping", WAY, on)["failure"]["found"]
    assert not on.host.requests


@pytest.mark.parametrize("error", [KeyError(PASSWORD), AnsibleError(f"no {PASSWORD}")])
def test_what_is_raised_is_told_without_the_password_and_without_a_cause_that_holds_it(
    up: Up, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def mistaken(*_arguments: Any) -> None:
        raise error

    monkeypatch.setattr(rpcping, "Climb", mistaken)
    with pytest.raises(AnsibleActionFail) as raised:
        judge("rpcping", WAY, up())
    assert PASSWORD not in str(raised.value)
    assert ("report this" in str(raised.value)) is isinstance(error, KeyError)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
