# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no single server shows: the findings about a fleet, each in a file of its own in findings/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .findings import (
    client_access_servers_differ,
    clustered_mailbox_server_not_named,
    default_app_pool_recycles,
    mailbox_builds_mixed,
    no_global_catalog_in_site,
    nspi_target,
    polling_frozen_on_some,
    servers_not_read,
    split_connection_half_way,
    valid_ports_lack_a_server,
    valid_ports_list_nobody,
)
from .findings.fleet import Fleet, Kind
from .fleet_finding import FleetFinding

# In the order in which an operator wants to know them.
FINDINGS: dict[Kind, Callable[[Fleet], FleetFinding | None]] = {
    split_connection_half_way.KIND: split_connection_half_way.split_connection_half_way,
    valid_ports_lack_a_server.KIND: valid_ports_lack_a_server.valid_ports_lack_a_server,
    nspi_target.UNKNOWN: nspi_target.nspi_target_unknown,
    nspi_target.SILENT: nspi_target.nspi_target_does_not_listen,
    valid_ports_list_nobody.KIND: valid_ports_list_nobody.valid_ports_list_nobody,
    no_global_catalog_in_site.KIND: no_global_catalog_in_site.no_global_catalog_in_site,
    clustered_mailbox_server_not_named.KIND: clustered_mailbox_server_not_named.clustered_mailbox_server_not_named,
    polling_frozen_on_some.KIND: polling_frozen_on_some.polling_frozen_on_some,
    client_access_servers_differ.KIND: client_access_servers_differ.client_access_servers_differ,
    mailbox_builds_mixed.KIND: mailbox_builds_mixed.mailbox_builds_mixed,
    default_app_pool_recycles.KIND: default_app_pool_recycles.default_app_pool_recycles,
    servers_not_read.KIND: servers_not_read.servers_not_read,
}
NAMES: tuple[str, ...] = tuple(kind.name for kind in FINDINGS)


def fleet_findings(readings: Mapping[str, Any], inventory: Mapping[str, Any]) -> tuple[FleetFinding, ...]:
    """Judge a fleet by what server_info returned for each host; problems come first.

    C(inventory) has C(client_access), C(mailbox) and C(global_catalog), lists of host names; C(mailbox_servers) and
    C(global_catalogs), as the filters server_names and directory_servers make them; C(affinity), a text; and
    C(extra_entries) of ValidPorts that somebody wants. What was not read proves nothing.
    """
    fleet = Fleet.of(readings, inventory)
    found = [finding for judge in FINDINGS.values() if (finding := judge(fleet)) is not None]
    return tuple(sorted(found, key=lambda finding: finding.level != "problem"))
