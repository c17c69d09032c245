# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows server as converge sees it: read these keys, make these changes and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..formats.registry import Change, Key, KeyState
from .command_line import Batch, Frames, Step
from .registry import interpret, is_left_behind, left_behind_step, read_steps, remove_step, step_name, write_plan
from .shell import Shell


@dataclass(frozen=True)
class Reading:
    """The state of the keys, and whether a cut run left its import file behind."""

    keys: Mapping[Key, KeyState]
    left_behind: bool


@dataclass(frozen=True)
class Applied:
    """Which changes the server accepted, what it said to the first that it did not, and the state read afterwards."""

    accepted: tuple[Change, ...]
    rejected: Change | None
    answer: str
    keys: Mapping[Key, KeyState]


class Server:
    """Every method is one command of the shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def open(self) -> None:
        """Connect; raises Unreachable."""
        self._shell.open()

    def read(self, keys: Sequence[Key]) -> Reading:
        """Read the keys; raises FarSideError."""
        frames = self._run([*read_steps(keys), left_behind_step()])
        return Reading(interpret(frames, keys), is_left_behind(frames))

    def remove_left_behind(self) -> None:
        """Delete the import file of a run that was cut; raises FarSideError."""
        self._run([remove_step()])

    def apply(self, changes: Sequence[Change], settle_seconds: int, keys: Sequence[Key]) -> Applied:
        """Make the changes in order up to the first that is rejected, then read the keys; raises FarSideError."""
        plan = write_plan(changes, settle_seconds, read_steps(keys))
        frames = self._run(plan.steps, plan.stdin)
        accepted: list[Change] = []
        rejected = None
        for change in changes:
            frame = frames.get(step_name(change))
            if frame is None or not frame.succeeded:
                rejected = change
                break
            accepted.append(change)
        answer = "" if rejected is None else _answer(frames, rejected)
        return Applied(tuple(accepted), rejected, answer, interpret(frames, keys))

    def _run(self, steps: Sequence[Step], stdin: bytes | None = None) -> Frames:
        batch = Batch(steps)
        completed = self._shell.run(batch.line, stdin)
        return batch.split(completed.stdout, completed.stderr)


def _answer(frames: Frames, rejected: Change) -> str:
    frame = frames.get(step_name(rejected))
    if frame is None:
        return f"nothing for this command: it was not run. {frames.outside}".strip()
    if frame.exit_code is None:
        return f"the command's end is missing; it printed {frame.text!r}"
    return frame.text
