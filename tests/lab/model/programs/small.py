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
# How often a ping that waits looks at the server's clock, which a test may put forward.
LOOK_SECONDS = 0.05


async def hostname(call: Call) -> int:
    """The name that TCP/IP knows."""
    value = call.machine.registry.get(TCPIP_PARAMETERS, "Hostname")
    name = value[1] if value else None
    call.print((name if isinstance(name, str) else call.environment["COMPUTERNAME"]) + "\n")
    return 0


async def ping(call: Call) -> int:
    """ping [-n N] ADDRESS: takes N - 1 seconds, at once where no rpcping is to be guarded."""
    arguments = argv.split(call.text)[1:]
    count = DEFAULT_PINGS
    if "-n" in arguments:
        count = int(arguments[arguments.index("-n") + 1])
    seconds = float(max(0, count - 1))
    ends = call.machine.clock.now() + seconds
    if call.machine.spec.rpcping is None:
        call.machine.advance(seconds)
    while call.machine.clock.now() < ends:
        await asyncio.sleep(LOOK_SECONDS)
    call.print(sample("ping").replace("{name}", arguments[-1]))
    return 0
