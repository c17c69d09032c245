# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run a report is of, and how much of the fleet it has looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PLAYBOOKS = ("drift", "site", "repin", "rollback")
# The parts of a fleet, in the order in which it changes.
PARTS = ("global_catalog", "client_access", "pin", "mailbox")


@dataclass(frozen=True)
class Run:
    """The playbook, the parts that it looked after, and the servers of the inventory that it did not look at."""

    playbook: str = "drift"
    parts: tuple[str, ...] = PARTS
    outside: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it has looked at every part of every server."""
        return not self.outside and set(self.parts) == set(PARTS)

    def as_dict(self) -> dict[str, Any]:
        """As drift.json carries it."""
        return {
            "playbook": self.playbook,
            "whole": self.whole,
            "parts": list(self.parts),
            "outside": list(self.outside),
        }
