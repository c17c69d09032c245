# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server as the modules see it that stop and start things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .reads import Read
from .windows.command_line import Frames, Step
from .windows.server import Reading


class FarSide(Protocol):
    """A server that is read and runs steps."""

    def open(self) -> None:
        """Connect."""

    def read(self, reads: Sequence[Read]) -> Reading:
        """Read."""

    def run(self, steps: Sequence[Step], stdin: bytes | None = None, waits: int = 0) -> Frames:
        """Run steps as one command."""

    def leave(self) -> None:
        """Give the shell back as far as the server answers."""
