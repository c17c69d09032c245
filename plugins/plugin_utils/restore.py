# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring back what snapshots say of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from .action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR, ConvergeAction
from .baseline import FIXES
from .converge import Controller, Managed, Outcome, Stop, Task, no_memory
from .fixes.plan import Failure, Finding
from .journal import JournalUnusable
from .restored_fix import RestoredFix
from .snapshots import RESTORED, FileSnapshots, Kept, Note, Place, SnapshotUnusable, Stored, first_states

ORIGINAL, PREVIOUS = "original", "previous"
_NAMES = tuple(sorted(fix.name for fix in FIXES))


class RestoreAction(ConvergeAction):
    """The module restore."""

    name: ClassVar[str] = "restore"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "to": {"type": "str", "default": ORIGINAL},
        "fixes": {"type": "list", "elements": "str", "choices": list(_NAMES)},
        **COMMAND_TIMEOUT,
        **SNAPSHOT_DIR,
    }
    _chosen: Sequence[Stored] = ()
    _fixes: frozenset[str] = frozenset()
    _files: FileSnapshots

    def unknown(self, reason: str) -> tuple[Finding, ...]:
        """Without a snapshot nobody knows which settings there are."""
        return ()

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Restore what the snapshots say; a server of which there are none is not even asked."""
        try:
            self._chosen = self._choose(options)
        except SnapshotUnusable as error:
            return self.stopped(_unusable(error))
        if self._chosen:
            result = super().work(options)
        else:
            result = Outcome(Task(self.name, self.host, ()), (), changed=False, predicted=self.check_mode).as_result()
        return {**result, "restored": [str(item.path) for item in self._chosen]}

    def _choose(self, options: dict[str, Any]) -> list[Stored]:
        """The snapshots that are asked for, the oldest first; raises SnapshotUnusable."""
        self._fixes = frozenset(options["fixes"] or _NAMES)
        self._files = FileSnapshots(Path(options["snapshot_dir"]), self.host)
        wanted = options["to"]
        stored = self._files.all() if wanted in (ORIGINAL, PREVIOUS) else [self._files.open(Path(wanted))]
        for item in stored:
            if strange := {kept.fix for kept in item.snapshot.kept} - set(_NAMES):
                raise SnapshotUnusable(f"{item.path} has fixes that are not known here: {', '.join(sorted(strange))}")
        chosen = [item for item in stored if item.snapshot.of(self._fixes).kept]
        return chosen[-1:] if wanted == PREVIOUS else chosen

    def managed(self, options: dict[str, Any]) -> tuple[Managed, ...]:
        """What the first of the snapshots that know a place say of it, fix by fix, the last one first."""
        known: dict[Place, tuple[Kept, ...]] = {}
        for stored in self._chosen:
            for kept in stored.snapshot.kept:
                known[kept.place] = (*known.get(kept.place, ()), kept)
        first = first_states(self._chosen)
        proved = {note.name for note in self._notes()}
        names = dict.fromkeys(fix for fix, _place in first if fix in self._fixes)
        source = ", ".join(item.path.name for item in self._chosen)
        return tuple(
            Managed(
                RestoredFix(
                    fix=name,
                    kept=tuple(kept for (fix, _place), kept in first.items() if fix == name),
                    known=known,
                    proved=frozenset(setting for fix, setting in proved if fix == name),
                    source=f"snapshot {source}",
                )
            )
            for name in reversed(names)
        )

    def _notes(self) -> list[Note]:
        """What the journal said before the first of the tasks that are undone."""
        first: dict[tuple[str, str], Note] = {}
        for stored in self._chosen:
            for note in stored.snapshot.notes:
                first.setdefault(note.name, note)
        return [note for note in first.values() if note.name[0] in self._fixes]

    def done(self, outcome: Outcome, controller: Controller) -> Outcome:
        """What is restored is no original any more, and what the journal said of its undo has served."""
        if outcome.stops or self.check_mode:
            return outcome
        settings = {(finding.fix, finding.setting) for finding in outcome.findings}
        notes = [note for note in self._notes() if note.name not in settings]
        try:
            controller.journal.remember(
                [note.record for note in notes if note.record is not None],
                [note.name for note in notes if note.record is None],
            )
            for stored in self._chosen:
                if not stored.path.name.endswith(RESTORED):
                    self._files.retire(stored, self._fixes)
        except JournalUnusable as error:
            return replace(outcome, stops=((self.name, no_memory("journal", error)),))
        except OSError as error:
            return replace(outcome, stops=((self.name, Stop(_not_renamed(error))),))
        return outcome


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


def _not_renamed(error: OSError) -> Failure:
    return Failure(
        setting="snapshot_dir",
        problem="the server is restored, and its snapshot could not be renamed",
        found=str(error),
        expected=f"a file whose name ends in {RESTORED}",
        next_step="Make the folder writable and run again: it finds nothing to do on the server, and renames.",
    )
