# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles 0, 1 and 2: where a program's input comes from and its output goes."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable


class Input(ABC):
    """Something to read from."""

    @abstractmethod
    async def read(self) -> bytes:
        """All bytes up to the end; waits for the end."""


class Bytes(Input):
    """A file, the other end of a pipe, or nothing at all."""

    def __init__(self, data: bytes = b"") -> None:
        self._data = data

    async def read(self) -> bytes:
        """Once; then there is no more."""
        data, self._data = self._data, b""
        return data


class Keyboard(Input):
    """Standard input of a WinRS command: what Send brings, until its End.

    As a console (WINRS_CONSOLEMODE_STDIN) it never ends. That is an inference and the reading that hurts more: Ansible
    switches console mode off wherever it sends input.
    """

    def __init__(self, console: bool) -> None:
        self._console = console
        self._data = bytearray()
        self._ended = asyncio.Event()

    def feed(self, data: bytes, end: bool) -> None:
        """Take what Send brings."""
        self._data += data
        if end and not self._console:
            self._ended.set()

    async def read(self) -> bytes:
        """Wait for the end."""
        await self._ended.wait()
        data = bytes(self._data)
        self._data.clear()
        return data


class Sink:
    """Something to write to."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write


NUL = Sink(lambda _data: None)

Handle = Input | Sink
