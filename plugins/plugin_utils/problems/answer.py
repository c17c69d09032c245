# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of a diagnosis as one record, of which the screen, diagnosis.md and diagnosis.json are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..fleet_finding import FleetFinding

# Worst first. What is possible depends on something that nobody can read of the servers.
State = Literal["present", "possible", "unknown", "not_present"]
STATES: tuple[State, ...] = ("present", "possible", "unknown", "not_present")


@dataclass(frozen=True)
class About:
    """What is the same for every fleet: the problem, what users notice of it, and the documented fix."""

    name: str
    title: str
    notice: str
    fix: tuple[str, ...]
    reference: str


@dataclass(frozen=True)
class Verdict:
    """One problem on one server, or of the fleet where C(host) is None.

    C(evidence) is as read, C(pending) what is done and not known to be in force, C(unknown) what could not be judged
    and why.
    """

    host: str | None
    state: State
    evidence: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """One of the article's problems: how it stands, on which servers, by what evidence, and what to do about it."""

    about: About
    state: State
    hosts: tuple[str, ...]
    evidence: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, about: About, verdicts: Iterable[Verdict]) -> Problem:
        """The worst state that any server has, and the servers that have it; what is not present is nowhere."""
        verdicts = sorted(verdicts, key=lambda verdict: STATES.index(verdict.state))
        state = verdicts[0].state if verdicts else "unknown"
        return cls(
            about=about,
            state=state,
            hosts=() if state == "not_present" else _hosts(verdicts, state),
            evidence=_each(item.evidence for item in verdicts),
            pending=_each(item.pending for item in verdicts),
            unknown=_each(item.unknown for item in verdicts),
        )

    def as_dict(self) -> dict[str, Any]:
        """The problem as diagnosis.json carries it."""
        about = {**asdict(self.about), "fix": list(self.about.fix)}
        return {
            **about,
            "state": self.state,
            "hosts": list(self.hosts),
            "evidence": list(self.evidence),
            "pending": list(self.pending),
            "unknown": list(self.unknown),
        }


def _hosts(verdicts: Iterable[Verdict], state: State) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.host for item in verdicts if item.host is not None and item.state == state))


def _each(texts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for some in texts for text in some))


@dataclass(frozen=True)
class Remark:
    """What belongs to the article's comments: C(seen) where its condition was read, else worth knowing."""

    name: str
    seen: bool
    hosts: tuple[str, ...]
    text: str
    evidence: tuple[str, ...]
    reference: str

    def as_dict(self) -> dict[str, Any]:
        """The remark as diagnosis.json carries it."""
        return {**asdict(self), "hosts": list(self.hosts), "evidence": list(self.evidence)}


@dataclass(frozen=True)
class Step:
    """One step of rpcping."""

    name: str
    state: str
    meaning: str
    told: str

    def as_dict(self) -> dict[str, Any]:
        """The step as diagnosis.json carries it."""
        return asdict(self)


@dataclass(frozen=True)
class Ladder:
    """What rpcping proved from one server, where it stopped, and what that means beside the other evidence."""

    host: str
    target: str
    proved: bool
    stopped_at: str | None
    steps: tuple[Step, ...]
    trouble: str
    look_at: tuple[str, ...]
    fits: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The ladder as diagnosis.json carries it."""
        return {
            **asdict(self),
            "steps": [step.as_dict() for step in self.steps],
            "look_at": list(self.look_at),
            "fits": list(self.fits),
        }


@dataclass(frozen=True)
class Unread:
    """A server of which nothing was read, and why; somebody may attest what the server would have to show."""

    host: str
    state: Literal["unreachable", "failed", "not_read"]
    why: str
    attested: bool = False

    @property
    def told(self) -> str:
        """Among what is not known."""
        return f"{self.host}: was not read: {self.why}"

    @property
    def line(self) -> str:
        """In one line."""
        return f"{self.host}: {self.state.replace('_', ' ')}: {self.why}"


@dataclass(frozen=True)
class Diagnosis:
    """The whole answer. C(not_known) are parts of servers that were read, which may or may not matter here."""

    problems: tuple[Problem, ...]
    fleet: tuple[FleetFinding, ...]
    ladders: tuple[Ladder, ...]
    remarks: tuple[Remark, ...]
    unread: tuple[Unread, ...]
    not_known: tuple[str, ...]
    generated: str = ""
    collection_version: str = ""

    @property
    def summary(self) -> dict[str, int]:
        """How many of each keep the answer from being clean."""
        counts: dict[str, int] = {
            state: sum(problem.state == state for problem in self.problems)
            for state in STATES
            if state != "not_present"
        }
        return {
            **counts,
            "fleet_problems": sum(finding.level == "problem" for finding in self.fleet),
            "rpcping_not_proved": sum(not ladder.proved for ladder in self.ladders),
            "not_read": sum(not unread.attested for unread in self.unread),
        }

    @property
    def clean(self) -> bool:
        """Whether no problem is there and nothing that decides is unknown."""
        return bool(self.problems) and not any(self.summary.values())

    def as_dict(self) -> dict[str, Any]:
        """The content of diagnosis.json."""
        return {
            "schema_version": 1,
            "collection_version": self.collection_version,
            "generated": self.generated,
            "clean": self.clean,
            "summary": self.summary,
            "problems": [problem.as_dict() for problem in self.problems],
            "fleet": [finding.as_dict() for finding in self.fleet],
            "rpcping": [ladder.as_dict() for ladder in self.ladders],
            "comments": [remark.as_dict() for remark in self.remarks],
            "unread": [asdict(unread) for unread in self.unread],
            "not_known": list(self.not_known),
        }
