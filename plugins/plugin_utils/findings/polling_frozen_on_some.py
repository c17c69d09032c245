# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Polling that is off on some Client Access servers and not on others."""

from __future__ import annotations

from ..fixes.valid_ports import POLLING_DEFAULT
from ..fleet_finding import FleetFinding
from .fleet import Fleet, Kind, Seen, some, together

KIND = Kind(
    name="polling_frozen_on_some",
    why=(
        "A Mailbox server that is added or removed comes into the list of some Client Access servers by itself and "
        "never into that of the others; the same holds for what Set-OutlookAnywhere changes. Users then notice that it "
        "depends on the load balancer whether they can connect. On Exchange 2007 SP1 any update rollup can put polling "
        "back."
    ),
    fix=(
        "Decide for all of them. Is the fix for split connections wanted: set outlook_anywhere_affinity to ssl_id or "
        "none and run playbook site, or repin after an update rollup. Is it not: playbook rollback brings polling back."
    ),
    undo="Playbook rollback writes PeriodicPollingMinutes 15; a deleted value would come back with an update rollup.",
    reference="Exchange 2007 help, RpcHttpConfigurator; Exchange team blog, 2008-06-20",
)


def minutes_of(seen: Seen) -> str | None:
    """The polling interval in minutes, None where it is not known."""
    if not seen.known("polling_minutes"):
        return None
    value = seen.get("polling_minutes")
    return f"{POLLING_DEFAULT} (absent, so the default)" if value is None else str(value)


def polling_frozen_on_some(fleet: Fleet) -> FleetFinding | None:
    """A notice: what users suffer from it, other findings tell."""
    minutes = {
        seen.host: text for seen in fleet.client_access if not seen.later_exchange and (text := minutes_of(seen))
    }
    frozen = [host for host, text in minutes.items() if text == "0"]
    if not frozen or len(frozen) == len(minutes):
        return None
    return KIND.finding(
        "notice",
        minutes,
        f"polling is off on {some(frozen)} and not on {some(host for host in minutes if host not in frozen)}",
        [
            *together({host: f"PeriodicPollingMinutes {text}" for host, text in minutes.items()}),
            *fleet.not_read("client_access"),
        ],
    )
