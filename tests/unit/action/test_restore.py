# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""restore puts back exactly what was there, from whole snapshots only, and undoes nothing that others have done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugins.plugin_utils.snapshots import FileSnapshots
from tests.cuts.harness import SERVER, Order, Stand, predicted
from tests.cuts.subjects import EVERY_FIX, EVERY_ROLE, THREE_TASKS
from tests.integration.fleet import CONFIGURATOR, RPC_PROXY
from tests.lab.host_files import HOSTS
from tests.unit.action.conftest import Up, restore, snapshots

POLLING = (CONFIGURATOR, "PeriodicPollingMinutes")


def three_tasks(on: Stand) -> Stand:
    for order in THREE_TASKS:
        assert on.run(order)["changed"]
    return on


def test_everything_is_predicted_put_back_and_its_snapshots_are_used_up(up: Up) -> None:
    on = up(**EVERY_ROLE)
    on.run(Order("baseline", EVERY_FIX))
    fixed = on.settings()
    said = predicted(on, Order("restore"))
    assert (said["changed"], on.settings()) == (True, fixed)
    undone = restore(on)
    assert undone["findings"] == said["findings"]
    assert on.settings() == on.untouched
    assert undone["reboot_required"] is True
    assert {"MSExchangeSA", "W3SVC"} <= set(undone["restart_required"])
    assert [path.suffix for path in snapshots(on)] == [".restored", ".json"]
    again = restore(on)
    assert (again["changed"], again["restored"]) == (False, [])


@pytest.mark.parametrize(("to", "minutes", "used"), [("previous", 45, 1), ("original", 15, 3)])
def test_one_step_back_or_all_of_them(up: Up, to: str, minutes: int, used: int) -> None:
    on = three_tasks(up())
    result = restore(on, to=to)
    assert on.host.registry.get(*POLLING) == ("REG_DWORD", minutes)
    assert len(result["restored"]) == used


def test_a_file_undoes_its_task_and_those_behind_it(up: Up) -> None:
    on = three_tasks(up())
    first = on.host.registry.get(RPC_PROXY, "ValidPorts")
    result = restore(on, to=str(snapshots(on)[1]))
    assert on.host.registry.get(*POLLING) == ("REG_DWORD", 30)
    assert on.host.registry.get(RPC_PROXY, "ValidPorts") == first
    assert len(result["restored"]) == 2


def test_the_other_fixes_of_a_snapshot_wait_for_their_own_restore(up: Up) -> None:
    on = up(**EVERY_ROLE)
    on.run(Order("baseline", EVERY_FIX))
    result = restore(on, fixes=["valid_ports"])
    assert {finding["fix"] for finding in result["findings"]} == {"valid_ports"}
    assert on.host.registry.get(*POLLING) == ("REG_DWORD", 15)
    assert on.settings() != on.untouched
    restore(on)
    assert on.settings() == on.untouched


def test_what_somebody_else_has_set_since_is_restored_and_told(up: Up) -> None:
    on = three_tasks(up())
    on.host.registry.set(*POLLING, "REG_DWORD", 99)
    result = restore(on)
    assert on.host.registry.get(*POLLING) == ("REG_DWORD", 15)
    assert any("PeriodicPollingMinutes was changed by somebody else since; it was 99" in w for w in result["warnings"])


def test_a_hosts_file_of_others_is_not_touched_where_nobody_knows_which_lines_are_ours(up: Up) -> None:
    on = up()
    on.run(Order("hosts_ipv4"))
    (on.snapshots / SERVER / "pending.json").unlink()
    theirs = on.host.files.read(HOSTS) + b"10.9.9.9 theirs\r\n"
    on.host.files.write(HOSTS, theirs)
    result = restore(on)
    assert result["failed"]
    assert "changed by somebody else since" in result["msg"]
    assert "state absent" in result["failure"]["next_step"]
    assert on.host.files.read(HOSTS) == theirs


def test_a_place_that_is_denied_is_unknown_and_everything_stays_as_it_is(up: Up) -> None:
    on = three_tasks(up())
    before = on.settings()
    on.host.backend.machine.tree.find(RPC_PROXY).denied = True  # type: ignore[attr-defined]
    result = restore(on)
    assert result["failed"]
    status = {finding["setting"]: finding["status"] for finding in result["findings"]}
    assert status["ValidPorts"] == "unknown"
    on.host.backend.machine.tree.find(RPC_PROXY).denied = False  # type: ignore[attr-defined]
    assert on.settings() == before


@pytest.mark.parametrize("damage", ["", "{}", "cut"])
def test_a_snapshot_that_is_not_whole_is_named_and_nothing_is_sent(up: Up, damage: str) -> None:
    on = three_tasks(up())
    first = snapshots(on)[0]
    text = first.read_text(encoding="utf-8")
    first.write_text(text[: len(text) // 2] if damage == "cut" else damage, encoding="utf-8")
    on.host.clear_requests()
    result = restore(on)
    assert result["failed"]
    assert first.name in result["failure"]["found"]
    assert not on.host.requests


def test_a_file_that_is_no_snapshot_of_this_host_is_refused(up: Up, tmp_path: Path) -> None:
    result = restore(up(), to=str(tmp_path / "none.json"))
    assert result["failed"]
    assert "none.json" in result["failure"]["found"]


def test_a_snapshot_that_cannot_be_renamed_is_told_with_what_was_restored(
    up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = three_tasks(up())

    def full(*_arguments: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(FileSnapshots, "retire", full)
        failed = restore(on)
    assert failed["failed"], failed
    assert "no space left" in failed["failure"]["found"]
    assert "PeriodicPollingMinutes to 15" in failed["failure"]["changed"]
    assert restore(on)["changed"]
    assert restore(on)["changed"] is False
