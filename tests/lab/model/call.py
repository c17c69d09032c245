# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program or internal command is given (arguments, handles, the server it runs on), and what it gives back."""

from __future__ import annotations

import ntpath
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.lab.model.environment import Environment
from tests.lab.model.machine import Machine
from tests.lab.model.streams import Handle, Input, Sink
from tests.lab.samples import message

UTF8_CODE_PAGE = 65001


@dataclass(frozen=True)
class Result:
    """How an internal command ended: code is what && and || look at; errorlevel None leaves it as it was."""

    code: int = 0
    errorlevel: int | None = None


@dataclass(frozen=True)
class Call:
    """One run of a program; text is its command line as cmd.exe hands it over, name included."""

    machine: Machine
    environment: Environment
    handles: Mapping[int, Handle]
    code_page: int
    directory: str
    text: str = ""

    def with_text(self, text: str) -> Call:
        """The same for another command."""
        return replace(self, text=text)

    def with_handles(self, handles: Mapping[int, Handle]) -> Call:
        """The same with other handles."""
        return replace(self, handles=handles)

    def path(self, name: str) -> str:
        """A file name without quotes, as an absolute path."""
        return ntpath.join(self.environment.directory or self.directory, name.replace('"', ""))

    async def read(self) -> bytes:
        """Standard input up to its end."""
        handle = self.handles.get(0)
        return await handle.read() if isinstance(handle, Input) else b""

    def write(self, data: bytes, handle: int = 1) -> None:
        """Bytes to standard output or another handle."""
        sink = self.handles.get(handle)
        if isinstance(sink, Sink):
            sink.write(data)

    def print(self, text: str) -> None:
        """Text to standard output, in the shell's code page, LF as CR LF."""
        self.write(self.encode(text.replace("\n", "\r\n")))

    def complain(self, sample: str, /, **fields: str) -> None:
        """A localised message to standard error."""
        if not self.machine.spec.empty_stderr:
            self.write(self.encode(self.localised(sample, **fields).replace("\n", "\r\n")), 2)

    def localised(self, sample: str, /, **fields: str) -> str:
        """A message in the server's language."""
        return message(sample, self.machine.spec.language, **fields)

    def encode(self, text: str) -> bytes:
        """Text in the shell's code page."""
        return text.encode(self._codec, "replace")

    def decode(self, data: bytes) -> str:
        """Bytes of the shell's code page as text."""
        return data.decode(self._codec, "replace")

    @property
    def _codec(self) -> str:
        return "utf-8" if self.code_page == UTF8_CODE_PAGE else f"cp{self.code_page}"
