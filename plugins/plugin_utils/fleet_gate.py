# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of fleet_gate: judge a gate by readings, and fail where it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from .action_base import SNAPSHOT_DIR, ControllerAction
from .fixes.options import OptionReader
from .fixes.plan import Failure
from .formats.names import ServerName
from .gates import DirectoryServer, Gate, Settling, client_access_pinned, global_catalogs_listen
from .inventory_names import is_true, with_names
from .journal import FileJournal, JournalUnusable, Memory
from .undo_gates import Grace, refers_to_dsproxy, without_global_catalogs

MOST_MINUTES = 1440
MOST_HOURS = 8760
# Whose journals a gate asks, by the gate.
_REMEMBERED = {
    "client_access": "client_access",
    "client_access_undone": "client_access",
    "mailbox_undone": "mailbox",
}


class FleetGateAction(ControllerAction):
    """Judges only: the readings are made by server_info before it, and nothing is sent to a server."""

    name = "fleet_gate"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "gate": {
            "type": "str",
            "choices": ["global_catalogs", "client_access", "mailbox_undone", "client_access_undone"],
            "required": True,
        },
        "global_catalogs": {"type": "list", "elements": "dict", "required": True},
        "client_access": {"type": "list", "elements": "str", "default": []},
        "mailbox": {"type": "list", "elements": "str", "default": []},
        "mailbox_servers": {"type": "list", "elements": "raw", "default": []},
        "attested": {"type": "list", "elements": "str", "default": []},
        "readings": {"type": "dict", "required": True},
        "earlier_readings": {"type": "dict", "default": {}},
        "expected": {"type": "list", "elements": "str", "default": []},
        "settle_minutes": {"type": "float", "default": 6.0},
        "grace_hours": {"type": "float", "default": 24.0},
        **SNAPSHOT_DIR,
    }

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """In check mode a closed gate is told and does not fail, and what a run would bring counts as expected."""
        reader = OptionReader()
        servers = reader.each("global_catalogs", options["global_catalogs"], _directory_server)
        others = reader.each("mailbox_servers", with_names(options["mailbox_servers"]), ServerName.parse)
        for option, most in (("settle_minutes", MOST_MINUTES), ("grace_hours", MOST_HOURS)):
            if not 0 <= options[option] <= most:
                reader.problem(option, options[option], f"it is not between 0 and {most}")
        reader.raise_problems()
        try:
            memories = self._memories(options)
        except JournalUnusable as error:
            return self.stopped(_no_memory(error))
        check_mode = bool(self._task.check_mode)
        gate = _judged({**options, "expected": options["expected"] if check_mode else []}, servers, others, memories)
        result = _result(options["gate"], gate)
        if not gate.open and not check_mode:
            result |= self.stopped(_closed(gate))
        return result

    def _memories(self, options: Mapping[str, Any]) -> dict[str, Memory]:
        hosts = options[_REMEMBERED[options["gate"]]] if options["gate"] in _REMEMBERED else ()
        return {host: FileJournal(Path(options["snapshot_dir"]), host).read() for host in hosts}


def _judged(
    options: Mapping[str, Any],
    servers: tuple[DirectoryServer, ...],
    mailbox_servers: tuple[ServerName, ...],
    memories: Mapping[str, Memory],
) -> Gate:
    readings, expected = options["readings"], options["expected"]
    settling = Settling(options["settle_minutes"] * 60, memories, options["earlier_readings"])
    if options["gate"] == "global_catalogs":
        return global_catalogs_listen(servers, readings, expected)
    if options["gate"] == "client_access":
        return client_access_pinned(options["client_access"], servers, readings, settling, expected)
    if options["gate"] == "mailbox_undone":
        grace = Grace(options["grace_hours"] * 3600, memories)
        return refers_to_dsproxy(options["mailbox"], readings, grace, options["attested"], expected)
    return without_global_catalogs(options["client_access"], servers, readings, settling, mailbox_servers, expected)


def _directory_server(value: Mapping[str, Any]) -> DirectoryServer:
    rest = {key: item for key, item in value.items() if key not in ("host", "attested")}
    host = None if value.get("host") is None else str(value["host"])
    attested = is_true(value.get("attested"))
    if rest.get("unknown"):
        return DirectoryServer(host, None, attested, str(rest["unknown"]))
    return DirectoryServer(host, ServerName.parse(rest), attested)


def _result(name: str, gate: Gate) -> dict[str, Any]:
    return {
        "changed": False,
        "gate": name,
        "open": gate.open,
        "reason": gate.reason,
        "proved": list(gate.proved),
        "attested": list(gate.attested),
        "expected": list(gate.expected),
        "missing": list(gate.missing),
        "wait_seconds": gate.wait_seconds,
    }


def _closed(gate: Gate) -> Failure:
    return Failure(
        setting="the order of the fleet",
        problem=gate.title,
        found="; ".join(gate.missing),
        expected="every server read just now and as the next part of the fleet needs it (docs/fleet-order.md)",
        next_step="Bring each of these to what is missing, then run again: the run goes on where this one stopped.",
    )


def _no_memory(error: JournalUnusable) -> Failure:
    return Failure(
        setting="snapshot_dir",
        problem="the controller's journal cannot be used, so nobody knows when the servers were changed",
        found=str(error),
        expected="a journal that can be read",
        next_step="Mend or move the file, or name another snapshot_dir; then run again.",
    )
