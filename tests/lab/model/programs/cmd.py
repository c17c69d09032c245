# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe started as a program."""

from __future__ import annotations

import re

from tests.lab.model.call import Call
from tests.lab.model.interpreter import Interpreter
from tests.lab.model.parser import NotModelled


async def run(call: Call) -> int:
    """cmd [/d] [/q] /c LINE."""
    match = re.fullmatch(r'\s*(?:"[^"]*"|\S+)((?:\s*/[dq])*)\s*/c(.*)', call.text, re.IGNORECASE | re.DOTALL)
    if match is None:
        raise NotModelled(call.text)
    child = Call(call.machine, call.environment.copy(), call.handles, call.code_page, call.directory)
    return await Interpreter(child).run(match[2])
