# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a snapshot's file, and the way back; docs/snapshots.md shows the form.

What is read is trusted no more than a user's text: all of it may come onto command lines.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from .formats.reg_exe import octets_of
from .formats.registry import Key
from .journal import record_from, record_to
from .owned import settings_at
from .places import FilePlace, IisPlace, Place, RegistryPlace, State, Typed
from .snapshot import Kept, Note, Shown, Snapshot

SCHEMA_VERSION = 1
_ATTRIBUTE = re.compile(r"[A-Za-z]+")


def to_json(snapshot: Snapshot) -> str:
    """The text of a snapshot's file, sealed by a sum of its content."""
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
        "retired": list(snapshot.retired),
    }
    return json.dumps({**content, "sha256": _sum(content)}, indent=2) + "\n"


def _sum(content: Mapping[str, Any]) -> str:
    unsealed = {name: value for name, value in content.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(unsealed, sort_keys=True).encode("ascii")).hexdigest()


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
    """The snapshot that a file's text holds.

    Raises ValueError, KeyError, TypeError or OverflowError for what is not whole, of another host, or no snapshot.
    """
    content: Mapping[str, Any] = json.loads(text)
    version = content["schema_version"]
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= SCHEMA_VERSION:
        raise ValueError(f"its schema version is {version!r}, and 1 to {SCHEMA_VERSION} are known")
    if content["sha256"] != _sum(content):
        raise ValueError("it is not as it was written: its sum is another one")
    if content["host"] != host:
        raise ValueError(f"it belongs to {content['host']!r}")
    server_time = content["server_time"]
    kept = tuple(_kept_from(item) for item in content["settings"])
    if not kept:
        raise ValueError("it has no settings")
    return Snapshot(
        host=host,
        module=_text(content["module"]),
        version=_text(content["collection_version"]),
        controller_time=_time(content["controller_time"]),
        server_time=None if server_time is None else _time(server_time),
        kept=kept,
        notes=tuple(
            Note((_text(item["fix"]), _text(item["setting"])), item["before"] and record_from(item["before"]))
            for item in content["journal"]
        ),
        retired=tuple(map(_text, content["retired"])),
    )


def _kept_from(item: Mapping[str, Any]) -> Kept:
    fix, place = _text(item["fix"]), _place_from(item["place"])
    shown = tuple(
        Shown(_text(one["setting"]), _text_or_none(one["before"]), _text_or_none(one["after"])) for one in item["shown"]
    )
    names = {one.setting for one in shown}
    if not names or names - settings_at(fix, place):
        raise ValueError(f"{place} is no place of {', '.join(sorted(names)) or 'no setting'}")
    before, after = (_state_from(item[name], place) for name in ("before", "after"))
    return Kept(
        fix=fix,
        shown=shown,
        place=place,
        before=before,
        after=after,
        restart=tuple(map(_text, item["restart_required"])),
        reboot=item["reboot_required"] is True,
        made_key=item["made_key"] is True,
    )


def _place_from(place: Mapping[str, Any]) -> Place:
    if "key" in place:
        return RegistryPlace(Key(_text(place["key"])), _text(place["value"]))
    if "folder" in place:
        return FilePlace(_text(place["folder"]), _text(place["file"]))
    return IisPlace(_text_or_none(place["path"]), _text(place["section"]), _text(place["attribute"]))


def _state_from(state: Mapping[str, Any] | None, place: Place) -> State:
    if isinstance(place, IisPlace):
        text = _text((state or {})["text"])
        if not _ATTRIBUTE.fullmatch(text):
            raise ValueError(f"{text!r} is no value of an attribute")
        return text
    if state is None:
        return None
    if isinstance(place, FilePlace):
        return base64.b64decode(_text(state["base64"]), validate=True)
    data = bytes.fromhex(_text(state["hex"])) if "hex" in state else state["data"]
    if isinstance(data, bool):
        raise TypeError(f"{data!r} is no data of a value")
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
