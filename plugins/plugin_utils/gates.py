# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two gates between the parts of a fleet: what must be seen before the next part may change.

A gate is judged by what was read just now. What was not read proves nothing; it keeps the gate closed, unless somebody
attests it, and then it is shown as attested.

Sources: Exchange team blog, 2008-06-20, and the order that follows from it (docs/fleet-order.md).
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .allowed_ports import AllowedPorts
from .fixes.valid_ports import PINNED, VALID_PORTS, global_catalog_entries, same_targets
from .formats.names import ServerName
from .journal import Memory

DIRECTORY = "6004 owned by lsass.exe"
LSASS = "lsass.exe"
FIX = "valid_ports"

# What server_info returned for a server, or nothing where it was not asked.
Reading = Mapping[str, Any] | None


@dataclass(frozen=True)
class DirectoryServer:
    """A Global Catalog: its inventory name, None outside the inventory; its names; and whether somebody attests it.

    C(name) is None where nobody knows its FQDN; C(unknown) is then the reason.
    """

    host: str | None
    name: ServerName | None
    attested: bool = False
    unknown: str = ""

    @property
    def shown(self) -> str:
        """The name that an operator knows it by."""
        return self.host or (self.name.fqdn if self.name else "a Global Catalog without a name")


@dataclass(frozen=True)
class Gate:
    """What was proved, what was only attested, what this run is about to bring, and what is missing."""

    title: str
    proved: tuple[str, ...] = ()
    attested: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    wait_seconds: int = 0

    @property
    def open(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def reason(self) -> str:
        """One line: which gate is closed, and every host with the thing that it lacks."""
        return "" if self.open else f"{self.title}: {'; '.join(self.missing)}"


@dataclass(frozen=True)
class Settling:
    """How long a list must have stood, what is remembered of its writing, and the readings at the run's beginning."""

    seconds: float
    memories: Mapping[str, Memory]
    earlier: Mapping[str, Reading]

    def seconds_left(self, host: str, reading: Mapping[str, Any]) -> int:
        """How long the RPC proxy may still work by an older list, by the server's own clock.

        Of a list that this controller has not written nobody knows when it was: it counts from when it was first seen.
        """
        facts = reading["server"]
        if not facts.get("read_at"):
            return max(0, round(self.seconds))
        now = datetime.datetime.fromisoformat(str(facts["read_at"]))
        memory = self.memories.get(host, {})
        # The list itself, and the polling that was stopped: a pass of the servicelet may have been under way.
        records = [memory[name] for name in ((FIX, VALID_PORTS), (FIX, PINNED)) if name in memory]
        since = max((record.changed_at for record in records), default=self._first_seen(host, facts, now))
        left = self.seconds - (now - since).total_seconds()
        return math.ceil(left) if left > 0 else 0

    def _first_seen(self, host: str, facts: Mapping[str, Any], now: datetime.datetime) -> datetime.datetime:
        before = (self.earlier.get(host) or {}).get("server") or {}
        same = before.get("read_at") and same_targets(str(before.get("valid_ports") or ""), facts.get("valid_ports"))
        return datetime.datetime.fromisoformat(str(before["read_at"])) if same else now


def global_catalogs_listen(
    servers: Iterable[DirectoryServer], readings: Mapping[str, Reading], expected: Iterable[str] = ()
) -> Gate:
    """Before any Client Access server is pinned: every Global Catalog offers the directory on 6004, by lsass.

    C(expected) are hosts that the run which is being predicted would have made listen.
    """
    proved, attested, coming, missing = [], [], [], []
    servers, promised = list(servers), set(expected)
    if not servers:
        missing.append("no Global Catalog is known: clients would lose the directory")
    for server in servers:
        lack = _does_not_listen(readings.get(server.host) if server.host else None)
        if lack is None:
            proved.append(server.shown)
        elif server.attested and not _was_read(readings.get(server.host or "")):
            attested.append(server.shown)
        elif server.host in promised:
            coming.append(server.shown)
        else:
            missing.append(f"{server.shown} {lack}")
    return Gate(
        "the gate before Client Access servers is closed", tuple(proved), tuple(attested), tuple(coming), tuple(missing)
    )


def client_access_pinned(
    hosts: Iterable[str],
    servers: Iterable[DirectoryServer],
    readings: Mapping[str, Reading],
    settle: Settling,
    expected: Iterable[str] = (),
) -> Gate:
    """Before any Mailbox server stops referring to DSProxy: every Client Access server is pinned, and long enough.

    Its list must allow every Global Catalog, and must have been read again some time after its last write, so that the
    RPC proxy has it.
    """
    servers = list(servers)
    lacks = {host: ", ".join(_is_not_pinned(readings.get(host), servers)) for host in hosts}
    return settled("the gate before Mailbox servers is closed", lacks, readings, settle, expected)


def settled(
    closed: str,
    lacks: Mapping[str, str],
    readings: Mapping[str, Reading],
    settle: Settling,
    expected: Iterable[str],
) -> Gate:
    """A gate of Client Access servers: none lacks anything, and the RPC proxy of each has read its list since."""
    proved, coming, missing = [], [], []
    promised, wait = set(expected), 0
    if not lacks:
        missing.append("there is no Client Access server")
    for host, lack in lacks.items():
        reading = readings.get(host)
        left = 0 if lack or reading is None else settle.seconds_left(host, reading)
        if not lack and not left:
            proved.append(host)
        elif lack and host in promised:
            coming.append(host)
        elif lack:
            missing.append(f"{host} {lack}")
        else:
            wait = max(wait, left)
            missing.append(
                f"{host} has a list that the RPC proxy may not have read: {left} of {settle.seconds:g} seconds are left"
            )
    return Gate(
        closed,
        proved=tuple(proved),
        expected=tuple(coming),
        missing=tuple(missing),
        wait_seconds=wait,
    )


def _was_read(reading: Reading) -> bool:
    return bool(reading) and not why_unread(reading)


def why_unread(reading: Reading) -> str | None:
    """Why a reading proves nothing, None where it does."""
    if not reading or "server" not in reading:
        return "was not read just now"
    if reading.get("unreachable") or reading.get("failed"):
        return f"could not be read: {_found(reading)}"
    return None


def _found(reading: Mapping[str, Any]) -> str:
    return str((reading.get("failure") or {}).get("found") or reading.get("msg") or "no reason was given")


def _does_not_listen(reading: Reading) -> str | None:
    trouble = why_unread(reading)
    if trouble is not None or reading is None:
        return trouble or "was not read just now"
    facts = reading["server"]
    owners = facts.get("directory_owners")
    if owners is None:
        return f"shows no owner of port 6004: {(facts.get('unknown') or {}).get('directory_owners', 'not read')}"
    if LSASS in owners:
        return None
    if owners:
        return f"has port 6004 owned by {', '.join(owners)}, which is not the directory service: {DIRECTORY} is wanted"
    return f"does not listen on port 6004: {DIRECTORY} is wanted (its value first, then a reboot)"


def _is_not_pinned(reading: Reading, servers: Iterable[DirectoryServer]) -> list[str]:
    trouble = why_unread(reading)
    if trouble is not None or reading is None:
        return [trouble or "was not read just now"]
    facts = reading["server"]
    lacks = []
    if facts.get("polling_minutes") != 0:
        shown = facts.get("polling_minutes")
        lacks.append(f"polls ({'PeriodicPollingMinutes not seen' if shown is None else f'every {shown} minutes'})")
    lacks += [f"may lack {server.shown}: {server.unknown}" for server in servers if server.name is None]
    wanted = [entry for server in servers if server.name for entry in global_catalog_entries(server.name)]
    # A wildcard lets clients through as well; that the list has every name is what the pin itself sees to.
    closed = AllowedPorts(str(facts.get("valid_ports") or "")).lacks(wanted)
    if closed:
        lacks.append(f"does not allow {', '.join(closed[:10])}{' and more' if len(closed) > 10 else ''}")
    return lacks
