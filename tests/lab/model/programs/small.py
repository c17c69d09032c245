# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of a few lines."""

from __future__ import annotations

import asyncio

from tests.lab import argv
from tests.lab.hosts import TCPIP_PARAMETERS
from tests.lab.model.call import Call
from tests.lab.samples import sample

DEFAULT_PINGS = 4


async def hostname(call: Call) -> int:
    """The name that TCP/IP knows."""
    value = call.machine.registry.get(TCPIP_PARAMETERS, "Hostname")
    name = value[1] if value else None
    call.print((name if isinstance(name, str) else call.environment["COMPUTERNAME"]) + "\n")
    return 0


async def ping(call: Call) -> int:
    """ping [-n N] ADDRESS: takes N - 1 seconds of the server's time, and of ours where rpcping needs a guard alone."""
    arguments = argv.split(call.text)[1:]
    count = DEFAULT_PINGS
    if "-n" in arguments:
        count = int(arguments[arguments.index("-n") + 1])
    seconds = float(max(0, count - 1))
    if call.machine.spec.rpcping is not None:
        real = seconds / call.machine.spec.rpcping.pings
        await asyncio.sleep(real)
        seconds -= real
    call.machine.advance(seconds)
    call.print(sample("ping").replace("{name}", arguments[-1]))
    return 0
