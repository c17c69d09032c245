# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of which nothing was judged."""

from __future__ import annotations

from ..fleet_finding import FleetFinding
from .fleet import GROUPS, Fleet, Kind, count, some

KIND = Kind(
    name="servers_not_read",
    why="What was not read proves nothing: a problem of the fleet may be there and not be told.",
    fix=(
        "Mend the connection and run playbook drift again. A server that a run has changed before it was stopped is "
        "read by the next run."
    ),
    undo="Nothing to undo.",
    reference="docs/fleet-order.md",
)


def servers_not_read(fleet: Fleet) -> FleetFinding | None:
    """A notice: the server's own line of the report tells more."""
    if not fleet.unread:
        return None
    return KIND.finding(
        "notice",
        fleet.unread,
        f"{count(len(fleet.unread), 'server')} ({some(fleet.unread)}) could not be judged with the fleet",
        list(dict.fromkeys(fleet.not_read(*GROUPS))),
    )
