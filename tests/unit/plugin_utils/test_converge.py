# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode predicts the run; a run is verified; every failure says what an operator needs."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from plugins.plugin_utils.changes import Change, settings_of
from plugins.plugin_utils.converge import SHELL, Controller, Managed, Task, converge
from plugins.plugin_utils.fixes.valid_ports import CONFIGURATOR, RPC_PROXY, SYSTEM, ValidPorts
from plugins.plugin_utils.formats.names import ServerName
from plugins.plugin_utils.formats.registry import (
    Key,
    KeyContent,
    KeyDenied,
    KeyState,
    SetNumber,
    SetText,
    Value,
)
from plugins.plugin_utils.journal import JournalUnusable, Memory, Record
from plugins.plugin_utils.places import Place
from plugins.plugin_utils.reads import Clock, Observed, Read, ReadClock, ReadKey
from plugins.plugin_utils.snapshot import Snapshot
from plugins.plugin_utils.snapshots import SnapshotUnusable
from plugins.plugin_utils.windows.server import Applied, Reading
from plugins.plugin_utils.windows.shell import TimedOut, Unreachable

FIX = ValidPorts((ServerName("mbx1.contoso.com", "mbx1"),))
PINNED = "mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004"


NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.UTC)


class FakeServer:
    """A server whose registry is a dict; hooks play what comes between."""

    def __init__(self, ports: str | None = None, polling: int = 15) -> None:
        self.ports, self.polling = ports, polling
        self.left = False
        self.undeletable: tuple[str, ...] = ()
        self.calls: list[str] = []
        self.after_write: list[Callable[[], None]] = []
        self.fail: dict[str, Exception] = {}
        self.reject: str | None = None
        self.settled: list[int] = []
        self.clock = Clock(NOON - datetime.timedelta(hours=1), NOON)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.fail:
            raise self.fail[name]

    def open(self) -> None:
        self._call("open")

    def state(self) -> dict[Key, KeyState]:
        ports = () if self.ports is None else (Value("ValidPorts", "REG_SZ", self.ports, self.ports),)
        polling = Value("PeriodicPollingMinutes", "REG_DWORD", self.polling, hex(self.polling))
        return {
            RPC_PROXY: KeyContent((Value("Enabled", "REG_DWORD", 1, "0x1"), *ports), ()),
            CONFIGURATOR: KeyContent((polling,), ()),
            SYSTEM: KeyContent((), ()),
        }

    def observed(self) -> Observed:
        return Observed({ReadKey(key): state for key, state in self.state().items()} | {ReadClock(): self.clock})

    def read(self, reads: Sequence[Read]) -> Reading:
        self._call("read")
        return Reading(self.observed(), self.left)

    shell_name = "SHELL2"

    def end_shell(self, name: str) -> None:
        self._call(f"end {name}")

    def remove_left_behind(self, reads: Sequence[Read]) -> tuple[str, ...]:
        self._call("remove")
        return self.undeletable

    def apply(self, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Read]) -> Applied:
        self._call("apply")
        self.settled.append(settle_seconds)
        accepted: list[Change] = []
        for change in changes:
            if settings_of(change)[0] == self.reject:
                return Applied(tuple(accepted), change, "ERROR: Access is denied.", self.observed())
            if isinstance(change, SetNumber):
                self.polling = change.number
            elif isinstance(change, SetText):
                self.ports = change.text
            accepted.append(change)
        if self.after_write:
            self.after_write.pop(0)()
        return Applied(tuple(accepted), None, "", self.observed())


class FakeJournal:
    """A memory that can be broken."""

    def __init__(self) -> None:
        self.memory: dict[tuple[str, str], Record] = {}
        self.broken = False

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    def read(self) -> Memory:
        if self.broken:
            raise JournalUnusable("pending.json is not a journal")
        return self.memory

    def remember(self, records: Iterable[Record], forget: Iterable[tuple[str, str]] = ()) -> None:
        self.memory |= {record.name: record for record in records}
        for name in forget:
            self.memory.pop(name, None)


class FakeSnapshots:
    """Snapshots in memory, which can fail."""

    def __init__(self) -> None:
        self.kept: list[Snapshot] = []
        self.broken = False

    def keep(self, snapshot: Snapshot) -> str:
        if self.broken:
            raise SnapshotUnusable("the disk is full")
        self.kept.append(snapshot)
        return f"snapshot {len(self.kept)}"

    def settle(self, where: str, snapshot: Snapshot, made: Collection[tuple[str, Place]]) -> str | None:
        return where if made else None


def run(
    server: FakeServer,
    check_mode: bool = False,
    journal: FakeJournal | None = None,
    snapshots: FakeSnapshots | None = None,
) -> dict[str, Any]:
    controller = Controller(journal or FakeJournal(), snapshots or FakeSnapshots())
    task = Task(FIX.name, "cas1", (Managed(FIX),))
    return converge(task, server, controller, check_mode).as_result()


def test_check_mode_reads_only_and_the_run_says_the_same() -> None:
    server = FakeServer()
    predicted = run(server, check_mode=True)
    assert server.calls == ["open", "read"]
    done = run(server)
    assert {key: predicted[key] for key in ("changed", "diff", "findings", "restart_required")} == {
        key: done[key] for key in ("changed", "diff", "findings", "restart_required")
    }
    assert done["changed"] is True
    assert (server.ports, server.polling) == (PINNED, 0)
    assert run(server)["changed"] is False


def test_a_compliant_server_is_read_once_and_left_alone() -> None:
    server = FakeServer(PINNED, 0)
    result = run(server)
    assert server.calls == ["open", "read"]
    assert result["diff"]["before"] == result["diff"]["after"]


def test_the_diff_has_a_line_a_setting() -> None:
    result = run(FakeServer(), check_mode=True)
    assert result["diff"]["before"].splitlines() == ["PeriodicPollingMinutes: 15", "ValidPorts: (absent)"]
    assert result["diff"]["after"].splitlines() == ["PeriodicPollingMinutes: 0", f"ValidPorts: {PINNED}"]


def assert_complete(failure: dict[str, Any], message: str, **parts: str) -> None:
    assert set(failure) == {"host", "setting", "problem", "found", "expected", "changed", "next_step"}
    assert all(failure.values())
    for name, text in parts.items():
        assert text in failure[name], name
    for text in failure.values():
        assert text in message


def test_a_rejected_change_says_what_came_before_it_and_a_rerun_converges() -> None:
    server = FakeServer()
    server.reject = "ValidPorts"
    result = run(server)
    assert result["failed"] is True
    assert result["changed"] is True
    assert_complete(
        result["failure"],
        result["msg"],
        host="cas1",
        setting="ValidPorts",
        found="Access is denied",
        expected=PINNED,
        changed="PeriodicPollingMinutes from 15 to 0",
        next_step="run again",
    )
    server.reject = None
    assert run(server).get("failed") is None
    assert server.ports == PINNED


def test_when_the_first_change_is_rejected_nothing_was_changed() -> None:
    server = FakeServer()
    server.reject = "PeriodicPollingMinutes"
    result = run(server)
    assert result["changed"] is False
    assert_complete(result["failure"], result["msg"], setting="PeriodicPollingMinutes", changed="nothing")


def test_the_servicelet_that_comes_between_is_named_and_overwritten_once_more() -> None:
    server = FakeServer()
    server.after_write = [lambda: setattr(server, "ports", "mbx1:6001-6002;mbx1:6004")]
    result = run(server)
    assert result.get("failed") is None
    assert server.ports == PINNED
    assert any("RpcHttpConfigurator" in warning for warning in result["warnings"])
    assert server.calls.count("apply") == 2


def test_a_servicelet_that_does_not_stop_is_a_failure() -> None:
    server = FakeServer()
    server.after_write = [lambda: setattr(server, "ports", "mbx1:6001-6002;mbx1:6004")] * 3
    result = run(server)
    assert_complete(
        result["failure"],
        result["msg"],
        setting="ValidPorts",
        found="mbx1:6001-6002;mbx1:6004",
        changed="PeriodicPollingMinutes from 15 to 0; ValidPorts from (absent)",
    )
    assert server.calls.count("apply") == 2
    assert server.settled == [5, 5]
    server.after_write = []
    assert run(server).get("failed") is None


def test_a_servicelet_that_lists_servers_nobody_knows_is_named_and_not_overwritten() -> None:
    server = FakeServer()
    server.after_write = [lambda: setattr(server, "ports", "mbx1:6001-6002;new:6004")]
    result = run(server)
    assert server.calls.count("apply") == 1
    assert_complete(result["failure"], result["msg"], problem="RpcHttpConfigurator", found="new:6004")
    assert "allow_removal" in result["failure"]["next_step"]


def test_another_writer_is_not_fought() -> None:
    server = FakeServer()
    server.after_write = [lambda: setattr(server, "ports", "somebody:1")]
    result = run(server)
    assert server.calls.count("apply") == 1
    assert_complete(
        result["failure"],
        result["msg"],
        setting="ValidPorts",
        found="somebody:1",
        expected=PINNED,
        changed="ValidPorts from (absent)",
        next_step="find out who",
    )


def test_a_key_that_is_denied_after_the_change_is_not_called_verified() -> None:
    server = FakeServer()
    after = server.state

    def deny() -> None:
        server.state = lambda: {**after(), RPC_PROXY: KeyDenied(RPC_PROXY, "denied")}  # type: ignore[method-assign]

    server.after_write = [deny]
    result = run(server)
    assert_complete(result["failure"], result["msg"], setting="ValidPorts", problem="read again after the change")


@pytest.mark.parametrize("call", ["open", "read"])
def test_a_line_lost_before_the_change_is_unreachable_with_all_settings_unknown(call: str) -> None:
    server = FakeServer()
    server.fail = {call: Unreachable("could not start a command: reset by peer")}
    result = run(server)
    assert result["unreachable"] is True
    assert result["changed"] is False
    assert [finding["status"] for finding in result["findings"]] == ["unknown", "unknown"]
    assert_complete(result["failure"], result["msg"], host="cas1", found="reset by peer", changed="nothing")
    server.fail = {}
    assert run(server)["changed"] is True


def test_a_line_lost_during_the_change_says_that_nobody_knows() -> None:
    server = FakeServer()
    server.fail = {"apply": Unreachable("reset by peer")}
    result = run(server)
    assert result["unreachable"] is True
    assert_complete(result["failure"], result["msg"], changed="not known; under way", found="reset by peer")
    assert [finding["status"] for finding in result["findings"]] == ["drifted", "drifted"]


def test_a_deadline_is_a_failure_of_the_task_and_not_of_the_line() -> None:
    server = FakeServer()
    server.fail = {"read": TimedOut("a command did not end within 120 seconds")}
    result = run(server)
    assert result["failed"] is True
    assert "unreachable" not in result
    assert "120 seconds" in result["msg"]


def test_what_a_cut_run_left_is_removed_and_in_check_mode_only_told() -> None:
    server = FakeServer(PINNED, 0)
    server.left = True
    assert any("next run" in warning for warning in run(server, check_mode=True)["warnings"])
    assert "remove" not in server.calls
    result = run(server)
    assert server.calls.count("remove") == 1
    assert any("it has been removed" in warning for warning in result["warnings"])
    assert result["changed"] is False


def test_what_cannot_be_removed_is_named_and_not_said_to_be_gone() -> None:
    server = FakeServer()
    server.left, server.undeletable = True, ("hosts.exchange_ops",)
    result = run(server)
    assert result["changed"] is True
    (warning,) = result["warnings"]
    assert "could not be removed, so delete by hand: hosts.exchange_ops" in warning
    assert "has been removed" not in warning


def test_the_shell_of_a_cut_run_is_ended_before_anything_is_read() -> None:
    server, journal = FakeServer(), FakeJournal()
    server.fail["apply"] = Unreachable("cut")
    run(server, journal=journal)
    assert journal.memory[SHELL].value == "SHELL2"
    server.fail, server.calls, server.left = {}, [], True
    run(server, check_mode=True, journal=journal)
    run(server, journal=journal)
    assert server.calls == ["open", "read", "open", "end SHELL2", "read", "remove", "apply"]
    assert SHELL not in journal.memory


def test_what_a_cut_run_left_is_removed_by_a_task_that_stops_too() -> None:
    server = FakeServer()
    server.left = True
    server.state = lambda: {
        RPC_PROXY: KeyDenied(RPC_PROXY, "no"),
        CONFIGURATOR: KeyDenied(CONFIGURATOR, "no"),  # type: ignore[method-assign]
        SYSTEM: KeyContent((), ()),
    }
    predicted = run(server, check_mode=True)
    assert "next run outside check mode" in predicted["warnings"][-1]
    assert "remove" not in server.calls
    result = run(server)
    assert "it has been removed" in result["warnings"][-1]
    assert server.calls.count("remove") == 1
    assert result["failure"] == predicted["failure"]
    server.fail["remove"] = TimedOut("too slow")
    result = run(server)
    assert "is not known: too slow" in result["warnings"][-1]
    assert result["failure"] == predicted["failure"]


def test_without_a_journal_nothing_is_read_and_nothing_is_changed() -> None:
    server, journal = FakeServer(), FakeJournal()
    journal.broken = True
    result = run(server, journal=journal)
    assert server.calls == []
    assert_complete(result["failure"], result["msg"], found="pending.json", changed="nothing", next_step="snapshot_dir")
    assert [finding["status"] for finding in result["findings"]] == ["unknown", "unknown"]
