# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fix says: which keys it must see, what is there and should be there, and the changes that would mend it.

All of it is data: nothing here reads or changes a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from ..formats.registry import Change, Key, KeyState

Status = Literal["compliant", "drifted", "not_applicable", "not_managed", "unknown"]
Effective = Literal["yes", "no", "unknown"]
Observed = Mapping[Key, KeyState]


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
    failure: Failure | None = None
    settle_seconds: int = 0


class Fix(Protocol):
    """The desired state of one documented fix, parsed and checked."""

    name: ClassVar[str]
    # The registry keys that must be read.
    keys: ClassVar[tuple[Key, ...]]

    def plan(self, observed: Observed) -> Plan:
        """Compare by meaning what was read with what should be there."""

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """The findings when nothing could be read."""

    def other_writer(self, before: Plan, observed: Observed) -> str | None:
        """Who is known to have undone our change just now, so that it is made once more; None: nobody known."""
