# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the WS-Management server needs of a Windows server behind it: the one interface of both back ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.state import ServerState

# REG_SZ and REG_EXPAND_SZ: str; REG_DWORD and REG_QWORD: int; REG_MULTI_SZ: list[str]; REG_BINARY: bytes
RegistryData = str | int | list[str] | bytes


@dataclass(frozen=True)
class Output:
    """What a command printed since the last read; exit_code is None while it runs."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None


class Process(ABC):
    """One command line that a WinRS shell runs."""

    @abstractmethod
    async def write(self, data: bytes, end: bool) -> None:
        """Append bytes to the command's standard input; end closes it."""

    @abstractmethod
    async def read(self, timeout: float) -> Output | None:
        """Wait up to timeout seconds for output or the end; None when nothing came in that time."""

    @abstractmethod
    async def terminate(self) -> None:
        """Kill the command (WinRS signal terminate); harmless when it has ended."""


class Registry(ABC):
    """A test's hand in the server's registry. Key: HKLM\\..., any case. Synchronous, callable from any thread."""

    @abstractmethod
    def get(self, key: str, name: str) -> tuple[str, RegistryData] | None:
        """Type name (REG_SZ, ...) and data, or None where key or value is absent."""

    @abstractmethod
    def set(self, key: str, name: str, kind: str, data: RegistryData) -> None:
        """Write a value, making the key where it is absent."""

    @abstractmethod
    def create(self, key: str) -> None:
        """Make a key and its parents."""

    @abstractmethod
    def delete(self, key: str, name: str | None = None) -> None:
        """Remove a value, or with name None the key with all below it; absent is no error."""

    @abstractmethod
    def subkeys(self, key: str) -> list[str]:
        """Names of the keys directly below; empty where there are none."""


Names = list[str]


class FileSystem(ABC):
    """A test's hand in the server's files. Path: C:\\..., any case. Synchronous, callable from any thread."""

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """All bytes, None where there is no such file."""

    @abstractmethod
    def write(self, path: str, data: bytes) -> None:
        """Replace all bytes, making file and directories where absent."""

    @abstractmethod
    def delete(self, path: str) -> None:
        """Remove a file; absent is no error."""

    @abstractmethod
    def list(self, directory: str) -> Names:
        """Names of the files directly in a directory, in order."""

    @abstractmethod
    def attributes(self, path: str) -> frozenset[str]:
        """The letters of a file's attributes: R, H, S, A."""

    @abstractmethod
    def set_attributes(self, path: str, attributes: frozenset[str]) -> None:
        """Give a file these attributes and no others; A cannot be taken away on Wine."""


class Backend(ABC):
    """One Windows server."""

    registry: Registry
    files: FileSystem
    state: ServerState

    @abstractmethod
    async def start(self) -> None:
        """Make the server ready to run commands."""

    @abstractmethod
    async def stop(self) -> None:
        """End every process and free what start took."""

    @abstractmethod
    async def run(self, command_line: str, console_stdin: bool, skip_cmd_shell: bool) -> Process:
        """Start a command line as WinRS does: handed to cmd.exe /c unless skip_cmd_shell."""

    async def run_in_code_page(
        self, command_line: str, console_stdin: bool, skip_cmd_shell: bool, code_page: int
    ) -> Process:
        """As run, in a shell of that code page; a back end whose output does not depend on it leaves this alone."""
        return await self.run(command_line, console_stdin, skip_cmd_shell)
