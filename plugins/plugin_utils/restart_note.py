# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of a service's restart while it is under way, so that a rerun after a cut can finish it."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass

from .fixes import dsproxy_referral, kernel_mode_authentication, valid_ports
from .fixes.proof import RESTARTS
from .journal import JournalUnusable, Memory, Record

FIX = RESTARTS
_UNDER_WAY = " under way"
# Which records wait for the start of which service: by the fix, and by its setting where not all of the fix do.
_WAIT_FOR = {
    (dsproxy_referral.DsproxyReferral.name, None): dsproxy_referral.SERVICE,
    (kernel_mode_authentication.KernelModeAuthentication.name, None): kernel_mode_authentication.SERVICE,
    (valid_ports.ValidPorts.name, valid_ports.POLLING): valid_ports.SERVICE,
}


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

    def is_before_a_change(self, memory: Memory, boot: datetime.datetime) -> bool:
        """Whether something was changed since, and since the boot, that waits for a start of this very service."""
        since = max(self.at, boot)
        return any(record.changed_at > since and _waits_for(record, self.service) for record in memory.values())


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


def _waits_for(record: Record, service: str) -> bool:
    waited_for = _WAIT_FOR.get((record.fix, record.setting), _WAIT_FOR.get((record.fix, None), ""))
    return waited_for.lower() == service.lower()
