# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""xcopy of one file over another."""

from __future__ import annotations

import re

from tests.lab import argv
from tests.lab.model.call import Call
from tests.lab.model.file_commands import may_overwrite
from tests.lab.model.files import UNSEEN, FileError, PathMissing
from tests.lab.model.parser import NotModelled

KNOWN = frozenset("okhrxy")
FAILED = 4


class _Refused(Exception):
    """A question was not answered with yes."""


async def run(call: Call) -> int:
    """xcopy SOURCE TARGET [/o] [/x] [/k] [/h] [/r] [/y]."""
    words = argv.split(call.text)[1:]
    switches = frozenset(word[1:].lower() for word in words if word.startswith("/"))
    names = [word for word in words if not word.startswith("/")]
    if len(names) != 2 or switches - KNOWN or re.search(r"[*?]", "".join(names)):
        raise NotModelled(call.text)
    source, target = (call.path(name) for name in names)
    try:
        await _copy(call, source, target, switches)
    except FileError as error:
        call.complain(error.message, name=names[0])
    except _Refused:
        pass
    else:
        call.print(call.localised("xcopy-copied", name=names[0]))
        return 0
    return FAILED


async def _copy(call: Call, source: str, target: str, switches: frozenset[str]) -> None:
    files = call.machine.files
    if files.size(source) is None or ("h" not in switches and files.attributes(source) & UNSEEN):
        raise PathMissing(source)
    if files.is_directory(target):
        raise NotModelled(f"xcopy to a directory, {target}")
    if not files.exists(target):
        await _ask_what_the_target_is(call, target)
    elif "y" not in switches and not await may_overwrite(call, target):
        raise _Refused
    elif "r" in switches:
        files.change_attributes(target, (), "R")
    file = files.copy(source, target, with_permissions=bool(switches & {"o", "x"}))
    if "k" not in switches:
        file.attributes -= {"R"}


async def _ask_what_the_target_is(call: Call, target: str) -> None:
    """A file or a directory? Without an answer, nothing is copied."""
    call.print(call.localised("xcopy-file-or-directory", name=target))
    answer = call.decode(await call.read()).strip().lower()[:1]
    if answer in ("d", "v"):
        raise NotModelled(f"xcopy to a directory, {target}")
    if not answer:
        raise _Refused
