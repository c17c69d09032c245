# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet's findings as one record, of which every report is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..finding_pages import page_of
from ..fleet_finding import FleetFinding
from ..formats.text import printable
from .advice import for_finding, for_host
from .run import Run
from .summary import Pending, Waits, gate_lines, pending

HostState = Literal["read", "failed", "unreachable", "not_read"]

ABSENT_CELL = "-"
CELLS = ("compliant", "corrected", "drifted", "not_applicable", "not_managed", "unknown")
FINDING = (
    "host",
    "fix",
    "setting",
    "status",
    "before",
    "after",
    "reason",
    "reference",
    "effective",
    "blocked_by",
)
# What keeps a fleet from being clean, in the order in which the summary names it.
TROUBLE = ("drifted", "unknown", "failed", "unreachable", "not_read", "unfinished", "fleet_problems")


@dataclass(frozen=True)
class HostReport:
    """One server: how it was reached, what its tasks said, and its findings."""

    name: str
    groups: tuple[str, ...]
    state: HostState
    messages: tuple[str, ...]
    warnings: tuple[str, ...]
    restart_required: tuple[str, ...]
    reboot_required: bool
    unfinished: tuple[str, ...]
    cluster_node: bool
    findings: tuple[Mapping[str, Any], ...]
    cells: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, groups: Iterable[str], results: Iterable[Mapping[str, Any]], applied: bool) -> HostReport:
        """From the results that a host's tasks registered; skipped ones say nothing."""
        told = [result for result in results if not result.get("skipped")]
        findings: list[Mapping[str, Any]] = []
        cells: dict[str, str] = {}
        for result in told:
            for finding in result.get("findings") or ():
                findings.append(finding)
                cells[f"{finding['fix']}.{finding['setting']}"] = _cell(finding, result, applied)
        return cls(
            name=name,
            groups=tuple(groups),
            state=_state(told),
            messages=tuple(str(result["msg"]) for result in told if _went_wrong(result) and result.get("msg")),
            warnings=tuple(str(warning) for result in told for warning in result.get("warnings") or ()),
            restart_required=tuple(
                dict.fromkeys(service for result in told for service in result.get("restart_required") or ())
            ),
            reboot_required=any(result.get("reboot_required") for result in told),
            unfinished=tuple(str(result["unfinished"]) for result in told if result.get("unfinished")),
            cluster_node=any((result.get("server") or {}).get("cluster_node") for result in told),
            findings=tuple(findings),
            cells=cells,
        )

    @property
    def waits(self) -> Waits:
        """What the host waits for."""
        return Waits(self.restart_required, self.reboot_required, self.cluster_node)

    def as_dict(self, applied: bool, playbook: str) -> dict[str, Any]:
        """The host as drift.json carries it."""
        waiting = pending(self.groups, self.waits, applied)
        return {
            "name": self.name,
            "groups": list(self.groups),
            "state": self.state,
            "cluster_node": self.cluster_node,
            "messages": list(self.messages),
            "warnings": list(self.warnings),
            "restart_required": list(self.restart_required),
            "reboot_required": self.reboot_required,
            "unfinished": list(self.unfinished),
            "pending": [one.as_dict() for one in waiting],
            "what_to_do": for_host(self.state, bool(self.unfinished)),
            "cells": dict(self.cells),
            "findings": [self._finding(finding, waiting, applied, playbook) for finding in self.findings],
        }

    def _finding(
        self, finding: Mapping[str, Any], waiting: Iterable[Pending], applied: bool, playbook: str
    ) -> dict[str, Any]:
        """A finding with what is so after the run, whether it still waits to take effect, and what to do."""
        told: dict[str, Any] = {name: finding.get(name) for name in FINDING}
        told |= {"host": told["host"] or self.name, "effective": told["effective"] or "unknown"}
        state = self.cells[f"{finding['fix']}.{finding['setting']}"]
        waits = state in ("compliant", "corrected") and told["effective"] == "no"
        advice = for_finding(told, state, waits, waiting, applied, playbook)
        page = page_of(told["fix"], told["setting"])
        return {**told, "state": state, "pending": waits, "what_to_do": advice, "page": page}


def _first_words(reason: object) -> str:
    """A gate names itself first; what it misses is told once, at the end."""
    return str(reason).partition(": ")[0]


def _went_wrong(result: Mapping[str, Any]) -> bool:
    return bool(result.get("unreachable") or result.get("failed"))


def _state(results: list[Mapping[str, Any]]) -> HostState:
    if any(result.get("unreachable") for result in results):
        return "unreachable"
    if any(result.get("failed") for result in results):
        return "failed"
    return "read" if results else "not_read"


def _cell(finding: Mapping[str, Any], result: Mapping[str, Any], applied: bool) -> str:
    """The finding's status, or corrected when the run has mended and verified it."""
    done = result.get("changed") and not result.get("predicted")
    mended = applied and done and not _went_wrong(result) and not finding["blocked_by"]
    return "corrected" if finding["status"] == "drifted" and mended else str(finding["status"])


@dataclass(frozen=True)
class FleetReport:
    """All servers of a run."""

    hosts: tuple[HostReport, ...]
    changes_applied: bool
    generated: str
    collection_version: str
    stopped: tuple[str, ...] = ()
    gates: tuple[Mapping[str, Any], ...] = ()
    fleet: tuple[FleetFinding, ...] = ()
    # Why there are no findings about the fleet, where they were not looked for.
    fleet_not_judged: str | None = None
    # Every setting that the collection knows, as fix.setting, and the role whose servers have it.
    known_settings: tuple[tuple[str, str], ...] = ()
    run: Run = field(default_factory=Run)

    @property
    def settings(self) -> tuple[str, ...]:
        """Every setting that any server has a finding for, as fix.setting."""
        return tuple(dict.fromkeys(setting for host in self.hosts for setting in host.cells))

    @property
    def summary(self) -> dict[str, int]:
        """How many settings have each status, and how many servers could not be read."""
        counts = {word: sum(list(host.cells.values()).count(word) for host in self.hosts) for word in CELLS}
        states = {
            state: sum(host.state == state for host in self.hosts) for state in ("failed", "unreachable", "not_read")
        }
        unfinished = sum(bool(host.unfinished) for host in self.hosts)
        problems = sum(finding.level == "problem" for finding in self.fleet)
        return {"hosts": len(self.hosts), **counts, **states, "unfinished": unfinished, "fleet_problems": problems}

    @property
    def clean(self) -> bool:
        """Whether nothing has drifted or is unknown, every server was read, and the run went to its end."""
        return not self.why_not_clean

    @property
    def why_not_clean(self) -> tuple[str, ...]:
        """In words, what keeps the fleet from being clean; empty when it is."""
        counted = self.summary
        trouble = ", ".join(f"{counted[word]} {word}" for word in TROUBLE if counted[word])
        found = (*self.stopped, *([trouble] if trouble else []))
        return found if found or self.settings else ("nothing was compared",)

    def as_dict(self) -> dict[str, Any]:
        """The content of drift.json."""
        return {
            "schema_version": 1,
            "collection_version": self.collection_version,
            "generated": self.generated,
            "run": self.run.as_dict(),
            "changes_applied": self.changes_applied,
            "clean": self.clean,
            "why_not_clean": list(self.why_not_clean),
            "stopped": list(self.stopped),
            "gates": [dict(gate) for gate in self.gates],
            "summary": self.summary,
            "settings": list(self.settings),
            "known_settings": [{"setting": setting, "role": role} for setting, role in self.known_settings],
            "fleet": [finding.as_dict() for finding in self.fleet],
            "fleet_not_judged": self.fleet_not_judged,
            "hosts": [host.as_dict(self.changes_applied, self.run.playbook) for host in self.hosts],
        }

    def details(self) -> list[str]:
        """What an operator reads below the table: what is not as it should be, the messages and the warnings."""
        lines = []
        for host in self.hosts:
            for finding in host.findings:
                cell = host.cells[f"{finding['fix']}.{finding['setting']}"]
                if cell in ("drifted", "corrected", "unknown"):
                    held = f" (held back: {_first_words(finding['blocked_by'])})" if finding["blocked_by"] else ""
                    lines.append(f"{host.name}: {finding['setting']} {cell}{held}: {finding['reason']}")
            lines += host.messages
            lines += [f"warning: {warning}" for warning in host.warnings]
            lines += [one.line(host.name) for one in pending(host.groups, host.waits, self.changes_applied)]
            lines += host.unfinished
        lines += [finding.line for finding in self.fleet]
        lines += [f"the fleet as a whole was not judged: {self.fleet_not_judged}"] if self.fleet_not_judged else []
        lines += [line for gate in self.gates for line in gate_lines(gate)]
        return [printable(line) for line in [*lines, *self.stopped]]

    def table(self) -> list[str]:
        """Host x setting, a line a server, the words of drift.json; the settings have numbers, told below."""
        numbers = [str(place) for place in range(1, len(self.settings) + 1)]
        rows = [("HOST", "STATE", *numbers)]
        rows += [
            (host.name, host.state, *(host.cells.get(setting, ABSENT_CELL) for setting in self.settings))
            for host in self.hosts
        ]
        widths = [max(len(printable(row[column])) for row in rows) for column in range(len(rows[0]))]
        lines = [
            "  ".join(printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return lines + [f"{number} = {setting}" for number, setting in zip(numbers, self.settings, strict=True)]
