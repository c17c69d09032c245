# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of a server that is being worked on: how it ran before, until it has been seen as well again.

Without it a run that comes after a cut or a failure would take the worse server for the measure.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .journal import JournalUnusable, Memory, Record

NAME = ("server_check", "in work")


@dataclass(frozen=True)
class WorkNote:
    """The states of a server's services and the stacks of its ports, as server_info tells them, and when that was."""

    services: Mapping[str, int]
    ports: Mapping[str, list[str]]
    at: datetime.datetime

    @property
    def record(self) -> Record:
        """The note as the journal keeps it."""
        value = json.dumps({"services": dict(self.services), "ports": dict(self.ports)})
        return Record(*NAME, value, self.at)

    @property
    def before(self) -> dict[str, Any]:
        """The note in the form in which server_info tells a server."""
        return {"server": {"services": dict(self.services), "ports": dict(self.ports)}}

    @classmethod
    def of(cls, memory: Memory) -> WorkNote | None:
        """The note of a server that is being worked on, None for all others; raises JournalUnusable."""
        record = memory.get(NAME)
        if record is None:
            return None
        try:
            content = json.loads(record.value or "")
            services = {str(name): int(state) for name, state in content["services"].items()}
            ports = {str(port): [str(stack) for stack in stacks] for port, stacks in content["ports"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JournalUnusable(f"the note of a server in work is damaged: {record.value!r}") from error
        return cls(services, ports, record.changed_at)
