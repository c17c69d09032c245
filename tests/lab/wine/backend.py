# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows server made of Wine."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.lab import host_files
from tests.lab.backend import Backend, Output, Process
from tests.lab.clock import Clock
from tests.lab.hosts import HostSpec
from tests.lab.model.machine import TEMP
from tests.lab.model.parser import expand_percent
from tests.lab.state import ServerState
from tests.lab.wine.asking import Asking
from tests.lab.wine.cannot import check
from tests.lab.wine.files import WineFiles
from tests.lab.wine.identity import identity, services
from tests.lab.wine.prefix import INETSRV_DIRECTORY, TOOLS_DIRECTORY, Prefix, end_programs, environment
from tests.lab.wine.process import FinishedProcess, WineProcess
from tests.lab.wine.registry import WineRegistry

# cmd.exe refuses more, before and after it puts variables in; Wine's would cut it off silently.
LONGEST_LINE = 8191
# As long as on the server that this one stands for.
VARIABLES = {"SYSTEMROOT": r"C:\Windows", "TEMP": TEMP, "WINDIR": r"C:\Windows"}
UTF8_CODE_PAGE = 65001
# Read by ask.c.
ADDRESS_FILE = "ask.txt"
CODE_PAGE_VARIABLE = "LAB_CODE_PAGE"
TOO_LONG = Output(b"", b"The command line is too long.\r\n", 1)


class WineBackend(Backend):
    """One server: a prefix of its own, Wine's server process for it, and the programs that run in it.

    Programs that tell of the server itself ask its state. The state's clock is theirs alone: cmd.exe and the files have
    this machine's time.
    """

    def __init__(self, spec: HostSpec) -> None:
        check(spec)
        self.registry: WineRegistry = WineRegistry()
        self.files = WineFiles(lambda: self.drive)
        self.state = ServerState(spec, self.registry, Clock())
        self._asking = Asking(self.state)
        self._spec = spec
        self._prefix: Prefix | None = None
        self._processes: list[WineProcess] = []

    @property
    def drive(self) -> Path:
        """Drive C: of the server, as this machine sees it."""
        return self._running_prefix() / "drive_c"

    async def start(self) -> None:
        await asyncio.to_thread(self._start)
        await self._asking.start(self._running_prefix() / TOOLS_DIRECTORY / ADDRESS_FILE)

    async def stop(self) -> None:
        await asyncio.gather(*(process.terminate() for process in self._processes))
        self._processes.clear()
        await asyncio.to_thread(self._stop)
        await self._asking.stop()

    async def run(self, command_line: str, console_stdin: bool, skip_cmd_shell: bool) -> Process:
        return await self.run_in_code_page(command_line, console_stdin, skip_cmd_shell, UTF8_CODE_PAGE)

    async def run_in_code_page(
        self, command_line: str, console_stdin: bool, skip_cmd_shell: bool, code_page: int
    ) -> Process:
        """Only the programs that ask the lab print in that code page."""
        expanded = command_line if skip_cmd_shell else expand_percent(command_line, VARIABLES)
        if max(len(command_line), len(expanded)) > LONGEST_LINE:
            return FinishedProcess(TOO_LONG)
        prefix = self._running_prefix()
        tools = prefix / TOOLS_DIRECTORY
        process = await WineProcess.start(
            tools / "run_line.exe",
            environment(prefix) | {CODE_PAGE_VARIABLE: str(code_page)},
            Path(tempfile.mkdtemp(dir=tools)),
            command_line if skip_cmd_shell else f"cmd.exe /c {command_line}",
        )
        self._processes.append(process)
        return process

    def _start(self) -> None:
        self._prefix = Prefix()
        prefix = self._prefix.path
        if self._spec.iis is None:
            (prefix / INETSRV_DIRECTORY / "appcmd.exe").unlink()
        self.registry.open(prefix / TOOLS_DIRECTORY / "registry.exe", environment(prefix))
        self.registry.load(identity(self._spec.windows))
        self.registry.load(services())
        self.registry.load(self._spec.registry)
        self._write_files()
        for key in self._spec.denied:
            self.registry.create(key)
            self.registry.deny(key)
        self.state.start()

    def _write_files(self) -> None:
        self.files.delete(host_files.HOSTS)
        for path, file in host_files.initial(self._spec.windows, self._spec.files).items():
            self.files.write(path, file.data)
            self.files.set_attributes(path, file.attributes)

    def _stop(self) -> None:
        if self._prefix is None:
            return
        prefix, self._prefix = self._prefix, None
        end_programs(prefix.path)
        self.registry.close()
        prefix.remove()

    def _running_prefix(self) -> Path:
        if self._prefix is None:
            raise RuntimeError(f"{self._spec.name} is not running")
        return self._prefix.path
