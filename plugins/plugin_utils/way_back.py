# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a part of the fix for split connections is undone on one server: from snapshots, or to what Exchange delivers.

A snapshot is of use only where what it brings back is without the fix: one that was taken while somebody else's fix, or
half of one, was in place would undo nothing. So the same question decides whether a server needs anything at all, and a
rerun does not take a restored server further.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from .fixes.dsproxy_referral import REFER, TARGET
from .fixes.nspi_endpoint import SEQUENCES
from .fixes.valid_ports import DIRECTORY_PORT, POLLING, VALID_PORTS
from .formats.names import ServerName
from .formats.valid_ports import Targets, parse_value
from .inventory_names import with_names
from .undo_gates import listed, names_of

Way = Literal["stop", "restore", "defaults", "leave"]


def way_back(
    restore: Mapping[str, Any],
    part: str,
    server: Mapping[str, Any] | None = None,
    global_catalogs: Iterable[Mapping[str, Any]] = (),
    mailbox_servers: Iterable[Any] = (),
    protocol_sequences: Iterable[str] = (),
) -> Way:
    """For one part of one server, by what restore predicts for it and what server_info tells of it.

    C(stop) where the prediction failed or was not made, C(leave) where there is nothing to undo.
    """
    if restore.get("failed") or restore.get("unreachable") or restore.get("skipped"):
        return "stop"
    after = {str(finding["setting"]): finding["after"] for finding in restore.get("findings") or ()}
    if part == "mailbox":
        return "restore" if _refers(after) else "defaults"
    if part == "global_catalog":
        return "restore" if _is_silent(after, protocol_sequences) else "defaults"
    catalogs, others = _names(global_catalogs), _names(mailbox_servers)
    now = _now(server or {})
    then = now | after
    if after and _is_free(then, catalogs, others) and _keeps_mailboxes(then, now, catalogs, others):
        return "restore"
    return "leave" if _is_free(now, catalogs, others) else "defaults"


def _refers(after: Mapping[str, Any]) -> bool:
    """Both values are known, and neither keeps HTTP clients from DSProxy."""
    return after.get(REFER, "not known") in (None, "0") and after.get(TARGET, "not known") is None


def _is_silent(after: Mapping[str, Any], protocol_sequences: Iterable[str]) -> bool:
    have = {text.strip().lower() for text in (after.get(SEQUENCES) or "").split(";")}
    return SEQUENCES in after and not have & {text.lower() for text in protocol_sequences}


def _now(server: Mapping[str, Any]) -> dict[str, Any]:
    polling = server.get("polling_minutes")
    return {VALID_PORTS: server.get("valid_ports"), POLLING: None if polling is None else str(polling)}


def _is_free(values: Mapping[str, Any], catalogs: list[ServerName], others: list[ServerName]) -> bool:
    """The servicelet polls, and no Global Catalog is listed."""
    return values[POLLING] != "0" and not listed(values[VALID_PORTS] or "", catalogs, others)


def _keeps_mailboxes(
    then: Mapping[str, Any], now: Mapping[str, Any], catalogs: list[ServerName], others: list[ServerName]
) -> bool:
    """No Mailbox server that came since would be taken out; a Global Catalog's directory port is none of it."""
    allowed = Targets(parse_value(then[VALID_PORTS] or "").entries)
    theirs, directory = names_of(others), names_of(catalogs)
    return all(
        allowed.covers(entry)
        for entry in parse_value(now[VALID_PORTS] or "").entries
        if entry.name.lower() in theirs
        and not (entry.name.lower() in directory and entry.low == entry.high == DIRECTORY_PORT)
    )


def _names(servers: Iterable[Any]) -> list[ServerName]:
    """Those whose name is known; the others cannot be told in a list."""
    return [_name(server) for server in with_names(servers)]


def _name(server: Any) -> ServerName:
    if not isinstance(server, Mapping):
        return ServerName.parse(server)
    return ServerName.parse({key: server[key] for key in ("fqdn", "netbios") if key in server})
