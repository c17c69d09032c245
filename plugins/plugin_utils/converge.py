# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, compare by meaning, stop here in check mode, keep what was, apply, read again, verify.

Alone knows check mode and diff. A task brings any number of fixes to where they should be, by one reading of all.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from .changes import Change, place_of, settings_of
from .fixes.plan import Failure, Finding, Fix, LeaveAlone, Plan
from .formats.text import printable, shortened
from .journal import Busy, Journal, JournalUnusable, Memory, Record
from .places import Place, place_of_change
from .reads import Clock, Observed, Read, ReadClock, all_reads
from .snapshot import Snapshot, kept_of, no_way_back, notes_of
from .snapshots import Snapshots, SnapshotUnusable
from .version import VERSION
from .windows.server import Applied, Reading
from .windows.shell import FarSideError, Unreachable

NOTHING = "nothing"
# Under what name the journal has the shell of a task that changes its server.
SHELL = ("baseline", "shell")
_SHOWN = 300
_LATER = "; the next run outside check mode removes it"


class FarSide(Protocol):
    """What converge needs of a server."""

    def open(self) -> None:
        """Connect."""

    @property
    def shell_name(self) -> str:
        """What the server calls its shell."""

    def end_shell(self, name: str) -> None:
        """End the shell of a run that was cut."""

    def read(self, reads: Sequence[Read]) -> Reading:
        """Read."""

    def remove_left_behind(self, reads: Sequence[Read]) -> tuple[str, ...]:
        """Delete what a cut run left beside what these reads see: the names that are still there."""

    def apply(self, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Read]) -> Applied:
        """Make the changes, then read."""


@dataclass(frozen=True)
class Managed:
    """A fix of a task, and why it is only looked at, where it is."""

    fix: Fix
    leave: LeaveAlone | None = None

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """What the fix says, without its changes where it is left alone."""
        plan = self.fix.plan(observed, memory)
        return plan if self.leave is None else self.leave.of(self.fix, plan, observed)


@dataclass(frozen=True)
class Task:
    """What one task of a module wants of one server."""

    module: str
    host: str
    managed: tuple[Managed, ...]

    @property
    def reads(self) -> tuple[Read, ...]:
        """What all of its fixes must see."""
        return all_reads(item.fix.reads for item in self.managed)

    @property
    def settings(self) -> str:
        """The settings of all of its fixes, for people."""
        return ", ".join(finding.setting for item in self.managed for finding in item.fix.unknown(""))


@dataclass(frozen=True)
class Controller:
    """What the controller keeps of one server."""

    journal: Journal
    snapshots: Snapshots


@dataclass(frozen=True)
class Stop:
    """A failure, what had been changed before it, and whether the line to the server was lost."""

    failure: Failure
    changed: str = NOTHING
    unreachable: bool = False


@dataclass(frozen=True)
class Looked:
    """A fix and what it says."""

    item: Managed
    plan: Plan

    @property
    def name(self) -> str:
        """The fix's name."""
        return self.item.fix.name


@dataclass(frozen=True)
class Outcome:
    """What converge found and did on one server."""

    task: Task
    looked: tuple[Looked, ...]
    changed: bool
    stops: tuple[tuple[str, Stop], ...] = ()
    warnings: tuple[str, ...] = ()
    predicted: bool = False
    snapshot: str | None = None
    # The fixes that are surely as wanted now.
    done: frozenset[str] = frozenset()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of all fixes, in the task's order."""
        return tuple(finding for one in self.looked for finding in one.plan.findings)

    def as_result(self) -> dict[str, Any]:
        """The result of a module."""
        host, plans = self.task.host, [one.plan for one in self.looked]
        told = [warning for plan in plans for warning in plan.warnings]
        header = f"{host} {self.task.module}"
        result: dict[str, Any] = {
            "changed": self.changed,
            "diff": {
                "before_header": header,
                "after_header": header,
                "before": "".join(_line(finding, finding.before) for finding in self.findings),
                "after": "".join(_line(finding, finding.after) for finding in self.findings),
            },
            "findings": [finding.as_dict(host) for finding in self.findings],
            "reboot_required": any(plan.reboot_required for plan in plans),
            "restart_required": list(dict.fromkeys(name for plan in plans for name in plan.restart_required)),
            "predicted": self.predicted,
            "warnings": list(dict.fromkeys(f"{host}: {warning}" for warning in (*told, *self.warnings))),
        }
        if self.snapshot is not None:
            result["snapshot"] = self.snapshot
        if self.stops:
            results = [stop_result(host, fix, stop) for fix, stop in self.stops]
            result.update(results[0])
            result["msg"] = "\n".join(one["msg"] for one in results)
        return result


def stop_result(host: str, fix: str, stop: Stop) -> dict[str, Any]:
    """The keys that a failure adds to a result: its parts, and all of them as one message."""
    failure = stop.failure
    parts = {
        "host": host,
        "setting": failure.setting,
        "problem": failure.problem,
        "found": failure.found,
        "expected": failure.expected,
        "changed": stop.changed,
        "next_step": failure.next_step,
    }
    message = (
        f"{host}: {fix}, {failure.setting}: {failure.problem}. Found: {failure.found}. "
        f"Expected: {failure.expected}. Changed before this failure: {stop.changed}. Next: {failure.next_step}"
    )
    return {
        "unreachable" if stop.unreachable else "failed": True,
        "msg": printable(message),
        "failure": {name: printable(text) for name, text in parts.items()},
    }


def _line(finding: Finding, value: str | None) -> str:
    nothing = "(not known)" if finding.status == "unknown" else "(absent)"
    return f"{printable(finding.setting)}: {nothing if value is None else printable(value)}\n"


def _short(text: str | None) -> str:
    if text is None:
        return "(absent)"
    return shortened(text, _SHOWN)


def converge(task: Task, server: FarSide, controller: Controller, check_mode: bool) -> Outcome:
    """Bring the fixes of a task to their desired state on one server; never raises for what a server does or says.

    A fix that cannot be planned holds back the changes of all: nothing is changed by halves.
    """
    if check_mode:
        return _converge(task, server, controller, check_mode)
    try:
        with controller.journal.alone():
            return _converge(task, server, controller, check_mode)
    except Busy as error:
        return _not_read(task, _busy(task.settings, error))


def _converge(task: Task, server: FarSide, controller: Controller, check_mode: bool) -> Outcome:
    try:
        memory = controller.journal.read()
        server.open()
        if SHELL in memory and not check_mode:
            # We are alone, so it is a cut run's: what of it still goes on there would change what is read, or hold
            # its files open.
            server.end_shell(memory[SHELL].value or "")
        reads, reading = _read(task, server)
    except FarSideError as error:
        return _not_read(task, not_read(task.settings, error))
    except JournalUnusable as error:
        return _not_read(task, no_memory(task.settings, error))
    looked = tuple(_look(item, reading.observed, memory) for item in task.managed)
    failures = [(one.name, one.plan.failure) for one in looked if one.plan.failure is not None]
    if failures:
        left = _left_when_stopped(server, reads, reading, check_mode)
        held = tuple(replace(one, plan=one.plan.held_back(failures[0][1].setting)) for one in looked)
        stops = tuple((name, Stop(failure)) for name, failure in failures)
        return Outcome(task, held, changed=False, stops=stops, warnings=left)
    every = frozenset(one.name for one in looked)
    outcome = Outcome(task, looked, changed=any(one.plan.changes for one in looked), done=every)
    if check_mode:
        return replace(outcome, warnings=_left(reading, _LATER), predicted=True)
    run = _Run(task, server, controller, memory, reading.observed)
    return run.change(outcome, reads, reading)


def _look(item: Managed, observed: Observed, memory: Memory) -> Looked:
    """What a fix says; without a way back it fails."""
    plan = item.plan(observed, memory)
    if plan.failure is None and (failure := no_way_back(item.fix.name, plan, observed)) is not None:
        plan = replace(plan, failure=failure)
    return Looked(item, plan)


def _read(task: Task, server: FarSide) -> tuple[tuple[Read, ...], Reading]:
    """Everything that the fixes want to see, and what that is."""
    reads = task.reads
    reading = server.read(reads)
    further = _further(task.managed, reading.observed)
    if not further:
        return reads, reading
    more = server.read(further)
    observed = Observed({**reading.observed.states, **more.observed.states})
    return (*reads, *further), Reading(observed, reading.left_behind or more.left_behind)


def _further(managed: Iterable[Managed], observed: Observed) -> tuple[Read, ...]:
    wanted = all_reads(item.fix.further_reads(observed) for item in managed)
    return tuple(read for read in wanted if read not in observed.states)


def _left(reading: Reading, what: str) -> tuple[str, ...]:
    if not reading.left_behind:
        return ()
    return (f"a run that was cut left a file of its own on the server{what}",)


def _removed(server: FarSide, reads: Sequence[Read], reading: Reading) -> tuple[str, ...]:
    """Remove what a cut run left behind, and say what came of it; raises FarSideError."""
    if not reading.left_behind:
        return ()
    still = server.remove_left_behind(reads)
    if still:
        return _left(reading, f"; it could not be removed, so delete by hand: {', '.join(still)}")
    return _left(reading, "; it has been removed")


def _left_when_stopped(server: FarSide, reads: Sequence[Read], reading: Reading, check_mode: bool) -> tuple[str, ...]:
    """The same for a task that stops before any change, and says why it does whatever comes of this."""
    if check_mode:
        return _left(reading, _LATER)
    try:
        return _removed(server, reads, reading)
    except FarSideError as error:
        return _left(reading, f"; whether it has been removed is not known: {error}")


@dataclass
class _Run:
    """A task on its way through its changes."""

    task: Task
    server: FarSide
    controller: Controller
    memory: Memory
    observed: Observed
    warnings: tuple[str, ...] = field(default=(), init=False)
    snapshot: str | None = field(default=None, init=False)
    kept: Snapshot | None = field(default=None, init=False)

    def change(self, outcome: Outcome, reads: tuple[Read, ...], reading: Reading) -> Outcome:
        """Keep what is there, make the changes, verify them."""
        changing = [one for one in outcome.looked if one.plan.changes]
        try:
            self.warnings = _removed(self.server, reads, reading)
            if SHELL in self.memory:
                self.controller.journal.remember([], [SHELL])
            if changing:
                self._keep(changing)
                outcome = self._apply(outcome, changing)
        except FarSideError as error:
            stop = _lost_while_changing(changing, error)
            outcome = replace(outcome, stops=((self.task.module, stop),), done=frozenset())
        except (JournalUnusable, SnapshotUnusable) as error:
            stop = no_memory(", ".join(_names(changing)), error)
            outcome = replace(outcome, changed=False, stops=((self.task.module, stop),), done=frozenset())
        return replace(outcome, warnings=self.warnings + outcome.warnings, snapshot=self.snapshot)

    def _keep(self, changing: Sequence[Looked]) -> None:
        """What is there, and what must be known when the line is lost; raises JournalUnusable, SnapshotUnusable."""
        self.kept = self._kept(changing)
        self.snapshot = self.controller.snapshots.keep(self.kept)
        shell = Record(*SHELL, self.server.shell_name, datetime.datetime.now(datetime.UTC))
        records = [record for one in changing for record in self._records(one)]
        first = [(one.name, setting) for one in changing for setting in one.plan.forget_first]
        try:
            self.controller.journal.remember([*records, shell], first)
        except JournalUnusable:
            self._settle(())
            raise

    def _settle(self, made: Collection[tuple[str, Place]]) -> None:
        """What was kept of changes that were surely not made is no original."""
        if self.snapshot is not None and self.kept is not None:
            self.snapshot = self.controller.snapshots.settle(self.snapshot, self.kept, made)

    def _kept(self, changing: Sequence[Looked]) -> Snapshot:
        clock = self.observed.states.get(ReadClock())
        return Snapshot(
            host=self.task.host,
            module=self.task.module,
            version=VERSION,
            controller_time=datetime.datetime.now(datetime.UTC),
            server_time=clock.now if isinstance(clock, Clock) else None,
            kept=tuple(kept for one in changing for kept in kept_of(one.name, one.plan, self.observed)),
            notes=tuple(note for one in changing for note in notes_of(one.name, one.plan, self.memory)),
        )

    def _records(self, one: Looked, observed: Observed | None = None) -> list[Record]:
        """What must be proved or undone later, by the server's clock: made before the change, anew once verified."""
        plan = one.plan
        states = (observed or self.observed).states
        clock = states.get(ReadClock())
        if not isinstance(clock, Clock):
            return []
        values = [(setting, _finding(plan, setting).after) for setting in plan.to_be_proved]
        notes = plan.notes if observed is None else (*plan.notes, *plan.conclusions)
        return [Record(one.name, setting, value, clock.now) for setting, value in [*values, *notes]]

    def _apply(self, outcome: Outcome, changing: Sequence[Looked]) -> Outcome:
        """Make the changes and verify them; made once more when a known other writer came between."""
        changes = [change for one in changing for change in one.plan.changes]
        settle = max(one.plan.settle_seconds for one in changing)
        reads = self._reads(changing)
        applied = self.server.apply(changes, settle, reads)
        self.warnings += applied.warnings
        left = {one.name: one.item.plan(applied.observed, self.memory) for one in changing}
        writers = {} if applied.rejected is not None else self._other_writers(changing, left, applied.observed)
        again = [change for name in writers if left[name].failure is None for change in left[name].changes]
        if again:
            self.warnings += tuple(
                f"{', '.join(settings)} was overwritten right after it was written, by {writers[name]}; it was written "
                "once more"
                for name in writers
                if (settings := _settings_of(left[name].changes))
            )
            second = self.server.apply(again, settle, reads)
            self.warnings += second.warnings
            applied = replace(second, accepted=applied.accepted + second.accepted)
            left = {one.name: one.item.plan(applied.observed, self.memory) for one in changing}
            writers = {}
        if applied.rejected is not None:
            self._settle(_made(changing, left, applied))
        failures = [(one, _failure(one, applied, left[one.name], writers.get(one.name))) for one in changing]
        return self._told(outcome, failures, applied)

    def _reads(self, changing: Sequence[Looked]) -> tuple[Read, ...]:
        """What must be seen to verify, and only that."""
        managed = [one.item for one in changing]
        reads = all_reads(item.fix.reads for item in managed)
        further = all_reads(item.fix.further_reads(self.observed) for item in managed)
        return tuple(dict.fromkeys((*reads, *further)))

    def _other_writers(self, changing: Sequence[Looked], left: dict[str, Plan], observed: Observed) -> dict[str, str]:
        """Who is known to have undone a change just now, by fix."""
        undone = [one for one in changing if left[one.name].changes or left[one.name].failure]
        found = {one.name: one.item.fix.other_writer(one.plan, observed) for one in undone}
        return {name: writer for name, writer in found.items() if writer is not None}

    def _told(self, outcome: Outcome, failures: Sequence[tuple[Looked, Failure | None]], applied: Applied) -> Outcome:
        """Remember what is verified, and say what came of all."""
        changing = [one for one, _failure in failures]
        changed = _changed(changing, applied)
        stops = [(one.name, Stop(failure, changed)) for one, failure in failures if failure is not None]
        good = [one for one, failure in failures if failure is None and _accepted(one, applied)]
        try:
            self.controller.journal.remember(
                [record for one in good for record in self._records(one, applied.observed)],
                [SHELL, *((one.name, setting) for one in good for setting in one.plan.forget)],
            )
        except JournalUnusable as error:
            stop = no_memory(", ".join(_names(changing)), error)
            stops.append((self.task.module, replace(stop, changed=changed)))
        untouched = {one.name for one in changing if not _accepted(one, applied)}
        due = tuple(
            replace(one, plan=replace(one.plan, restart_required=(), reboot_required=False))
            if one.name in untouched
            else one
            for one in outcome.looked
        )
        done = {one.name for one in good} | {one.name for one in outcome.looked if not one.plan.changes}
        return replace(
            outcome,
            looked=due,
            changed=bool(applied.accepted),
            stops=tuple(stops),
            done=frozenset(done) if stops else outcome.done,
        )


def _made(changing: Sequence[Looked], left: Mapping[str, Plan], applied: Applied) -> set[tuple[str, Place]]:
    """The places that were changed, or may have been: the rejected one unless it is seen as it was."""
    made = set()
    for one in changing:
        now = {finding.setting: finding for finding in left[one.name].findings}
        for change in one.plan.changes:
            seen = [now.get(setting) for setting in settings_of(change)]
            as_before = all(
                finding is not None
                and finding.status != "unknown"
                and finding.before == _finding(one.plan, finding.setting).before
                for finding in seen
            )
            if change in applied.accepted or not as_before:
                made.add((one.name, place_of_change(change)))
    return made


def _settings_of(changes: Iterable[Change]) -> list[str]:
    """The settings that some changes change, each once."""
    return list(dict.fromkeys(setting for change in changes for setting in settings_of(change)))


def _accepted(one: Looked, applied: Applied) -> set[str]:
    """The settings of a fix whose changes the server accepted."""
    accepted = {(place_of(change), settings_of(change)) for change in applied.accepted}
    mine = {(place_of(change), settings_of(change)) for change in one.plan.changes}
    return {setting for _place, settings in accepted & mine for setting in settings}


def _failure(one: Looked, applied: Applied, left: Plan, who: str | None) -> Failure | None:
    """Why a fix is not as wanted after the changes; None where it is, or where its changes were not made."""
    plan, accepted = one.plan, _accepted(one, applied)
    if applied.rejected is not None and applied.rejected in plan.changes:
        return _rejection(plan, applied, applied.rejected, left)
    wrong = next((item for item in left.findings if _is_wrong(item, plan, accepted)), None)
    unseen = accepted - {item.setting for item in left.findings} if left.failure else set()
    if wrong is None and not unseen:
        return None
    if left.failure is not None and (wrong is None or wrong.status == "unknown"):
        return replace(left.failure, problem=f"read again after the change: {left.failure.problem}")
    return None if wrong is None else _overwritten(plan, wrong, left, who)


def _is_wrong(item: Finding, plan: Plan, changed: set[str]) -> bool:
    """Whether what was changed is not as wanted, or something else that was as wanted, or was not there, is not now."""
    if item.setting in changed:
        return item.status != "compliant"
    before = next((old.status for old in plan.findings if old.setting == item.setting), "compliant")
    return before == "compliant" and item.status == "drifted" and item.blocked_by is None


def _overwritten(plan: Plan, wrong: Finding, left: Plan, who: str | None) -> Failure:
    by = f"; it was overwritten by {who}" if who else ""
    also = f" {left.failure.next_step}" if left.failure else ""
    return Failure(
        setting=wrong.setting,
        problem=f"the server accepted the change, and what was read afterwards is something else ({wrong.reason}){by}",
        found=_short(wrong.before),
        expected=_short(next((item.after for item in plan.findings if item.setting == wrong.setting), wrong.after)),
        next_step=(
            "Nothing was put back. Somebody or something else writes this value (Exchange, Group Policy, a script, a "
            f"colleague): find out who, then run again.{also}"
        ),
    )


def _rejection(plan: Plan, applied: Applied, rejected: Change, left: Plan) -> Failure:
    name = settings_of(rejected)[0]
    now = next((finding for finding in left.findings if finding.setting == name), None)
    value = "the value could not be read again"
    if now is not None and now.status != "unknown":
        value = f"the value is now {_short(now.before)}"
    return Failure(
        setting=name,
        problem="the server did not accept the change",
        found=f"the server said {applied.answer!r}; {value}",
        expected=_short(_finding(plan, name).after),
        next_step=applied.next_step
        or (
            f"Check that the connection's account may write {place_of(rejected)} (a local administrator other "
            "than the built-in one gets a filtered token over the network, KB 951016), then run again."
        ),
    )


def _finding(plan: Plan, setting: str) -> Finding:
    return next(finding for finding in plan.findings if finding.setting == setting)


def _names(changing: Iterable[Looked]) -> list[str]:
    """The settings that the plans of some fixes change."""
    return _settings_of(change for one in changing for change in one.plan.changes)


def _changed(changing: Sequence[Looked], applied: Applied) -> str:
    done = [
        f"{item.setting} from {_short(item.before)} to {_short(item.after)}"
        for one in changing
        for item in one.plan.findings
        if item.setting in _accepted(one, applied)
    ]
    every = {setting for one in changing for setting in _accepted(one, applied)}
    rejected = set() if applied.rejected is None else set(settings_of(applied.rejected))
    missing = [name for name in _names(changing) if name not in every | rejected]
    return ("; ".join(done) or NOTHING) + (f"; not tried any more: {', '.join(missing)}" if missing else "")


def not_read(setting: str, error: FarSideError) -> Stop:
    """The stop of a task whose server could not be read; nothing was changed."""
    failure = Failure(
        setting=setting,
        problem="the server could not be read",
        found=str(error),
        expected="an answer over WinRM",
        next_step="Check that the server is up, its WinRM service and port, and the account; then run again.",
    )
    return Stop(failure, unreachable=isinstance(error, Unreachable))


def no_memory(setting: str, error: JournalUnusable | SnapshotUnusable) -> Stop:
    """The stop of a task that cannot remember what it is about to do; nothing was changed."""
    what = "snapshot" if isinstance(error, SnapshotUnusable) else "journal"
    return Stop(
        Failure(
            setting=setting,
            problem=f"the controller's {what} cannot be used",
            found=str(error),
            expected=f"a {what} that can be read and written",
            next_step="Mend or move the file, or name another snapshot_dir; then run again.",
        )
    )


def _busy(setting: str, error: Busy) -> Stop:
    return Stop(
        Failure(
            setting=setting,
            problem="another task is at work on this server",
            found=str(error),
            expected="one task at a time that may change a server",
            next_step="Wait until that one has ended, and run again. Nothing was sent to the server.",
        )
    )


def _not_read(task: Task, stop: Stop) -> Outcome:
    reason = f"{stop.failure.problem}: {stop.failure.found}"
    looked = tuple(Looked(item, Plan(findings=item.fix.unknown(reason))) for item in task.managed)
    return Outcome(task, looked, changed=False, stops=((task.module, stop),))


def _lost_while_changing(changing: Sequence[Looked], error: FarSideError) -> Stop:
    names = _names(changing)
    planned = "; ".join(
        f"{item.setting} to {_short(item.after)}"
        for one in changing
        for item in one.plan.findings
        if item.setting in names
    )
    return Stop(
        Failure(
            setting=", ".join(names) or "the file of a cut run",
            problem="while the server was being changed the line was lost, a deadline passed or the answer was damaged",
            found=str(error),
            expected=planned or "the file removed",
            next_step="Run again: it reads what is there and does what is left to do.",
        ),
        changed=f"not known; under way: {planned}" if planned else NOTHING,
        unreachable=isinstance(error, Unreachable),
    )
