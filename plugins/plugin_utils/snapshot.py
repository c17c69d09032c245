# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What settings were before a task changed them, with their types."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from .changes import Change, ReplaceFile, SetIisAttribute, settings_of
from .fixes.plan import Failure, Plan
from .formats.reg_exe import octets_of
from .formats.registry import DeleteValue, KeyContent, RegistryChange, SetNumber, SetText, SetTexts, Value
from .journal import Memory, Record
from .places import Place, State, Typed, place_of_change
from .reads import Observed

Item = TypeVar("Item")
Name = TypeVar("Name")


@dataclass(frozen=True)
class Shown:
    """A setting that has this place, by its finding's name, and how people see it."""

    setting: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Kept:
    """One place, before and after a change; C(restart) and C(reboot) say what the change needs to be in force."""

    fix: str
    shown: tuple[Shown, ...]
    place: Place
    before: State
    after: State
    restart: tuple[str, ...] = ()
    reboot: bool = False
    # Whether the change made the registry key as well.
    made_key: bool = False

    @property
    def spot(self) -> tuple[str, Place]:
        """Which fix's place it is."""
        return self.fix, self.place


@dataclass(frozen=True)
class Note:
    """What the journal said under a name before the task, None where it said nothing."""

    name: tuple[str, str]
    record: Record | None


@dataclass(frozen=True)
class Snapshot:
    """All that a task was about to change; the server's time is None where it was not read.

    C(retired) are the names of the snapshots that a restore used up.
    """

    host: str
    module: str
    version: str
    controller_time: datetime.datetime
    server_time: datetime.datetime | None
    kept: tuple[Kept, ...]
    notes: tuple[Note, ...] = ()
    retired: tuple[str, ...] = ()

    def where(self, wanted: Callable[[Kept], bool]) -> Snapshot:
        """The part with these places, and with the notes of their fixes."""
        kept = tuple(item for item in self.kept if wanted(item))
        fixes = {item.fix for item in kept}
        return replace(self, kept=kept, notes=tuple(note for note in self.notes if note.name[0] in fixes))

    def together(self, other: Snapshot) -> Snapshot:
        """Both parts of what was one."""
        kept = {item.spot: item for item in (*other.kept, *self.kept)}
        notes = {note.name: note for note in (*other.notes, *self.notes)}
        return replace(self, kept=tuple(kept.values()), notes=tuple(notes.values()))


def kept_of(fix: str, plan: Plan, observed: Observed) -> list[Kept]:
    """What a plan is about to change; raises ValueError for what could not be put back."""
    shown = {finding.setting: Shown(finding.setting, finding.before, finding.after) for finding in plan.findings}
    return [
        Kept(
            fix,
            tuple(shown[setting] for setting in settings_of(change)),
            place_of_change(change),
            *_states(change, observed),
            restart=plan.restart_required,
            reboot=plan.reboot_required,
            made_key=_makes_key(change, observed),
        )
        for change in plan.changes
    ]


def no_way_back(fix: str, plan: Plan, observed: Observed) -> Failure | None:
    """Why the changes of a plan cannot be made, as what is there could not be put back; None where it could."""
    try:
        kept_of(fix, plan, observed)
    except ValueError as error:
        return Failure(
            setting=", ".join(dict.fromkeys(name for change in plan.changes for name in settings_of(change))),
            problem="what is there now could not be put back as it is",
            found=str(error),
            expected="a value that this collection can write",
            next_step="Export it with reg export on the server, keep that, delete the value by hand and run again.",
        )
    return None


def notes_of(fix: str, plan: Plan, memory: Memory) -> list[Note]:
    """What the journal says now under the names that a plan writes or drops."""
    names = [*(setting for setting, _text in (*plan.notes, *plan.conclusions)), *plan.forget, *plan.to_be_proved]
    return [Note((fix, name), memory.get((fix, name))) for name in dict.fromkeys(names)]


def _states(change: Change, observed: Observed) -> tuple[State, State]:
    if isinstance(change, ReplaceFile):
        return change.old, change.new
    if isinstance(change, SetIisAttribute):
        return change.old, change.value
    value = observed.values(change.key).value(change.name)
    return None if value is None else _writable(value), _after(change)


def _writable(value: Value) -> Typed:
    octets_of(value.kind, value.data)
    if isinstance(value.data, tuple) and "\\0".join(value.data) != value.raw.removesuffix("\\0").removesuffix("\\0"):
        raise ValueError(f"{value.name} has an empty text among its texts: {value.raw!r}")
    return Typed(value.kind, value.data)


def _after(change: RegistryChange) -> Typed | None:
    if isinstance(change, DeleteValue):
        return None
    if isinstance(change, SetText):
        return Typed("REG_SZ", change.text)
    if isinstance(change, SetNumber):
        return Typed("REG_DWORD", change.number)
    if isinstance(change, SetTexts):
        return Typed("REG_MULTI_SZ", change.texts)
    return Typed(change.kind, change.data)


def _makes_key(change: Change, observed: Observed) -> bool:
    if isinstance(change, (ReplaceFile, SetIisAttribute)):
        return False
    return not isinstance(observed.key(change.key), KeyContent)


def first_states(snapshots: Iterable[Snapshot]) -> dict[tuple[str, Place], Kept]:
    """Each place as it was before the first of these snapshots that knows it."""
    return _firsts((kept for snapshot in snapshots for kept in snapshot.kept), lambda kept: kept.spot)


def first_notes(snapshots: Iterable[Snapshot]) -> dict[tuple[str, str], Note]:
    """What the journal said under each name before the first of these tasks."""
    return _firsts((note for snapshot in snapshots for note in snapshot.notes), lambda note: note.name)


def _firsts(items: Iterable[Item], name: Callable[[Item], Name]) -> dict[Name, Item]:
    first: dict[Name, Item] = {}
    for item in items:
        first.setdefault(name(item), item)
    return first
