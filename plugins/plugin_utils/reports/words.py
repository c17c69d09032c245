# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the renderers of a report share: its words, and text that stays text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..formats.text import printable
from .fleet import TROUBLE
from .run import PARTS

Record = Mapping[str, Any]

# States of a setting on a server that are as they should be, with nothing to see to.
AT_REST = ("compliant", "not_applicable", "not_managed")
# States of a server that leave its settings unknown.
NOT_READ = ("unreachable", "failed", "not_read")
_SINGULAR = {"fleet_problems": "fleet_problem"}


def lines(text: object) -> str:
    """The text with its line ends; what else is not printable is written as an escape."""
    return "\n".join(printable(line) for line in str(text).split("\n"))


def words(state: str) -> str:
    """A state as people write it."""
    return printable(state).replace("_", " ")


def outcome(record: Record) -> str:
    """The report in a sentence."""
    if record["clean"]:
        settings = "setting" if is_of_the_fleet(record) else "setting looked at"
        return f"{looked_at(record)}: every {settings} is as it should be."
    found = [told for told in (*record["stopped"], _trouble(record["summary"])) if told]
    return f"{looked_at(record)}: {'; '.join(found) or 'nothing was compared'}."


def looked_at(record: Record) -> str:
    """How much of the fleet the run has looked at."""
    hosts, run = record["summary"]["hosts"], record["run"]
    every = hosts + len(run["outside"])
    servers = f"{hosts} of {every} servers" if run["outside"] else "1 server" if hosts == 1 else f"{hosts} servers"
    parts = ", ".join(words(part) for part in run["parts"])
    return servers if set(run["parts"]) == set(PARTS) else f"{servers}, parts: {parts}"


def is_of_the_fleet(record: Record) -> bool:
    """Whether it says of the whole fleet how it stands to what it should be; no server is no fleet."""
    return bool(record["run"]["whole"]) and bool(record["hosts"]) and stem(record) == "drift"


def stem(record: Record) -> str:
    """How the files are called: drift and site tell of the same thing, repin and rollback each of another."""
    playbook = str(record["run"]["playbook"])
    return playbook if playbook in ("repin", "rollback") else "drift"


def _trouble(summary: Mapping[str, int]) -> str:
    counted = [(summary[word], words(_SINGULAR.get(word, word) if summary[word] == 1 else word)) for word in TROUBLE]
    return ", ".join(f"{count} {word}" for count, word in counted if count)


def value(found: object, state: str) -> str:
    """A value; None is an absent one, or one that could not be told."""
    if found is None:
        return "not known" if state == "unknown" else "absent"
    return str(found)


def is_notable(finding: Mapping[str, Any]) -> bool:
    """Whether an operator should see to it, or know of it."""
    return finding["state"] not in AT_REST or bool(finding["pending"])


def notable(record: Record) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each finding that is not simply right, with its server."""
    for host in record["hosts"]:
        for finding in host["findings"]:
            if is_notable(finding):
                yield host, finding


def setting_of(finding: Mapping[str, Any]) -> str:
    """The setting's name in the columns of a report."""
    return f"{finding['fix']}.{finding['setting']}"


def pending_words(item: Mapping[str, Any]) -> str:
    """What waits: the reboot, or a service's restart."""
    return f"restart of {item['service']}" if item["service"] else str(item["what"])
