# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model as a back end of the lab."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable

from tests.lab.backend import Backend, Output, Process
from tests.lab.hosts import HostSpec
from tests.lab.model import deviations
from tests.lab.model.call import UTF8_CODE_PAGE, Call
from tests.lab.model.interpreter import Interpreter, run_program
from tests.lab.model.machine import PROFILE, Machine
from tests.lab.model.parser import NotModelled
from tests.lab.model.streams import Keyboard, Sink

# What the model itself has to say, as no server would.
MODEL_FAILED = 255


class ModelProcess(Process):
    """A command as a task of the event loop: it runs at once and only ever waits for input."""

    def __init__(self, keyboard: Keyboard) -> None:
        self._keyboard = keyboard
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._exit_code: int | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.stdout = Sink(lambda data: self._print(self._stdout, data))
        self.stderr = Sink(lambda data: self._print(self._stderr, data))

    @property
    def running(self) -> bool:
        """Not ended yet."""
        return self._exit_code is None

    def start(self, body: Callable[[], Awaitable[int]]) -> None:
        """Run body; what it returns is the exit code."""
        self._task = asyncio.get_running_loop().create_task(self._run(body))

    async def write(self, data: bytes, end: bool) -> None:
        """Feed standard input."""
        self._keyboard.feed(data, end)

    async def read(self, timeout: float) -> Output | None:
        """Everything printed so far, or what comes first in time."""
        if not self._news.is_set():
            try:
                await asyncio.wait_for(self._news.wait(), timeout)
            except TimeoutError:
                return None
        output = Output(bytes(self._stdout), bytes(self._stderr), self._exit_code)
        self._stdout.clear()
        self._stderr.clear()
        if self._exit_code is None:
            self._news.clear()
        return output

    async def terminate(self) -> None:
        """Cancel the task."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, body: Callable[[], Awaitable[int]]) -> None:
        exit_code = 1
        try:
            exit_code = await body()
        except NotModelled as error:
            self.stderr.write(f"tests.lab: not modelled: {error}\r\n".encode())
            exit_code = MODEL_FAILED
        except Exception:  # noqa: BLE001 a mistake of the model is told, or the client would wait for ever
            self.stderr.write(f"tests.lab: {traceback.format_exc()}".encode())
            exit_code = MODEL_FAILED
        finally:
            self._exit_code = exit_code
            self._news.set()

    def _print(self, stream: bytearray, data: bytes) -> None:
        if data:
            stream += data
            self._news.set()


class ModelBackend(Backend):
    """One modelled server; machine is its inside."""

    def __init__(self, spec: HostSpec) -> None:
        self.machine = Machine(spec, deviations.rules(spec.broken))
        self.registry = self.machine.registry
        self.files = self.machine.files
        self.state = self.machine.state
        self._processes: list[ModelProcess] = []

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Cancel what still runs."""
        for process in self._processes:
            await process.terminate()
        self._processes.clear()

    async def run(self, command_line: str, console_stdin: bool, skip_cmd_shell: bool) -> Process:
        """Run a command line in a UTF-8 shell."""
        return await self.run_in_code_page(command_line, console_stdin, skip_cmd_shell, UTF8_CODE_PAGE)

    async def run_in_code_page(
        self, command_line: str, console_stdin: bool, skip_cmd_shell: bool, code_page: int
    ) -> Process:
        """Run a command line."""
        keyboard = Keyboard(console_stdin)
        process = ModelProcess(keyboard)
        call = Call(
            machine=self.machine,
            environment=self.machine.environment.copy(),
            handles={0: keyboard, 1: process.stdout, 2: process.stderr},
            code_page=code_page,
            directory=PROFILE,
        )
        if skip_cmd_shell and not self.machine.spec.always_cmd_shell:
            process.start(lambda: run_program(call.with_text(command_line)))
        else:
            process.start(lambda: Interpreter(call).run(command_line))
        self._processes = [running for running in self._processes if running.running] + [process]
        return process
