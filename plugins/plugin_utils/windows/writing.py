# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every way of changing a server has in common: how it runs its commands, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..changes import Change
from .command_line import Frames, Step
from .shell import AnswerUnusable

# Run steps as one command, with bytes for its standard input and the seconds that the line itself waits on the server.
Run = Callable[[Sequence[Step], bytes | None, int], Frames]


@dataclass(frozen=True)
class Written:
    """Which changes the server accepted, and what it said to the first that it did not.

    C(frames) hold the answers to the reads that were run behind the changes; None when they were not run.
    C(next_step) is what an operator does about the rejection, where more is known than that a right may be missing.
    """

    accepted: tuple[Change, ...]
    rejected: Change | None = None
    answer: str = ""
    next_step: str | None = None
    frames: Frames | None = None
    warnings: tuple[str, ...] = ()


def check_whole(frames: Frames, steps: Sequence[Step]) -> None:
    """The line ran to its end and all of its answer arrived; else nobody knows which commands were run."""
    for step in steps:
        frame = frames.get(step.name)
        if step.when == "always" and (frame is None or frame.exit_code is None):
            said = frames.outside or (frame.text if frame else "")
            raise AnswerUnusable(f"the server's answer is not whole; it was {said[:600]!r}")
