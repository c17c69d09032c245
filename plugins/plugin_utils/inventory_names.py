# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of a group's servers: from the inventory where it gives them, else from what each server said of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .formats.names import is_ipv4

IDENTITY_VARIABLE = "outlook_anywhere_identity"
ATTESTED_VARIABLE = "outlook_anywhere_attested_6004"


def is_true(value: object) -> bool:
    """Whether a variable says yes: a YAML boolean, or the word that an INI inventory or a command line has for it."""
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes", "on", "y", "t", "1"))


def server_names(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """A dict of fqdn and, where the inventory gives one, netbios for each host.

    Nothing is guessed: for a host whose FQDN is not known the dict has C(unknown), the reason.
    """
    return [_server_name(host, hostvars[host]) for host in hosts]


def directory_servers(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], further: Iterable[Any] = ()
) -> list[dict[str, Any]]:
    """A dict of host, fqdn, netbios where one is given, and attested, for each Global Catalog of a fleet.

    C(further) are those that the inventory does not manage; one that it does manage is not repeated.
    """
    managed = [
        {"host": host, "attested": is_true(hostvars[host].get(ATTESTED_VARIABLE)), **_server_name(host, hostvars[host])}
        for host in hosts
    ]
    known = {str(server.get("fqdn")).lower() for server in managed}
    others = [dict(name) if isinstance(name, Mapping) else {"fqdn": name} for name in further]
    attesting = _attested_names(hostvars) if others else set()
    return managed + [
        {"host": None, "attested": str(name.get("fqdn")).lower() in attesting, **name}
        for name in others
        if str(name.get("fqdn")).lower() not in known
    ]


def _attested_names(hostvars: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The names, inventory name and FQDN, of every host that carries the attestation."""
    names: set[str] = set()
    for host in hostvars:
        variables = hostvars[host]
        if is_true(variables.get(ATTESTED_VARIABLE)):
            names |= {host.lower(), str(_fqdn(host, variables)).lower()}
    return names


def _server_name(host: str, variables: Mapping[str, Any]) -> dict[str, str]:
    fqdn = _fqdn(host, variables)
    if fqdn is None:
        return {"unknown": _unknown(host, variables)}
    netbios = variables.get("outlook_anywhere_netbios")
    return {"fqdn": fqdn, "netbios": str(netbios)} if netbios else {"fqdn": fqdn}


def _fqdn(host: str, variables: Mapping[str, Any]) -> str | None:
    given = variables.get("outlook_anywhere_fqdn")
    if given:
        return str(given)
    if "." in host and not is_ipv4(host):
        return host
    fqdn = _identity(variables).get("fqdn")
    return str(fqdn) if fqdn else None


def _identity(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    return (variables.get(IDENTITY_VARIABLE) or {}).get("server") or {}


def _unknown(host: str, variables: Mapping[str, Any]) -> str:
    reason = (_identity(variables).get("unknown") or {}).get("fqdn") or "it was not read in this run"
    return (
        f"the FQDN of {host} is not known: {reason}. Set outlook_anywhere_fqdn for {host} in the inventory, or let "
        "this run read it (take it into --limit, mend its connection)"
    )


def with_names(servers: Iterable[Any]) -> list[Any]:
    """Without those whose name nobody knows: no entry of theirs can be told."""
    return [server for server in servers if not (isinstance(server, Mapping) and server.get("unknown"))]
