# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of a service's restart while it is under way, so that a rerun after a cut can finish it."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass

from .journal import JournalUnusable, Memory, Record

FIX = "service_restart"
_UNDER_WAY = " under way"


@dataclass(frozen=True)
class Note:
    """The services that ran and needed this one, in the order in which they stop, and whether it was seen stopped."""

    service: str
    dependents: tuple[str, ...]
    stopped: bool
    at: datetime.datetime

    @property
    def record(self) -> Record:
        """The note as the journal keeps it."""
        value = json.dumps({"stopped": self.stopped, "dependents": list(self.dependents)})
        return Record(FIX, _setting(self.service), value, self.at)

    @property
    def name(self) -> tuple[str, str]:
        """What the journal finds it by."""
        return FIX, _setting(self.service)

    @classmethod
    def of(cls, memory: Memory, service: str) -> Note | None:
        """The note of a restart that did not come to its end; raises JournalUnusable."""
        record = memory.get((FIX, _setting(service)))
        if record is None:
            return None
        try:
            content = json.loads(record.value or "")
            dependents = tuple(str(name) for name in content["dependents"])
            return cls(service, dependents, bool(content["stopped"]), record.changed_at)
        except (ValueError, KeyError, TypeError) as error:
            raise JournalUnusable(f"the note of a restart of {service} is damaged: {record.value!r}") from error

    def is_before_a_change(self, memory: Memory) -> bool:
        """Whether something was changed since that waits for a restart of its own."""
        return any(record.changed_at > self.at for record in memory.values() if record.fix != FIX)


def under_way(memory: Memory) -> tuple[str, ...]:
    """The services whose restart did not come to its end."""
    settings = [setting for fix, setting in memory if fix == FIX and setting.endswith(_UNDER_WAY)]
    return tuple(setting.removesuffix(_UNDER_WAY) for setting in settings)


def restarted(service: str, at: datetime.datetime) -> Record:
    """The record of a restart: what was written before C(at), when the service was seen stopped, works now."""
    return Record(FIX, service, None, at)


def _setting(service: str) -> str:
    """Names of services ignore case."""
    return service.lower() + _UNDER_WAY
