# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, compare by meaning, stop here in check mode, apply, read again, verify. Alone knows check mode and diff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from .changes import Change, place_of, settings_of
from .fixes.plan import Failure, Finding, Fix, LeaveAlone, Plan
from .formats.text import printable, shortened
from .journal import Journal, JournalUnusable, Memory, Record
from .reads import Clock, Observed, Read, ReadClock
from .windows.server import Applied, Reading
from .windows.shell import FarSideError, Unreachable

NOTHING = "nothing"
_SHOWN = 300
_LATER = "; the next run outside check mode removes it"


class FarSide(Protocol):
    """What converge needs of a server."""

    def open(self) -> None:
        """Connect."""

    def read(self, reads: Sequence[Read]) -> Reading:
        """Read."""

    def remove_left_behind(self, reads: Sequence[Read]) -> tuple[str, ...]:
        """Delete what a cut run left beside what these reads see: the names that are still there."""

    def apply(self, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Read]) -> Applied:
        """Make the changes, then read."""


@dataclass(frozen=True)
class Stop:
    """A failure, what had been changed before it, and whether the line to the server was lost."""

    failure: Failure
    changed: str = NOTHING
    unreachable: bool = False


@dataclass(frozen=True)
class Outcome:
    """What converge found and did on one server."""

    host: str
    fix: str
    plan: Plan
    changed: bool
    stop: Stop | None = None
    warnings: tuple[str, ...] = ()
    predicted: bool = False

    def as_result(self) -> dict[str, Any]:
        """The result of a module."""
        findings = [finding.as_dict(self.host) for finding in self.plan.findings]
        result: dict[str, Any] = {
            "changed": self.changed,
            "diff": {
                "before_header": f"{self.host} {self.fix}",
                "after_header": f"{self.host} {self.fix}",
                "before": "".join(_line(finding, finding.before) for finding in self.plan.findings),
                "after": "".join(_line(finding, finding.after) for finding in self.plan.findings),
            },
            "findings": findings,
            "reboot_required": self.plan.reboot_required,
            "restart_required": list(self.plan.restart_required),
            "predicted": self.predicted,
            "warnings": [f"{self.host}: {warning}" for warning in (*self.plan.warnings, *self.warnings)],
        }
        if self.stop is not None:
            result.update(stop_result(self.host, self.fix, self.stop))
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
    return f"{finding.setting}: {nothing if value is None else value}\n"


def _short(text: str | None) -> str:
    if text is None:
        return "(absent)"
    return shortened(text, _SHOWN)


def converge(
    fix: Fix,
    server: FarSide,
    journal: Journal,
    host: str,
    check_mode: bool,
    leave: LeaveAlone | None = None,
) -> Outcome:
    """Bring one fix to its desired state on one server; never raises for what a server does or says."""
    try:
        memory = journal.read()
        server.open()
        reads, reading = _read(fix, server)
    except FarSideError as error:
        return _not_read(fix, host, not_read(_settings(fix), error))
    except JournalUnusable as error:
        return _not_read(fix, host, no_memory(_settings(fix), error))
    plan = fix.plan(reading.observed, memory)
    if leave is not None:
        plan = leave.of(fix, plan, reading.observed)
    if plan.failure is not None:
        left = _left_when_stopped(server, reads, reading, check_mode)
        return Outcome(host, fix.name, plan.held_back(), changed=False, stop=Stop(plan.failure), warnings=left)
    outcome = Outcome(host, fix.name, plan, changed=bool(plan.changes))
    if check_mode:
        return replace(outcome, warnings=_left(reading, _LATER), predicted=True)
    left = ()
    try:
        left = _removed(server, reads, reading)
        if plan.changes:
            journal.remember(_to_remember(fix, plan, reading.observed))
            outcome = _apply(fix, server, journal, memory, outcome, reads)
    except FarSideError as error:
        return replace(outcome, stop=_lost_while_changing(plan, error), warnings=left)
    except JournalUnusable as error:
        stop = no_memory(", ".join(plan.to_be_proved), error)
        return replace(outcome, changed=False, stop=stop, warnings=left)
    return replace(outcome, warnings=left + outcome.warnings)


def _read(fix: Fix, server: FarSide) -> tuple[tuple[Read, ...], Reading]:
    """Everything that the fix wants to see, and what that is."""
    reading = server.read(fix.reads)
    further = fix.further_reads(reading.observed)
    if not further:
        return fix.reads, reading
    more = server.read(further)
    observed = Observed({**reading.observed.states, **more.observed.states})
    return (*fix.reads, *further), Reading(observed, reading.left_behind or more.left_behind)


def _settings(fix: Fix) -> str:
    return ", ".join(finding.setting for finding in fix.unknown(""))


def _to_remember(fix: Fix, plan: Plan, observed: Observed) -> list[Record]:
    """What must be proved or undone later, by the server's clock: made before the change, and anew once verified."""
    clock = observed.get(ReadClock(), Clock) if plan.to_be_proved or plan.notes else None
    if not isinstance(clock, Clock):
        return []
    values = [(setting, _finding(plan, setting).after) for setting in plan.to_be_proved]
    return [Record(fix.name, setting, value, clock.now) for setting, value in [*values, *plan.notes]]


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


def _apply(
    fix: Fix, server: FarSide, journal: Journal, memory: Memory, outcome: Outcome, reads: tuple[Read, ...]
) -> Outcome:
    """Make the changes and verify them; made once more when a known other writer came between."""
    plan = outcome.plan
    applied = server.apply(plan.changes, plan.settle_seconds, reads)
    left = fix.plan(applied.observed, memory)
    undone = applied.rejected is None and (left.changes or left.failure)
    who = fix.other_writer(plan, applied.observed) if undone else None
    warnings = applied.warnings
    if who is not None and left.failure is None:
        names = ", ".join(_names(left.changes))
        warnings += (f"{names} was overwritten right after it was written, by {who}; it was written once more",)
        again = server.apply(left.changes, plan.settle_seconds, reads)
        applied = replace(again, accepted=applied.accepted + again.accepted)
        left, who = fix.plan(applied.observed, memory), None
    outcome = replace(_verified(outcome, applied, left, who), warnings=warnings)
    if outcome.stop is not None:
        return outcome
    try:
        journal.remember(_to_remember(fix, plan, applied.observed), [(fix.name, setting) for setting in plan.forget])
    except JournalUnusable as error:
        stop = no_memory(", ".join(plan.to_be_proved), error)
        return replace(outcome, stop=replace(stop, changed=_changed(plan, applied)))
    return outcome


def _verified(outcome: Outcome, applied: Applied, left: Plan, who: str | None = None) -> Outcome:
    plan, changed = outcome.plan, bool(applied.accepted)
    changed_settings = set(_names(plan.changes))
    wrong = next((item for item in left.findings if _is_wrong(item, plan, changed_settings)), None)
    unseen = changed_settings - {item.setting for item in left.findings} if left.failure else set()
    if applied.rejected is not None:
        failure = _rejection(plan, applied, applied.rejected, left)
    elif wrong is None and not unseen:
        return replace(outcome, changed=changed)
    elif left.failure is not None and (wrong is None or wrong.status == "unknown"):
        failure = replace(left.failure, problem=f"read again after the change: {left.failure.problem}")
    elif wrong is not None:
        failure = _overwritten(plan, wrong, left, who)
    due = plan if changed else replace(plan, restart_required=(), reboot_required=False)
    return replace(outcome, plan=due, changed=changed, stop=Stop(failure, _changed(plan, applied)))


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


def _names(changes: Sequence[Change]) -> list[str]:
    """The settings that some changes change, each once."""
    return list(dict.fromkeys(setting for change in changes for setting in settings_of(change)))


def _changed(plan: Plan, applied: Applied) -> str:
    names = _names(applied.accepted)
    if not names:
        return NOTHING
    findings = [_finding(plan, name) for name in names]
    return "; ".join(f"{item.setting} from {_short(item.before)} to {_short(item.after)}" for item in findings)


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


def no_memory(setting: str, error: JournalUnusable) -> Stop:
    """The stop of a task that cannot remember what it is about to do; nothing was changed."""
    return Stop(
        Failure(
            setting=setting,
            problem="the controller's journal cannot be used",
            found=str(error),
            expected="a journal that can be read and written",
            next_step="Mend or move the file, or name another snapshot_dir; then run again.",
        )
    )


def _not_read(fix: Fix, host: str, stop: Stop) -> Outcome:
    reason = f"{stop.failure.problem}: {stop.failure.found}"
    return Outcome(host, fix.name, Plan(findings=fix.unknown(reason)), changed=False, stop=stop)


def _lost_while_changing(plan: Plan, error: FarSideError) -> Stop:
    planned = "; ".join(f"{name} to {_short(_finding(plan, name).after)}" for name in _names(plan.changes))
    return Stop(
        Failure(
            setting=", ".join(_names(plan.changes)) or "the file of a cut run",
            problem="while the server was being changed the line was lost, a deadline passed or the answer was damaged",
            found=str(error),
            expected=planned or "the file removed",
            next_step="Run again: it reads what is there and does what is left to do.",
        ),
        changed=f"not known; under way: {planned}" if planned else NOTHING,
        unreachable=isinstance(error, Unreachable),
    )
