# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cluster nodes in an inventory that does not say under which name clients know their mailbox server."""

from __future__ import annotations

from ..fleet_finding import FleetFinding
from .fleet import Fleet, Kind, some

KIND = Kind(
    name="clustered_mailbox_server_not_named",
    why=(
        "Clients use the name of the clustered mailbox server, not that of a node. A ValidPorts that is pinned by the "
        "inventory would allow the nodes and not the name that users need."
    ),
    fix="Name every clustered mailbox server in outlook_anywhere_mailbox_names (as its FQDN).",
    undo="Take the name out of outlook_anywhere_mailbox_names.",
    reference="Exchange team blog, 2008-06-20; docs/fleet-order.md",
)


def clustered_mailbox_server_not_named(fleet: Fleet) -> FleetFinding | None:
    """A notice, where the inventory has no further name at all."""
    nodes = [seen for seen in fleet.mailbox if seen.get("cluster_node") and not seen.later_exchange]
    given = {server.fqdn.lower() for server in fleet.mailbox_servers}
    # A node whose inventory gives it the clustered server's name has one.
    nameless = [seen.host for seen in nodes if str(seen.get("fqdn")).lower() in given]
    if not nameless or fleet.further_mailbox_servers:
        return None
    return KIND.finding(
        "notice",
        nameless,
        f"{some(nameless)} is a cluster node, and the inventory names no clustered mailbox server",
        [f"{some(nameless)}: a node of a cluster; outlook_anywhere_mailbox_names is empty"],
    )
