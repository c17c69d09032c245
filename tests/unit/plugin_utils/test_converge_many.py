# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several fixes are one task: one reading, one snapshot, nothing by halves, and each failure told."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from plugins.plugin_utils.changes import Change
from plugins.plugin_utils.converge import Controller, Managed, Task, converge
from plugins.plugin_utils.fixes.plan import Failure, Finding, Fix, LeaveAlone, Plan
from plugins.plugin_utils.formats.registry import Key, KeyContent, KeyDenied, KeyState, SetNumber, Value
from plugins.plugin_utils.journal import JournalUnusable, Memory, Record
from plugins.plugin_utils.places import Place, Typed
from plugins.plugin_utils.reads import Clock, Observed, Read, ReadClock, ReadKey
from plugins.plugin_utils.snapshot import Snapshot
from plugins.plugin_utils.snapshots import SnapshotUnusable
from plugins.plugin_utils.windows.server import Applied, Reading

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.UTC)
NAMES = ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class One(Fix):
    """A number in a key of its own that should be 1."""

    letter: str

    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {}

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.letter

    @property
    def key(self) -> Key:
        return Key(rf"HKLM\{self.letter}")

    @property
    def reads(self) -> tuple[Read, ...]:  # type: ignore[override]
        return (ReadKey(self.key), ReadClock())

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Fix:
        raise NotImplementedError

    def unknown(self, reason: str) -> tuple[Finding, ...]:  # type: ignore[override]
        return (Finding(self.letter, f"{self.letter} value", "unknown", None, None, reason, "", "unknown"),)

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        state = observed.key(self.key)
        if not isinstance(state, KeyContent):
            failure = Failure(f"{self.letter} value", "denied", "nothing", "1", "ask for the right")
            return Plan(self.unknown("denied"), failure=failure)
        value = state.value("value")
        found = None if value is None else value.shown
        good = found == "1"
        status = "compliant" if good else "drifted"
        finding = Finding(self.letter, f"{self.letter} value", status, found, "1", "", "", "unknown")
        if good:
            return Plan((finding,))
        return Plan(
            (finding,),
            (SetNumber(self.key, f"{self.letter} value", 1),),
            restart_required=(f"Service{self.letter}",),
            to_be_proved=(f"{self.letter} value",),
        )


@dataclass
class Machine:
    """Numbers by key; None is absent, "denied" is denied."""

    numbers: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    reject: str | None = None
    stubborn: str | None = None
    calls: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.calls.append("open")

    def _observed(self, reads: Iterable[Read]) -> Observed:
        states: dict[Read, Any] = {}
        for read in reads:
            states[read] = Clock(NOON, NOON) if isinstance(read, ReadClock) else self._state(read)
        return Observed(states)

    def _state(self, read: Read) -> KeyState:
        assert isinstance(read, ReadKey)
        number = self.numbers[read.key.name]
        if number == "denied":
            return KeyDenied(read.key, "Access is denied.")
        values = () if number is None else (Value("value", "REG_DWORD", number, hex(number)),)
        named = () if number is None else (Value(f"{read.key.name} value", "REG_DWORD", number, hex(number)),)
        return KeyContent((*values, *named), ())

    def read(self, reads: Sequence[Read]) -> Reading:
        self.calls.append(f"read {len(reads)}")
        return Reading(self._observed(reads), left_behind=False)

    shell_name = "SHELL1"

    def end_shell(self, name: str) -> None:
        """No run was cut."""

    def remove_left_behind(self, reads: Sequence[Read]) -> tuple[str, ...]:
        raise AssertionError("nothing was left behind")

    def apply(self, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Read]) -> Applied:
        self.calls.append("apply")
        accepted: list[Change] = []
        for change in changes:
            assert isinstance(change, SetNumber)
            if change.key.name == self.reject:
                return Applied(tuple(accepted), change, "ERROR: no", self._observed(reads))
            if change.key.name != self.stubborn:
                self.numbers[change.key.name] = change.number
            accepted.append(change)
        return Applied(tuple(accepted), None, "", self._observed(reads))


@dataclass
class Kept:
    """A journal and snapshots in memory; what is broken says so."""

    memory: dict[tuple[str, str], Record] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)
    broken: str = ""

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    def read(self) -> Memory:
        return self.memory

    def remember(self, records: Iterable[Record], forget: Iterable[tuple[str, str]] = ()) -> None:
        if self.broken == "journal":
            raise JournalUnusable("the disk is full")
        self.memory |= {record.name: record for record in records}

    def keep(self, snapshot: Snapshot) -> str:
        if self.broken == "snapshot":
            raise SnapshotUnusable("the disk is full")
        self.snapshots.append(snapshot)
        return "000001.json"

    def settle(self, where: str, snapshot: Snapshot, made: Collection[tuple[str, Place]]) -> str | None:
        return where if made else None


def run(
    machine: Machine, kept: Kept | None = None, check_mode: bool = False, left: str | None = None
) -> dict[str, Any]:
    managed = tuple(
        Managed(One(name), LeaveAlone("not_managed", "nobody asked") if name == left else None) for name in NAMES
    )
    kept = kept or Kept()
    return converge(Task("baseline", "cas1", managed), machine, Controller(kept, kept), check_mode).as_result()


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {finding["fix"]: finding["status"] for finding in result["findings"]}


def test_all_are_read_at_once_and_changed_at_once() -> None:
    machine, kept = Machine(), Kept()
    predicted = run(machine, kept, check_mode=True)
    assert (machine.calls, kept.snapshots) == (["open", "read 4"], [])
    done = run(machine, kept)
    assert machine.calls[2:] == ["open", "read 4", "apply"]
    assert {name: done[name] for name in ("changed", "diff", "findings", "restart_required")} == {
        name: predicted[name] for name in ("changed", "diff", "findings", "restart_required")
    }
    assert done["restart_required"] == ["Servicealpha", "Servicebeta", "Servicegamma"]
    assert run(machine, kept)["changed"] is False


def test_the_snapshot_holds_what_was_there_and_is_made_first() -> None:
    machine, kept = Machine({"alpha": 7, "beta": None, "gamma": 1}), Kept()
    done = run(machine, kept)
    (snapshot,) = kept.snapshots
    assert done["snapshot"] == "000001.json"
    assert [(item.fix, item.before, item.after) for item in snapshot.kept] == [
        ("alpha", Typed("REG_DWORD", 7), Typed("REG_DWORD", 1)),
        ("beta", None, Typed("REG_DWORD", 1)),
    ]
    assert (snapshot.module, snapshot.server_time) == ("baseline", NOON)


@pytest.mark.parametrize("broken", ["snapshot", "journal"])
def test_without_a_place_to_remember_nothing_is_changed(broken: str) -> None:
    machine = Machine()
    result = run(machine, Kept(broken=broken))
    assert (result["failed"], result["changed"]) == (True, False)
    assert "apply" not in machine.calls
    assert "the disk is full" in result["msg"]
    assert "Changed before this failure: nothing" in result["msg"]


def test_one_that_cannot_be_read_holds_back_all_and_each_is_told() -> None:
    machine = Machine({"alpha": 0, "beta": "denied", "gamma": "denied"})
    result = run(machine)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "apply" not in machine.calls
    assert statuses(result) == {"alpha": "drifted", "beta": "unknown", "gamma": "unknown"}
    assert result["findings"][0]["blocked_by"] == "the task stopped: beta value"
    assert result["findings"][0]["after"] == "0"
    assert result["restart_required"] == []
    assert [line.partition(":")[2].partition(",")[0].strip() for line in result["msg"].splitlines()] == [
        "beta",
        "gamma",
    ]
    assert result["failure"]["setting"] == "beta value"


def test_a_rejection_says_what_was_changed_and_what_was_not_tried() -> None:
    machine, kept = Machine(reject="beta"), Kept()
    result = run(machine, kept)
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["failure"]["changed"] == "alpha value from 0 to 1; not tried any more: gamma value"
    assert len(result["msg"].splitlines()) == 1
    assert result["restart_required"] == ["Servicealpha"]
    machine.reject = None
    assert run(machine, kept)["changed"] is True
    assert set(machine.numbers.values()) == {1}


def test_what_did_not_take_is_told_and_the_others_are_verified() -> None:
    machine, kept = Machine(stubborn="beta"), Kept()
    result = run(machine, kept)
    assert result["failed"]
    assert "cas1: beta, beta value: the server accepted the change" in result["msg"]
    assert len(result["msg"].splitlines()) == 1
    assert result["changed"] is True


def test_one_that_is_left_alone_is_shown_and_not_changed() -> None:
    machine, kept = Machine(), Kept()
    result = run(machine, kept, left="beta")
    assert statuses(result) == {"alpha": "drifted", "beta": "not_managed", "gamma": "drifted"}
    assert machine.numbers == {"alpha": 1, "beta": 0, "gamma": 1}
    assert [item.fix for item in kept.snapshots[0].kept] == ["alpha", "gamma"]
    assert [setting for change in kept.snapshots[0].kept for setting in (change.shown[0].setting,)] == [
        "alpha value",
        "gamma value",
    ]
