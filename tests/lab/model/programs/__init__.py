# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that a modelled server has, by name."""

from __future__ import annotations

import ntpath
from collections.abc import Awaitable, Callable

from tests.lab import argv
from tests.lab.iis import APPCMD
from tests.lab.model.call import Call
from tests.lab.model.programs import (
    attrib,
    certutil,
    cmd,
    findstr,
    icacls,
    reg,
    rpcping,
    server_state,
    small,
    whoami,
    xcopy,
)
from tests.lab.rpcping import RPCPING

Program = Callable[[Call], Awaitable[int]]

PROGRAMS: dict[str, Program] = {
    "appcmd": server_state.run,
    "attrib": attrib.run,
    "certutil": certutil.run,
    "cmd": cmd.run,
    "findstr": findstr.run,
    "hostname": small.hostname,
    "icacls": icacls.run,
    "net": server_state.run,
    "netsh": server_state.run,
    "netstat": server_state.run,
    "ping": small.ping,
    "reg": reg.run,
    "rpcping": rpcping.run,
    "sc": server_state.run,
    "shutdown": server_state.run,
    "taskkill": server_state.run,
    "tasklist": server_state.run,
    "whoami": whoami.run,
    "wmic": server_state.run,
    "xcopy": xcopy.run,
}

# Not on the PATH: they run by their own path alone, and only where they are installed.
ELSEWHERE = {"appcmd": APPCMD, "rpcping": RPCPING}


def find(call: Call) -> Program | None:
    """The program that a command line begins with."""
    name = argv.program_name(call.text).lower()
    path = ELSEWHERE.get(name)
    if path is not None and not (_means(call, path) and call.machine.files.exists(path)):
        return None
    return PROGRAMS.get(name)


def _means(call: Call, path: str) -> bool:
    typed = call.path(argv.split(call.text)[0])
    return ntpath.splitext(ntpath.normpath(typed).lower())[0] == ntpath.splitext(path.lower())[0]
