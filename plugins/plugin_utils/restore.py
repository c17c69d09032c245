# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring back what snapshots say of a server."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from .action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR, ConvergeAction
from .converge import NOTHING, Controller, Managed, Outcome, Stop, Task, no_memory
from .fixes.plan import Failure, Finding
from .journal import JournalUnusable
from .places import Place
from .restore_way import NAMES, Way
from .snapshot import Snapshot
from .snapshots import RESTORED, FileSnapshots, SnapshotUnusable, Stored

ORIGINAL, PREVIOUS = "original", "previous"


class RestoreAction(ConvergeAction):
    """The module restore."""

    name: ClassVar[str] = "restore"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "to": {"type": "str", "default": ORIGINAL},
        "fixes": {"type": "list", "elements": "str", "choices": list(NAMES)},
        **COMMAND_TIMEOUT,
        **SNAPSHOT_DIR,
    }
    _way: Way
    _files: FileSnapshots

    def unknown(self, reason: str) -> tuple[Finding, ...]:
        """Without a snapshot nobody knows which settings there are."""
        return ()

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Restore what the snapshots say; a server of which there are none is not even asked."""
        self._files = FileSnapshots(Path(options["snapshot_dir"]), self.host)
        try:
            every = self._files.all()
            self._way = Way.of(every, self._wanted(options["to"], every), options["fixes"] or NAMES)
        except SnapshotUnusable as error:
            return self.stopped(_unusable(error))
        if self._way.used:
            result = super().work(options)
        else:
            nothing = Outcome(Task(self.name, self.host, ()), (), changed=False, predicted=self.check_mode)
            warnings = () if every else (f"no snapshot of this host is in {self._files.folder}: nothing is restored",)
            result = replace(nothing, warnings=warnings).as_result()
        return {**result, "restored": [str(item.path) for item in self._way.used]}

    def _wanted(self, to: str, every: Sequence[Stored]) -> Stored | Literal["original", "previous"]:
        """What is asked for; raises SnapshotUnusable for a file that is none."""
        if to == ORIGINAL:
            return "original"
        if to == PREVIOUS:
            return "previous"
        path = Path(to)
        return next((item for item in every if item.path.absolute() == path.absolute()), None) or self._files.open(path)

    def managed(self, options: dict[str, Any]) -> tuple[Managed, ...]:
        """What is wanted of each fix, the one that was changed last first."""
        return tuple(Managed(fix) for fix in self._way.fixes())

    def controller(self, options: dict[str, Any]) -> Controller:
        """The snapshot of what is there now says which ones it makes use of."""
        controller = super().controller(options)
        names = tuple(item.path.name for item in self._way.used if item.is_current)
        return replace(controller, snapshots=_Second(self._files, names))

    def done(self, outcome: Outcome, controller: Controller) -> Outcome:
        """What is restored is no original any more, and what the journal said of its undo has served."""
        if self.check_mode:
            return replace(outcome, changed=not outcome.stops)
        try:
            self._forget(outcome.done, controller)
            self._retire(outcome.done)
        except JournalUnusable as error:
            stop = replace(no_memory("journal", error), changed=_restored(outcome))
            return replace(outcome, stops=(*outcome.stops, (self.name, stop)))
        except (OSError, SnapshotUnusable) as error:
            stop = Stop(_not_renamed(error), _restored(outcome))
            return replace(outcome, stops=(*outcome.stops, (self.name, stop)))
        return replace(outcome, changed=outcome.changed or bool(outcome.done))

    def _forget(self, done: frozenset[str], controller: Controller) -> None:
        """The same for what a run before had restored and not come to."""
        settings = {(kept.fix, shown.setting) for kept in self._way.kept.values() for shown in kept.shown}
        notes = [note for note in self._way.notes.values() if note.name[0] in done and note.name not in settings]
        memory = controller.journal.read()
        back = [note.record for note in notes if note.record is not None and note.name not in memory]
        gone = [note.name for note in notes if note.record is None and note.name in memory]
        if back or gone:
            controller.journal.remember(back, gone)

    def _retire(self, done: frozenset[str]) -> None:
        """The newest first: a run that is cut here leaves the first original the first."""
        for item in reversed(self._way.used):
            if item.path.name.endswith(".json"):
                self._files.retire(item, lambda kept: kept.fix in done and kept.spot in self._way.kept)
        for name in self._way.revived(done):
            self._files.revive(name)


@dataclass(frozen=True)
class _Second:
    """Snapshots for a second thought: they say what they take the place of."""

    files: FileSnapshots
    names: tuple[str, ...]

    def keep(self, snapshot: Snapshot) -> str:
        """Keep one, and say where; raises SnapshotUnusable."""
        return self.files.keep(replace(snapshot, retired=self.names))

    def settle(self, where: str, snapshot: Snapshot, made: Collection[tuple[str, Place]]) -> str | None:
        """What was kept of changes that were surely not made."""
        return self.files.settle(where, replace(snapshot, retired=self.names), made)


def _restored(outcome: Outcome) -> str:
    changed = [finding for finding in outcome.findings if finding.status == "drifted" and finding.fix in outcome.done]
    return "; ".join(f"{finding.setting} to {finding.after or '(absent)'}" for finding in changed) or NOTHING


def _unusable(error: SnapshotUnusable) -> Failure:
    return Failure(
        setting="to",
        problem="a snapshot cannot be used",
        found=str(error),
        expected="whole snapshots of this host, of this version of the collection or an older one",
        next_step=(
            "Nothing was sent to the server. Mend the file from a backup, or move it out of the folder if you know "
            "what it held; then run again."
        ),
    )


def _not_renamed(error: Exception) -> Failure:
    return Failure(
        setting="snapshot_dir",
        problem="the server is restored, and its snapshot could not be renamed",
        found=str(error),
        expected=f"a file whose name ends in {RESTORED}",
        next_step="Make the folder writable and run again: it finds nothing to do on the server, and renames.",
    )
