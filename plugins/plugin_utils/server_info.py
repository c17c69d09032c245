# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of server_info: read, and say what is known and why the rest is not."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .action_base import COMMAND_TIMEOUT, ServerAction
from .converge import not_read, stop_result
from .facts.identity import TCPIP, Identity
from .facts.roles import READS, ServerRoles
from .reads import ReadKey
from .windows.shell import FarSideError


class ServerInfoAction(ServerAction):
    """A missing part is null with its reason; only a server that cannot be read fails the task."""

    name = "server_info"
    argument_spec = COMMAND_TIMEOUT

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """One command, whatever it finds."""
        refused = self.refused(options)
        if refused is not None:
            return refused
        server = self.server(options)
        try:
            server.open()
            reading = server.read((ReadKey(TCPIP), *READS))
        except FarSideError as error:
            reason = "the server could not be read in this run"
            facts = {**asdict(ServerRoles.not_read(reason)), **asdict(Identity.not_read(reason))}
            stop = stop_result(self.host, self.name, not_read("the server's facts", error))
            return {"changed": False, "server": facts, **stop}
        roles = ServerRoles.of(reading.observed)
        identity = Identity.of(reading.observed.key(TCPIP))
        facts = {**asdict(roles), **asdict(identity), "unknown": {**roles.unknown, **identity.unknown}}
        return {
            "changed": False,
            "server": _plain(facts),
            "warnings": [f"{self.host}: {warning}" for warning in roles.warnings],
        }


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}
