# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places of one fix as snapshots have them: exactly so they are to be again."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .changes import Change, ReplaceFile, SetIisAttribute
from .fixes.dsproxy_referral import PROCESS, DsproxyReferral
from .fixes.dsproxy_referral import SERVICE as SYSTEM_ATTENDANT
from .fixes.hosts_ipv4 import UNDO, UNDONE, HostsIpv4
from .fixes.plan import Failure, Finding, Fix, Plan
from .fixes.proof import boot_time, restarts_of
from .fixes.unread import unread_failure
from .fixes.valid_ports import PINNED
from .formats.hosts_file import Undo, absent, line_end
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
from .places import FilePlace, IisPlace, Place, RegistryPlace, State, Typed
from .reads import (
    FileAbsent,
    FileContent,
    IisAbsent,
    IisSection,
    Observed,
    Processes,
    Read,
    ReadClock,
    ReadFile,
    ReadIisSection,
    ReadKey,
)
from .snapshot import Kept, Note, Shown

_SHOWN = 300
_OURS_ONLY = "without the lines of the fix; somebody else has changed the file since, and their lines stay"


@dataclass(frozen=True)
class _Unread:
    """A place that could not be read."""

    failure: Failure


@dataclass(frozen=True)
class RestoredFix(Fix):
    """What is wanted of one fix, in the order in which it was changed.

    C(history) are all tasks that are known to have changed a place, C(since) those from the wanted state on, both in
    their order. C(notes) are what the journal said before. C(source) says where all of it comes from.
    """

    fix: str
    kept: tuple[Kept, ...]
    history: Mapping[Place, tuple[Kept, ...]]
    since: Mapping[Place, tuple[Kept, ...]]
    notes: tuple[Note, ...]
    source: str

    @property
    def name(self) -> str:  # type: ignore[override]
        """The fix whose settings these are."""
        return self.fix

    @property
    def reads(self) -> tuple[Read, ...]:  # type: ignore[override]
        """Every place, the clock for the journal, and what proves the restart of the System Attendant."""
        process = [PROCESS] if self.fix == DsproxyReferral.name else []
        return (*(_read_of(item.place) for item in self.kept), ReadClock(), *process)

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
        looks = [self._look(item, observed, memory) for item in reversed(self.kept)]
        failures = [look.failure for look in looks if look.failure is not None]
        drifted = [look for look in looks if look.change is not None]
        due = [*drifted, *(look for look in looks if look.pending)]
        settings = {shown.setting for item in self.kept for shown in item.shown}
        notes = [note for note in self.notes if note.name[1] not in settings]
        tracked = {note.name[1] for note in self.notes}
        return Plan(
            findings=tuple(finding for look in looks for finding in look.findings),
            changes=() if failures else tuple(look.change for look in drifted if look.change is not None),
            warnings=tuple(warning for look in looks for warning in look.warnings),
            restart_required=tuple(dict.fromkeys(name for look in due for name in self._restart(look.item))),
            reboot_required=any(self._reboot(look.item) for look in due),
            failure=failures[0] if failures else None,
            to_be_proved=tuple(
                shown.setting for look in drifted for shown in look.item.shown if shown.setting in tracked
            ),
            conclusions=tuple((note.name[1], note.record.value or "") for note in notes if note.record is not None),
            forget=tuple(note.name[1] for note in notes if note.record is None),
            # A server that is only half restored must not be pinned again.
            forget_first=tuple(note.name[1] for note in notes if note.record is None and note.name[1] == PINNED),
        )

    def _restart(self, item: Kept) -> list[str]:
        return [name for one in self.since[item.place] for name in one.restart]

    def _reboot(self, item: Kept) -> bool:
        return any(one.reboot for one in self.since[item.place])

    def _look(self, item: Kept, observed: Observed, memory: Memory) -> _Look:
        current = _current(item, observed)
        if isinstance(current, _Unread):
            reason = f"{current.failure.problem}: {current.failure.found}"
            return _Look(item, self._unknown(item, reason), failure=current.failure)
        target, strange = item.before, self._strangers(item, current)
        if strange and isinstance(item.place, FilePlace):
            without = _without_ours(current, memory)
            if without is None:
                failure = _foreign_file(item, item.place)
                return _Look(item, self._findings(item, current, target, failure.problem), failure=failure)
            target = without
        if _same(current, target):
            pending = self._is_pending(item, observed, memory)
            return _Look(item, self._findings(item, current, target, "", pending), pending=pending)
        warnings = list(strange)
        if item.made_key and item.before is None and isinstance(item.place, RegistryPlace):
            warnings.append(f"the key {item.place.key.path} was made by the change, and stays; it may be empty")
        findings = self._findings(item, current, target)
        return _Look(item, findings, change=_change(item, current, target, observed), warnings=tuple(warnings))

    def _is_pending(self, item: Kept, observed: Observed, memory: Memory) -> bool:
        """Whether what was restored by a run before still waits for what proves it."""
        started = boot_time(observed)
        for shown in item.shown:
            record = memory.get((self.fix, shown.setting))
            if record is None or record.value != _wanted_text(item, shown):
                continue
            if self._reboot(item) and (started is None or started <= record.changed_at):
                return True
            if any(not _has_restarted(name, record.changed_at, observed, memory) for name in self._restart(item)):
                return True
        return False

    def _findings(
        self, item: Kept, current: State, target: State, blocked_by: str = "", pending: bool = False
    ) -> tuple[Finding, ...]:
        same, ours = _same(current, target), target == item.before
        reason = "as it was before it was changed" if same else "not as it was before it was changed"
        if not ours:
            reason = "nothing of the fix is left" if same else "lines of the fix are left"
        return tuple(
            Finding(
                fix=self.fix,
                setting=shown.setting,
                status="compliant" if same else "drifted",
                before=self._text(item, current, shown.setting),
                after=_wanted_text(item, shown) if ours else _OURS_ONLY,
                reason=f"{reason}; it waits for a restart or a boot" if pending else reason,
                reference=self.source,
                effective="no" if pending or not same else "unknown",
                blocked_by=blocked_by or None,
            )
            for shown in item.shown
        )

    def _text(self, item: Kept, current: State, setting: str) -> str | None:
        """How people see a state: as the fix has shown it, where it is one that the fix has seen or made."""
        for one in self.history[item.place]:
            for shown in one.shown:
                if shown.setting == setting and _same(current, one.before):
                    return _wanted_text(one, shown)
                if shown.setting == setting and _same(current, one.after):
                    return shown.after
        return _plain(current)

    def _strangers(self, item: Kept, current: State) -> tuple[str, ...]:
        """A line for each state that somebody else has brought about since the wanted one."""
        names = ", ".join(shown.setting for shown in item.shown)
        chain = self.since[item.place]
        found = [(one.before, before) for before, one in pairwise(chain)]
        found.append((current, chain[-1]))
        strange = [state for state, before in found if not (_same(state, before.after) or _same(state, before.before))]
        return tuple(
            f"{names} was changed by somebody else since; it was {shortened(_plain(state) or 'absent', _SHOWN)}"
            for state in strange
        )


@dataclass(frozen=True)
class _Look:
    """One place: what is said of it, and what is to be done."""

    item: Kept
    findings: tuple[Finding, ...]
    change: Change | None = None
    failure: Failure | None = None
    warnings: tuple[str, ...] = ()
    pending: bool = False


def _wanted_text(item: Kept, shown: Shown) -> str | None:
    """An attribute that was absent comes back as the text that means the same."""
    return item.before if isinstance(item.before, str) else shown.before


def _has_restarted(service: str, since: datetime.datetime, observed: Observed, memory: Memory) -> bool:
    """By a boot, by a restart that was seen, or by the start of the System Attendant's process."""
    moments = restarts_of(memory, service)
    boot = boot_time(observed)
    moments += [] if boot is None else [boot]
    processes = observed.states.get(PROCESS)
    if service == SYSTEM_ATTENDANT and isinstance(processes, Processes):
        moments += [min(process.started for process in processes.running)] if processes.running else []
    return any(moment > since for moment in moments)


def _without_ours(current: State, memory: Memory) -> bytes | None:
    """The hosts file without the lines that this controller has written; None where nobody knows which."""
    data = current if isinstance(current, bytes) else b""
    record = memory.get((HostsIpv4.name, UNDO))
    if record is None:
        return data if (HostsIpv4.name, UNDONE) in memory else None
    try:
        return absent(data, Undo.parse(record.value or "")).data
    except (ValueError, RecursionError):
        return None


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


def _change(item: Kept, current: State, before: State, observed: Observed) -> Change:
    place = item.place
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
            "The journal does not say which lines are ours. Undo this fix by its own module with state absent, which "
            "goes by a rule then, look at the file, and restore the others by naming them in fixes. Nothing was "
            "written."
        ),
    )
