# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpcping.exe, as far as the fleet file says how it goes."""

from __future__ import annotations

import asyncio

from tests.lab import argv
from tests.lab.model.call import Call
from tests.lab.rpcping import IMAGE, RpcpingSpec, outcome

ENDED_FROM_OUTSIDE = 1


async def run(call: Call) -> int:
    """Print what it prints; one that hangs is a process until something ends it."""
    going = outcome(call.machine.spec.rpcping or RpcpingSpec(), argv.split(call.text)[1:])
    call.print(going.text)
    if not going.hangs:
        return going.exit_code
    ended = asyncio.Event()
    state = call.machine.state
    pid = state.start_program(IMAGE, ended.set, going.unkillable)
    try:
        await ended.wait()
    except asyncio.CancelledError:
        if not going.survives:
            state.end_program(pid, by_force=True)
        raise
    return ENDED_FROM_OUTSIDE
