# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fix says: which keys it must see, what is there and should be there, and the changes that would mend it.

All of it is data: nothing here reads or changes a server.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ..changes import Change
from ..journal import Memory
from ..reads import Observed, Read

Status = Literal["compliant", "drifted", "not_applicable", "not_managed", "unknown"]
Effective = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One setting of one server: what it was before any change, what it becomes, and why."""

    fix: str
    setting: str
    status: Status
    before: str | None
    after: str | None
    reason: str
    reference: str
    effective: Effective
    blocked_by: str | None = None

    def as_dict(self, host: str) -> dict[str, str | None]:
        """The finding as results and reports carry it."""
        return {
            "host": host,
            "fix": self.fix,
            "setting": self.setting,
            "status": self.status,
            "before": self.before,
            "after": self.after,
            "reason": self.reason,
            "reference": self.reference,
            "effective": self.effective,
            "blocked_by": self.blocked_by,
        }


@dataclass(frozen=True)
class Configured:
    """One setting of one server as it stands, whatever anybody wants of it, and whether it works like that yet.

    C(text) is None where the setting is absent; C(known) is false where it could not be read.
    """

    setting: str
    text: str | None
    effective: Effective
    reason: str
    known: bool = True

    @classmethod
    def read(cls, setting: str, text: str | None, effective: Effective, evidence: str) -> Configured:
        """A setting that was read, and may be absent."""
        return cls(setting, text, effective, evidence if text is not None else f"absent; {evidence}")


@dataclass(frozen=True)
class Failure:
    """Why a task stops, in the words that an operator needs: one setting, and what to do next."""

    setting: str
    problem: str
    found: str
    expected: str
    next_step: str


@dataclass(frozen=True)
class Plan:
    """Findings in a fixed order, the changes in the order in which they must be made, and what follows from them."""

    findings: tuple[Finding, ...]
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    restart_required: tuple[str, ...] = ()
    reboot_required: bool = False
    failure: Failure | None = None
    settle_seconds: int = 0
    # Settings whose change works only after a restart or reboot that the server must prove.
    to_be_proved: tuple[str, ...] = ()
    # What an undo needs to know of a change, as setting and text; remembered before the change is sent.
    notes: tuple[tuple[str, str], ...] = ()
    # Settings whose notes have served once the change is verified.
    forget: tuple[str, ...] = ()
    # Settings whose notes must be gone before the change is sent: without them less is done by itself.
    forget_first: tuple[str, ...] = ()
    # Notes that hold only once the change is verified.
    conclusions: tuple[tuple[str, str], ...] = ()

    def held_back(self, setting: str) -> Plan:
        """The plan of a task that a setting stops before any change: what would have been changed says so."""
        why = f"the task stopped: {setting}"
        findings = tuple(
            replace(item, after=item.before, blocked_by=why)
            if item.status == "drifted" and item.blocked_by is None
            else item
            for item in self.findings
        )
        if not self.changes:
            return replace(self, findings=findings)
        return replace(self, findings=findings, changes=(), restart_required=(), reboot_required=False)


class Fix(ABC):
    """The desired state of one documented fix, parsed and checked."""

    name: ClassVar[str]
    # What must be read of the server.
    reads: ClassVar[tuple[Read, ...]]
    # The fix's own options, as Ansible's argument spec.
    argument_spec: ClassVar[dict[str, dict[str, Any]]]

    @classmethod
    @abstractmethod
    def parse(cls, options: Mapping[str, Any]) -> Fix:
        """From a task's options, typed by the argument spec; raises InvalidOptions with every problem."""

    @classmethod
    @abstractmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """The findings when nothing could be read."""

    @abstractmethod
    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Compare by meaning what was read with what should be there; memory says what still has to be proved."""

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """The settings as they stand, by the names and proofs of the findings."""
        return ()

    @classmethod
    def further_reads(cls, observed: Observed) -> tuple[Read, ...]:
        """What only the first answers say that it must be read as well; nothing for most."""
        return ()

    def other_writer(self, before: Plan, observed: Observed) -> str | None:
        """Who is known to have undone our change just now, so that it is made once more; None: nobody known."""
        return None

    def half_applied(self, observed: Observed) -> tuple[str, str] | None:
        """A setting and the reason why it is drift even where nobody manages it; None for most."""
        return None


@dataclass(frozen=True)
class LeaveAlone:
    """A fix that is looked at and not applied, and why."""

    status: Literal["not_managed", "not_applicable"]
    reason: str

    def of(self, fix: Fix, plan: Plan, observed: Observed) -> Plan:
        """The plan without its changes; what is half applied stays drift, what is in place stays told as such."""
        half = fix.half_applied(observed)
        return Plan(
            findings=tuple(self._finding(finding, half) for finding in plan.findings),
            warnings=plan.warnings,
            restart_required=() if plan.changes else plan.restart_required,
            reboot_required=plan.reboot_required and not plan.changes,
            failure=plan.failure if any(finding.status == "unknown" for finding in plan.findings) else None,
        )

    def _finding(self, finding: Finding, half: tuple[str, str] | None) -> Finding:
        if half is not None and finding.setting == half[0]:
            return replace(
                finding,
                status="drifted",
                after=finding.before,
                reason=half[1],
                effective="unknown",
                blocked_by=self.reason,
            )
        if finding.status == "unknown":
            return finding
        if finding.status == "compliant" and self.status == "not_applicable":
            return replace(finding, reason=f"{finding.reason} (it would not be needed: {self.reason})")
        return replace(
            finding, status=self.status, after=finding.before, reason=self.reason, effective="unknown", blocked_by=None
        )
