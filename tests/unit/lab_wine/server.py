# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wine servers as a test drives them: start, run a line to its end, stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable
from types import TracebackType

from tests.lab.backend import Output, Process
from tests.lab.hosts import HostSpec
from tests.lab.wine import WineBackend
from tests.lab.wine.registry import WineRegistry

DEADLINE_SECONDS = 60


class Servers:
    """Running servers in one event loop; a context manager."""

    def __init__(self, *specs: HostSpec) -> None:
        self.backends = [WineBackend(spec) for spec in specs]
        self.loop = asyncio.Runner()

    def __enter__(self) -> Servers:
        self.loop.run(_all(backend.start() for backend in self.backends))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.run(_all(backend.stop() for backend in self.backends))
        self.loop.close()

    @property
    def registry(self) -> WineRegistry:
        """The first server's registry."""
        return self.backends[0].registry

    def run(self, line: str, stdin: Iterable[bytes] = (), *, skip_cmd_shell: bool = False) -> Output:
        """Run a line on the first server, send it its input, and wait for its end."""
        return self.loop.run(run_to_end(self.backends[0], line, stdin, skip_cmd_shell=skip_cmd_shell))


async def run_to_end(
    backend: WineBackend, line: str, stdin: Iterable[bytes] = (), *, skip_cmd_shell: bool = False
) -> Output:
    """Run a line and collect all that it prints."""
    process = await backend.run(line, console_stdin=False, skip_cmd_shell=skip_cmd_shell)
    for data in stdin:
        await process.write(data, end=False)
    await process.write(b"", end=True)
    return await collect(process)


async def collect(process: Process) -> Output:
    """Everything a command prints until its end."""
    stdout, stderr = b"", b""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        output = await process.read(1)
        if output is None:
            continue
        stdout += output.stdout
        stderr += output.stderr
        if output.exit_code is not None:
            return Output(stdout, stderr, output.exit_code)
    raise TimeoutError(f"no end within {DEADLINE_SECONDS} seconds: {stdout!r} {stderr!r}")


async def _all(steps: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*steps)
