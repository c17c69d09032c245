# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RpcHttpConfigurator, the servicelet that rewrites ValidPorts from Active Directory's list of mailbox servers."""

from __future__ import annotations

from tests.lab.clock import Clock
from tests.lab.hosts import Servicelet
from tests.lab.model.registry import Tree, Value

CONFIGURATOR = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeServiceHost\RpcHttpConfigurator"
RPC_PROXY = r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"
DEFAULT_MINUTES = 15
NETBIOS_LENGTH = 15


def valid_ports(mailbox_servers: tuple[str, ...]) -> str:
    """What it writes: each server by NetBIOS name and FQDN."""
    names = [name for fqdn in mailbox_servers for name in (fqdn.partition(".")[0][:NETBIOS_LENGTH], fqdn)]
    return ";".join(f"{name}:6001-6002;{name}:6004" for name in names)


class RpcHttpConfigurator:
    """Acts when tick is called: on every pass that fell due since."""

    def __init__(self, spec: Servicelet, tree: Tree, clock: Clock) -> None:
        self._list = valid_ports(spec.mailbox_servers)
        self._pass_in_progress = spec.pass_in_progress
        self._pass_seconds = spec.pass_seconds
        self._tree = tree
        self._clock = clock
        self._late_write: float | None = None
        self._was_idle = self._minutes() == 0
        self._next_pass = clock.now() + (self._minutes() or DEFAULT_MINUTES) * 60
        tree.listen(self._changed)

    def tick(self) -> None:
        """Catch up with the clock."""
        now = self._clock.now()
        if self._late_write is not None and now >= self._late_write:
            self._late_write = None
            self._write()
        while now >= self._next_pass:
            # The interval is read at each loop, and an idle loop looks again after the default one.
            minutes = self._minutes()
            if minutes:
                self._write()
            self._next_pass += (minutes or DEFAULT_MINUTES) * 60

    def _changed(self, _key: str, name: str) -> None:
        """Notice that polling was switched off: a pass that has begun still ends with its write."""
        if name.lower() != "periodicpollingminutes":
            return
        idle = self._minutes() == 0
        if idle and not self._was_idle and self._pass_in_progress:
            self._pass_in_progress = False
            self._late_write = self._clock.now() + self._pass_seconds
        self._was_idle = idle

    def _minutes(self) -> int:
        key = self._tree.find(CONFIGURATOR)
        value = key.values.get("periodicpollingminutes") if key else None
        return value.data if value and isinstance(value.data, int) else DEFAULT_MINUTES

    def _write(self) -> None:
        self._tree.write(RPC_PROXY, Value("ValidPorts", "REG_SZ", self._list))
