# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailbox servers some of which have Microsoft's fix for port 6004 on IPv6, and some not."""

from __future__ import annotations

from ..fleet_finding import FleetFinding
from ..formats.builds import Build
from ..ipv6_need import FIXED
from .fleet import Fleet, Kind, Seen, some, together

KIND = Kind(
    name="mailbox_builds_mixed",
    why=(
        "mad.exe listens on port 6004 on IPv4 only before build 8.1.311.3. As long as one Mailbox server is below it, "
        "every Client Access server on Windows Server 2008 that serves it needs IPv6 off; with all of them at it "
        "Microsoft says not to switch IPv6 off."
    ),
    fix="Install Update Rollup 4 for Service Pack 1 or later on the Mailbox servers that are below build 8.1.311.3.",
    undo="Nothing to undo. Afterwards module ipv6_components (state enabled) can switch IPv6 on again.",
    reference="KB 952580; TechNet cc411322",
)


def mailbox_builds_mixed(fleet: Fleet) -> FleetFinding | None:
    """A notice: the settings of each Client Access server tell whether IPv6 is off where it must be."""
    builds = {seen.host: build for seen in fleet.mailbox if (build := _build(seen)) is not None}
    below = [host for host, build in builds.items() if build < FIXED]
    if not below or len(below) == len(builds):
        return None
    return KIND.finding(
        "notice",
        below,
        f"{some(below)} is the reason why Client Access servers need IPv6 off: other Mailbox servers have build "
        f"{FIXED} or later",
        [*together({host: f"build {build}" for host, build in builds.items()}), *fleet.not_read("mailbox")],
    )


def _build(seen: Seen) -> Build | None:
    """Its build where that is certain; on a domain controller lsass has port 6004, whatever the build."""
    if seen.later_exchange or seen.get("domain_controller") or not seen.get("exchange_build"):
        return None
    try:
        build = Build.parse(str(seen.get("exchange_build")))
    except ValueError:
        return None
    return None if build < FIXED and "exchange_rollups" in seen.unknown else build
