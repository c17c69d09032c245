# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One WinRS shell of the inventory's own winrm connection: command lines and bytes in, bytes out, no PowerShell.

Only these parts of ansible-core's connection are touched: _connect(), protocol, shell_id, become, transport. They are
checked before they are used, and said when one is missing.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from ..formats.text import shortened

try:
    # ansible-core loads an action before it forks a process for each host; without this each of them would import it.
    from winrm.exceptions import WinRMOperationTimeoutError
except ImportError:
    # The connection says in its own words that it is missing, before anything here is used.
    WinRMOperationTimeoutError = TimeoutError

Answer = TypeVar("Answer")

# ERROR_WSMAN_QUOTA_MAX_OPERATIONS: WinRS gives an operation back only with its shell.
QUOTA_OPERATIONS = 0x803381A6
ERROR_BUSY = 170
BUSY_PAUSES = (1.0, 2.0, 4.0)
# 150 KB is the envelope of WinRM 2.0; base64 adds a third and the SOAP header some 2 KB.
SEND_BYTES = 110_000
_CODE_PAGE = 65001
_SHOWN = 600


class FarSideError(Exception):
    """The server could not be asked, or did not answer in time."""


class Unreachable(FarSideError):
    """The line to the server is lost, was never there, or carries no WS-Management."""


class TimedOut(FarSideError):
    """A command did not end before its deadline; C(stdout) and C(stderr) are what it had printed."""

    def __init__(self, message: str, stdout: bytes = b"", stderr: bytes = b"") -> None:
        super().__init__(message)
        self.stdout = stdout
        self.stderr = stderr


class AnswerUnusable(FarSideError):
    """A command ran, or may have run, and what came back of it cannot be used."""


@dataclass(frozen=True)
class Completed:
    """What a command line printed, and the exit code of the cmd.exe that ran it."""

    stdout: bytes
    stderr: bytes
    exit_code: int


def refusal(connection: Any, become: object, environment: object) -> str | None:
    """Why this task cannot run over this connection; None when it can. Nothing is sent."""
    if getattr(connection, "transport", None) != "winrm":
        return (
            f"the connection is {getattr(connection, 'transport', 'of an unknown kind')!r}; only winrm (over every "
            "transport that it offers) carries a WinRS shell without PowerShell. Set ansible_connection: winrm for "
            "this host"
        )
    if become or getattr(connection, "become", None):
        return "become needs PowerShell on the server and is not used: connect as the account that has the rights"
    if environment:
        return "environment is not passed to the server: remove it from the task, block, role or play"
    missing = [name for name in ("_connect", "protocol", "shell_id") if not hasattr(connection, name)]
    if missing:
        return f"this ansible-core's winrm connection has no {', '.join(missing)}: this release is not supported"
    return None


class Shell:
    """The task's shell. Core closes it at the end of the task."""

    def __init__(
        self,
        connection: Any,
        deadline: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Any = time.sleep,
        hide: Callable[[str], str] = str,
    ) -> None:
        """C(hide) takes out of what the server said what may not be shown, before it is shortened."""
        self._connection = connection
        self._hide = hide
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep

    def runs_over_ipv6(self) -> bool:
        """Whether the name or address of the inventory leads to the server over IPv6 first."""
        address = self._connection.get_option("remote_addr")
        try:
            found = socket.getaddrinfo(address, None, type=socket.SOCK_STREAM)
        except OSError:
            # A proxy may know a name that we do not.
            return False
        return found[0][0] == socket.AF_INET6

    def open(self) -> None:
        """Connect and open the shell; raises Unreachable."""
        self._connect()
        if not (self._connection.protocol and self._connection.shell_id):
            raise Unreachable("the connection was made and no shell was opened")

    def leave(self) -> None:
        """Give the shell back as far as the server still answers; open() then connects anew."""
        with suppress(Exception):
            self._protocol.close_shell(self._connection.shell_id)
        self._forget()

    def abandon(self) -> None:
        """Leave the shell to the server with all that runs in it; nothing is sent, and open() then opens another.

        Core, which closes a task's shell, knows nothing of this one any more. WinRM ends it when nobody has spoken to
        it for its idle time-out.
        """
        self._leave_broken_session()
        self._forget()

    def _forget(self) -> None:
        self._connection.protocol = None
        self._connection.shell_id = None

    @property
    def name(self) -> str:
        """What the server calls this shell."""
        return str(self._connection.shell_id)

    def end_other(self, name: str) -> None:
        """End a shell of a run that was cut, with what waits in it for its input; mostly it has gone by itself."""
        with suppress(Exception):
            self._protocol.close_shell(name, close_session=False)

    def _connect(self) -> None:
        from ansible.errors import AnsibleConnectionFailure, AnsibleError

        try:
            self._connection._connect()
        except AnsibleConnectionFailure as error:
            raise Unreachable(f"no shell could be opened: {error}") from error
        except AnsibleError as error:
            # Core raises a time-out while the shell opens as a plain error.
            if "timed out" in str(error):
                raise Unreachable(f"no shell could be opened: {error}") from error
            raise

    def run(self, line: str, stdin: bytes | None = None, waits: int = 0) -> Completed:
        """Run one line by cmd.exe and wait for its end; raises Unreachable or TimedOut.

        C(waits) are the seconds that the line itself waits on the server; they come on top of the deadline.
        """
        allowed = self._deadline + waits
        ends = self._clock() + allowed
        with self.started(line) as command_id:
            if stdin is not None:
                self._send(command_id, stdin)
            return self._receive(command_id, ends, allowed)

    @contextmanager
    def started(self, line: str) -> Iterator[str]:
        """A line that cmd.exe runs meanwhile, ended on leaving; raises Unreachable where it cannot be started."""
        with self._ended_on_leaving(self.begin(line)) as command_id:
            yield command_id

    def begin(self, line: str) -> str:
        """A line that cmd.exe runs until C(end) is called, or the shell is closed; raises Unreachable."""
        return self._start(lambda: self._run_command(line))

    def end(self, command_id: str) -> None:
        """Tell WinRM to end a command; whether it has is not said."""
        with suppress(Exception):
            self._protocol.cleanup_command(self._connection.shell_id, command_id)

    @contextmanager
    def program(self, path: str, arguments: str) -> Iterator[str]:
        """A program that is started without cmd.exe and ends on leaving; what it prints is what C(wait) returns.

        Servers from Windows Server 2012 R2 on are said to hand the line to cmd.exe all the same: it must mean the same
        there. The end of its input is sent, so that it cannot wait for any. Raises Unreachable.
        """

        def run() -> str:
            protocol = self._protocol
            return str(
                protocol.run_command(
                    self._connection.shell_id, path, [arguments], console_mode_stdin=False, skip_cmd_shell=True
                )
            )

        with self._ended_on_leaving(self._start(run)) as command_id:
            with suppress(Exception):
                # One that has ended already may be none that takes input.
                self._protocol.send_command_input(self._connection.shell_id, command_id, b"", end=True)
            yield command_id

    def wait(self, command_id: str, seconds: int) -> Completed:
        """Wait for the end of a command; raises Unreachable or TimedOut."""
        return self._receive(command_id, self._clock() + seconds, seconds)

    @contextmanager
    def _ended_on_leaving(self, command_id: str) -> Iterator[str]:
        try:
            yield command_id
        finally:
            # The command's place is given back on every way out, also when a task's time-out ends us; what goes wrong
            # here must not hide what went wrong before.
            self.end(command_id)

    @property
    def _protocol(self) -> Any:
        return self._connection.protocol

    def _run_command(self, line: str) -> str:
        return str(self._protocol.run_command(self._connection.shell_id, line, console_mode_stdin=False))

    def _start(self, start: Callable[[], str]) -> str:
        try:
            return self._ask("start a command", start)
        except Unreachable as error:
            if not _is_quota(error.__cause__):
                raise
        # Once a command: a new shell that cannot run even one command is no help.
        with suppress(Exception):
            self._protocol.close_shell(self._connection.shell_id, close_session=False)
        self._connection.shell_id = self._ask(
            "open a new shell (the old one had used up its operations)",
            lambda: self._protocol.open_shell(codepage=_CODE_PAGE),
        )
        return self._ask("start a command", start)

    def _send(self, command_id: str, data: bytes) -> None:
        pieces = [data[at : at + SEND_BYTES] for at in range(0, len(data), SEND_BYTES)] or [b""]
        for place, piece in enumerate(pieces):
            self._send_piece(command_id, piece, last=place == len(pieces) - 1)

    def _send_piece(self, command_id: str, piece: bytes, last: bool) -> None:
        self._ask(
            "send input",
            lambda: self._protocol.send_command_input(self._connection.shell_id, command_id, piece, end=last),
        )

    def _receive(self, command_id: str, ends: float, allowed: int) -> Completed:
        stdout, stderr = [], []
        usual = self._protocol.operation_timeout_sec
        try:
            while (left := ends - self._clock()) > 0:
                self._protocol.operation_timeout_sec = max(1, min(usual, int(left)))
                try:
                    out, err, exit_code, done = self._ask(
                        "read a command's output",
                        lambda: self._protocol.get_command_output_raw(self._connection.shell_id, command_id),
                    )
                except WinRMOperationTimeoutError:
                    continue
                stdout.append(out)
                stderr.append(err)
                if done:
                    return Completed(b"".join(stdout), b"".join(stderr), exit_code)
        finally:
            self._protocol.operation_timeout_sec = usual
        said = self._excerpt(b"".join(stdout + stderr).decode("utf-8", "backslashreplace"))
        raise TimedOut(
            f"a command did not end within {allowed} seconds, and WinRM is told to end it; it had printed "
            f"{said or 'nothing'}",
            b"".join(stdout),
            b"".join(stderr),
        )

    def _ask(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """One request, repeated while the server says that it is busy."""
        for pause in (*BUSY_PAUSES, None):
            try:
                return self._ask_once(what, ask)
            except Unreachable as error:
                if pause is None or getattr(error.__cause__, "wsman_fault_code", None) != ERROR_BUSY:
                    raise
                self._sleep(pause)
        raise AssertionError("unreachable: the last pause is None")

    def _leave_broken_session(self) -> None:
        """Make what follows, and core's closing of the shell, use a new session.

        An encrypted session cannot be continued over another connection, and the shell would be left on the server.
        """
        with suppress(Exception):
            self._protocol.transport.close_session()

    def _ask_once(self, what: str, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except WinRMOperationTimeoutError:
            raise
        except Exception as error:
            if not hasattr(error, "wsman_fault_code"):
                self._leave_broken_session()
            # pywinrm lets the errors of its parsers and of its HTTP client through as they are: whatever it raises
            # means that there was no answer that can be used.
            raise Unreachable(f"could not {what}: {self._describe(error)}") from error

    def _describe(self, error: Exception) -> str:
        body = getattr(error, "response_text", None)
        answer = f"; the server answered {self._excerpt(body)!r}" if body else ""
        return f"{type(error).__name__}: {error}{answer}"

    def _excerpt(self, text: str) -> str:
        return shortened(self._hide(text), _SHOWN)


def _is_quota(error: BaseException | None) -> bool:
    codes = (getattr(error, "wmierror_code", None), getattr(error, "wsman_fault_code", None))
    return QUOTA_OPERATIONS in codes
