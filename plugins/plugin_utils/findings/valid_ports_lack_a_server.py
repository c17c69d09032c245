# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Client Access server whose ValidPorts does not let clients through to a server of the inventory."""

from __future__ import annotations

from ..fixes.valid_ports import global_catalog_entries
from ..fleet_finding import FleetFinding
from ..formats import sc
from ..formats.names import ServerName
from .allowed_ports import each_once, lists_of, mailbox_entries
from .fleet import Fleet, Kind, Seen, count, some, together
from .progress import progress_of

KIND = Kind(
    name="valid_ports_lack_a_server",
    why=(
        "The RPC proxy refuses every name and port that its list does not allow. Users whose mailbox or directory is "
        "there cannot connect whenever the load balancer sends them to such a Client Access server."
    ),
    fix=(
        "Where polling is off nobody adds servers: pin the list again with playbook site, or repin where site has "
        "pinned it before (outlook_anywhere_affinity ssl_id or none), or switch polling on again with playbook "
        "rollback. Where it polls, the servicelet writes what Active Directory has at its next pass: see that "
        "MSExchangeServiceHost runs, and that Active Directory has this server."
    ),
    undo="Module restore brings back the list that was there before (its snapshot); playbook rollback undoes the fix.",
    reference="Exchange team blog, 2008-06-20; MicrosoftDocs/win32, rpc-over-http-security",
)
SERVICE_HOST = "MSExchangeServiceHost"


def valid_ports_lack_a_server(fleet: Fleet) -> FleetFinding | None:
    """A problem where nothing will add what is missing, or users are sent to what is missing already."""
    progress = progress_of(fleet)
    mailbox = _needed(fleet)
    catalogs = [catalog.name for catalog in fleet.global_catalogs if catalog.name]
    if not fleet.split_connection_wanted and not progress.begun:
        catalogs = []
    wanted = [entry for server in mailbox for entry in mailbox_entries(server)]
    further = [entry for server in catalogs for entry in global_catalog_entries(server)]
    frozen = {seen.host: why for seen in fleet.client_access if (why := _nobody_writes(seen))}
    lists = lists_of(fleet.client_access)
    of_mailbox = each_once(lists, lambda allowed: allowed.lacks(wanted))
    of_catalogs = each_once(lists, lambda allowed: allowed.lacks(further))
    lacking = [host for host in lists if of_mailbox[host] or of_catalogs[host]]
    if not lacking:
        return None
    suffers = any(of_mailbox[host] and host in frozen for host in lacking)
    suffers = suffers or bool(progress.switched and any(of_catalogs[host] for host in lacking))
    texts = {
        host: f"does not allow {some([*of_mailbox[host], *of_catalogs[host]])}; {frozen.get(host, 'it polls')}"
        for host in lacking
    }
    return KIND.finding(
        "problem" if suffers else "notice",
        lacking,
        f"ValidPorts of {count(len(lacking), 'Client Access server')} ({some(lacking)}) lacks servers of the inventory",
        [*together(texts), *fleet.not_read("client_access"), *fleet.unnamed],
    )


def _needed(fleet: Fleet) -> list[ServerName]:
    """Mailbox servers that clients ask for by name: not the node of a cluster, nor what has no use for the list."""
    without = {
        str(seen.get("fqdn")).lower() for seen in fleet.mailbox if seen.get("cluster_node") or seen.later_exchange
    }
    return [server for server in fleet.mailbox_servers if server.fqdn.lower() not in without]


def _nobody_writes(seen: Seen) -> str:
    """Why the servicelet will not add what is missing; empty where it will, or where that is not known."""
    if seen.get("polling_minutes") == 0:
        return "polling is off, so nobody adds it"
    if (seen.get("services") or {}).get(SERVICE_HOST) == sc.STOPPED:
        return f"{SERVICE_HOST} is stopped, so nobody adds it"
    return ""
