# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that a modelled server has, by name."""

from __future__ import annotations

import ntpath
from collections.abc import Awaitable, Callable

from tests.lab.model.call import Call
from tests.lab.model.programs import argv, cmd, findstr, reg, small

Program = Callable[[Call], Awaitable[int]]

PROGRAMS: dict[str, Program] = {
    "cmd": cmd.run,
    "findstr": findstr.run,
    "hostname": small.hostname,
    "ping": small.ping,
    "reg": reg.run,
}


def program_name(text: str) -> str:
    """The name that a command line begins with, without directory and .exe."""
    name = ntpath.basename(argv.split(text)[0])
    return name[:-4] if name.lower().endswith(".exe") else name
