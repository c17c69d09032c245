# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of server_info: read, and say what is known and why the rest is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from .action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR, ServerAction
from .baseline import FIXES
from .converge import no_memory, not_read, stop_result
from .facts import directory, network, referral, roles, running, web
from .facts.directory import Directory
from .facts.identity import TCPIP, Identity
from .facts.network import Network
from .facts.part import Part
from .facts.referral import Referral
from .facts.roles import ServerRoles
from .facts.running import Running
from .facts.web import Web
from .journal import FileJournal, JournalUnusable, Memory
from .reads import Observed, Read, ReadKey, all_reads
from .restart_note import under_way
from .windows.server import Server
from .windows.shell import FarSideError
from .work_note import WorkNote

# What tells how a server runs, which is asked for again and again while something is waited for.
READS: tuple[Read, ...] = all_reads([[ReadKey(TCPIP)], roles.READS, running.READS, referral.READS])
# They fit one command line.
EVERY_READ: tuple[Read, ...] = all_reads(
    [READS, network.READS, directory.READS, web.READS, *(fix.reads for fix in FIXES)]
)

PARTS: tuple[type[Part], ...] = (ServerRoles, Identity, Running, Referral, Network, Directory, Web)
_UNREAD = "the server could not be read in this run"


class ServerInfoAction(ServerAction):
    """A missing part is null with its reason; only a server that cannot be read fails the task."""

    name = "server_info"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {**COMMAND_TIMEOUT, **SNAPSHOT_DIR}

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """One command, whatever it finds; a second one where the RPC proxy is not in the usual site of IIS."""
        refused = self.refused(options)
        if refused is not None:
            return refused
        try:
            memory = FileJournal(Path(options["snapshot_dir"]), self.host).read()
            unfinished, note = under_way(memory), WorkNote.of(memory)
        except JournalUnusable as error:
            return nothing(_UNREAD, stop_result(self.host, self.name, no_memory("what a cut run left behind", error)))
        try:
            facts, warnings = read_every_fact(self.server(options), memory)
        except FarSideError as error:
            return nothing(_UNREAD, stop_result(self.host, self.name, not_read("the server's facts", error)))
        return {
            "changed": False,
            "server": facts,
            "restart_required": list(unfinished),
            "unfinished": None if note is None else _unfinished(self.host, note),
            "warnings": [f"{self.host}: {warning}" for warning in (*warnings, *map(_cut_short, unfinished))],
        }


def nothing(why: str, stop: dict[str, Any]) -> dict[str, Any]:
    """The result of a server of which nothing is known, for one reason."""
    facts = _facts(kind.not_read(why) for kind in PARTS)
    unknown = {**facts["unknown"], "settings": why}
    return {"changed": False, "server": {**facts, "settings": None, "unknown": unknown}, **stop}


def read_facts(server: Server) -> dict[str, Any]:
    """How a server runs and what it is; raises FarSideError."""
    server.open()
    return _facts(_parts(server.read(READS).observed))


def read_every_fact(server: Server, memory: Memory) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Everything that is known of a server, and what an operator must know of it; raises FarSideError."""
    server.open()
    observed = server.look(EVERY_READ)
    further = all_reads([web.further_reads(observed), *(fix.further_reads(observed) for fix in FIXES)])
    if further:
        observed = Observed({**observed.states, **server.look(further).states})
    parts = [*_parts(observed), Network.of(observed), Directory.of(observed), Web.of(observed)]
    facts = _facts(parts) | {"settings": _settings(observed, memory)}
    return facts, ServerRoles.of(observed).warnings


def _parts(observed: Observed) -> list[Part]:
    """What READS are enough for."""
    return [
        ServerRoles.of(observed),
        Identity.of(observed.key(TCPIP)),
        Running.of(observed),
        Referral.of(observed),
    ]


def _settings(observed: Observed, memory: Memory) -> list[dict[str, Any]]:
    """Every setting that a fix knows, by the names of its findings."""
    return [
        {
            "fix": fix.name,
            "setting": item.setting,
            "known": item.known,
            "configured": item.text,
            "effective": item.effective,
            "reason": item.reason,
        }
        for fix in FIXES
        for item in fix.configured(observed, memory)
    ]


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


def _facts(parts: Iterable[Part]) -> dict[str, Any]:
    facts: dict[str, Any] = {"unknown": {}}
    for part in parts:
        told = asdict(part)  # type: ignore[call-overload]
        facts |= {**told, "unknown": {**facts["unknown"], **told["unknown"]}}
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, dict) else value
