# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a fleet has come with the fix for split connections, judged as its gates judge it.

Source: Exchange team blog, 2008-06-20, and the order that follows from it (docs/fleet-order.md).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from ..formats.names import ServerName
from ..gates import DirectoryServer, Gate, Settling, client_access_pinned, global_catalogs_listen
from ..undo_gates import listed
from .fleet import Fleet, Seen, together

SEQUENCE = "ncacn_http:6004"


@dataclass(frozen=True)
class Progress:
    """The state of each part; C(without_directory) and C(not_pinned) are what the gates miss, a line a server.

    C(lacking) are the servers that the gates miss something of; C(switched) are Mailbox servers that do not refer HTTP
    clients to DSProxy any more, C(refer) those that do; C(offering) the Global Catalogs whose value is set, C(listing)
    the Client Access servers that list one of them.
    """

    switched: tuple[Seen, ...]
    refer: tuple[Seen, ...]
    offering: tuple[str, ...]
    listing: tuple[str, ...]
    without_directory: tuple[str, ...]
    not_pinned: tuple[str, ...]
    lacking: tuple[str, ...]
    attested: tuple[str, ...]
    not_read: tuple[str, ...]

    @classmethod
    def of(cls, fleet: Fleet) -> Progress:
        """By the servers that were read; the others are told and count for nothing."""
        mailbox = [seen for seen in fleet.mailbox if not seen.later_exchange]
        others = [catalog for catalog in fleet.global_catalogs if not _is_read(catalog, fleet)]
        names = [catalog.name for catalog in fleet.global_catalogs if catalog.name]
        alike = _alike(fleet)
        without_directory, not_pinned = _without_directory(fleet), _not_pinned(alike, fleet)
        return cls(
            switched=tuple(seen for seen in mailbox if seen.get("refers_http_to_dsproxy") is False),
            refer=tuple(seen for seen in mailbox if seen.get("refers_http_to_dsproxy") is True),
            offering=tuple(seen.host for seen in fleet.global_catalog if _offers(seen)),
            listing=tuple(seen.host for group in alike if _lists(group[0], names, fleet) for seen in group),
            without_directory=tuple(together(without_directory)),
            not_pinned=tuple(together(not_pinned)),
            lacking=(*without_directory, *not_pinned),
            attested=tuple(catalog.shown for catalog in others if catalog.attested),
            not_read=tuple(catalog.shown for catalog in others if not catalog.attested and catalog.host is None),
        )

    @property
    def begun(self) -> bool:
        """Whether any server has a part of the fix."""
        return bool(self.switched or self.offering or self.listing)


@functools.lru_cache(maxsize=1)
def progress_of(fleet: Fleet) -> Progress:
    """The same, judged once for all findings."""
    return Progress.of(fleet)


def _is_read(catalog: DirectoryServer, fleet: Fleet) -> bool:
    return any(catalog.host == seen.host and seen.known("directory_owners") for seen in fleet.global_catalog)


def _alike(fleet: Fleet) -> list[list[Seen]]:
    """Client Access servers of one list and one polling, which are judged once: lists are long and mostly equal."""
    groups: dict[tuple[str, object], list[Seen]] = {}
    for seen in fleet.client_access:
        if not seen.later_exchange and seen.known("valid_ports") and seen.known("polling_minutes"):
            key = (str(seen.get("valid_ports") or ""), str(seen.get("polling_minutes")))
            groups.setdefault(key, []).append(seen)
    return list(groups.values())


def _without_directory(fleet: Fleet) -> dict[str, str]:
    judged = [catalog for catalog in fleet.global_catalogs if _is_read(catalog, fleet)]
    gates = {catalog.shown: global_catalogs_listen([catalog], fleet.readings) for catalog in judged}
    return {name: _lack(gate, name) for name, gate in gates.items() if not gate.open}


def _not_pinned(alike: list[list[Seen]], fleet: Fleet) -> dict[str, str]:
    named = [catalog for catalog in fleet.global_catalogs if catalog.name]
    lacks: dict[str, str] = {}
    for group in alike if named else ():
        host = group[0].host
        gate = client_access_pinned([host], named, fleet.readings, Settling(0, {}, {}))
        lacks |= {} if gate.open else {seen.host: _lack(gate, host) for seen in group}
    return lacks


def _lack(gate: Gate, name: str) -> str:
    """What the one server that the gate was asked about lacks, without its name."""
    return "; ".join(line.removeprefix(f"{name} ") for line in gate.missing)


def _offers(seen: Seen) -> bool:
    sequences = seen.get("nspi_protocol_sequences")
    return isinstance(sequences, (list, tuple)) and SEQUENCE in [str(item).lower() for item in sequences]


def _lists(seen: Seen, catalogs: list[ServerName], fleet: Fleet) -> bool:
    return bool(listed(str(seen.get("valid_ports") or ""), catalogs, fleet.mailbox_servers))
