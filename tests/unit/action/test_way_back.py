# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first state stays the first, whatever fails, is cut, or is done by others before restore brings it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from plugins.plugin_utils.snapshots import FileSnapshots
from plugins.plugin_utils.windows import registry
from tests.cuts.harness import SERVER, Order, Stand
from tests.cuts.subjects import EVERY_FIX, EVERY_ROLE
from tests.integration.fleet import CONFIGURATOR, RPC_PROXY
from tests.lab import Fault
from tests.lab.host_files import HOSTS
from tests.unit.action.conftest import PINS, Up, pending, restore, snapshots

FIRST = (("REG_DWORD", 15), ("REG_SZ", "mbx1:6001-6002"))


def pin(on: Stand, minutes: int = 0, **more: Any) -> dict[str, Any]:
    return on.run(Order("valid_ports", {**PINS, "polling_minutes": minutes, **more}))


def now(on: Stand) -> tuple[Any, Any]:
    return (
        on.host.registry.get(CONFIGURATOR, "PeriodicPollingMinutes"),
        on.host.registry.get(RPC_PROXY, "ValidPorts"),
    )


def journal(on: Stand) -> set[str]:
    return {item["setting"] for item in pending(on)}


@contextmanager
def refused(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """The server refuses to write a value."""
    line = registry._write_line
    with monkeypatch.context() as patched:
        patched.setattr(registry, "_write_line", lambda item: "cd /d q:\\none" if item.name == name else line(item))
        yield


def test_a_rename_that_fails_leaves_the_first_state_the_first(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    on = up()
    for minutes in (0, 30, 60):
        pin(on, minutes)
    retire, calls = FileSnapshots.retire, iter((True, False, False))

    def fails(self: FileSnapshots, *arguments: Any) -> None:
        if not next(calls):
            raise OSError("no space left")
        retire(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(FileSnapshots, "retire", fails)
        failed = restore(on)
    assert failed["failed"]
    assert "PeriodicPollingMinutes to 15" in failed["failure"]["changed"]
    assert now(on) == FIRST
    again = restore(on)
    assert (again["changed"], again["warnings"], now(on)) == (True, [], FIRST)
    assert restore(on)["changed"] is False


def test_going_back_to_an_older_file_undoes_what_came_behind_it(up: Up) -> None:
    on = up()
    for minutes in (0, 30, 60):
        pin(on, minutes)
    result = restore(on, to=str(snapshots(on)[0]))
    assert (now(on), result["warnings"], len(result["restored"])) == (FIRST, [], 3)
    assert restore(on)["changed"] is False


def test_what_was_refused_is_no_original_and_no_previous_state(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    on = up()
    with refused(monkeypatch, "PeriodicPollingMinutes"):
        failed = pin(on)
    assert (failed["failed"], failed["changed"]) == (True, False)
    assert "snapshot" not in failed
    on.host.registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 20)
    pin(on)
    with refused(monkeypatch, "DisabledComponents"):
        assert on.run(Order("ipv6_components"))["failed"]
    restore(on, to="previous")
    assert now(on) == (("REG_DWORD", 20), FIRST[1])


def test_a_restore_that_stops_half_way_leaves_no_pin(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    on = up(**EVERY_ROLE)
    on.run(Order("baseline", EVERY_FIX))
    with refused(monkeypatch, "DisabledComponents"):
        assert restore(on)["failed"]
    assert now(on) == FIRST
    assert "pinned" not in journal(on)
    assert pin(on, repin_only=True)["changed"] is False
    assert restore(on)["changed"]
    assert on.settings() == on.untouched


def test_a_second_thought_brings_all_of_it_back(up: Up) -> None:
    on = up(**EVERY_ROLE)
    on.run(Order("baseline", EVERY_FIX))
    fixed, known = on.settings(), journal(on)
    restore(on)
    assert on.settings() == on.untouched
    restore(on, to=str(snapshots(on)[1]))
    assert (on.settings(), journal(on)) == (fixed, known)
    assert restore(on)["changed"]
    assert on.settings() == on.untouched


@pytest.mark.parametrize("again", [False, True])
def test_lines_of_others_in_the_hosts_file_stay(up: Up, again: bool) -> None:
    on = up()
    theirs = b"10.9.9.9 theirs\r\n"
    on.run(Order("hosts_ipv4"))
    on.host.files.write(HOSTS, on.host.files.read(HOSTS) + theirs)
    if again:
        on.run(Order("hosts_ipv4", {"state": "absent"}))
        on.run(Order("hosts_ipv4"))
    result = restore(on)
    assert not result.get("failed"), result
    assert on.host.files.read(HOSTS) == on.untouched[HOSTS] + theirs  # type: ignore[operator]
    assert restore(on)["changed"] is False


def test_what_waits_for_a_restart_or_a_boot_is_told_until_its_snapshot_is_used_up(up: Up) -> None:
    on = up(**EVERY_ROLE)
    on.run(Order("baseline", EVERY_FIX))
    on.host.faults.append(Fault("cut_before", "receive", 3))
    cut = restore(on)
    assert cut["unreachable"], cut
    on.host.faults.clear()
    again = restore(on)
    assert set(again["restart_required"]) == set(cut["restart_required"])
    assert again["reboot_required"] is cut["reboot_required"] is True
    assert {finding["effective"] for finding in again["findings"] if finding["setting"] == "NSPI Target Server"} == {
        "no"
    }


def test_kernel_mode_that_was_on_by_default_waits_for_its_restart_again(up: Up) -> None:
    on = up(iis={})
    on.run(Order("kernel_mode_authentication"))
    assert restore(on)["restart_required"] == ["W3SVC"]
    told = on.run(Order("kernel_mode_authentication", {"enabled": True}))
    assert (told["changed"], told["restart_required"]) == (False, ["W3SVC"])


def test_without_any_snapshot_that_is_said(up: Up) -> None:
    on = up()
    result = restore(on)
    assert (result["changed"], result["restored"]) == (False, [])
    assert str(on.snapshots / SERVER) in result["warnings"][0]
    assert not on.host.requests


def test_a_value_that_nobody_could_put_back_is_not_changed_and_check_mode_says_so(up: Up) -> None:
    on = up()
    on.host.registry.set(RPC_PROXY, "ValidPorts", "REG_MULTI_SZ", ["mbx1:6001-6002", "", "b:1"])
    result = pin(on)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "could not be put back" in result["msg"]
    assert on.host.registry.get(RPC_PROXY, "ValidPorts") == ("REG_MULTI_SZ", ["mbx1:6001-6002", "", "b:1"])
