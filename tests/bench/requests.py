# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and bytes of one task over one connection, counted by the lab's server."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import MAILBOX_SERVERS, REGISTRY_ONLY, SCOPES, baseline, drifted
from tests.integration.fleet import Fleet
from tests.lab import Lab
from tests.lab.server import RequestRecord

TRANSPORTS = ("basic", "ntlm")
OPERATIONS = ("auth", "create", "command", "send", "receive", "signal", "delete")
MANY = tuple(f"mailbox{count:03}.exchange.contoso.com" for count in range(500))


@dataclass(frozen=True)
class Count:
    """One task over one connection."""

    scope: str
    mailbox_servers: int
    transport: str
    changed: bool
    operations: dict[str, int]
    bytes_up: int
    bytes_down: int

    @property
    def beside_receives(self) -> int:
        """Requests other than receives and the steps of the NTLM handshake."""
        return sum(count for name, count in self.operations.items() if name not in ("receive", "auth"))


def count_all() -> Iterator[Count]:
    """A server that must be changed, then the same server again: every scope and transport, and a long list."""
    for transport in TRANSPORTS:
        for scope, fixes in SCOPES.items():
            yield from _count_task(scope, fixes, MAILBOX_SERVERS, transport)
        yield from _count_task("registry only", REGISTRY_ONLY, MANY, transport)


def _count_task(
    scope: str, fixes: tuple[str, ...], mailbox_servers: tuple[str, ...], transport: str
) -> Iterator[Count]:
    task = baseline(fixes, mailbox_servers)
    hosts = {"cas1": drifted("cas1.contoso.com")}
    with tempfile.TemporaryDirectory() as folder, Lab({"defaults": {"transport": transport}, "hosts": hosts}) as lab:
        fleet = Fleet(lab, Path(folder))
        for changed in (True, False):
            lab["cas1"].clear_requests()
            result = fleet.play([{"hosts": "cas1", "gather_facts": False, "tasks": [task]}]).of("baseline")
            if result["changed"] is not changed or result["outcome"] != "ok":
                raise RuntimeError(f"expected changed={changed}: {result}")
            yield tally(lab["cas1"].requests, scope, len(mailbox_servers), transport, changed)


def tally(requests: Sequence[RequestRecord], scope: str, mailbox_servers: int, transport: str, changed: bool) -> Count:
    """What a log of requests comes to."""
    operations = Counter(request.operation for request in requests)
    return Count(
        scope,
        mailbox_servers,
        transport,
        changed,
        {name: operations[name] for name in OPERATIONS if operations[name]},
        sum(request.body_bytes_in for request in requests),
        sum(request.body_bytes_out for request in requests),
    )
