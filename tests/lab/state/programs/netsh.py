# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netsh interface ipv6|ipv4 show addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.samples import message
from tests.lab.state import network
from tests.lab.state.network import Interface
from tests.lab.state.printed import NotModelled, Printed

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

LOOPBACK_NAME = "Loopback Pseudo-Interface 1"
LOOPBACK = {"ipv4": Interface(1, LOOPBACK_NAME, ("127.0.0.1",)), "ipv6": Interface(1, LOOPBACK_NAME, ("::1",))}


def run(state: ServerState, arguments: list[str]) -> Printed:
    """Loopback, then the adapters that have an address."""
    words = [argument.lower() for argument in arguments]
    if len(words) != 4 or words[0] not in ("interface", "int") or words[2] != "show":
        raise NotModelled
    if words[1] not in ("ipv4", "ipv6") or words[3] not in ("addresses", "address"):
        raise NotModelled
    if not network.ipv6_installed(state.spec):
        # Server 2003 knows ip instead of ipv4, and IPv6 only where it was installed.
        return Printed(message("netsh-missing", state.spec.language), exit_code=1)
    stack = words[1]
    interfaces = [LOOPBACK[stack], *state.interfaces(stack)]
    blocks = (_block(interface, stack, state.spec.language) for interface in interfaces if interface.addresses)
    return Printed("".join(blocks))


def _block(interface: Interface, stack: str, language: str) -> str:
    rows = (
        message(f"netsh-{stack}-address", language, address=_zoned(address, interface.index))
        for address in interface.addresses
    )
    head = message(f"netsh-{stack}-interface", language, index=str(interface.index), name=interface.name)
    return head + "".join(rows)


def _zoned(address: str, index: int) -> str:
    return f"{address}%{index}" if network.link_local(address) else address
