# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows server as converge sees it: read these keys, make these changes and read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..formats.registry import Change
from ..reads import Link, Observed, Read, ReadLink
from .command_line import Batch, Frames, Step
from .reading import interpret, read_steps
from .registry import is_left_behind, left_behind_step, remove_step, step_name, write_plan
from .shell import AnswerUnusable, Shell


@dataclass(frozen=True)
class Reading:
    """What was asked for, and whether a cut run left its import file behind."""

    observed: Observed
    left_behind: bool


@dataclass(frozen=True)
class Applied:
    """Which changes the server accepted, what it said to the first that it did not, and the state read afterwards."""

    accepted: tuple[Change, ...]
    rejected: Change | None
    answer: str
    observed: Observed


class Server:
    """Every method is one command of the shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def open(self) -> None:
        """Connect; raises Unreachable."""
        self._shell.open()

    def read(self, reads: Sequence[Read]) -> Reading:
        """Read; raises FarSideError."""
        frames = self._run([*read_steps(reads), left_behind_step()])
        return Reading(interpret(frames, reads, self._link(reads)), is_left_behind(frames))

    def remove_left_behind(self) -> None:
        """Delete the import file of a run that was cut; raises FarSideError."""
        self._run([remove_step()])

    def apply(self, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Read]) -> Applied:
        """Make the changes in order up to the first that is rejected, then read; raises FarSideError."""
        plan = write_plan(changes, settle_seconds, read_steps(reads))
        frames = self._run(plan.steps, plan.stdin, settle_seconds)
        _check_whole(frames, plan.steps)
        accepted: list[Change] = []
        rejected = None
        for change in changes:
            frame = frames.get(step_name(change))
            if frame is None or not frame.succeeded:
                rejected = change
                break
            accepted.append(change)
        answer = "" if rejected is None else _answer(frames, rejected)
        return Applied(tuple(accepted), rejected, answer, interpret(frames, reads, self._link(reads)))

    def _link(self, reads: Sequence[Read]) -> Link:
        return Link(ReadLink() in reads and self._shell.runs_over_ipv6())

    def _run(self, steps: Sequence[Step], stdin: bytes | None = None, waits: int = 0) -> Frames:
        batch = Batch(steps)
        completed = self._shell.run(batch.line, stdin, waits)
        return batch.split(completed.stdout, completed.stderr)


def _check_whole(frames: Frames, steps: Sequence[Step]) -> None:
    """The line ran to its end and all of its answer arrived; else nobody knows which commands were run."""
    for step in steps:
        frame = frames.get(step.name)
        if step.when == "always" and (frame is None or frame.exit_code is None):
            said = frames.outside or (frame.text if frame else "")
            raise AnswerUnusable(f"the server's answer is not whole; it was {said[:600]!r}")


def _answer(frames: Frames, rejected: Change) -> str:
    frame = frames.get(step_name(rejected))
    return (
        frame.text if frame is not None else "nothing: the command was not run, as what it needs had not arrived whole"
    )
