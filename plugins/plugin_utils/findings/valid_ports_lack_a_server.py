# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Client Access server whose ValidPorts does not let clients through to a server of the inventory."""

from __future__ import annotations

from collections.abc import Mapping

from ..allowed_ports import AllowedPorts
from ..fixes.valid_ports import global_catalog_entries
from ..fleet_finding import FleetFinding
from ..formats import sc
from ..formats.valid_ports import Entry
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
    catalogs = [catalog.name for catalog in fleet.global_catalogs if catalog.name]
    if not fleet.split_connection_wanted and not progress.begun:
        catalogs = []
    further = [entry for server in catalogs for entry in global_catalog_entries(server)]
    nobody_adds = {seen.host: why for seen in fleet.client_access if (why := _nobody_writes(seen))}
    polls = {seen.host: _polls(seen) for seen in fleet.client_access}
    lists = lists_of(fleet.client_access)
    without = _not_asked_for(fleet)
    of_mailbox: dict[str, list[str]] = {}
    for servers, hosts in fleet.by_mailbox_servers(lists).items():
        needed = [server for server in servers if server.fqdn.lower() not in without]
        wanted = [entry for server in needed for entry in mailbox_entries(server)]
        of_mailbox |= _lacks({host: lists[host] for host in hosts}, wanted)
    of_catalogs = _lacks(lists, further)
    lacking = [host for host in lists if of_mailbox[host] or of_catalogs[host]]
    if not lacking:
        return None
    suffers = any(of_mailbox[host] and host in nobody_adds for host in lacking)
    suffers = suffers or bool(progress.switched and any(of_catalogs[host] for host in lacking))
    texts = {
        host: f"does not allow {some([*of_mailbox[host], *of_catalogs[host]])}; {nobody_adds.get(host) or polls[host]}"
        for host in lacking
    }
    return KIND.finding(
        "problem" if suffers else "notice",
        lacking,
        f"ValidPorts of {count(len(lacking), 'Client Access server')} ({some(lacking)}) lacks servers of the inventory",
        [*together(texts), *fleet.not_read("client_access"), *fleet.unnamed],
    )


def _lacks(lists: Mapping[str, AllowedPorts], wanted: list[Entry]) -> dict[str, list[str]]:
    return each_once(lists, lambda allowed: allowed.lacks(wanted))


def _not_asked_for(fleet: Fleet) -> set[str]:
    """What no client asks for by its name: the node of a cluster, what may be one, and what has no use for the list."""
    return {
        name.lower()
        for seen in fleet.mailbox
        if seen.get("cluster_node") or "cluster_node" in seen.unknown or seen.later_exchange
        for name in (str(seen.get("fqdn")), seen.host)
    }


def _polls(seen: Seen) -> str:
    return "it polls" if seen.known("polling_minutes") else "whether it polls is not known"


def _nobody_writes(seen: Seen) -> str:
    """Why the servicelet will not add what is missing; empty where it will, or where that is not known."""
    if seen.get("polling_minutes") == 0:
        return "polling is off, so nobody adds it"
    if (seen.get("services") or {}).get(SERVICE_HOST) == sc.STOPPED:
        return f"{SERVICE_HOST} is stopped, so nobody adds it"
    return ""
