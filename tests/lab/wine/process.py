# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command line on a Wine server: cmd.exe (or a program) under run_line.exe, as an asyncio process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from tests.lab.backend import Output, Process

CHUNK = 65536
# Windows' exit code of a program that was ended from outside (STATUS_CONTROL_C_EXIT).
ENDED_FROM_OUTSIDE = 0xC000013A
KILL_SECONDS = 10


class FinishedProcess(Process):
    """A command that ended before it began."""

    def __init__(self, output: Output) -> None:
        self._output = output

    async def write(self, data: bytes, end: bool) -> None:
        """Nobody reads it."""

    async def read(self, timeout: float) -> Output | None:
        output = self._output
        self._output = Output(b"", b"", output.exit_code)
        return output

    async def terminate(self) -> None:
        """It has ended."""


class WineProcess(Process):
    """A command that runs in a prefix."""

    def __init__(self, child: asyncio.subprocess.Process, directory: Path) -> None:
        self._child = child
        self._directory = directory
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._exit_code: int | None = None
        self._news = asyncio.Event()
        self._watch = asyncio.create_task(self._watch_child())

    @classmethod
    async def start(cls, launcher: Path, environment: Mapping[str, str], directory: Path, line: str) -> WineProcess:
        """Run a line; directory is an empty one of its own, inside the prefix."""
        (directory / "line").write_bytes(line.encode("utf-16-le", "surrogatepass"))
        child = await asyncio.create_subprocess_exec(
            "wine",
            str(launcher),
            _windows_path(directory),
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        return cls(child, directory)

    async def write(self, data: bytes, end: bool) -> None:
        """Never waits: a command that reads nothing must not hold up its server."""
        stdin = self._child.stdin
        if stdin is None or stdin.is_closing():
            return
        stdin.write(data)
        if end:
            stdin.close()

    async def read(self, timeout: float) -> Output | None:
        try:
            async with asyncio.timeout(timeout):
                await self._news.wait()
        except TimeoutError:
            return None
        output = Output(bytes(self._stdout), bytes(self._stderr), self._exit_code)
        self._stdout.clear()
        self._stderr.clear()
        if self._exit_code is None:
            self._news.clear()
        return output

    async def terminate(self) -> None:
        """Kill run_line.exe, cmd.exe and what that started: all in one process group of Linux."""
        if self._exit_code is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        await asyncio.wait([self._watch], timeout=KILL_SECONDS)

    async def _watch_child(self) -> None:
        await asyncio.gather(
            self._collect(self._child.stdout, self._stdout),
            self._collect(self._child.stderr, self._stderr),
        )
        await self._child.wait()
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._exit_code = self._read_exit_code()
        self._news.set()

    async def _collect(self, stream: asyncio.StreamReader | None, buffer: bytearray) -> None:
        while stream is not None and (chunk := await stream.read(CHUNK)):
            buffer += chunk
            self._news.set()

    def _read_exit_code(self) -> int:
        try:
            return int((self._directory / "exit").read_text("ascii"))
        except FileNotFoundError:
            return ENDED_FROM_OUTSIDE


def _windows_path(path: Path) -> str:
    below_drive = path.parts[path.parts.index("drive_c") + 1 :]
    return "C:\\" + "\\".join(below_drive)
