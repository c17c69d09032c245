# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places of one fix as snapshots have them: exactly so they are to be again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .changes import Change, ReplaceFile, SetIisAttribute
from .fixes.plan import Failure, Finding, Fix, Plan
from .fixes.unread import unread_failure
from .formats.hosts_file import line_end
from .formats.registry import (
    DeleteValue,
    KeyAbsent,
    KeyContent,
    RegistryChange,
    SetData,
    SetNumber,
    SetText,
    SetTexts,
    Unreadable,
)
from .formats.text import shortened
from .journal import Memory
from .reads import (
    FileAbsent,
    FileContent,
    IisAbsent,
    IisSection,
    Observed,
    Read,
    ReadClock,
    ReadFile,
    ReadIisSection,
    ReadKey,
)
from .snapshots import FilePlace, IisPlace, Kept, Place, RegistryPlace, State, Typed

_SHOWN = 300


@dataclass(frozen=True)
class _Unread:
    """A place that could not be read."""

    failure: Failure


@dataclass(frozen=True)
class RestoredFix(Fix):
    """What is wanted of one fix, in the order in which it was changed, and every state that is known of its places.

    C(proved) are the settings whose effect the journal follows; C(source) says where all of it comes from.
    """

    fix: str
    kept: tuple[Kept, ...]
    known: Mapping[Place, tuple[Kept, ...]]
    proved: frozenset[str]
    source: str

    @property
    def name(self) -> str:  # type: ignore[override]
        """The fix whose settings these are."""
        return self.fix

    @property
    def reads(self) -> tuple[Read, ...]:  # type: ignore[override]
        """Every place, and the clock for the journal."""
        return (*(_read_of(item.place) for item in self.kept), ReadClock())

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Fix:
        """It has no options: its desired state is a snapshot's."""
        raise NotImplementedError

    def unknown(self, reason: str) -> tuple[Finding, ...]:  # type: ignore[override]
        """Every setting, unread."""
        return tuple(finding for item in self.kept for finding in self._unknown(item, reason))

    def _unknown(self, item: Kept, reason: str) -> tuple[Finding, ...]:
        return tuple(
            Finding(self.fix, shown.setting, "unknown", None, None, reason, self.source, "unknown")
            for shown in item.shown
        )

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Compare exactly; undo in the reverse of the order in which it was done."""
        findings: list[Finding] = []
        changes: list[Change] = []
        warnings: list[str] = []
        failures: list[Failure] = []
        drifted: list[Kept] = []
        for item in reversed(self.kept):
            current = _current(item, observed)
            if isinstance(current, _Unread):
                failures.append(current.failure)
                findings += self._unknown(item, f"{current.failure.problem}: {current.failure.found}")
                continue
            same = _same(current, item.before)
            findings += self._findings(item, current, same)
            if same:
                continue
            if strange := self._strange(item, current):
                if isinstance(item.place, FilePlace):
                    failures.append(_foreign_file(item, item.place))
                    continue
                warnings.append(strange)
            if item.made_key and item.before is None and isinstance(item.place, RegistryPlace):
                warnings.append(f"the key {item.place.key.path} was made by the change, and stays; it may be empty")
            drifted.append(item)
            changes.append(_change(item, current, observed))
        return Plan(
            findings=tuple(findings),
            changes=() if failures else tuple(changes),
            warnings=tuple(warnings),
            restart_required=tuple(dict.fromkeys(name for item in drifted for name in self._restart(item))),
            reboot_required=any(one.reboot for item in drifted for one in self.known[item.place]),
            failure=failures[0] if failures else None,
            to_be_proved=tuple(
                shown.setting for item in drifted for shown in item.shown if shown.setting in self.proved
            ),
        )

    def _restart(self, item: Kept) -> list[str]:
        return [name for one in self.known[item.place] for name in one.restart]

    def _findings(self, item: Kept, current: State, same: bool) -> list[Finding]:
        return [
            Finding(
                fix=self.fix,
                setting=shown.setting,
                status="compliant" if same else "drifted",
                before=shown.before if same else self._text(item, current, shown.setting),
                after=shown.before,
                reason="as it was before it was changed" if same else "not as it was before it was changed",
                reference=self.source,
                effective="unknown" if same else "no",
            )
            for shown in item.shown
        ]

    def _text(self, item: Kept, current: State, setting: str) -> str | None:
        """How people see a state: as the fix has shown it, where it is one that the fix has seen or made."""
        for one in self.known[item.place]:
            for shown in one.shown:
                if shown.setting == setting and _same(current, one.after):
                    return shown.after
                if shown.setting == setting and _same(current, one.before):
                    return shown.before
        return _plain(current)

    def _strange(self, item: Kept, current: State) -> str | None:
        """What to say of a state that no task of ours has found or made."""
        known = [state for one in self.known[item.place] for state in (one.before, one.after)]
        if any(_same(current, state) for state in known):
            return None
        names = ", ".join(shown.setting for shown in item.shown)
        return f"{names} was changed by somebody else since; it was {shortened(_plain(current) or 'absent', _SHOWN)}"


def _read_of(place: Place) -> Read:
    if isinstance(place, RegistryPlace):
        return ReadKey(place.key)
    if isinstance(place, FilePlace):
        return ReadFile(place.folder, place.file)
    return ReadIisSection(place.path, place.section)


def _current(item: Kept, observed: Observed) -> State | _Unread:
    place, setting = item.place, item.shown[0].setting
    if isinstance(place, RegistryPlace):
        key = observed.key(place.key)
        if isinstance(key, KeyAbsent):
            return None
        if not isinstance(key, KeyContent):
            return _Unread(unread_failure(setting, place.key, key, ""))
        value = key.value(place.name)
        return None if value is None else Typed(value.kind, value.data)
    state = observed.states[_read_of(place)]
    if isinstance(state, FileContent):
        return state.data
    if isinstance(state, FileAbsent):
        return None
    if isinstance(state, IisSection) and isinstance(place, IisPlace):
        return state.attributes.get(place.attribute)
    why = "IIS 7 is not installed" if isinstance(state, IisAbsent) else ""
    answer = ""
    if isinstance(state, Unreadable):
        why, answer = state.why, state.answer
    return _Unread(
        Failure(
            setting=setting,
            problem=f"it could not be read: {why}",
            found=answer or "nothing was printed",
            expected="what is there now, so that what was there before can be compared with it",
            next_step="Mend what the server says and run again. Nothing was written.",
        )
    )


def _same(current: State, known: State) -> bool:
    """A file that a change had to make is undone when it is empty.

    A last line without a line end may have got one on the way to the server.
    """
    if isinstance(current, str) and isinstance(known, str):
        return current.lower() == known.lower()
    if isinstance(current, bytes) or isinstance(known, bytes):
        now, then = (state if isinstance(state, bytes) else b"" for state in (current, known))
        return now == then or (bool(then) and not then.endswith(b"\n") and now == then + line_end(then))
    return current == known


def _plain(state: State) -> str | None:
    if state is None or isinstance(state, str):
        return state
    if isinstance(state, bytes):
        return f"{len(state)} bytes"
    if state.kind in ("REG_SZ", "REG_DWORD"):
        return str(state.data)
    return f"{state.kind}: {state.data!r}"


def _change(item: Kept, current: State, observed: Observed) -> Change:
    place, before = item.place, item.before
    if isinstance(place, RegistryPlace):
        return _registry_change(place, before if isinstance(before, Typed) else None)
    if isinstance(place, IisPlace):
        setting, text = item.shown[0].setting, str(before)
        return SetIisAttribute(setting, place.path, place.section, place.attribute, text, str(current))
    state = observed.states[_read_of(place)]
    return ReplaceFile(
        settings=tuple(shown.setting for shown in item.shown),
        folder=place.folder,
        file=place.file,
        old=current if isinstance(current, bytes) else None,
        new=before if isinstance(before, bytes) else b"",
        attributes=state.attributes if isinstance(state, FileContent) else frozenset(),
    )


def _registry_change(place: RegistryPlace, before: Typed | None) -> RegistryChange:
    if before is None:
        return DeleteValue(place.key, place.name)
    if before.kind == "REG_SZ" and isinstance(before.data, str):
        return SetText(place.key, place.name, before.data)
    if before.kind == "REG_DWORD" and isinstance(before.data, int):
        return SetNumber(place.key, place.name, before.data)
    if before.kind == "REG_MULTI_SZ" and isinstance(before.data, tuple) and before.data:
        return SetTexts(place.key, place.name, before.data)
    return SetData(place.key, place.name, before.kind, before.data)


def _foreign_file(item: Kept, place: FilePlace) -> Failure:
    return Failure(
        setting=", ".join(shown.setting for shown in item.shown),
        problem="the file was changed by somebody else since, and putting its old bytes back would undo that too",
        found=f"{place.folder}\\{place.file} has bytes that no task of this controller has read or written",
        expected="the bytes as the last task left them, or as they were before",
        next_step=(
            "Undo this fix by its own module with state absent, which takes out only its own lines, and restore the "
            "others by naming them in fixes. Nothing was written."
        ),
    )
