# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks hand over to the findings about a fleet: readings that still hold, and the inventory."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from .findings.fleet import GROUPS, NOT_JUDGED
from .inventory_names import IDENTITY_VARIABLE, directory_servers, server_names
from .registered import EXPECTED, IN_WORK_VARIABLE, NOW_VARIABLE

# What server_info returned at the very end, of servers that the run has changed.
LAST_VARIABLE = "outlook_anywhere_last"
# What server_check returned before a server was changed and after it.
BEFORE_VARIABLE, AFTER_VARIABLE = "outlook_anywhere_before", "outlook_anywhere_after"
# How the load balancer keeps a client on one server, for all roles or for one; SOURCE_IP does it.
AFFINITY_VARIABLES = (
    "outlook_anywhere_affinity",
    "client_access_affinity",
    "mailbox_affinity",
    "global_catalog_affinity",
)
SOURCE_IP, SPLITTING = "source_ip", ("ssl_id", "none")
# What a Client Access server is to reach, where it does not serve all Mailbox servers of the inventory.
OWN_MAILBOX_SERVERS = "client_access_mailbox_servers"
# Global Catalogs that the inventory does not manage; the first are for all roles.
CATALOG_VARIABLES = (
    "outlook_anywhere_global_catalog_names",
    "client_access_global_catalogs",
    "mailbox_global_catalogs",
)
_CHANGED = "this run may have changed it, and it was not read since"


def fleet_inventory(hostvars: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Our groups' hosts, the names that are known, and what is wanted, whichever group or host gives a variable.

    C(own_mailbox_servers) are the lists that Client Access servers have for themselves. A variable of another form than
    its own is for the roles to refuse.
    """
    hosts = {group: list(groups.get(group, ())) for group in GROUPS}
    every = list(dict.fromkeys(host for group in GROUPS for host in hosts[group]))

    def gathered(name: str) -> list[Any]:
        return _gathered([hostvars[host].get(name) for host in every])

    affinities = [str(value) for name in AFFINITY_VARIABLES for host in every if (value := hostvars[host].get(name))]
    # One under which a connection may be split counts first, then one that nobody knows.
    affinities.sort(key=lambda value: (value not in SPLITTING, value == SOURCE_IP))
    catalogs = _each_name(item for name in CATALOG_VARIABLES for item in gathered(name))
    return {
        **hosts,
        "mailbox_servers": [*server_names(hosts["mailbox"], hostvars), *gathered("outlook_anywhere_mailbox_names")],
        "own_mailbox_servers": {
            host: own
            for host in hosts["client_access"]
            if isinstance(own := hostvars[host].get(OWN_MAILBOX_SERVERS), list)
        },
        "global_catalogs": directory_servers(hosts["global_catalog"], hostvars, catalogs),
        "affinity": affinities[0] if affinities else "",
        "extra_entries": gathered("client_access_extra_entries"),
    }


def touched(variables: Mapping[str, Any]) -> bool:
    """Whether this run has changed a host, or may have: what was read before does not hold any more."""
    names = [BEFORE_VARIABLE, *(name for tasks in EXPECTED.values() for name in tasks)]
    results = {name: result for name in names if (result := variables.get(name)) and not result.get("skipped")}
    return BEFORE_VARIABLE in results or any(
        result.get("failed") or result.get("unreachable") or (result.get("changed") and not result.get("predicted"))
        for result in results.values()
    )


def fleet_readings(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], applied: bool = False
) -> dict[str, Mapping[str, Any]]:
    """The latest reading of each host that still holds.

    C(applied) says that the run changes servers. One that it has changed is known by what was read later; where
    nothing was, the reason stands for it.
    """
    found = {host: _latest(hostvars[host], applied) for host in dict.fromkeys(hosts)}
    return {host: reading for host, reading in found.items() if reading}


def _gathered(values: Iterable[Any]) -> list[Any]:
    """The elements of lists that several hosts may have, each once."""
    found: list[Any] = []
    for value in values:
        found += [item for item in (value if isinstance(value, list) else ()) if item not in found]
    return found


def _each_name(names: Iterable[Any]) -> list[Any]:
    """Names, each an FQDN or a dict that has it, once."""
    found: dict[str, Any] = {}
    for name in names:
        found.setdefault(str(name.get("fqdn") or name if isinstance(name, Mapping) else name).lower(), name)
    return list(found.values())


def _latest(variables: Mapping[str, Any], applied: bool) -> Mapping[str, Any] | None:
    last, *earlier = (_told(variables.get(name)) for name in (LAST_VARIABLE, NOW_VARIABLE, IDENTITY_VARIABLE))
    if last or not applied or not touched(variables):
        return last or next(filter(None, earlier), None)
    held = (reading for reading in earlier if reading and _is_later(reading, variables))
    return next(held, {NOT_JUDGED: _CHANGED})


def _told(result: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A result that is one; a skipped task says nothing."""
    return None if not result or result.get("skipped") else result


def _is_later(reading: Mapping[str, Any], variables: Mapping[str, Any]) -> bool:
    """Whether it was read behind the last change, which server_check has seen to be well; by the server's clock."""
    moments = [(result.get("server") or {}).get("read_at") for result in (reading, variables.get(AFTER_VARIABLE) or {})]
    if variables.get(IN_WORK_VARIABLE) or not all(moments):
        return False
    read, changed = (datetime.datetime.fromisoformat(str(moment)) for moment in moments)
    return read > changed
