# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What works on files."""

from __future__ import annotations

from tests.lab import argv
from tests.lab.model.call import Call, Result
from tests.lab.model.deviations.kinds import Deviation, around, ending, printing, rule, saying
from tests.lab.model.files import INHERITED
from tests.lab.model.rules import Run

END_OF_TEXT = b"\x1a"


async def _loses_permissions(call: Call, run: Run) -> Result:
    """move, as if it copied the bytes and deleted the file that they came from."""
    result = await run(call)
    target = call.path(argv.split(call.text)[-1])
    if result.code == 0:
        call.machine.files.set_permissions(target, INHERITED)
    return result


async def _without_permissions(call: Call, run: Run) -> Result:
    """xcopy, as if /o and /x were not there."""
    return await run(call.with_text(" ".join(word for word in call.text.split() if word.lower() not in ("/o", "/x"))))


async def _one_byte_less(call: Call, run: Run) -> Result:
    """certutil -decode."""
    result = await run(call)
    target = call.path(argv.split(call.text)[-1])
    data = call.machine.files.read(target)
    if result.code == 0 and data:
        call.machine.files.write(target, data[:-1])
    return result


async def _not_read_only(call: Call, run: Run) -> Result:
    """del, as if /f were not there."""
    return await run(call.with_text(" ".join(word for word in call.text.split() if word.lower() != "/f")))


async def _grants_nothing(call: Call, run: Run) -> Result:
    """icacls /grant says that it has succeeded."""
    if not saying("/grant")(call):
        return await run(call)
    call.print(call.localised("icacls-tail"))
    return Result(0, 0)


def _as_dir_would(printed: bytes) -> bytes:
    """attrib: the letters behind the path."""
    return b"".join(line[11:] + b"  " + line[:11].rstrip() + b"\r\n" for line in printed.splitlines() if line.strip())


def _cut_short(printed: bytes) -> bytes:
    """findstr: longer lines than 4,096 bytes are cut."""
    return b"".join(line if len(line) < 4096 else line[:4096] + b"\r\n" for line in printed.splitlines(keepends=True))


DEVIATIONS: dict[str, Deviation] = {
    "findstr": around("findstr", printing(_cut_short)),
    "del": around("del", _not_read_only),
    "del_exit_code": around("del", ending(lambda _result: Result(1, 1))),
    "attrib": around("attrib", printing(_as_dir_would)),
    "icacls": around("icacls", _grants_nothing),
    "xcopy": around("xcopy", _without_permissions),
    "move": around("move", _loses_permissions),
    "type": around("type", printing(lambda data: data.partition(END_OF_TEXT)[0])),
    "certutil": around("certutil", _one_byte_less),
    "redirection_keeps_permissions": rule(redirection_keeps_permissions=False),
}
