# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""certutil -decode: base64 to bytes. What protects a server may not let it run."""

from __future__ import annotations

import base64
import binascii
import re

from tests.lab import argv
from tests.lab.model.call import Call
from tests.lab.model.files import AccessDenied, FileError
from tests.lab.model.parser import NotModelled
from tests.lab.samples import sample

FILE_EXISTS = 80
INVALID_DATA = 13
# Certificates wear such lines around their base64.
FENCE = re.compile(rb"-----(?:BEGIN|END) [^-\r\n]+-----")


class _Failed(Exception):
    """number is what Windows calls the error."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


async def run(call: Call) -> int:
    """certutil [-f] -decode SOURCE TARGET."""
    if not call.machine.spec.certutil:
        call.complain(AccessDenied.message)
        return AccessDenied.number
    words = argv.split(call.text)[1:]
    options = [re.sub("^/", "-", word).lower() for word in words if word[:1] in ("-", "/")]
    names = [word for word in words if word[:1] not in ("-", "/")]
    if len(names) != 2 or sorted(options) not in (["-decode"], ["-decode", "-f"]):
        raise NotModelled(call.text)
    try:
        _decode(call, call.path(names[0]), call.path(names[1]), forced="-f" in options)
    except (FileError, _Failed) as error:
        code = 0x80070000 | error.number
        call.print(sample("certutil-decode-failed").replace("{code}", f"{code:08x}"))
        return code - (1 << 32)
    return 0


def _decode(call: Call, source: str, target: str, forced: bool) -> None:
    files = call.machine.files
    text = files.load(source)
    try:
        data = base64.b64decode(re.sub(rb"\s", b"", FENCE.sub(b"", text)), validate=True)
    except binascii.Error as error:
        raise _Failed(INVALID_DATA) from error
    if not data:
        raise _Failed(INVALID_DATA)
    if files.exists(target) and not forced:
        raise _Failed(FILE_EXISTS)
    files.truncate(target).data.extend(data)
    shown = sample("certutil-decode").replace("{input}", str(len(text))).replace("{output}", str(len(data)))
    call.print(shown)
