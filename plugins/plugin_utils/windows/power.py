# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's restart, ordered by shutdown.exe."""

from __future__ import annotations

from dataclasses import dataclass

from .command_line import Step, command
from .shell import AnswerUnusable
from .writing import Run

# ERROR_SHUTDOWN_IN_PROGRESS and ERROR_SHUTDOWN_IS_SCHEDULED: it may be anybody's, and a power-off.
PENDING = (1115, 1190)
ACCESS_DENIED = 5
COMMENT = "exchange_ops.outlook_anywhere: a planned restart"
# Planned; operating system; reconfiguration.
_REASON = "p:2:4"
_STEP = "shutdown"


@dataclass(frozen=True)
class Ordered:
    """How shutdown.exe ended, and what it said."""

    exit_code: int
    said: str

    @property
    def is_pending(self) -> bool:
        """Whether another shutdown was there before."""
        return self.exit_code in PENDING


def order_reboot(run: Run, delay: int) -> Ordered:
    """Order a restart in so many seconds; raises FarSideError."""
    line = command("shutdown", "/r", "/t", str(delay), "/c", COMMENT, "/d", _REASON)
    frames = run([Step(_STEP, line)], None, 0)
    frame = frames.get(_STEP)
    if frame is None or frame.exit_code is None:
        raise AnswerUnusable(f"whether the restart was ordered is not known; the server said {frames.outside[:600]!r}")
    return Ordered(frame.exit_code, frame.text)
