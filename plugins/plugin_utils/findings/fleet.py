# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as the findings see it: what was read of each server, whose names are known, and what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..fleet_finding import FleetFinding, Level
from ..formats.names import ServerName, netbios_of
from ..gates import DirectoryServer, why_unread
from ..inventory_names import is_true

GROUPS = ("client_access", "mailbox", "global_catalog")
# With these the fix for split connections is wanted.
WITHOUT_AFFINITY = ("ssl_id", "none")
# What a playbook puts in place of a reading that no longer holds.
NOT_JUDGED = "not_judged"
_FEW = 10


@dataclass(frozen=True)
class Kind:
    """What is always the same about a finding; what was seen makes it one."""

    name: str
    why: str
    fix: str
    undo: str
    reference: str

    def finding(self, level: Level, hosts: Iterable[str], summary: str, evidence: Iterable[str]) -> FleetFinding:
        """The finding about these servers."""
        return FleetFinding(
            name=self.name,
            level=level,
            hosts=tuple(dict.fromkeys(hosts)),
            summary=summary,
            evidence=tuple(evidence),
            why=self.why,
            fix=self.fix,
            undo=self.undo,
            reference=self.reference,
        )


@dataclass(frozen=True)
class Seen:
    """A server that was read."""

    host: str
    facts: Mapping[str, Any]

    def known(self, name: str) -> bool:
        """Whether a part was read: a null without a reason means that it is absent."""
        return name in self.facts and (self.facts[name] is not None or name not in self.unknown)

    def get(self, name: str) -> Any:
        """A part, None also where it is not known."""
        return self.facts.get(name)

    @property
    def unknown(self) -> Mapping[str, str]:
        """The reasons why parts are not known."""
        return self.facts.get("unknown") or {}

    @property
    def later_exchange(self) -> bool:
        """Whether it has Exchange 2010 or later, to which none of this applies."""
        return bool(self.get("exchange_2010_or_later"))


@dataclass(frozen=True, eq=False)
class Fleet:
    """Servers that were read by group, those that were not with the reason, and the names of all of them.

    C(unnamed) are reasons why names are not known: what they stand for cannot be told from what nobody has.
    """

    client_access: tuple[Seen, ...]
    mailbox: tuple[Seen, ...]
    global_catalog: tuple[Seen, ...]
    unread: Mapping[str, str]
    readings: Mapping[str, Mapping[str, Any]]
    mailbox_servers: tuple[ServerName, ...] = ()
    # What a Client Access server is to reach where it has a list of its own.
    own_mailbox_servers: Mapping[str, tuple[ServerName, ...]] = field(default_factory=dict)
    global_catalogs: tuple[DirectoryServer, ...] = ()
    unnamed: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    split_connection_wanted: bool = False
    further_mailbox_servers: int = 0
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, readings: Mapping[str, Any], inventory: Mapping[str, Any]) -> Fleet:
        """From what server_info returned for each host, and from the inventory; whatever does not fit is not known."""
        hosts = {group: _texts(inventory.get(group)) for group in GROUPS}
        plain = {str(host): reading for host, reading in readings.items() if isinstance(reading, Mapping)}
        every = tuple(dict.fromkeys(host for group in GROUPS for host in hosts[group]))
        unread = {host: why for host in every if (why := _why_unread(plain.get(host))) is not None}
        seen = {host: Seen(host, plain[host]["server"]) for host in every if host not in unread}
        mailbox_servers, nameless = _names(inventory.get("mailbox_servers"))
        own = {host: _names(values) for host, values in _mapping(inventory.get("own_mailbox_servers")).items()}
        catalogs = tuple(_catalog(value) for value in _list(inventory.get("global_catalogs")))
        unnamed = (
            *nameless,
            *(why for _servers, reasons in own.values() for why in reasons),
            *(catalog.unknown for catalog in catalogs if catalog.name is None),
        )
        named = [*mailbox_servers, *(server for servers, _reasons in own.values() for server in servers)]
        named += [catalog.name for catalog in catalogs if catalog.name]
        extra = [text.rpartition(":")[0] for text in _texts(inventory.get("extra_entries"))]
        return cls(
            client_access=_of(seen, hosts["client_access"]),
            mailbox=_of(seen, hosts["mailbox"]),
            global_catalog=_of(seen, hosts["global_catalog"]),
            unread=unread,
            readings=plain,
            mailbox_servers=mailbox_servers,
            global_catalogs=catalogs,
            unnamed=tuple(dict.fromkeys(unnamed)),
            own_mailbox_servers={str(host): servers for host, (servers, _reasons) in own.items()},
            names=frozenset(name.lower() for name in (*extra, *_all_names(named), *_own_names(every, seen.values()))),
            split_connection_wanted=str(inventory.get("affinity") or "") in WITHOUT_AFFINITY,
            further_mailbox_servers=max(0, len(mailbox_servers) + len(nameless) - len(hosts["mailbox"]))
            + len({server for servers, _reasons in own.values() for server in servers} - {*mailbox_servers}),
            hosts=hosts,
        )

    def by_mailbox_servers(self, hosts: Iterable[str]) -> dict[tuple[ServerName, ...], list[str]]:
        """The Client Access servers by the Mailbox servers that they are to reach."""
        found: dict[tuple[ServerName, ...], list[str]] = {}
        for host in hosts:
            found.setdefault(self.own_mailbox_servers.get(host, self.mailbox_servers), []).append(host)
        return found

    def not_read(self, *groups: str) -> list[str]:
        """A line of evidence for the servers of these groups that were not read, if there are any."""
        reasons = {
            host: f"was not read and is not judged ({self.unread[host]})"
            for group in groups
            for host in self.hosts.get(group, ())
            if host in self.unread
        }
        return together(reasons)


def together(texts: Mapping[str, str]) -> list[str]:
    """A line for each text, with all servers that it is true of."""
    hosts: dict[str, list[str]] = {}
    for host, text in texts.items():
        hosts.setdefault(text, []).append(host)
    return [f"{some(names)}: {text}" for text, names in hosts.items()]


def gathered(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines C(host: text), each text once with all servers that it is true of; other lines once."""
    hosts: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        host, colon, text = line.partition(": ")
        found = hosts.setdefault(text if colon else line, [])
        found += [host] if colon else []
    return tuple(f"{some(names)}: {text}" if names else text for text, names in hosts.items())


def some(texts: Iterable[str], most: int = _FEW) -> str:
    """A list for people: the first ones, and how many more."""
    every = list(texts)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def count(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _of(seen: Mapping[str, Seen], hosts: Iterable[str]) -> tuple[Seen, ...]:
    return tuple(seen[host] for host in hosts if host in seen)


def _why_unread(reading: Mapping[str, Any] | None) -> str | None:
    if reading and reading.get(NOT_JUDGED):
        return str(reading[NOT_JUDGED])
    if reading and not isinstance(reading.get("server", {}), Mapping):
        return "its reading has no facts"
    return why_unread(reading)


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(value))


def _parsed(value: object, parse: Callable[[object], ServerName] = ServerName.parse) -> ServerName | str:
    """The names, or why there are none."""
    try:
        return parse(value)
    except ValueError as error:
        return str(error)


def _names(values: object) -> tuple[tuple[ServerName, ...], tuple[str, ...]]:
    parsed = [_parsed(dict(value) if isinstance(value, Mapping) else str(value)) for value in _list(values)]
    names = tuple(item for item in parsed if isinstance(item, ServerName))
    return names, tuple(item for item in parsed if isinstance(item, str))


def _catalog(value: object) -> DirectoryServer:
    given = dict(value) if isinstance(value, Mapping) else {"fqdn": str(value)}
    host, attested = given.pop("host", None), is_true(given.pop("attested", False))
    name = _parsed(given)
    if isinstance(name, str):
        return DirectoryServer(None if host is None else str(host), None, attested, name)
    return DirectoryServer(None if host is None else str(host), name, attested)


def _all_names(servers: Iterable[ServerName]) -> list[str]:
    return [name for server in servers for name in (server.fqdn, server.netbios)]


def _own_names(hosts: Iterable[str], seen: Iterable[Seen]) -> list[str]:
    """Every server of the inventory by its inventory name, and by what it says of itself."""
    own = [str(name) for server in seen for part in ("fqdn", "netbios", "hostname") if (name := server.get(part))]
    return [*own, *(name for host in hosts for name in (host, netbios_of(host)))]
