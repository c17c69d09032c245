# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and bytes of a task, counted by the lab's server.

Behind C(make bench); docs/performance.md keeps the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.integration.fleet import Fleet, client_access, number, text
from tests.lab import Lab

FLOOR = 4
MOST_WHEN_CHANGED = 10
MANY = 500
OPERATIONS = ("auth", "create", "command", "send", "receive", "signal", "delete")


@dataclass(frozen=True)
class Count:
    """One task over one connection."""

    servers: int
    transport: str
    changed: bool
    operations: dict[str, int]
    bytes_up: int
    bytes_down: int

    @property
    def beside_receives(self) -> int:
        """Requests other than receives and the steps of the NTLM handshake."""
        return sum(count for name, count in self.operations.items() if name not in ("receive", "auth"))

    @property
    def over_budget(self) -> bool:
        """More requests than promised."""
        return self.beside_receives > (MOST_WHEN_CHANGED if self.changed else FLOOR)


def measure(servers: int, transport: str) -> list[Count]:
    """A server that must be changed, then the same server again."""
    names = [f"mailbox{count:03}.exchange.contoso.com" for count in range(servers)]
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        server = client_access(text("mbx1:6004"), number(15))
        with Lab({"defaults": {"transport": transport}, "hosts": {"cas1": server}}) as lab:
            fleet = Fleet(lab, Path(folder))
            for changed in (True, False):
                lab["cas1"].clear_requests()
                result = fleet.valid_ports(mailbox_servers=names, unknown_entries="remove")
                if result["changed"] is not changed:
                    raise RuntimeError(f"expected changed={changed}: {result}")
                counts.append(_count(lab["cas1"].requests, servers, transport, changed))
    return counts


def _count(requests: list[Any], servers: int, transport: str, changed: bool) -> Count:
    operations = Counter(request.operation for request in requests)
    return Count(
        servers,
        transport,
        changed,
        {name: operations[name] for name in OPERATIONS if operations[name]},
        sum(request.body_bytes_in for request in requests),
        sum(request.body_bytes_out for request in requests),
    )


def table(counts: list[Count]) -> list[str]:
    """The figures as Markdown."""
    head = [
        "mailbox servers",
        "transport",
        "server is",
        "requests beside receives",
        "receives",
        "handshake",
        "up",
        "down",
    ]
    rows = [
        [
            str(count.servers),
            count.transport,
            "changed" if count.changed else "compliant",
            str(count.beside_receives),
            str(count.operations.get("receive", 0)),
            str(count.operations.get("auth", 0)),
            f"{count.bytes_up:,}",
            f"{count.bytes_down:,}",
        ]
        for count in counts
    ]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def main() -> int:
    """Print the table; 1 when a task needs more requests than promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the counts here as well")
    arguments = parser.parse_args()
    counts = [
        count for servers in (2, MANY) for transport in ("basic", "ntlm") for count in measure(servers, transport)
    ]
    print("\n".join(table(counts)))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(count) for count in counts], indent=2) + "\n", encoding="utf-8")
    over = [count for count in counts if count.over_budget]
    for count in over:
        print(f"over the promise of {FLOOR} (compliant) or {MOST_WHEN_CHANGED} (changed): {count}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
