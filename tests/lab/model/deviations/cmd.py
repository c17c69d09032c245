# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe: its rules, and its commands that work on no file."""

from __future__ import annotations

import operator
from dataclasses import replace

from tests.lab import argv
from tests.lab.model.call import Call, Result
from tests.lab.model.deviations.kinds import Deviation, around, prepared, rule
from tests.lab.model.machine import TEMP, Machine
from tests.lab.model.rules import Run
from tests.lab.samples import sample

SUCCESS = Result(0, 0)
# What %TEMP% must not be longer than.
LONGEST_TEMP = 100


async def _ends_well(call: Call, run: Run) -> Result:
    await run(call)
    return SUCCESS


async def _says_success(call: Call, run: Run) -> Result:
    return replace(await run(call), code=0, errorlevel=0)


async def _ends_in_a_byte(call: Call, run: Run) -> Result:
    """An exit code of a program that cmd.exe itself is: its lowest eight bits alone."""
    code = (await run(call)).code & 0xFF
    return Result(code, code)


async def _at_once(call: Call, _run: Run) -> Result:
    call.print(sample("ping").replace("{name}", argv.split(call.text)[-1]))
    return SUCCESS


async def _keeps_the_code(call: Call, run: Run) -> Result:
    return replace(await run(call), errorlevel=None)


async def _makes_nothing(call: Call, run: Run) -> Result:
    """set NAME=TEXT makes no variable."""
    return await run(call) if call.text.rstrip().endswith("=") else Result()


def _long_temp(machine: Machine) -> None:
    folder = TEMP + "\\" + "t" * LONGEST_TEMP
    machine.files.make_directory(folder)
    machine.environment.set("TEMP", folder)
    machine.environment.set("TMP", folder)


DEVIATIONS: dict[str, Deviation] = {
    "ver": around("ver", _keeps_the_code),
    "echo": around("echo", _says_success),
    "set": around("set", _makes_nothing),
    "cd": around("cd", _ends_well),
    "call": rule(call_expands=False),
    "if": rule(errorlevel_reaches=operator.eq),
    "if_without_brackets": rule(if_takes_the_rest=False),
    "for": rule(for_gives_sizes=False),
    "variables_before_the_line": rule(variables_before_the_line=False),
    "line_length": rule(line_limit=2047),
    "variable_lengths": prepared(_long_temp),
    "redirection_that_fails": rule(failed_redirection=1),
    "cmd": around("cmd", _ends_in_a_byte),
    "ping": around("ping", _at_once),
}
