# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two gates of an undo: what must be seen before the next part may give up what clients of the fix need.

The order of plugin_utils/gates.py in reverse, judged in the same way.

Sources: Exchange team blog, 2008-06-20; KB 302914 (Outlook keeps the Global Catalog that it was referred to until it is
restarted).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .fixes.dsproxy_referral import REFER, SERVICE, DsproxyReferral
from .fixes.proof import restarts_of
from .fixes.valid_ports import DIRECTORY_PORT
from .formats import sc
from .formats.names import ServerName
from .formats.valid_ports import parse_value
from .gates import DirectoryServer, Gate, Reading, Settling, settled, why_unread
from .journal import Memory, Record


@dataclass(frozen=True)
class Grace:
    """How long Outlook may keep a Global Catalog that it was referred to, and what is remembered of each server."""

    seconds: float
    memories: Mapping[str, Memory]

    def lack(self, host: str, since: datetime.datetime, reading: Mapping[str, Any]) -> str:
        """When to run again, by the server's own clock; empty where the time is over."""
        end = since + datetime.timedelta(seconds=self.seconds)
        now = datetime.datetime.fromisoformat(str(reading["server"]["read_at"]))
        if now >= end:
            return ""
        return (
            f"{host} has referred to DSProxy since {_shown(since)}, and Outlook keeps the Global Catalog that it was "
            f"referred to before: run again at {_shown(end)} (its own clock; {_hours(end - now)} from now)"
        )


@dataclass(frozen=True)
class _Seen:
    """What a Mailbox server shows: what it lacks, whether that is only not known, and since when it lacks nothing."""

    lack: str = ""
    unknown: bool = False
    since: datetime.datetime | None = None


def refers_to_dsproxy(
    hosts: Iterable[str],
    readings: Mapping[str, Reading],
    grace: Grace,
    attested: Iterable[str] = (),
    expected: Iterable[str] = (),
) -> Gate:
    """Before any Client Access server gives up the Global Catalogs: every Mailbox server refers to DSProxy again.

    It must have restarted MSExchangeSA since its change, and the last of these restarts must be so long ago that no
    Outlook still uses a Global Catalog. C(attested) are hosts of which somebody says so; it counts where nothing is
    known, from the server or from this controller's journal.
    """
    proved: list[str] = []
    vouched: list[str] = []
    coming, missing = [], []
    hosts, promised, named = list(hosts), set(expected), set(attested)
    if not hosts:
        missing.append("there is no Mailbox server")
    for host in hosts:
        reading = readings.get(host)
        seen = _seen(reading, grace.memories.get(host, {}))
        if host in promised and grace.seconds:
            missing.append(
                f"{host} would refer to DSProxy from this run on, and {grace.seconds / 3600:g} hours begin then"
            )
        elif host in promised:
            coming.append(host)
        elif seen.lack and not (seen.unknown and host in named):
            missing.append(f"{host} {seen.lack}")
        elif reading and seen.since and (lack := grace.lack(host, seen.since, reading)):
            missing.append(lack)
        else:
            (vouched if seen.lack else proved).append(host)
    return Gate(
        "the gate before Client Access servers is closed", tuple(proved), tuple(vouched), tuple(coming), tuple(missing)
    )


def without_global_catalogs(
    hosts: Iterable[str],
    servers: Iterable[DirectoryServer],
    readings: Mapping[str, Reading],
    settle: Settling,
    mailbox_servers: Iterable[ServerName] = (),
    expected: Iterable[str] = (),
) -> Gate:
    """Before any Global Catalog stops offering the directory: no Client Access server lists one of them any more.

    The list must have been without them so long that the RPC proxy has read it. A Global Catalog that is a Mailbox
    server too stays in the list, for DSProxy.
    """
    servers, others = list(servers), tuple(mailbox_servers)
    lacks = {host: _still_lists(readings.get(host), servers, others) or "" for host in hosts}
    return settled("the gate before Global Catalogs is closed", lacks, readings, settle, expected)


def listed(valid_ports: str, servers: Iterable[ServerName], mailbox_servers: Iterable[ServerName] = ()) -> list[str]:
    """The entries that name a Global Catalog which is no Mailbox server, on the directory's port."""
    names = names_of(servers) - names_of(mailbox_servers)
    return [
        entry.text
        for entry in parse_value(valid_ports).entries
        if entry.name.lower() in names and entry.low <= DIRECTORY_PORT <= entry.high
    ]


def names_of(servers: Iterable[ServerName]) -> set[str]:
    """Both names of each, as a list may have them."""
    return {name.lower() for server in servers for name in (server.fqdn, server.netbios)}


def _seen(reading: Reading, memory: Memory) -> _Seen:
    trouble = why_unread(reading)
    if trouble is not None or reading is None:
        return _unseen(trouble or "was not read just now", memory)
    facts = reading["server"]
    if facts.get("exchange_2010_or_later"):
        return _Seen()
    refers = facts.get("refers_http_to_dsproxy")
    if refers is None:
        why = (facts.get("unknown") or {}).get("refers_http_to_dsproxy")
        shows_not = "does not show whether it refers HTTP clients to DSProxy"
        return _unseen(f"{shows_not} ({why})" if why else shows_not, memory)
    if not refers:
        return _Seen("does not refer HTTP clients to DSProxy")
    if facts.get("cluster_node") and (facts.get("services") or {}).get(SERVICE) == sc.STOPPED:
        # A passive node: the service reads the value when the node takes over.
        return _Seen()
    started = facts.get("system_attendant_started_at")
    if not started or not facts.get("read_at"):
        return _Seen(f"does not show when {SERVICE} (mad.exe) started", unknown=True)
    return _started(datetime.datetime.fromisoformat(str(started)), memory)


def _unseen(lack: str, memory: Memory) -> _Seen:
    """What this controller has written last counts where the server does not show it."""
    record = _switched_off(memory)
    if record is None:
        return _Seen(lack, unknown=True)
    return _Seen(
        f"{lack}, and the last that this controller has written, on {_shown(record.changed_at)}, is that it does not "
        "refer HTTP clients to DSProxy"
    )


def _switched_off(memory: Memory) -> Record | None:
    """What the journal says of the referral where that keeps HTTP clients from DSProxy."""
    record = memory.get((DsproxyReferral.name, REFER))
    return None if record is None or record.value in (None, "0") else record


def _started(started: datetime.datetime, memory: Memory) -> _Seen:
    """Whether MSExchangeSA has started since the last change that this controller knows, and when it first did."""
    records = [record for (fix, _setting), record in memory.items() if fix == DsproxyReferral.name]
    if not records or _switched_off(memory) is not None:
        return _Seen(
            f"refers to DSProxy, and this controller has not changed that: whether {SERVICE} has restarted since is "
            "not known (see outlook_anywhere_attested_dsproxy)",
            unknown=True,
            since=started,
        )
    changed = max(record.changed_at for record in records)
    if started <= changed:
        return _Seen(f"has not restarted {SERVICE} since {_shown(changed)}, when its referral was changed")
    ours = [moment for moment in restarts_of(memory, SERVICE) if moment >= changed]
    return _Seen(since=min([started, *ours]))


def _still_lists(
    reading: Reading, servers: Iterable[DirectoryServer], mailbox_servers: Iterable[ServerName]
) -> str | None:
    trouble = why_unread(reading)
    if trouble is not None or reading is None:
        return trouble or "was not read just now"
    text = reading["server"].get("valid_ports")
    if text is None:
        return "does not show its ValidPorts"
    servers = list(servers)
    still = listed(str(text), [server.name for server in servers if server.name], mailbox_servers)
    lacks = [f"still allows {', '.join(still[:10])}{' and more' if len(still) > 10 else ''}"] if still else []
    lacks += [f"may still allow {server.shown}: {server.unknown}" for server in servers if server.name is None]
    return ", ".join(lacks) or None


def _shown(moment: datetime.datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


def _hours(left: datetime.timedelta) -> str:
    """Whole minutes, rounded up."""
    hours, minutes = divmod(-(-int(left.total_seconds()) // 60), 60)
    return f"{hours} h {minutes} min"
