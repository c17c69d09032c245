# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What server_info returned for a fleet, and what the inventory says of it, in the words that a diagnosis needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..findings.fleet import Fleet
from ..formats.text import shortened
from ..inventory_names import IDENTITY_VARIABLE
from .answer import Unread

MAILBOX_ROLE = "MailboxRole"
LOOPBACK = "::1"
AFFINITIES = ("source_ip", "ssl_id", "none")
_SHOWN = 200


@dataclass(frozen=True)
class Row:
    """One setting of one server: what is configured and whether it works."""

    fix: str
    setting: str
    configured: str | None
    effective: str
    reason: str
    known: bool

    def pending(self, host: str) -> str:
        """In one line."""
        state = "not in force yet" if self.effective == "no" else "not known to be in force"
        return f"{host}: {self.setting} is {shortened(self.configured or 'absent', _SHOWN)}, {state}: {self.reason}"


@dataclass(frozen=True)
class Case:
    """Readings by host; C(further_mailbox_servers) are names that the inventory does not manage."""

    readings: Mapping[str, Mapping[str, Any]]
    client_access: tuple[str, ...]
    mailbox: tuple[str, ...]
    global_catalog: tuple[str, ...]
    further_mailbox_servers: tuple[Any, ...]
    affinity: str
    # What the inventory says of it, where that is no affinity.
    odd_affinity: str
    # The same as the fleet's findings see it.
    fleet: Fleet

    @classmethod
    def of(cls, readings: Mapping[str, Mapping[str, Any]], inventory: Mapping[str, Any]) -> Case:
        """From the options of the module diagnosis."""
        affinity = str(inventory.get("affinity") or "")
        return cls(
            readings=readings,
            client_access=tuple(inventory.get("client_access") or ()),
            mailbox=tuple(inventory.get("mailbox") or ()),
            global_catalog=tuple(inventory.get("global_catalog") or ()),
            further_mailbox_servers=tuple(inventory.get("further_mailbox_servers") or ()),
            affinity=affinity if affinity in AFFINITIES else "",
            odd_affinity="" if affinity in AFFINITIES else affinity,
            fleet=Fleet.of(readings, inventory),
        )

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every server of the inventory, once."""
        return tuple(dict.fromkeys((*self.client_access, *self.mailbox, *self.global_catalog)))

    @property
    def unread(self) -> tuple[Unread, ...]:
        """Those of which nothing was read."""
        attested = {server.host for server in self.fleet.global_catalogs if server.attested}
        attested -= {*self.client_access, *self.mailbox}
        unread = [item for host in self.hosts if (item := self.why_unread(host)) is not None]
        return tuple(replace(item, attested=item.host in attested) for item in unread)

    def why_unread(self, host: str) -> Unread | None:
        """Why nothing is known of a server; None where it was read."""
        reading = self.readings.get(host)
        if not reading:
            return Unread(host, "not_read", "it was not asked in this run")
        found = str((reading.get("failure") or {}).get("found") or reading.get("msg") or "no reason was given")
        if reading.get("unreachable"):
            return Unread(host, "unreachable", found)
        if reading.get("failed") or "server" not in reading:
            return Unread(host, "failed", found)
        return None

    def facts(self, host: str) -> Mapping[str, Any]:
        """What was read of a server; nothing where it was not."""
        if self.why_unread(host) is not None:
            return {}
        facts: Mapping[str, Any] = self.readings[host]["server"] or {}
        return facts

    def why_unknown(self, host: str, *parts: str) -> str:
        """The reason why a part is null: that of the first of these names that has one."""
        unread = self.why_unread(host)
        if unread is not None:
            return unread.why
        reasons = self.facts(host).get("unknown") or {}
        return str(next((reasons[part] for part in parts if part in reasons), "no reason was given"))

    def rows(self, host: str, fix: str) -> tuple[Row, ...]:
        """The settings of one fix."""
        return tuple(
            Row(
                fix=fix,
                setting=str(row.get("setting")),
                configured=None if row.get("configured") is None else str(row["configured"]),
                effective=str(row.get("effective") or "unknown"),
                reason=str(row.get("reason") or "no reason was given"),
                known=bool(row.get("known")),
            )
            for row in self.facts(host).get("settings") or ()
            if row.get("fix") == fix
        )

    def row(self, host: str, fix: str, setting: str) -> Row | None:
        """One setting; names ignore case."""
        wanted = setting.lower()
        return next((row for row in self.rows(host, fix) if row.setting.lower() == wanted), None)

    def ipv6(self, host: str) -> tuple[str, ...] | None:
        """The IPv6 addresses of a server beside loopback; None where they are not known."""
        found = (self.facts(host).get("addresses") or {}).get("ipv6")
        return None if found is None else tuple(str(item) for item in found if item != LOOPBACK)

    @cached_property
    def hostvars(self) -> dict[str, dict[str, Any]]:
        """As the filters of the playbooks see the fleet: only what was read."""
        return {host: {IDENTITY_VARIABLE: {"server": dict(self.facts(host))}} for host in self.hosts}

    def directory_listeners(self, host: str) -> str:
        """Who listens on port 6004 of a server, for people."""
        facts = self.facts(host)
        listeners = facts.get("listeners")
        if listeners is None:
            return f"{host}: who listens on 6004 is not known: {self.why_unknown(host, 'listeners', 'ports')}"
        found = listeners.get("6004") or ()
        if not found:
            return f"{host}: nobody listens on 6004"
        shown = ", ".join(f"{item.get('stack')} {_owner(item)}" for item in found)
        only = {item.get("stack") for item in found} == {"IPv4"}
        return f"{host}: 6004 is listened on by {shown}{' and not on IPv6' if only else ''}"


def _owner(listener: Mapping[str, Any]) -> str:
    return str(listener.get("owner") or f"an unknown program (pid {listener.get('pid')})")
