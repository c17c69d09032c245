# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that a modelled server has, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.lab.model.call import Call
from tests.lab.model.programs import cmd, findstr, reg, server_state, small

Program = Callable[[Call], Awaitable[int]]

PROGRAMS: dict[str, Program] = {
    "cmd": cmd.run,
    "findstr": findstr.run,
    "hostname": small.hostname,
    "netsh": server_state.run,
    "netstat": server_state.run,
    "ping": small.ping,
    "reg": reg.run,
    "sc": server_state.run,
    "tasklist": server_state.run,
    "wmic": server_state.run,
}
