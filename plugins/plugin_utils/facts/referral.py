# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the split-connection fix a server has: its RPC proxy's list and polling, and its referral of HTTP clients.

Sources: as in fixes/valid_ports.py and fixes/dsproxy_referral.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..fixes.dsproxy_referral import PARAMETERS, REFER, TARGET
from ..fixes.valid_ports import CONFIGURATOR, ENABLED, POLLING, RPC_PROXY, VALID_PORTS
from ..formats.registry import KeyContent
from ..reads import Observed, Read, ReadKey
from .part import Part, content_of, data_of, switch_of, why_not

READS: tuple[Read, ...] = (ReadKey(RPC_PROXY), ReadKey(CONFIGURATOR), ReadKey(PARAMETERS))
OF_THE_PROXY = ("valid_ports", "rpc_proxy_enabled")
OF_THE_ATTENDANT = ("refers_http_to_dsproxy", "nspi_target_server")


@dataclass(frozen=True)
class Referral(Part):
    """Typed facts; a value that is absent is None without a reason, one that could not be read has one.

    C(refers_http_to_dsproxy) is also None on a server without a System Attendant.
    """

    valid_ports: str | None = None
    polling_minutes: int | None = None
    refers_http_to_dsproxy: bool | None = None
    rpc_proxy_enabled: bool | None = None
    nspi_target_server: str | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, observed: Observed) -> Referral:
        """From the answers to READS."""
        unknown: dict[str, str] = {}
        proxy = content_of(observed, RPC_PROXY, OF_THE_PROXY, unknown)
        configurator = content_of(observed, CONFIGURATOR, ("polling_minutes",), unknown)
        attendant = content_of(observed, PARAMETERS, OF_THE_ATTENDANT, unknown)
        enabled = refers_not = None
        if isinstance(state := observed.key(RPC_PROXY), KeyContent):
            enabled = switch_of(state, ENABLED, "rpc_proxy_enabled", unknown)
        else:
            unknown["rpc_proxy_enabled"] = why_not(RPC_PROXY, state)
        if isinstance(state := observed.key(PARAMETERS), KeyContent):
            refers_not = switch_of(state, REFER, "refers_http_to_dsproxy", unknown)
        return cls(
            valid_ports=data_of(proxy, VALID_PORTS, str, "valid_ports", unknown),
            polling_minutes=data_of(configurator, POLLING, int, "polling_minutes", unknown),
            refers_http_to_dsproxy=None if refers_not is None else not refers_not,
            rpc_proxy_enabled=enabled,
            nspi_target_server=data_of(attendant, TARGET, str, "nspi_target_server", unknown),
            unknown=unknown,
        )
