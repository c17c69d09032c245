# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots of a server, kept on the controller so that every change can be undone.

One JSON file a task in the server's folder, numbered in their order.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .journal import folder_of, write_whole
from .places import Place
from .snapshot import Kept, Snapshot
from .snapshot_form import from_json, to_json

RESTORED = ".restored"
UNUSED = ".unused"
# What restore keeps is for a second thought: neither the original nor a state that somebody wanted.
RESTORE = "restore"
_NUMBERED = re.compile(r"(\d{6,})-[0-9TZ]+-[a-z0-9_]+\.json(?:\.restored|\.unused)*")


class SnapshotUnusable(Exception):
    """A snapshot cannot be written or used; nothing is changed on the server without one."""


class Snapshots(Protocol):
    """Where the snapshots of one server are kept."""

    def keep(self, snapshot: Snapshot) -> str:
        """Keep one, and say where; raises SnapshotUnusable."""

    def settle(self, where: str, snapshot: Snapshot, made: Collection[tuple[str, Place]]) -> str | None:
        """What was kept of changes that were surely not made is no original; where the rest is now."""


@dataclass(frozen=True)
class Stored:
    """A snapshot and its file."""

    path: Path
    snapshot: Snapshot

    @property
    def is_current(self) -> bool:
        """Whether nobody has undone it, and it is no restore's."""
        return self.path.name.endswith(".json") and self.snapshot.module != RESTORE


class FileSnapshots:
    """The snapshots of one server as files of a folder."""

    def __init__(self, folder: Path, host: str) -> None:
        self.folder = folder_of(folder, host)
        self._host = host

    def keep(self, snapshot: Snapshot) -> str:
        """A new file; raises SnapshotUnusable. Whoever holds the journal alone takes no number twice."""
        stamp = snapshot.controller_time.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        try:
            number = max((int(match[1]) for match in self._names()), default=0) + 1
            path = self.folder / f"{number:06d}-{stamp}-{snapshot.module}.json"
            write_whole(path, to_json(snapshot))
        except OSError as error:
            raise SnapshotUnusable(f"no snapshot could be written into {self.folder}: {error}") from error
        return str(path)

    def settle(self, where: str, snapshot: Snapshot, made: Collection[tuple[str, Place]]) -> str | None:
        """Written anew without the rest, or renamed where nothing was made. A failure leaves more than was made."""
        rest, path = snapshot.where(lambda kept: kept.spot in made), Path(where)
        try:
            if not rest.kept:
                path.replace(path.with_name(path.name + UNUSED))
                return None
            if len(rest.kept) < len(snapshot.kept):
                write_whole(path, to_json(rest))
        except OSError:
            return where
        return where

    def all(self) -> list[Stored]:
        """Every one, the oldest first; raises SnapshotUnusable where one that nobody has undone is not whole."""
        try:
            names = sorted((int(match[1]), match[0]) for match in self._names() if not match[0].endswith(UNUSED))
        except OSError as error:
            raise SnapshotUnusable(f"{self.folder} cannot be read: {error}") from error
        return [item for _number, name in names if (item := self._history(self.folder / name)) is not None]

    def _history(self, path: Path) -> Stored | None:
        """A file that has served only explains what others did, so it need not be whole."""
        try:
            return self.open(path)
        except SnapshotUnusable:
            if path.name.endswith(RESTORED):
                return None
            raise

    def open(self, path: Path) -> Stored:
        """One snapshot of this server; raises SnapshotUnusable."""
        try:
            return Stored(path, from_json(path.read_text(encoding="utf-8"), self._host))
        except (OSError, UnicodeDecodeError) as error:
            raise SnapshotUnusable(f"{path} cannot be read: {error}") from error
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise SnapshotUnusable(f"{path} is not a snapshot of {self._host}: {error!r}") from error

    def retire(self, stored: Stored, is_restored: Callable[[Kept], bool]) -> None:
        """Rename a file whose settings are restored; what of it is not stays under the old name; raises OSError."""
        part, rest = stored.snapshot.where(is_restored), stored.snapshot.where(lambda kept: not is_restored(kept))
        if not part.kept:
            return
        retired = _retired_name(stored.path)
        if not rest.kept:
            stored.path.replace(retired)
            return
        write_whole(retired, to_json(part))
        write_whole(stored.path, to_json(rest))

    def revive(self, name: str) -> None:
        """Give a file that a restore has used up its name again, whole; raises OSError, SnapshotUnusable."""
        path = self.folder / name
        parts = [path.with_name(match[0]) for match in self._names() if match[0].startswith(name + RESTORED)]
        if not path.exists() and len(parts) == 1:
            parts[0].replace(path)
            return
        snapshots = [self.open(part).snapshot for part in (*parts, *([path] if path.exists() else []))]
        whole = snapshots[0]
        for snapshot in snapshots[1:]:
            whole = whole.together(snapshot)
        write_whole(path, to_json(whole))

    def _names(self) -> list[re.Match[str]]:
        if not self.folder.is_dir():
            return []
        found = (_NUMBERED.fullmatch(path.name) for path in self.folder.iterdir())
        return [match for match in found if match is not None]


def _retired_name(path: Path) -> Path:
    """With one ending more for each part of it that was restored before."""
    free = path.with_name(path.name + RESTORED)
    while free.exists():
        free = free.with_name(free.name + RESTORED)
    return free
