# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's memory: which changes still wait for a restart or a reboot, and what an undo needs to know.

One JSON file a server. A record is made before the change is sent, so that a cut loses nothing; it carries the
server's own clock, so that the controller's does not matter.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

SCHEMA_VERSION = 1
# One name for every file of a folder, so that the next write makes use of what a writer that died left behind.
_TEMPORARY = ".new"


class JournalUnusable(Exception):
    """The journal cannot be read or written; nothing is changed on the server without it."""


class Busy(JournalUnusable):
    """Another task of a controller is at work on this server."""


@dataclass(frozen=True)
class Record:
    """A value that was written, or a note for its undo, and the server's time by which it was."""

    fix: str
    setting: str
    value: str | None
    changed_at: datetime.datetime

    @property
    def name(self) -> tuple[str, str]:
        """What a record is found by."""
        return self.fix, self.setting


Memory = Mapping[tuple[str, str], Record]


class Journal(Protocol):
    """The memory of one server."""

    def alone(self) -> AbstractContextManager[None]:
        """Be the only task that changes the server; raises Busy. A task that dies gives it up."""

    def read(self) -> Memory:
        """What is remembered; raises JournalUnusable."""

    def remember(self, records: Iterable[Record], forget: Iterable[tuple[str, str]] = ()) -> None:
        """Put these in the place of older ones of the same settings, and drop others; raises JournalUnusable."""


class FileJournal:
    """The memory of one server in a file below a folder."""

    def __init__(self, folder: Path, host: str) -> None:
        self._host = host
        self._path = folder_of(folder, host) / "pending.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """By a lock that the kernel takes back from a process that dies.

        Where no file can be made nothing can be kept either, so nothing will be changed: then there is no lock.
        """
        try:
            file = self._lock(".lock")
        except OSError:
            yield
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Busy(f"{file.name} is held by another task ({error})") from error
            yield

    def read(self) -> Memory:
        """An absent file is an empty memory."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise JournalUnusable(f"{self._path} cannot be read: {error}") from error
        try:
            return {record.name: record for record in _parse(text, self._host)}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise JournalUnusable(f"{self._path} is not a journal of {self._host}: {error}") from error

    def remember(self, records: Iterable[Record], forget: Iterable[tuple[str, str]] = ()) -> None:
        """Written whole or not at all, readable by its owner only."""
        try:
            with self._lock(".pending.lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._write({record.name: record for record in records}, set(forget))
        except OSError as error:
            raise JournalUnusable(f"{self._path} cannot be written: {error}") from error

    def _lock(self, name: str) -> TextIO:
        """A file for a lock, in a folder that is its owner's alone; raises OSError."""
        _make_private(self._path.parent)
        return open(self._path.with_name(name), "w", encoding="ascii", opener=_private)

    def _write(self, records: Memory, forget: Collection[tuple[str, str]]) -> None:
        memory = {**self.read(), **records}
        content = {
            "schema_version": SCHEMA_VERSION,
            "host": self._host,
            "pending": [record_to(record) for name, record in memory.items() if name not in forget],
        }
        write_whole(self._path, json.dumps(content, indent=2) + "\n")


def _parse(text: str, host: str) -> list[Record]:
    content: dict[str, Any] = json.loads(text)
    if content["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"schema version {content['schema_version']}, and {SCHEMA_VERSION} is known")
    if content["host"] != host:
        raise ValueError(f"it belongs to {content['host']!r}")
    return [record_from(item) for item in content["pending"]]


def record_to(record: Record) -> dict[str, Any]:
    """A record as JSON has it."""
    return {**asdict(record), "changed_at": record.changed_at.isoformat()}


def record_from(item: Mapping[str, Any]) -> Record:
    """The record that JSON has; raises ValueError, KeyError or TypeError."""
    record = Record(
        fix=str(item["fix"]),
        setting=str(item["setting"]),
        value=None if item["value"] is None else str(item["value"]),
        changed_at=datetime.datetime.fromisoformat(item["changed_at"]),
    )
    if record.changed_at.tzinfo is None:
        raise ValueError("a time without its zone")
    return record


def folder_of(folder: Path, host: str) -> Path:
    """A host's own folder: its name where it can be a folder's, with what cannot be written as %XX."""
    safe = "".join(char if char.isalnum() or char in "-_." else f"%{ord(char):02X}" for char in host)
    return folder / (safe if safe.strip(".") else safe.replace(".", "%2E"))


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file so that a reader finds the old or the new content and nothing between; raises OSError.

    Readable by its owner only unless the mode says otherwise, and on the disk when this returns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(_TEMPORARY)
    with _alone_with(temporary) as file:
        try:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    _flush_folder(path.parent)


@contextmanager
def _alone_with(path: Path) -> Iterator[TextIO]:
    """An empty file of that name, which no other writer has."""
    while True:
        with open(path, "a", encoding="utf-8", opener=_private) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_named(file, path):
                file.truncate(0)
                yield file
                return


def _is_named(file: TextIO, path: Path) -> bool:
    """Whoever had the file before us may have renamed it since we opened it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner only."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _flush_folder(folder: Path) -> None:
    """A file's name is its folder's content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
