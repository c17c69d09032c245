# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIS's configuration, through appcmd.exe alone."""

from __future__ import annotations

from collections.abc import Sequence

from ..changes import Change
from ..formats.registry import Unreadable
from ..reads import IisAbsent, IisPlaces, IisSection, ReadIisSection, SearchIis
from .command_line import Frames, Step
from .writing import Run, Written

IisRead = ReadIisSection | SearchIis


def read_steps(reads: Sequence[IisRead]) -> list[Step]:
    """The commands that read these, and whether there is an IIS at all; none where nothing is to be read."""
    return []


def interpret(frames: Frames, read: IisRead) -> IisSection | IisPlaces | IisAbsent | Unreadable:
    """What read_steps said."""
    return Unreadable("not asked", "")


def write(run: Run, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Step]) -> Written:
    """Set attributes."""
    return Written(())
