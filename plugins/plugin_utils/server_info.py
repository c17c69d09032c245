# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of server_info: read, and say what is known and why the rest is not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from .action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR, ServerAction
from .converge import no_memory, not_read, stop_result
from .facts import referral, roles, running
from .facts.identity import TCPIP, Identity
from .facts.referral import Referral
from .facts.roles import ServerRoles
from .facts.running import Running
from .journal import FileJournal, JournalUnusable
from .reads import Read, ReadKey, all_reads
from .restart_note import under_way
from .windows.server import Server
from .windows.shell import FarSideError
from .work_note import WorkNote

READS: tuple[Read, ...] = all_reads([[ReadKey(TCPIP)], roles.READS, running.READS, referral.READS])


class ServerInfoAction(ServerAction):
    """A missing part is null with its reason; only a server that cannot be read fails the task."""

    name = "server_info"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {**COMMAND_TIMEOUT, **SNAPSHOT_DIR}

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """One command, whatever it finds."""
        refused = self.refused(options)
        if refused is not None:
            return refused
        try:
            memory = FileJournal(Path(options["snapshot_dir"]), self.host).read()
            unfinished, note = under_way(memory), WorkNote.of(memory)
        except JournalUnusable as error:
            return self._nothing(stop_result(self.host, self.name, no_memory("what a cut run left behind", error)))
        try:
            facts, warnings = read_facts(self.server(options))
        except FarSideError as error:
            return self._nothing(stop_result(self.host, self.name, not_read("the server's facts", error)))
        return {
            "changed": False,
            "server": facts,
            "restart_required": list(unfinished),
            "unfinished": None if note is None else _unfinished(self.host, note),
            "warnings": [f"{self.host}: {warning}" for warning in (*warnings, *map(_cut_short, unfinished))],
        }

    def _nothing(self, stop: dict[str, Any]) -> dict[str, Any]:
        """The result of a server that was not read."""
        reason = "the server could not be read in this run"
        parts = [*(part.not_read(reason) for part in (ServerRoles, Identity, Running)), Referral()]
        return {"changed": False, "server": _facts(parts), **stop}


def read_facts(server: Server) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Everything that is known of a server, and what an operator must know of it; raises FarSideError."""
    server.open()
    observed = server.read(READS).observed
    roles_found = ServerRoles.of(observed)
    parts = [roles_found, Identity.of(observed.key(TCPIP)), Running.of(observed), Referral.of(observed)]
    return _facts(parts), roles_found.warnings


def _unfinished(host: str, note: WorkNote) -> str:
    return (
        f"{host}: it has been in work since {note.at.isoformat()} and was not seen as well as before since: the "
        "playbook that has begun with it, site or rollback, goes on with it and puts it back on the load balancer"
    )


def _cut_short(service: str) -> str:
    return (
        f"a restart of {service} was cut short: module service_restart starts again what had run (in the playbooks: "
        "outlook_anywhere_allow_restart)"
    )


def _facts(parts: list[Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for part in parts:
        unknown = {**facts.get("unknown", {}), **getattr(part, "unknown", {})}
        facts |= {**asdict(part), "unknown": unknown}
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, dict) else value
