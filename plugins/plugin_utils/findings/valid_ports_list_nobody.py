# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ValidPorts that allows a name which no server of the inventory has."""

from __future__ import annotations

from ..allowed_ports import AllowedPorts
from ..fleet_finding import FleetFinding
from ..formats.names import is_ipv4, netbios_of
from .allowed_ports import each_once, lists_of
from .fleet import Fleet, Kind, count, some, together

KIND = Kind(
    name="valid_ports_list_nobody",
    why=(
        "Either the inventory lacks a server that users need, and pinning the list without it would cut them off; or "
        "the server is gone, and whoever takes its name can be reached through the RPC proxy."
    ),
    fix=(
        "Is the server still there: add it to the inventory, or to outlook_anywhere_mailbox_names or "
        "outlook_anywhere_global_catalog_names; entries of other kinds to client_access_extra_entries. Is it gone: "
        "name it in outlook_anywhere_allow_removal and run playbook site, which removes it where the list is managed; "
        "a server that polls takes its list from Active Directory."
    ),
    undo="Module restore brings back the list that was there before (its snapshot).",
    reference="MicrosoftDocs/win32, rpc-over-http-security; Exchange team blog, 2008-06-20",
)


def valid_ports_list_nobody(fleet: Fleet) -> FleetFinding | None:
    """A notice; where a name of the inventory is not known, nothing can be told."""
    if fleet.unnamed or not fleet.names:
        return None
    found = each_once(lists_of(fleet.client_access), lambda allowed: _strangers(allowed, fleet))
    strangers = {host: names for host, names in found.items() if names}
    if not strangers:
        return None
    every = list(dict.fromkeys(name.lower() for names in strangers.values() for name in names))
    return KIND.finding(
        "notice",
        strangers,
        f"ValidPorts of {count(len(strangers), 'Client Access server')} ({some(strangers)}) allows "
        f"{count(len(every), 'name')} that no server of the inventory has",
        [
            *together({host: f"allows {some(names)}" for host, names in strangers.items()}),
            *fleet.not_read("client_access"),
        ],
    )


def _strangers(allowed: AllowedPorts, fleet: Fleet) -> list[str]:
    # A server that was not read may have a longer name than its inventory name.
    unread = {known.lower() for host in fleet.unread for known in (host, netbios_of(host))}
    return [
        name for name in dict.fromkeys(entry.name for entry in allowed.entries) if not _is_known(name, fleet, unread)
    ]


def _is_known(name: str, fleet: Fleet, unread: set[str]) -> bool:
    """Whether a server has the name, or a wildcard stands for one; whose an address is cannot be told from names."""
    name = name.lower()
    if name.endswith("*"):
        return any(known.startswith(name[:-1]) for known in fleet.names)
    return is_ipv4(name) or name in fleet.names or netbios_of(name) in unread
