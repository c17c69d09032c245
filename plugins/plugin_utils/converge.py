# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, compare by meaning, stop here in check mode, apply, read again, verify. Alone knows check mode and diff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from .fixes.plan import Failure, Finding, Fix, Plan
from .formats.registry import Change, Key
from .windows.server import Applied, Reading
from .windows.shell import FarSideError, Unreachable

NOTHING = "nothing"
_SHOWN = 300


class FarSide(Protocol):
    """What converge needs of a server."""

    def open(self) -> None:
        """Connect."""

    def read(self, keys: Sequence[Key]) -> Reading:
        """Read the keys."""

    def remove_left_behind(self) -> None:
        """Delete what a cut run left."""

    def apply(self, changes: Sequence[Change], settle_seconds: int, keys: Sequence[Key]) -> Applied:
        """Make the changes, then read the keys."""


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
    warnings: tuple[str, ...] = field(default=())

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
            "reboot_required": False,
            "restart_required": list(self.plan.restart_required),
            "warnings": [f"{self.host}: {warning}" for warning in (*self.plan.warnings, *self.warnings)],
        }
        if self.stop is not None:
            result.update(stop_result(self.host, self.fix, self.stop))
        return result


def stop_result(host: str, fix: str, stop: Stop) -> dict[str, Any]:
    """The keys that a failure adds to a result: its parts, and all of them as one message."""
    failure = stop.failure
    message = (
        f"{host}: {fix}, {failure.setting}: {failure.problem}. Found: {failure.found}. "
        f"Expected: {failure.expected}. Changed before this failure: {stop.changed}. Next: {failure.next_step}"
    )
    return {
        "unreachable" if stop.unreachable else "failed": True,
        "msg": message,
        "failure": {
            "host": host,
            "setting": failure.setting,
            "problem": failure.problem,
            "found": failure.found,
            "expected": failure.expected,
            "changed": stop.changed,
            "next_step": failure.next_step,
        },
    }


def _line(finding: Finding, value: str | None) -> str:
    return f"{finding.setting}: {'(absent)' if value is None else value}\n"


def _short(text: str | None) -> str:
    if text is None:
        return "(absent)"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def converge(fix: Fix, server: FarSide, host: str, check_mode: bool) -> Outcome:
    """Bring one fix to its desired state on one server; never raises for what a server does or says."""
    try:
        server.open()
        reading = server.read(fix.keys)
    except FarSideError as error:
        return _not_read(fix, host, error)
    plan = fix.plan(reading.keys)
    outcome = Outcome(host, fix.name, plan, changed=bool(plan.changes))
    if plan.failure is not None:
        return replace(outcome, stop=Stop(plan.failure))
    if check_mode:
        return replace(outcome, warnings=_left(reading, "; the next run outside check mode removes it"))
    try:
        if reading.left_behind:
            server.remove_left_behind()
        if plan.changes:
            outcome = _apply(fix, server, outcome)
    except FarSideError as error:
        return replace(outcome, stop=_lost_while_changing(plan, error))
    return replace(outcome, warnings=_left(reading, "; it has been removed") + outcome.warnings)


def _left(reading: Reading, what: str) -> tuple[str, ...]:
    if not reading.left_behind:
        return ()
    return (f"a run that was cut left its import file in %TEMP% on the server{what}",)


def _apply(fix: Fix, server: FarSide, outcome: Outcome) -> Outcome:
    """Make the changes and verify them; made once more when a known other writer came between."""
    plan = outcome.plan
    applied = server.apply(plan.changes, plan.settle_seconds, fix.keys)
    left = fix.plan(applied.keys)
    undone = applied.rejected is None and (left.changes or left.failure)
    who = fix.other_writer(plan, applied.keys) if undone else None
    if who is None or left.failure:
        return _verified(outcome, applied, left, who)
    names = ", ".join(change.name for change in left.changes)
    warning = f"{names} was overwritten right after it was written, by {who}; it was written once more"
    again = server.apply(left.changes, plan.settle_seconds, fix.keys)
    applied = replace(again, accepted=applied.accepted + again.accepted)
    return replace(_verified(outcome, applied, fix.plan(applied.keys)), warnings=(warning,))


def _verified(outcome: Outcome, applied: Applied, left: Plan, who: str | None = None) -> Outcome:
    plan, changed = outcome.plan, bool(applied.accepted)
    wrong = next((finding for finding in left.findings if finding.status != "compliant"), None)
    if applied.rejected is not None:
        failure = _rejection(plan, applied.rejected, applied.answer, left)
    elif wrong is None:
        return replace(outcome, changed=changed)
    elif wrong.status == "unknown" and left.failure is not None:
        failure = replace(left.failure, problem=f"read again after the change: {left.failure.problem}")
    else:
        failure = _overwritten(plan, wrong, left, who)
    return replace(outcome, changed=changed, stop=Stop(failure, _changed(plan, applied)))


def _overwritten(plan: Plan, wrong: Finding, left: Plan, who: str | None) -> Failure:
    by = f"; it was overwritten by {who}" if who else ""
    also = f" {left.failure.next_step}" if left.failure else ""
    return Failure(
        setting=wrong.setting,
        problem=f"the server accepted the change, and what was read afterwards is something else ({wrong.reason}){by}",
        found=_short(wrong.before),
        expected=_short(_finding(plan, wrong.setting).after),
        next_step=(
            "Nothing was put back. Somebody or something else writes this value (Exchange, Group Policy, a script, a "
            f"colleague): find out who, then run again.{also}"
        ),
    )


def _rejection(plan: Plan, rejected: Change, answer: str, left: Plan) -> Failure:
    name = rejected.name
    now = next((finding for finding in left.findings if finding.setting == name), None)
    value = "it could not be read again" if now is None else f"the value is now {_short(now.before)}"
    return Failure(
        setting=name,
        problem="the server did not accept the change",
        found=f"the server said {answer!r}; {value}",
        expected=_short(_finding(plan, name).after),
        next_step=(
            f"Check that the connection's account may write {rejected.key.path} (a local administrator other "
            "than the built-in one gets a filtered token over the network, KB 951016), then run again."
        ),
    )


def _finding(plan: Plan, setting: str) -> Finding:
    return next(finding for finding in plan.findings if finding.setting == setting)


def _changed(plan: Plan, applied: Applied) -> str:
    names = dict.fromkeys(change.name for change in applied.accepted)
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


def _not_read(fix: Fix, host: str, error: FarSideError) -> Outcome:
    plan = Plan(findings=fix.unknown(f"the server could not be read: {error}"))
    settings = ", ".join(finding.setting for finding in plan.findings)
    return Outcome(host, fix.name, plan, changed=False, stop=not_read(settings, error))


def _lost_while_changing(plan: Plan, error: FarSideError) -> Stop:
    planned = "; ".join(f"{change.name} to {_short(_finding(plan, change.name).after)}" for change in plan.changes)
    return Stop(
        Failure(
            setting=", ".join(change.name for change in plan.changes) or "the import file of a cut run",
            problem="the line was lost, or the deadline passed, while the server was being changed",
            found=str(error),
            expected=planned or "the file removed",
            next_step="Run again: it reads what is there and does what is left to do.",
        ),
        changed=f"not known; under way: {planned}" if planned else NOTHING,
        unreachable=isinstance(error, Unreachable),
    )
