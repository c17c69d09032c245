# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every way of changing a server has in common: how it runs its commands, and its share of a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..changes import Change
from .command_line import Frames, Step, fits
from .shell import AnswerUnusable

# Run steps as one command, with bytes for its standard input and the seconds that the line itself waits on the server.
Run = Callable[[Sequence[Step], bytes | None, int], Frames]
# Nothing may be missing from the end of a line's answer: this says so where no read does.
END = Step("end", "ver >nul", may_fail=True)


@dataclass(frozen=True)
class Part:
    """The steps that make one change, in order.

    C(decisive) is the step whose success means that the server accepted it; C(stdin) is what the first of the steps
    reads. C(answer) is what the server said to a change that it did not accept, C(next_step) what an operator does
    about that, where more is known than that a right may be missing.
    """

    change: Change
    steps: tuple[Step, ...]
    decisive: str
    answer: Callable[[Frames], str]
    next_step: Callable[[str], str | None]
    stdin: bytes | None = None

    def accepted(self, frames: Frames) -> bool:
        """Whether the server accepted the change; raises AnswerUnusable where its answer does not tell."""
        frame = frames.get(self.decisive)
        if frame is None and (self.stdin is not None or len(self.steps) > 1):
            # What it needs did not succeed, so it was not run.
            return False
        if frame is None or frame.exit_code is None:
            raise AnswerUnusable(f"the server's answer is not whole; it was {frames.outside[:600]!r}")
        return frame.succeeded


def steps_of(parts: Iterable[Part]) -> list[Step]:
    """The steps of some parts, in order."""
    return [step for part in parts for step in part.steps]


def lines_of(parts: Sequence[Part]) -> list[list[Part]]:
    """As few lines as the parts fit in, in order; one line has one standard input."""
    lines: list[list[Part]] = []
    for part in parts:
        if lines and fits([*steps_of([*lines[-1], part]), END]) and not (part.stdin and _has_input(lines[-1])):
            lines[-1].append(part)
        else:
            lines.append([part])
    return lines


def _has_input(parts: Sequence[Part]) -> bool:
    return any(part.stdin is not None for part in parts)


def check_whole(frames: Frames, steps: Sequence[Step]) -> None:
    """The line ran to its end and all of its answer arrived; else nobody knows which commands were run."""
    for step in steps:
        frame = frames.get(step.name)
        if step.when == "always" and (frame is None or frame.exit_code is None):
            said = frames.outside or (frame.text if frame else "")
            raise AnswerUnusable(f"the server's answer is not whole; it was {said[:600]!r}")
