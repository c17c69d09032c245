# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application pool that starts anew by the clock, and drops every session of Outlook Anywhere with that."""

from __future__ import annotations

import re

from ..fleet_finding import FleetFinding
from .fleet import Fleet, Kind, some, together

KIND = Kind(
    name="default_app_pool_recycles",
    why=(
        "DefaultAppPool recycles every 29 hours by default and drops all sessions of Outlook Anywhere with that: users "
        "see Outlook reconnect at an hour that moves through the day."
    ),
    fix=(
        "In IIS Manager, Recycling of DefaultAppPool: no regular interval, and a fixed time at night where you want "
        "one (recycling.periodicRestart.time 00:00:00, and recycling.periodicRestart.schedule). This collection does "
        "not change it."
    ),
    undo="Set the regular interval back to 1740 minutes (1.05:00:00).",
    reference="TechNet, 2008-12-03; Microsoft's IIS documentation, periodicRestart",
)
_NEVER = re.compile(r"(0+\.)?0+:0+:0+(\.0+)?")


def default_app_pool_recycles(fleet: Fleet) -> FleetFinding | None:
    """A notice: it is as Windows delivers it."""
    after = {
        seen.host: text
        for seen in fleet.client_access
        if (text := str(seen.get("default_app_pool_recycles_after") or "").strip()) and not _NEVER.fullmatch(text)
    }
    if not after:
        return None
    return KIND.finding(
        "notice",
        after,
        f"DefaultAppPool recycles by the clock on {some(after)} and drops all sessions of Outlook Anywhere",
        [
            *together({host: f"recycles after {text} (days.hours:minutes:seconds)" for host, text in after.items()}),
            *fleet.not_read("client_access"),
        ],
    )
