# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server without a shell: whoever tests it answers every command step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from plugins.plugin_utils.reads import Link, Read
from plugins.plugin_utils.windows.command_line import Frames, Step
from plugins.plugin_utils.windows.server import Server


class ByStep(Server):
    """A server whose commands go to a function."""

    def __init__(self, answer: Callable[[Sequence[Step], bytes | None, int], Frames]) -> None:
        self._answer = answer

    def run(self, steps: Sequence[Step], stdin: bytes | None = None, waits: int = 0) -> Frames:
        return self._answer(steps, stdin, waits)

    def _link(self, reads: Sequence[Read]) -> Link:
        return Link(ipv6=False)
