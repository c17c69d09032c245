# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icacls of one file: shows its access list, or grants one more right."""

from __future__ import annotations

import re

from tests.lab import argv
from tests.lab.model.call import Call
from tests.lab.model.files import INHERITED, FileError
from tests.lab.model.parser import NotModelled
from tests.lab.samples import message

USERS = "*S-1-5-32-545"
# Parts what a file's permissions are called from what was granted besides.
GRANTED = "; "


async def run(call: Call) -> int:
    """icacls FILE [/grant SID:RIGHT]. An entry a line, the file's name before the first of them."""
    words = argv.split(call.text)[1:]
    grant = re.fullmatch(r"(\*S[-0-9]+):([A-Z]+)", words[2]) if len(words) == 3 else None
    if not words or (words[1:] and (grant is None or words[1].lower() != "/grant" or grant[1] != USERS)):
        raise NotModelled(call.text)
    name, path = words[0], call.path(words[0])
    try:
        permissions = call.machine.files.permissions(path)
    except FileError as error:
        call.complain(error.message, name=name)
        return error.number
    if grant is not None:
        entry = f"{call.localised('icacls-users').strip()}:({grant[2]})"
        call.machine.files.set_permissions(path, f"{permissions}{GRANTED}{entry}")
    else:
        entries = [entry for part in permissions.split(GRANTED) for entry in _entries(part, call)]
        between = "\n" + " " * (len(name) + 1)
        call.print(f"{name} {between.join(entries)}\n")
    call.print(call.localised("icacls-tail"))
    return 0


def _entries(permissions: str, call: Call) -> list[str]:
    """A name that a test gave is an account of that name with all rights."""
    if permissions == INHERITED:
        return message("icacls-inherited", call.machine.spec.language).split("\n")[:-1]
    return [permissions if ":(" in permissions else f"{permissions}:(F)"]
