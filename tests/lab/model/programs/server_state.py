# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that the server's state answers for: wmic, netstat, sc, net, netsh, tasklist, shutdown, appcmd."""

from __future__ import annotations

import asyncio

from tests.lab.model.call import Call
from tests.lab.model.parser import NotModelled
from tests.lab.model.streams import Keyboard


async def run(call: Call) -> int:
    """Ask the state; a program that waits for a keyboard that nobody sits at does so until it is terminated."""
    state = call.machine.state
    if state.waits_without_nul(call.text) and isinstance(call.handles.get(0), Keyboard):
        await asyncio.Event().wait()
    output = state.answer(call.text, call.code_page)
    if output is None or output.exit_code is None:
        raise NotModelled(call.text)
    call.write(output.stdout)
    call.write(output.stderr, 2)
    return output.exit_code
