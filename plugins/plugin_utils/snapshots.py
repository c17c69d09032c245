# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What settings were before a task changed them, with their types: kept on the controller, so that it can be undone.

One JSON file a task in the server's folder, numbered in their order; docs/snapshots.md shows their form.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from .changes import Change, ReplaceFile, SetIisAttribute, settings_of
from .fixes.hosts_ipv4 import FILE, FOLDER
from .fixes.plan import Plan
from .formats.appcmd import ConfigPath
from .formats.reg_exe import octets_of
from .formats.registry import Data, DeleteValue, Key, KeyContent, SetData, SetNumber, SetText, SetTexts
from .journal import Memory, Record, folder_of, record_from, record_to, write_whole
from .reads import Observed
from .windows.command_line import quote

SCHEMA_VERSION = 1
RESTORED = ".restored"
# What restore keeps is for a second thought: neither the original nor a state that somebody wanted.
RESTORE = "restore"
_NAME = re.compile(r"[A-Za-z0-9./,]+")
_NUMBERED = re.compile(r"(\d{6})-[0-9TZ]+-[a-z0-9_]+\.json(?:\.restored)*")


class SnapshotUnusable(Exception):
    """A snapshot cannot be written or used; nothing is changed on the server without one."""


@dataclass(frozen=True)
class RegistryPlace:
    """A value of a registry key."""

    key: Key
    name: str


@dataclass(frozen=True)
class FilePlace:
    """A file in a folder."""

    folder: str
    file: str


@dataclass(frozen=True)
class IisPlace:
    """An attribute of a section of IIS's configuration; path None is the server's level."""

    path: str | None
    section: str
    attribute: str


Place = RegistryPlace | FilePlace | IisPlace


@dataclass(frozen=True)
class Typed:
    """A registry value without its name."""

    kind: str
    data: Data


# A registry value, the bytes of a file, the text of an attribute; None where there was none.
State = Typed | bytes | str | None


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


@dataclass(frozen=True)
class Note:
    """What the journal said under a name before the task, None where it said nothing."""

    name: tuple[str, str]
    record: Record | None


@dataclass(frozen=True)
class Snapshot:
    """All that a task was about to change; the server's time is None where it was not read."""

    host: str
    module: str
    version: str
    controller_time: datetime.datetime
    server_time: datetime.datetime | None
    kept: tuple[Kept, ...]
    notes: tuple[Note, ...] = ()

    def of(self, fixes: Iterable[str]) -> Snapshot:
        """The part of these fixes."""
        wanted = set(fixes)
        return replace(
            self,
            kept=tuple(item for item in self.kept if item.fix in wanted),
            notes=tuple(note for note in self.notes if note.name[0] in wanted),
        )


class Snapshots(Protocol):
    """Where the snapshots of one server are kept."""

    def keep(self, snapshot: Snapshot) -> str:
        """Keep one, and say where; raises SnapshotUnusable."""


def kept_of(fix: str, plan: Plan, observed: Observed) -> list[Kept]:
    """What a plan is about to change; raises SnapshotUnusable for what could not be put back."""
    shown = {finding.setting: Shown(finding.setting, finding.before, finding.after) for finding in plan.findings}
    return [
        Kept(
            fix,
            tuple(shown[setting] for setting in settings_of(change)),
            *_states(change, observed),
            restart=plan.restart_required,
            reboot=plan.reboot_required,
            made_key=_makes_key(change, observed),
        )
        for change in plan.changes
    ]


def notes_of(fix: str, plan: Plan, memory: Memory) -> list[Note]:
    """What the journal says now under the names that a plan writes or drops."""
    names = [*(setting for setting, _text in (*plan.notes, *plan.conclusions)), *plan.forget, *plan.to_be_proved]
    return [Note((fix, name), memory.get((fix, name))) for name in dict.fromkeys(names)]


def _states(change: Change, observed: Observed) -> tuple[Place, State, State]:
    if isinstance(change, ReplaceFile):
        return FilePlace(change.folder, change.file), change.old, change.new
    if isinstance(change, SetIisAttribute):
        return IisPlace(change.path, change.section, change.attribute), change.old, change.value
    place = RegistryPlace(change.key, change.name)
    value = observed.values(change.key).value(change.name)
    before = None if value is None else Typed(value.kind, value.data)
    if before is not None:
        try:
            octets_of(before.kind, before.data)
        except ValueError as error:
            raise SnapshotUnusable(
                f"{change.name} in {change.key.path} could not be put back as it is: {error}"
            ) from error
    return place, before, _after(change)


def _after(change: SetText | SetNumber | SetTexts | SetData | DeleteValue) -> Typed | None:
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


@dataclass(frozen=True)
class Stored:
    """A snapshot and its file."""

    path: Path
    snapshot: Snapshot


class FileSnapshots:
    """The snapshots of one server as files of a folder."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder_of(folder, host)
        self._host = host

    def keep(self, snapshot: Snapshot) -> str:
        """A new file, never one in the place of another."""
        stamp = snapshot.controller_time.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        try:
            number = max((int(match[1]) for match in self._names()), default=0) + 1
            path = self._folder / f"{number:06d}-{stamp}-{snapshot.module}.json"
            write_whole(path, to_json(snapshot))
        except OSError as error:
            raise SnapshotUnusable(f"no snapshot could be written into {self._folder}: {error}") from error
        return str(path)

    def all(self) -> list[Stored]:
        """Those of tasks that nobody has undone, the oldest first; raises SnapshotUnusable where one is not whole."""
        try:
            names = sorted(match[0] for match in self._names() if not match[0].endswith(RESTORED))
        except OSError as error:
            raise SnapshotUnusable(f"{self._folder} cannot be read: {error}") from error
        stored = [self.open(self._folder / name) for name in names]
        return [item for item in stored if item.snapshot.module != RESTORE]

    def open(self, path: Path) -> Stored:
        """One snapshot of this server; raises SnapshotUnusable."""
        try:
            return Stored(path, from_json(path.read_text(encoding="utf-8"), self._host))
        except (OSError, UnicodeDecodeError) as error:
            raise SnapshotUnusable(f"{path} cannot be read: {error}") from error
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
            raise SnapshotUnusable(f"{path} is not a snapshot of {self._host}: {error}") from error

    def retire(self, stored: Stored, fixes: Iterable[str]) -> None:
        """Rename a file whose settings are restored; what of it is not stays under the old name; raises OSError."""
        restored = set(fixes)
        rest = stored.snapshot.of({item.fix for item in stored.snapshot.kept} - restored)
        retired = stored.path.with_name(stored.path.name + RESTORED)
        while retired.exists():
            # Another part of it was restored before.
            retired = retired.with_name(retired.name + RESTORED)
        if not rest.kept:
            stored.path.replace(retired)
            return
        write_whole(retired, to_json(stored.snapshot.of(restored)))
        write_whole(stored.path, to_json(rest))

    def _names(self) -> list[re.Match[str]]:
        if not self._folder.is_dir():
            return []
        found = (_NUMBERED.fullmatch(path.name) for path in self._folder.iterdir())
        return [match for match in found if match is not None]


def to_json(snapshot: Snapshot) -> str:
    """The text of a snapshot's file."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "host": snapshot.host,
        "module": snapshot.module,
        "collection_version": snapshot.version,
        "controller_time": snapshot.controller_time.isoformat(),
        "server_time": None if snapshot.server_time is None else snapshot.server_time.isoformat(),
        "settings": [_kept_to(item) for item in snapshot.kept],
        "journal": [
            {"fix": note.name[0], "setting": note.name[1], "before": note.record and record_to(note.record)}
            for note in snapshot.notes
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def _kept_to(item: Kept) -> dict[str, Any]:
    return {
        "fix": item.fix,
        "shown": [{"setting": s.setting, "before": s.before, "after": s.after} for s in item.shown],
        "place": _place_to(item.place),
        "before": _state_to(item.before),
        "after": _state_to(item.after),
        "restart_required": list(item.restart),
        "reboot_required": item.reboot,
        "made_key": item.made_key,
    }


def _place_to(place: Place) -> dict[str, Any]:
    if isinstance(place, RegistryPlace):
        return {"key": place.key.path, "value": place.name}
    if isinstance(place, FilePlace):
        return {"folder": place.folder, "file": place.file}
    return {"path": place.path, "section": place.section, "attribute": place.attribute}


def _state_to(state: State) -> dict[str, Any] | None:
    if state is None:
        return None
    if isinstance(state, bytes):
        return {"base64": base64.b64encode(state).decode("ascii")}
    if isinstance(state, str):
        return {"text": state}
    data = state.data
    if isinstance(data, bytes):
        return {"type": state.kind, "hex": data.hex()}
    return {"type": state.kind, "data": list(data) if isinstance(data, tuple) else data}


def from_json(text: str, host: str) -> Snapshot:
    """The snapshot that a file's text holds; raises ValueError, KeyError or TypeError for what is none of this host."""
    content: Mapping[str, Any] = json.loads(text)
    version = content["schema_version"]
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise ValueError(f"its schema version is {version!r}, and up to {SCHEMA_VERSION} is known")
    if content["host"] != host:
        raise ValueError(f"it belongs to {content['host']!r}")
    server_time = content["server_time"]
    return Snapshot(
        host=host,
        module=_text(content["module"]),
        version=_text(content["collection_version"]),
        controller_time=_time(content["controller_time"]),
        server_time=None if server_time is None else _time(server_time),
        kept=tuple(_kept_from(item) for item in content["settings"]),
        notes=tuple(
            Note((_text(item["fix"]), _text(item["setting"])), item["before"] and record_from(item["before"]))
            for item in content["journal"]
        ),
    )


def _kept_from(item: Mapping[str, Any]) -> Kept:
    place = _place_from(item["place"])
    before, after = (_state_from(item[name], place) for name in ("before", "after"))
    return Kept(
        fix=_text(item["fix"]),
        shown=tuple(
            Shown(_text(one["setting"]), _text_or_none(one["before"]), _text_or_none(one["after"]))
            for one in item["shown"]
        ),
        place=place,
        before=before,
        after=after,
        restart=tuple(map(_text, item["restart_required"])),
        reboot=bool(item["reboot_required"]),
        made_key=bool(item["made_key"]),
    )


def _place_from(place: Mapping[str, Any]) -> Place:
    """Parsed as strictly as a user's text: all of it comes onto command lines."""
    if "key" in place:
        key, name = Key(_text(place["key"])), _text(place["value"])
        quote(key.path), quote(name)
        return RegistryPlace(key, name)
    if "folder" in place:
        file = FilePlace(_text(place["folder"]), _text(place["file"]))
        if (file.folder, file.file) != (FOLDER, FILE):
            raise ValueError(f"{file.folder}\\{file.file} is no file that this collection changes")
        return file
    path, section, attribute = _text_or_none(place["path"]), _text(place["section"]), _text(place["attribute"])
    if path is not None:
        ConfigPath.parse(path)
    if not (_NAME.fullmatch(section) and _NAME.fullmatch(attribute)):
        raise ValueError(f"{section!r} {attribute!r} is no attribute of a section")
    return IisPlace(path, section, attribute)


def _state_from(state: Mapping[str, Any] | None, place: Place) -> State:
    if state is None:
        return None
    if isinstance(place, FilePlace):
        return base64.b64decode(_text(state["base64"]), validate=True)
    if isinstance(place, IisPlace):
        if not _NAME.fullmatch(_text(state["text"])):
            raise ValueError(f"{state['text']!r} is no value of an attribute")
        return _text(state["text"])
    data = bytes.fromhex(_text(state["hex"])) if "hex" in state else state["data"]
    value = Typed(_text(state["type"]), tuple(map(_text, data)) if isinstance(data, list) else data)
    octets_of(value.kind, value.data)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _time(value: object) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


def first_states(stored: Sequence[Stored]) -> dict[tuple[str, Place], Kept]:
    """Each place as it was before the first of these snapshots that knows it."""
    first: dict[tuple[str, Place], Kept] = {}
    for item in stored:
        for kept in item.snapshot.kept:
            first.setdefault((kept.fix, kept.place), kept)
    return first
