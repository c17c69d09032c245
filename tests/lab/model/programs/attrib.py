# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""attrib: shows a file's attributes or changes them."""

from __future__ import annotations

import re

from tests.lab import argv
from tests.lab.model.call import Call
from tests.lab.model.files import FileError
from tests.lab.model.parser import NotModelled
from tests.lab.samples import sample

LETTERS = "rhsa"
# Neither is left alone in silence: who wants to change anything else has to name it too (attrib's reference).
STUBBORN = {"H": "attrib-hidden", "S": "attrib-system"}


async def run(call: Call) -> int:
    """Always 0, and all messages on standard output: inferences, on which nothing may rely."""
    words = argv.split(call.text)[1:]
    changes = [word.lower() for word in words if word[:1] in ("+", "-")]
    names = [word for word in words if word[:1] not in ("+", "-")]
    if len(names) != 1 or not all(re.fullmatch(rf"[+-][{LETTERS}]", change) for change in changes):
        raise NotModelled(call.text)
    paths = call.machine.files.match(call.path(names[0]))
    if not paths:
        call.print(call.localised("attrib-missing", name=names[0]))
    for path in paths:
        if changes:
            _change(call, path, changes)
        else:
            _show(call, path)
    return 0


def _change(call: Call, path: str, changes: list[str]) -> None:
    files = call.machine.files
    named = {change[1].upper() for change in changes}
    for letter, message in STUBBORN.items():
        if letter in files.attributes(path) - named:
            call.print(call.localised(message, name=path))
            return
    add, drop = ({change[1].upper() for change in changes if change[0] == sign} for sign in "+-")
    try:
        files.change_attributes(path, add, drop)
    except FileError:
        call.print(call.localised("attrib-denied", name=path))


def _show(call: Call, path: str) -> None:
    line = sample("attrib").replace("{path}", path)
    for letter in LETTERS.upper():
        line = line.replace(f"{{{letter}}}", letter if letter in call.machine.files.attributes(path) else " ")
    call.print(line)
