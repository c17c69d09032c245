# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that tell of the server: sc, netstat, wmic, netsh, whoami, appcmd."""

from __future__ import annotations

import re

from tests.lab.iis import APPCMD, WINDOWS
from tests.lab.model.call import Call, Result
from tests.lab.model.deviations.kinds import Deviation, around, ending, prepared, printing, saying
from tests.lab.model.machine import Machine
from tests.lab.model.rules import Around, Run
from tests.lab.state.iis import sections
from tests.lab.state.programs.appcmd import NOTHING_FOUND
from tests.lab.state.programs.sc import MISSING, MORE_DATA

CIM_ZONE = re.compile(rb"(\d{14}\.\d{6})[+-]\d{3}")
IPV6_WORD = re.compile(rb"(?<=\s)((?:[0-9A-Fa-f]*:){2,}[0-9A-Fa-f.:]*(?:%\d+)?)(?=\s)")
LIST = re.compile(rb"=\{[^}\r\n]*\}")
SID = re.compile(rb"S-1-[-0-9]+")
PROCESS_ID = re.compile(rb"\s+\d+(?=\r\n)")
SERVER = re.compile(rb"MACHINE/WEBROOT/")
EVERYTHING = re.compile(r'\s("?)/config:\*\1', re.IGNORECASE)
NOT_FOUND = 2


def _without_quotes(match: re.Match[bytes]) -> bytes:
    return match[0].replace(b'"', b"")


def _ends_well_instead_of(code: int) -> Around:
    return ending(lambda result: Result(0, 0) if result.code == code else result)


async def _hides_defaults(call: Call, run: Run) -> Result:
    """appcmd list, as if /config:* were not there."""
    return await run(call.with_text(EVERYTHING.sub("", call.text)))


async def _names_other_places(call: Call, run: Run) -> Result:
    """appcmd search: paths begin elsewhere, and where nothing is found, it ends as if a file were missing."""
    if not saying("search")(call):
        return await run(call)
    result = await printing(lambda text: SERVER.sub(b"", text))(call, run)
    return Result(NOT_FOUND, NOT_FOUND) if result.code == NOTHING_FOUND else result


async def _other_default(call: Call, run: Run) -> Result:
    """appcmd list: useKernelMode is false where nothing sets it."""
    section = sections.find(WINDOWS)
    configuration = call.machine.state.iis.configuration
    if section is None or configuration.places(section, "useKernelMode", None):
        return await run(call)
    change = printing(lambda text: text.replace(b'useKernelMode="true"', b'useKernelMode="false"'), saying("list"))
    return await change(call, run)


def _no_appcmd(machine: Machine) -> None:
    machine.files.delete(APPCMD)


DEVIATIONS: dict[str, Deviation] = {
    "wmic_os": around("wmic", printing(lambda text: CIM_ZONE.sub(rb"\1", text), saying("os"))),
    "wmic_process": around("wmic", printing(lambda text: CIM_ZONE.sub(rb"\1", text), saying("process"))),
    "wmic_nicconfig": around("wmic", printing(lambda text: LIST.sub(_without_quotes, text), saying("nicconfig"))),
    "whoami": around("whoami", printing(lambda text: SID.sub(b"", text))),
    "netstat": around("netstat", printing(lambda text: PROCESS_ID.sub(b"", text))),
    "sc_query": around("sc", _ends_well_instead_of(MISSING)),
    "sc_enumdepend": around("sc", _ends_well_instead_of(MORE_DATA)),
    "netsh_interface": around("netsh", printing(lambda text: IPV6_WORD.sub(rb"\1/64", text))),
    "appcmd_list": around("appcmd", _hides_defaults),
    "appcmd_search": around("appcmd", _names_other_places),
    "appcmd_is_there": prepared(_no_appcmd),
    "kernel_mode_default": around("appcmd", _other_default),
}
