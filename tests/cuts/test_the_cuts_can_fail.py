# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cuts notice when a safeguard is missing: each of these is switched off in turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from plugins.plugin_utils.changes import ReplaceFile
from plugins.plugin_utils.journal import FileJournal
from plugins.plugin_utils.snapshots import FileSnapshots, Snapshot
from plugins.plugin_utils.windows import files, registry
from plugins.plugin_utils.windows.command_line import Step, quote
from plugins.plugin_utils.windows.writing import Part, Run
from tests.cuts.harness import HOSTS, Course, Cut, Line, broken_promises, course, cuts_of
from tests.cuts.subjects import LONG_LIST, MAIN, PARTS

FILL = "fill without a safeguard"


def enter(change: ReplaceFile) -> Step:
    return Step("enter without a safeguard", f'cd /d "{change.folder}"')


def complaints(name: str, line: Line, *operations: str) -> list[str]:
    """What is broken by cuts of these operations, or of all."""
    subject = {**MAIN, **PARTS}[name]
    whole = course(subject, "model")
    cuts = [cut for cut in cuts_of(whole, line) if not operations or whole.operations[cut.nth - 1] in operations]
    return [promise for cut in cuts for promise in broken_promises(subject, "model", whole, cut)]


def last_receive(whole: Course) -> Cut:
    """What tells how the last command has ended, cut after that."""
    last = max(at for at, operation in enumerate(whole.operations, start=1) if operation == "receive")
    return Cut("any", last, acted=True)


@pytest.mark.parametrize("line", ["dropped", "gone", "hung up"])
def test_without_the_rename_a_cut_tears_the_hosts_file(monkeypatch: pytest.MonkeyPatch, line: Line) -> None:
    def stage(run: Run, change: ReplaceFile) -> tuple[None, None]:
        run([enter(change), Step(FILL, f'findstr "^" >{quote(change.file)}')], change.new, 0)
        return None, None

    def part(change: ReplaceFile) -> Part:
        return Part(change, (Step(FILL, "ver >nul"),), FILL, lambda _frames: "", lambda _answer: None)

    monkeypatch.setattr(files, "stage", stage)
    monkeypatch.setattr(files, "part", part)
    assert [item for item in complaints("hosts_ipv4", line, "send") if f"{HOSTS} is neither" in item]


def test_without_comparing_what_was_read_back_a_cut_renames_half_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    fill = files._fill

    def fill_and_believe(*arguments: Any) -> None:
        fill(*arguments)

    monkeypatch.setattr(files, "_fill", fill_and_believe)
    assert [item for item in complaints("hosts_ipv4", "lossy") if f"{HOSTS} is neither" in item]


def test_a_copy_renamed_by_the_command_that_fills_it_may_be_half_a_file(monkeypatch: pytest.MonkeyPatch) -> None:

    def part(change: ReplaceFile) -> Part:
        copy = quote(change.file + files.COPY)
        steps = (
            Step(FILL, f'cd /d "{change.folder}"&findstr "^" >{copy}'),
            Step("move", f"move /y {copy} {quote(change.file)}"),
        )
        return Part(change, steps, "move", lambda _frames: "", lambda _answer: None, change.new)

    monkeypatch.setattr(files, "stage", lambda _run, _change: (None, None))
    monkeypatch.setattr(files, "part", part)
    assert [item for item in complaints("hosts_ipv4", "hung up", "send") if f"{HOSTS} is neither" in item]


def test_without_its_length_a_cut_imports_half_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = registry._stage_step

    def of_any_length(length: int) -> Step:
        whole = stage(length)
        return Step(whole.name, whole.line.partition("&(for ")[0], whole.when)

    monkeypatch.setattr(registry, "_stage_step", of_any_length)
    found = complaints(LONG_LIST, "hung up", "send")
    assert [item for item in found if "ValidPorts is neither" in item]


def forget(_self: FileJournal, _records: Sequence[Any], _forget: Sequence[Any] = ()) -> None:
    """Nothing is written."""


def test_without_the_journal_a_cut_loses_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has made all changes, and nobody has heard of it."""
    subject = MAIN["baseline"]
    whole = course(subject, "model")
    monkeypatch.setattr(FileJournal, "remember", forget)
    found = broken_promises(subject, "model", whole, last_receive(whole))
    assert [item for item in found if "MSExchangeSA is due" in item]


def test_without_the_journal_a_cut_leaves_services_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileJournal, "remember", forget)
    found = complaints("service_restart", "dropped", "command", "receive")
    assert [item for item in found if "does not run after the rerun" in item]


def test_without_the_snapshot_a_cut_leaves_nothing_to_restore(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rerun sees no more than what the cut run has left, and would keep that as the first state."""
    keep = FileSnapshots.keep
    kept: list[str] = []

    def keep_none_at_first(self: FileSnapshots, snapshot: Snapshot) -> str:
        kept.append(keep(self, snapshot))
        if len(kept) == 1:
            Path(kept[0]).unlink()
        return kept[0]

    subject = MAIN["baseline"]
    whole = course(subject, "model")
    monkeypatch.setattr(FileSnapshots, "keep", keep_none_at_first)
    found = broken_promises(subject, "model", whole, last_receive(whole))
    assert [item for item in found if "is not restored" in item]
