# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinRS on one server: its shells, the commands in them, and the quotas."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from tests.lab import wsman
from tests.lab.backend import Backend, Process
from tests.lab.faults import Fault
from tests.lab.hosts import Quotas
from tests.lab.mishaps import CannedProcess, HungProcess, WholeProcess
from tests.lab.winrs import WinRs

# The code page of a shell that asks for none.
OEM_CODE_PAGE = 437
HANG_UP_SECONDS = 1.0


@dataclass
class Command:
    """One command of a shell, with the output that no Receive has taken yet."""

    line: str
    process: Process
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    exit_code: int | None = None

    @property
    def silent(self) -> bool:
        """Nothing to tell: no output, and not ended."""
        return not self.stdout and not self.stderr and self.exit_code is None

    async def fetch(self, timeout: float) -> None:
        """Take over what the process printed; waits only where there is nothing to tell yet."""
        if not self.silent:
            return
        output = await self.process.read(timeout)
        if output is not None:
            self.stdout += output.stdout
            self.stderr += output.stderr
            self.exit_code = output.exit_code

    def take(self, room: int) -> tuple[bytes, bytes, int | None]:
        """The next piece of at most room bytes; the exit code only with the last one."""
        stdout = bytes(self.stdout[:room])
        del self.stdout[:room]
        left = room - len(stdout)
        stderr = bytes(self.stderr[:left])
        del self.stderr[:left]
        return stdout, stderr, None if self.stdout or self.stderr else self.exit_code


@dataclass
class Shell:
    """One WinRS shell; WinRS does not give an operation back when its command ends."""

    code_page: int
    operations: int = 0
    commands: dict[str, Command] = field(default_factory=dict)

    async def close(self) -> None:
        """End what still runs in it."""
        for command in self.commands.values():
            await command.process.terminate()
        self.commands.clear()


class ShellService:
    """Answers the requests of one server's only user."""

    def __init__(self, backend: Backend, quotas: Quotas, winrs: WinRs | None = None) -> None:
        self._backend = backend
        self._quotas = quotas
        self._winrs = winrs or WinRs()
        self._shells: dict[str, Shell] = {}

    @property
    def open_shells(self) -> int:
        """How many shells wait for their Delete."""
        return len(self._shells)

    def command_line(self, request: wsman.Request) -> str | None:
        """The line of the command that a request starts or is about."""
        if request.command_line is not None:
            return request.command_line
        shell = self._shells.get(request.shell_id)
        command = shell.commands.get(request.command_id) if shell else None
        return command.line if command else None

    async def answer(self, request: wsman.Request, fault: Fault | None) -> bytes:
        """Act on a request and write its answer; fault matters where it changes what a command does."""
        if request.operation == "create":
            return self._create(request)
        shell = self._shells.get(request.shell_id)
        if shell is None:
            raise wsman.WsmanFault(
                f"There is no shell {request.shell_id}.", wsman.SHELL_NOT_FOUND, subcode="w:InvalidSelectors"
            )
        if request.operation == "delete":
            del self._shells[request.shell_id]
            await shell.close()
            return wsman.deleted(request)
        if request.operation == "command":
            return await self._command(request, shell, fault)
        command = shell.commands.get(request.command_id)
        if command is None:
            # The number that WinRM gives here is not known, so there is none.
            raise wsman.WsmanFault(f"There is no command {request.command_id}.", subcode="w:InvalidSelectors")
        if request.operation == "send":
            stdin = self._winrs.stdin(_what_arrives(request.stdin, fault))
            await command.process.write(stdin, request.stdin_end)
            return wsman.sent(request)
        if request.operation == "receive":
            return await self._receive(request, command)
        del shell.commands[request.command_id]
        await command.process.terminate()
        return wsman.signalled(request)

    async def hang_up(self) -> None:
        """Close the standard input of all commands and let them run to their ends."""
        commands = [command for shell in self._shells.values() for command in shell.commands.values()]
        for command in commands:
            await command.process.write(b"", end=True)
        for command in commands:
            while command.exit_code is None:
                await command.fetch(HANG_UP_SECONDS)
                command.stdout.clear()
                command.stderr.clear()

    async def close(self) -> None:
        """End all shells."""
        for shell in self._shells.values():
            await shell.close()
        self._shells.clear()

    def _create(self, request: wsman.Request) -> bytes:
        if len(self._shells) >= self._quotas.shells_per_user:
            raise wsman.WsmanFault(
                f"The quota of {self._quotas.shells_per_user} shells a user is used up.",
                wsman.SHELLS_PER_USER_EXCEEDED,
                subcode="w:QuotaLimit",
            )
        code_page = request.options.get("WINRS_CODEPAGE", "")
        shell_id = str(uuid.uuid4()).upper()
        asked = int(code_page) if code_page.isdigit() else OEM_CODE_PAGE
        self._shells[shell_id] = Shell(self._winrs.code_page(asked))
        return wsman.created(request, shell_id)

    async def _command(self, request: wsman.Request, shell: Shell, fault: Fault | None) -> bytes:
        if shell.operations >= self._quotas.operations_per_shell:
            raise wsman.WsmanFault(
                f"The quota of {self._quotas.operations_per_shell} operations a shell is used up.",
                self._winrs.quota_code,
                subcode="w:QuotaLimit",
                wmi=self._winrs.quota_code,
            )
        shell.operations += 1
        if not self._winrs.side_by_side:
            for other in shell.commands.values():
                await other.process.terminate()
        command_id = str(uuid.uuid4()).upper()
        line = request.command_line or ""
        shell.commands[command_id] = Command(line, await self._start(request, line, shell.code_page, fault))
        return wsman.started(request, command_id)

    async def _start(self, request: wsman.Request, line: str, code_page: int, fault: Fault | None) -> Process:
        if fault is not None and fault.kind == "hang":
            return HungProcess()
        if request.flag("WINRS_SKIP_CMD_SHELL", False) and not self._winrs.skips_cmd_shell:
            raise wsman.WsmanFault("Nothing runs here without cmd.exe.", self._winrs.refusal)
        process = await self._backend.run_in_code_page(
            self._winrs.line(line),
            console_stdin=request.flag("WINRS_CONSOLEMODE_STDIN", True),
            skip_cmd_shell=request.flag("WINRS_SKIP_CMD_SHELL", False),
            code_page=code_page,
        )
        if fault is not None and fault.kind == "output":
            return CannedProcess(process, fault)
        if fault is not None and fault.kind == "whole":
            return WholeProcess(process)
        return process

    async def _receive(self, request: wsman.Request, command: Command) -> bytes:
        await command.fetch(request.operation_timeout)
        if command.silent:
            raise wsman.WsmanFault(
                "The operation did not end within the OperationTimeout.",
                wsman.OPERATION_TIMED_OUT,
                subcode="w:TimedOut",
            )
        return wsman.received(request, *command.take(wsman.output_room(request.max_envelope)))


def _what_arrives(stdin: bytes, fault: Fault | None) -> bytes:
    if fault is None or fault.kind != "lose":
        return stdin
    if fault.when_cut is not None:
        fault.when_cut()
    return stdin[: int(len(stdin) * fault.arrives)]
