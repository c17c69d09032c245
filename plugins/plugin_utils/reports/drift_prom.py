# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.prom: the report as metrics for the textfile collector of Prometheus' node_exporter.

Every setting that the collection knows has its series, at 0 too, so that an alert can clear. A setting that a server of
two roles has counts once, for the role that looks after it.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping

from ..formats.text import printable
from .fleet import CELLS
from .words import Record, setting_of

_HOST_STATES = ("read", "failed", "unreachable", "not_read")
_ROLES = ("client_access", "mailbox", "global_catalog")

Series = Iterable[tuple[Mapping[str, str], float]]


def render(record: Record) -> str:
    """The whole file."""
    roles = _roles(record)
    states = _by_setting(record, roles)
    hosts = record["hosts"]
    groups = [*_ROLES, *sorted({group for host in hosts for group in host["groups"]} - set(_ROLES))]
    timestamp = datetime.datetime.fromisoformat(record["generated"]).timestamp()
    summary = record["summary"]

    def of_settings(word: str) -> Series:
        return [({"setting": setting, "role": role}, states[setting, word]) for setting, role in roles.items()]

    def unreachable(role: str) -> int:
        return sum(host["state"] == "unreachable" and role in host["groups"] for host in hosts)

    def waiting(role: str, what: str) -> int:
        return sum(any(one["what"] == what for one in host["pending"]) for host in hosts if role in host["groups"])

    metrics: list[tuple[str, str, Series]] = [
        (
            "settings",
            "Settings of servers by their state after the run.",
            [
                ({"setting": setting, "role": role, "state": state}, states[setting, state])
                for setting, role in roles.items()
                for state in CELLS
            ],
        ),
        ("drifted", "Servers on which the setting is not as it should be.", of_settings("drifted")),
        ("unknown", "Servers of which the setting could not be told.", of_settings("unknown")),
        ("pending", "Servers on which the setting is set and waits to take effect.", of_settings("pending")),
        (
            "unreachable",
            "Servers of the role that could not be reached, and so could not be asked for the setting.",
            [({"setting": setting, "role": role}, unreachable(role)) for setting, role in roles.items()],
        ),
        (
            "hosts",
            "Servers by role and by how they were reached; a server of two roles counts for both.",
            [
                (
                    {"role": role, "state": state},
                    sum(host["state"] == state and role in host["groups"] for host in hosts),
                )
                for role in groups
                for state in _HOST_STATES
            ],
        ),
        (
            "hosts_waiting",
            "Servers that wait for the restart of a service or for a reboot.",
            [({"role": role, "for": what}, waiting(role, what)) for role in groups for what in ("restart", "reboot")],
        ),
        ("hosts_unfinished", "Servers with a change that was begun and not finished.", [({}, summary["unfinished"])]),
        (
            "fleet_problems",
            "Problems that no single server shows.",
            [] if record["fleet_not_judged"] else [({}, summary["fleet_problems"])],
        ),
        ("stopped", "1 when the run stopped before its end.", [({}, float(bool(record["stopped"])))]),
        ("clean", "1 when nothing has drifted, is unknown or was left out.", [({}, float(record["clean"]))]),
        ("report_timestamp_seconds", "When the report was made.", [({}, timestamp)]),
        ("info", "The version that made the report.", [({"version": record["collection_version"]}, 1)]),
    ]
    return "".join(_metric(f"outlook_anywhere_{name}", words, series) for name, words, series in metrics)


def _roles(record: Record) -> dict[str, str]:
    """The role of every setting: of those the collection knows, and of those that were found beside them."""
    roles = {item["setting"]: item["role"] for item in record["known_settings"]}
    of_fix = {setting.partition(".")[0]: role for setting, role in roles.items()}
    for host in record["hosts"]:
        for finding in host["findings"]:
            role = of_fix.get(finding["fix"]) or next(iter(host["groups"]), "")
            roles.setdefault(setting_of(finding), role)
    return roles


def _by_setting(record: Record, roles: Iterable[str]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for host in record["hosts"]:
        counts.update(host["cells"].items())
        counts.update({(setting_of(finding), "pending") for finding in host["findings"] if finding["pending"]})
    return counts


def _metric(name: str, words: str, series: Series) -> str:
    lines = [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
    for labels, value in series:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{{{inside}}} {value:g}" if labels else f"{name} {value:.0f}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    # What is printable holds no line end.
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
