# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the server, read whole and replaced whole."""

from __future__ import annotations

from collections.abc import Sequence

from ..changes import Change
from ..formats.registry import Unreadable
from ..reads import FileAbsent, FileContent, ReadFile
from .command_line import Frames, Step
from .writing import Run, Written


def read_steps(read: ReadFile) -> list[Step]:
    """The commands that read a file with its length and attributes."""
    return []


def interpret(frames: Frames, read: ReadFile) -> FileContent | FileAbsent | Unreadable:
    """What read_steps said."""
    return Unreadable("not asked", "")


def left_behind_steps(folder: str, name: str) -> list[Step]:
    """Ask whether a cut run left a file of its own beside this one."""
    return []


def is_left_behind(frames: Frames) -> bool:
    """The answer to left_behind_steps."""
    return False


def remove_steps(folder: str, name: str) -> list[Step]:
    """Delete what a cut run left beside this file."""
    return []


def write(run: Run, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Step]) -> Written:
    """Replace files."""
    return Written(())
