# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""taskkill /f: ends programs that are no services, chosen by process id, image and filters."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.lab.samples import sample
from tests.lab.state.printed import NotModelled, Printed
from tests.lab.state.processes import Process

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

Choice = Callable[[Process], bool]
COMPARISONS: dict[str, Callable[[object, object], bool]] = {"eq": operator.eq, "ne": operator.ne}
NONE_FOUND = 128
DENIED = 1


def run(state: ServerState, arguments: list[str]) -> Printed:
    """/f with /pid N, /im NAME and /fi "pid|imagename eq|ne VALUE", all of which must hold."""
    rest = list(arguments)
    choices: list[Choice] = []
    force = filtered = False
    while rest:
        switch = rest.pop(0).lower()
        if switch == "/f":
            force = True
        elif switch in ("/pid", "/im", "/fi") and rest:
            filtered = filtered or switch == "/fi"
            choices.append(_choice(switch, rest.pop(0)))
        else:
            raise NotModelled
    if not force or not choices:
        raise NotModelled
    chosen = [process for process in state.processes() if all(choice(process) for choice in choices)]
    if any(process.services or process.pid <= 4 for process in chosen):
        raise NotModelled("taskkill of a service")
    if not chosen:
        return Printed("", "", 0 if filtered else NONE_FOUND)
    ended = [process for process in chosen if state.end_program(process.pid)]
    text = "".join(sample("taskkill").replace("{pid}", str(process.pid)) for process in ended)
    return Printed(text, "", 0 if len(ended) == len(chosen) else DENIED)


def _choice(switch: str, value: str) -> Choice:
    if switch == "/pid":
        return lambda process: str(process.pid) == value
    if switch == "/im":
        return lambda process: process.image.lower() == value.lower()
    match = re.fullmatch(r"(?i)(pid|imagename) (eq|ne) (\S+)", value)
    if match is None:
        raise NotModelled(f"/fi {value}")
    holds, wanted = COMPARISONS[match[2].lower()], match[3].lower()
    if match[1].lower() == "pid":
        return lambda process: holds(str(process.pid), wanted)
    return lambda process: holds(process.image.lower(), wanted)
