# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshots a restore goes by, what it wants of the server, and which of them it uses up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .baseline import FIXES
from .places import Place
from .restored_fix import RestoredFix
from .snapshot import Kept, Note, first_notes, first_states
from .snapshots import RESTORE, Stored

NAMES = tuple(sorted(fix.name for fix in FIXES))


@dataclass(frozen=True)
class Way:
    """C(used) are the snapshots that a restore uses up, C(kept) what each place is to be again.

    C(history) are all tasks that are known to have changed a place, C(since) those from the wanted state on.
    """

    used: tuple[Stored, ...]
    kept: Mapping[tuple[str, Place], Kept]
    notes: Mapping[tuple[str, str], Note]
    history: Mapping[Place, tuple[Kept, ...]]
    since: Mapping[Place, tuple[Kept, ...]]

    @classmethod
    def of(cls, every: Sequence[Stored], wanted: Stored | Literal["original", "previous"], fixes: Iterable[str]) -> Way:
        """To the first state of all, to the one before the last task, or to the one before the task of a file.

        What was done to the same places behind that task is undone with it, so it is used up as well.
        """
        names = set(fixes)
        current = [item for item in every if item.is_current and _touches(item, names)]
        if wanted == "original":
            targets = current
        elif wanted == "previous":
            targets = current[-1:]
        else:
            targets = [wanted] if _touches(wanted, names) else []
        kept = {
            spot: item for spot, item in first_states([item.snapshot for item in targets]).items() if item.fix in names
        }
        used = list(targets)
        if targets and wanted != "original":
            behind = every[_place_in(every, targets[0]) :]
            used += [
                item
                for item in behind
                if item.is_current and item != targets[0] and any(one.spot in kept for one in item.snapshot.kept)
            ]
        order = [*([item for item in targets if item not in every]), *every]
        first = {item.place: next(one for one in targets if item in one.snapshot.kept) for item in kept.values()}
        return cls(
            used=tuple(used),
            kept=kept,
            notes={
                name: note
                for name, note in first_notes(item.snapshot for item in used).items()
                if name[0] in {item.fix for item in kept.values()}
            },
            history={place: tuple(_of(order, place)) for place in first},
            since={place: tuple(_of(order[order.index(start) :], place)) for place, start in first.items()},
        )

    def fixes(self) -> Iterator[RestoredFix]:
        """What is wanted of each fix, the one that was changed last first."""
        for name in reversed(list(dict.fromkeys(fix for fix, _place in self.kept))):
            yield RestoredFix(
                fix=name,
                kept=tuple(item for item in self.kept.values() if item.fix == name),
                history=self.history,
                since=self.since,
                notes=tuple(note for note in self.notes.values() if note.name[0] == name),
                source=self._source,
            )

    @property
    def _source(self) -> str:
        if len(self.used) == 1:
            return f"snapshot {self.used[0].path.name}"
        return f"{len(self.used)} snapshots, {self.used[0].path.name} to {self.used[-1].path.name}"

    def revived(self, done: Iterable[str]) -> tuple[str, ...]:
        """The snapshots that a restore had used up, once that restore is undone as a whole."""
        restores = [item for item in self.used if item.snapshot.module == RESTORE]
        whole = [item for item in restores if {kept.fix for kept in item.snapshot.kept} <= set(done)]
        return tuple(name for item in whole for name in item.snapshot.retired)


def _touches(item: Stored, names: set[str]) -> bool:
    return any(kept.fix in names for kept in item.snapshot.kept)


def _place_in(every: Sequence[Stored], item: Stored) -> int:
    """A file that lies elsewhere is older than all."""
    return every.index(item) if item in every else 0


def _of(every: Iterable[Stored], place: Place) -> Iterator[Kept]:
    return (kept for item in every for kept in item.snapshot.kept if kept.place == place)
