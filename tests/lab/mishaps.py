# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that a fault puts in the place of a command's own."""

from __future__ import annotations

import asyncio

from tests.lab.backend import Output, Process
from tests.lab.faults import Fault


class HungProcess(Process):
    """Never ends and prints nothing, until it is killed."""

    def __init__(self) -> None:
        self._killed = asyncio.Event()

    async def write(self, data: bytes, end: bool) -> None:
        """Swallow the input."""

    async def read(self, timeout: float) -> Output | None:
        """Wait in vain."""
        try:
            await asyncio.wait_for(self._killed.wait(), timeout)
        except TimeoutError:
            return None
        return Output(b"", b"", 1)

    async def terminate(self) -> None:
        """End it."""
        self._killed.set()


class WholeProcess(Process):
    """Tells nothing before the command has ended, so that the number of Receives does not hang on the machine."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stdout = bytearray()
        self._stderr = bytearray()

    async def write(self, data: bytes, end: bool) -> None:
        """Pass the input on."""
        await self._process.write(data, end)

    async def read(self, timeout: float) -> Output | None:
        """All output, once the command has ended."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            output = await self._process.read(max(0.0, deadline - loop.time()))
            if output is None:
                return None
            self._stdout += output.stdout
            self._stderr += output.stderr
            if output.exit_code is not None:
                return self._told(output.exit_code)

    async def terminate(self) -> None:
        """End the command."""
        await self._process.terminate()

    def _told(self, exit_code: int) -> Output:
        return Output(bytes(self._stdout), bytes(self._stderr), exit_code)


class CannedProcess(WholeProcess):
    """Runs the command to its end and then tells the fault's output in place of its own."""

    def __init__(self, process: Process, fault: Fault) -> None:
        super().__init__(process)
        self._fault = fault

    def _told(self, exit_code: int) -> Output:
        return Output(self._fault.stdout, self._fault.stderr, self._fault.exit_code)
