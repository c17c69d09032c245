# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may speak to a server: Basic with plain messages, or NTLM with encrypted ones (MS-WSMV 2.2.9.1)."""

from __future__ import annotations

import base64
import hmac
import os
import re
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import spnego
from spnego.exceptions import SpnegoError

PLAIN_TYPE = "application/soap+xml;charset=UTF-8"
ENCRYPTED_PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
ENCRYPTED_TYPE = f'multipart/encrypted;protocol="{ENCRYPTED_PROTOCOL}";boundary="Encrypted Boundary"'
BOUNDARY = b"--Encrypted Boundary"
OCTETS_HEADER = b"Content-Type: application/octet-stream\r\n"
SIGNATURE_LENGTH = 16
USER_FILE_VARIABLE = "NTLM_USER_FILE"


class Session(ABC):
    """An authenticated connection."""

    @abstractmethod
    def seal(self, envelope: bytes) -> tuple[str, bytes]:
        """Content type and HTTP body of an answer."""


@dataclass(frozen=True)
class Admitted:
    """A request that may act."""

    envelope: bytes
    session: Session


@dataclass(frozen=True)
class Turned:
    """An HTTP answer that ends the matter here: a refusal, or a step of the handshake."""

    status: int
    headers: Mapping[str, str]


class Gate(ABC):
    """Decides on each HTTP request of one server; connection is an object that lives as long as the TCP connection."""

    @abstractmethod
    def enter(self, connection: object, headers: Mapping[str, str], body: bytes) -> Admitted | Turned:
        """Authenticate, and open the body."""


class _PlainSession(Session):
    def seal(self, envelope: bytes) -> tuple[str, bytes]:
        return PLAIN_TYPE, envelope


class BasicGate(Gate):
    """User and password with every request."""

    def __init__(self, user: str, password: str) -> None:
        self._expected = base64.b64encode(f"{user}:{password}".encode())
        self._session = _PlainSession()

    def enter(self, connection: object, headers: Mapping[str, str], body: bytes) -> Admitted | Turned:
        """Compare the header."""
        scheme, _blank, value = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(value.strip().encode(), self._expected):
            return Turned(401, {"WWW-Authenticate": 'Basic realm="WSMAN"'})
        return Admitted(body, self._session)


class _NtlmSession(Session):
    def __init__(self, context: spnego.ContextProxy) -> None:
        self._context = context

    def open(self, body: bytes) -> bytes:
        """Decrypt a request; ValueError where it was not sealed for this connection."""
        length = re.search(rb"OriginalContent:[^\r\n]*;Length=(\d+)", body)
        start = body.find(OCTETS_HEADER)
        end = body.rfind(BOUNDARY + b"--")
        if length is None or start < 0 or end < 0:
            raise ValueError("not a multipart/encrypted body")
        sealed = body[start + len(OCTETS_HEADER) : end]
        (signature_length,) = struct.unpack("<i", sealed[:4])
        if signature_length != SIGNATURE_LENGTH:
            raise ValueError("not an NTLM signature")
        try:
            envelope = self._context.unwrap(sealed[4:]).data
        except SpnegoError as error:
            raise ValueError("not sealed for this connection") from error
        if len(envelope) != int(length.group(1)):
            raise ValueError("the length is not as announced")
        return envelope

    def seal(self, envelope: bytes) -> tuple[str, bytes]:
        sealed = self._context.wrap(envelope).data
        return ENCRYPTED_TYPE, b"".join(
            (
                BOUNDARY,
                f"\r\n\tContent-Type: {ENCRYPTED_PROTOCOL}\r\n".encode(),
                f"\tOriginalContent: type={PLAIN_TYPE};Length={len(envelope)}\r\n".encode(),
                BOUNDARY,
                b"\r\n\t" + OCTETS_HEADER,
                struct.pack("<i", SIGNATURE_LENGTH),
                sealed,
                BOUNDARY + b"--\r\n",
            )
        )


class NtlmGate(Gate):
    """A handshake for each TCP connection, then encrypted messages only."""

    def __init__(self, user_file: Path) -> None:
        self._user_file = user_file
        self._handshakes: WeakKeyDictionary[object, spnego.ContextProxy] = WeakKeyDictionary()
        self._sessions: WeakKeyDictionary[object, _NtlmSession] = WeakKeyDictionary()

    def enter(self, connection: object, headers: Mapping[str, str], body: bytes) -> Admitted | Turned:
        """Take a step of the handshake, or open an encrypted message."""
        scheme, _blank, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() in ("negotiate", "ntlm"):
            turned = self._handshake(connection, scheme, token)
            if turned is not None:
                return turned
        session = self._sessions.get(connection)
        if session is None:
            return _challenge("Negotiate")
        if not body:
            return Turned(200, {})
        if not headers.get("Content-Type", "").lower().startswith("multipart/encrypted"):
            # AllowUnencrypted is false.
            return Turned(500, {})
        try:
            return Admitted(session.open(body), session)
        except ValueError:
            return Turned(400, {})

    def _handshake(self, connection: object, scheme: str, token: str) -> Turned | None:
        """The challenge or refusal to send, or None when the connection is authenticated now."""
        context = self._handshakes.pop(connection, None)
        try:
            with _users(self._user_file):
                if context is None:
                    context = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
                answer = context.step(base64.b64decode(token))
        except (SpnegoError, ValueError):
            return _challenge("Negotiate")
        if context.complete:
            self._sessions[connection] = _NtlmSession(context)
            return None
        self._handshakes[connection] = context
        return _challenge(f"{scheme} {base64.b64encode(answer or b'').decode()}")


_environment = threading.Lock()


@contextmanager
def _users(user_file: Path) -> Iterator[None]:
    """Name the server's users to the NTLM library, which looks nowhere but at an environment variable."""
    with _environment:
        before = os.environ.get(USER_FILE_VARIABLE)
        os.environ[USER_FILE_VARIABLE] = str(user_file)
        try:
            yield
        finally:
            if before is None:
                del os.environ[USER_FILE_VARIABLE]
            else:
                os.environ[USER_FILE_VARIABLE] = before


def _challenge(value: str) -> Turned:
    return Turned(401, {"WWW-Authenticate": value})
