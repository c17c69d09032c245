# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where ask.exe asks: a port on the loopback address that answers for the programs which tell of a server itself."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import struct
import traceback
from pathlib import Path
from typing import Protocol

from tests.lab.backend import Output

LOOPBACK = "127.0.0.1"
TOKEN_BYTES = 16
TOKEN_LENGTH = 2 * TOKEN_BYTES
QUESTION = struct.Struct("<III")
ANSWER = struct.Struct("<III")
# More than Windows lets a command line be.
LONGEST_LINE_BYTES = 2 * 32768
# What the lab itself has to say, as no server would.
LAB_FAILED = 255
EXIT_CODE_BITS = 0xFFFFFFFF


class Answers(Protocol):
    """Who knows what the programs print: the server's state."""

    def answer(self, command_line: str, code_page: int = ...) -> Output | None:
        """What a command line prints and how it ends; None for a program that it does not know."""

    def waits_without_nul(self, command_line: str) -> bool:
        """Whether the program would wait for ever unless its standard input is redirected."""


class Asking:
    """One server's port, in the event loop that starts it."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._token = secrets.token_hex(TOKEN_BYTES).encode("ascii")
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def start(self, address_file: Path) -> None:
        """Listen, and say in the file where and with which token."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK)
        port = self._server.sockets[0].getsockname()[1]
        address_file.write_text(f"{port} {self._token.decode('ascii')}\n", encoding="ascii")

    async def stop(self) -> None:
        """Whoever still asks gets no answer."""
        if self._server is None:
            return
        self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Who asks may be killed at any time."""
        conversation = asyncio.create_task(self._converse(reader, writer))
        self._conversations.add(conversation)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await conversation
        self._conversations.discard(conversation)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not hmac.compare_digest(await reader.readexactly(TOKEN_LENGTH), self._token):
            return
        redirected, code_page, size = QUESTION.unpack(await reader.readexactly(QUESTION.size))
        if size > LONGEST_LINE_BYTES:
            return
        line = (await reader.readexactly(size)).decode("utf-16-le", "surrogatepass")
        if not redirected and self._answers.waits_without_nul(line):
            await reader.read()
            return
        output = await asyncio.to_thread(self._answer, line, code_page)
        exit_code = (output.exit_code or 0) & EXIT_CODE_BITS
        writer.write(ANSWER.pack(exit_code, len(output.stdout), len(output.stderr)) + output.stdout + output.stderr)
        await writer.drain()

    def _answer(self, line: str, code_page: int) -> Output:
        """A mistake of the lab is told, or the program would seem to have said nothing."""
        try:
            output = self._answers.answer(line, code_page)
        except Exception:  # noqa: BLE001 it goes to the client, as the model's own mistakes do
            return _failed(traceback.format_exc())
        return output or _failed(f"no such program: {line}\r\n")


def _failed(words: str) -> Output:
    return Output(b"", f"tests.lab: {words}".encode("utf-8", "backslashreplace"), LAB_FAILED)
