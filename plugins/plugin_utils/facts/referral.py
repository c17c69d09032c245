# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the split-connection fix a server has: its RPC proxy's list and polling, and its referral of HTTP clients.

Sources: as in fixes/valid_ports.py and fixes/dsproxy_referral.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..fixes.dsproxy_referral import PARAMETERS, REFER
from ..fixes.valid_ports import CONFIGURATOR, POLLING, RPC_PROXY, VALID_PORTS
from ..formats.registry import Key, KeyContent
from ..reads import Observed, ProbeKey, Read

# Absent and denied come to the same here: a server whose values are not seen proves nothing.
READS: tuple[Read, ...] = (ProbeKey(RPC_PROXY), ProbeKey(CONFIGURATOR), ProbeKey(PARAMETERS))


@dataclass(frozen=True)
class Referral:
    """Typed facts; None where a value is absent or could not be read.

    C(refers_http_to_dsproxy) is None on a server without a System Attendant.
    """

    valid_ports: str | None = None
    polling_minutes: int | None = None
    refers_http_to_dsproxy: bool | None = None

    @classmethod
    def of(cls, observed: Observed) -> Referral:
        """From the answers to READS."""
        ports = _data(observed, RPC_PROXY, VALID_PORTS)
        polling = _data(observed, CONFIGURATOR, POLLING)
        refer = _data(observed, PARAMETERS, REFER)
        there = isinstance(observed.key(PARAMETERS), KeyContent)
        return cls(
            valid_ports=ports if isinstance(ports, str) else None,
            polling_minutes=polling if isinstance(polling, int) else None,
            refers_http_to_dsproxy=not (isinstance(refer, int) and refer != 0) if there else None,
        )


def _data(observed: Observed, key: Key, name: str) -> object:
    value = observed.values(key).value(name)
    return None if value is None else value.data
