# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The internal commands of cmd.exe that work on files: type, del, copy, move.

They look for a file as a search without attributes does, so del, copy and move do not find one that is hidden or a
system file. For del that is documented; for copy and move it is the reading that hurts more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.model.call import Call, Result
from tests.lab.model.files import UNSEEN, FileError, PathMissing, is_nul
from tests.lab.model.parser import DELIMITERS, NotModelled

UTF16_MARK = b"\xff\xfe"


async def type_(call: Call) -> Result:
    """Copies bytes, but converts UTF-16 with a byte order mark into the code page."""
    code = 0
    for name in _parse(call, "").names:
        try:
            data = b"" if is_nul(name) else call.machine.files.load(call.path(name))
        except FileError as error:
            call.complain(error.message, name=name)
            code = 1
            continue
        if data.startswith(UTF16_MARK):
            data = call.encode(data[2:].decode("utf-16-le", "replace"))
        call.write(data)
    return Result(code, code)


async def delete(call: Call) -> Result:
    """del [/f] [/q]: clears errorlevel even where nothing was deleted."""
    arguments = _parse(call, "fq")
    for name in arguments.names:
        paths = call.machine.files.match(call.path(name), unseen=False)
        if not paths:
            call.complain("cmd-file-missing", name=name)
        for path in paths:
            try:
                call.machine.files.remove(path, forced="f" in arguments.switches)
            except FileError as error:
                call.complain(error.message, name=name)
    return Result(0, 0)


async def copy(call: Call) -> Result:
    """copy [/y] [/b] SOURCE TARGET."""
    return await _transfer(call, "yb", call.machine.files.copy, "cmd-copied")


async def move(call: Call) -> Result:
    """move [/y] SOURCE TARGET."""
    return await _transfer(call, "y", call.machine.files.move, "cmd-moved")


async def may_overwrite(call: Call, path: str) -> bool:
    """Ask, and wait for the end of standard input; no answer means no."""
    call.print(call.localised("cmd-overwrite", name=path))
    return call.decode(await call.read()).strip().lower()[:1] in ("y", "j")


async def _transfer(call: Call, known: str, work: Callable[[str, str], object], done: str) -> Result:
    files = call.machine.files
    arguments = _parse(call, known)
    if len(arguments.names) != 2 or re.search(r"[*?+]", "".join(arguments.names)):
        raise NotModelled(f"copy or move {call.text}")
    source, target = (call.path(name) for name in arguments.names)
    if files.is_directory(target):
        raise NotModelled(f"copy or move to a directory, {target}")
    try:
        if files.size(source) is None or files.attributes(source) & UNSEEN:
            raise PathMissing(source)
        if files.exists(target) and "y" not in arguments.switches and not await may_overwrite(call, target):
            return Result(1, 1)
        work(source, target)
    except FileError as error:
        call.complain(error.message, name=arguments.names[0])
        return Result(1, 1)
    call.print(call.localised(done))
    return Result(0, 0)


@dataclass(frozen=True)
class _Arguments:
    names: tuple[str, ...]
    switches: frozenset[str]


def _parse(call: Call, known: str) -> _Arguments:
    """File names among switches like /q."""
    words = [word.replace('"', "") for word in re.findall(rf'(?:"[^"]*"|[^{DELIMITERS}"])+', call.text)]
    switches = frozenset(word[1:].lower() for word in words if word.startswith("/"))
    if switches - set(known):
        raise NotModelled(f"the switches of {call.text.strip()}")
    return _Arguments(tuple(word for word in words if not word.startswith("/")), switches)
