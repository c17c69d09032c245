# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads go by one command where they fit, and by as many as they need where they do not."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats.registry import Key
from plugins.plugin_utils.reads import Observed, ProbeKey, Read, ReadClock, ReadKey, ReadService, Service
from plugins.plugin_utils.windows.command_line import MAX_LINE, fits
from plugins.plugin_utils.windows.reading import read_steps
from plugins.plugin_utils.windows.server import Server, parts_of_a_line
from plugins.plugin_utils.windows.shell import Completed


class Answering:
    """Runs lines as cmd.exe does, with sc query alone: every service runs."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def run(self, line: str, stdin: bytes | None, waits: int) -> Completed:
        assert len(line) <= MAX_LINE
        assert stdin is None
        assert waits == 0
        self.lines.append(line)
        out, err = "", ""
        for mark, name in re.findall(r"echo (o\w+\.\d+)\.>&2&sc query (\S+) <nul", line):
            body = f"SERVICE_NAME: {name}\r\n        TYPE : 10  X\r\n        STATE : 4  RUNNING\r\n"
            out += f"{body}{mark}=0.\r\n"
            err += f"{mark}.\r\n"
        return Completed(out.encode(), err.encode(), 0)

    def runs_over_ipv6(self) -> bool:
        return False


def services(count: int) -> list[Read]:
    return [ReadService(f"MSExchangeServiceNo{number:03d}") for number in range(count)]


def observed(reads: list[Read]) -> tuple[Observed, int]:
    shell = Answering()
    return Server(shell).read(reads).observed, len(shell.lines)  # type: ignore[arg-type]


def test_reads_that_fit_take_one_command() -> None:
    assert observed(services(10))[1] == 1
    assert observed([])[1] == 1


def test_reads_that_do_not_fit_take_several_and_none_is_lost() -> None:
    reads = services(100)
    found, commands = observed(reads)
    assert commands > 1
    assert list(found.states) == reads
    assert {found.get(read, Service) for read in reads} == {Service(4, None)}


NAMES = st.text("ABCxyz", min_size=1, max_size=200)
READS = st.lists(
    NAMES.map(ReadService)
    | NAMES.map(lambda name: ReadKey(Key(rf"HKLM\SOFTWARE\{name}")))
    | NAMES.map(lambda name: ProbeKey(Key(rf"HKLM\SYSTEM\{name}")))
    | st.just(ReadClock()),
    max_size=60,
)


@given(READS)
def test_every_part_fits_a_line_and_the_order_stays(reads: list[Read]) -> None:
    parts = parts_of_a_line(reads, lambda _part: [])
    assert [read for part in parts for read in part] == reads
    assert all(fits(read_steps(part)) for part in parts)
    if len(parts) > 1:
        assert not fits(read_steps(reads))
