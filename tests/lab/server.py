# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side of one server: a port on the loopback address, the request log, and the faults on the wire."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage

from tests.lab import wsman
from tests.lab.faults import HANDSHAKE, Fault, FaultPlan
from tests.lab.gates import PLAIN_TYPE, Gate, Session, Turned
from tests.lab.shells import ShellService

ADDRESS = "127.0.0.1"
PATH = "/wsman"
# The envelope limit is the WS-Management layer's; HTTP takes more, so that a larger one gets a fault.
MAX_BODY = 64 * 1024 * 1024
SHUTDOWN_SECONDS = 0.2
BACKLOG = 16


@dataclass(frozen=True)
class RequestRecord:
    """One HTTP request as a test sees it.

    operation is one of WS-Management's, auth (a step of the NTLM handshake or a refusal), or invalid.
    """

    operation: str
    command_line: str | None
    stdin: bytes
    body_bytes_in: int
    body_bytes_out: int


@dataclass(frozen=True)
class _Reply:
    """What would go over the wire without a fault."""

    status: int
    content_type: str
    body: bytes


class WsmanServer:
    """Listens for one server; record is called with each request before its answer leaves."""

    def __init__(
        self,
        gate: Gate,
        service: ShellService,
        faults: FaultPlan,
        record: Callable[[RequestRecord], None],
        max_envelope: int,
    ) -> None:
        self._gate = gate
        self._service = service
        self._faults = faults
        self._record = record
        self._max_envelope = max_envelope
        self._web: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._port = 0
        self._reserved: socket.socket | None = None

    async def start(self) -> int:
        """Listen, on the same port as before; the port."""
        if self._listener is not None:
            return self._port
        self._web = web.Server(self._handle, request_factory=_request, access_log=None)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._web, ADDRESS, self._port, backlog=BACKLOG)
        self._port = self._listener.sockets[0].getsockname()[1]
        self._release()
        return self._port

    async def cut(self) -> None:
        """Refuse connections from now on and break off those that are open; the port stays reserved."""
        if self._listener is not None:
            self._close_listener()
            self._reserved = _bound(self._port)
        if self._web is not None:
            for handler in self._web.connections:
                if isinstance(handler.transport, asyncio.Transport):
                    handler.transport.abort()
            await self._web.shutdown(SHUTDOWN_SECONDS)

    async def stop(self) -> None:
        """Close the port and its connections."""
        self._close_listener()
        self._release()
        if self._web is not None:
            await self._web.shutdown(SHUTDOWN_SECONDS)

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _release(self) -> None:
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != PATH or request.method != "POST":
            return web.Response(status=404)
        body = await request.read()
        connection = request.transport
        entry = self._gate.enter(connection, request.headers, body)
        if isinstance(entry, Turned):
            self._record(RequestRecord(HANDSHAKE, None, b"", len(body), 0))
            if (fault := self._faults.take(HANDSHAKE, None)) is not None:
                return _cut(request, fault)
            return web.Response(status=entry.status, headers=entry.headers)
        return await self._serve(request, len(body), entry.envelope, entry.session)

    async def _serve(self, http: web.BaseRequest, size: int, envelope: bytes, session: Session) -> web.StreamResponse:
        try:
            request = wsman.parse(envelope, self._max_envelope)
        except wsman.WsmanFault as error:
            record = RequestRecord("invalid", None, b"", size, 0)
            return self._send(_sealed(500, wsman.fault("", error), session), record)
        line = self._service.command_line(request)
        fault = self._faults.take(request.operation, line)
        record = RequestRecord(request.operation, line, request.stdin, size, 0)
        if fault is not None and fault.kind == "stall":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind in ("cut_before", "http_status", "garbage"):
            return self._misbehave(http, fault, record)
        reply = await self._reply(request, fault, session)
        if fault is not None and fault.kind in ("cut_after", "truncate"):
            return self._break_off(http, fault, reply, record)
        return self._send(reply, record)

    async def _reply(self, request: wsman.Request, fault: Fault | None, session: Session) -> _Reply:
        try:
            if fault is not None and fault.kind == "fault":
                raise wsman.WsmanFault("Ordered by a test.", fault.code, wmi=fault.wmi_code)
            return _sealed(200, await self._service.answer(request, fault), session)
        except wsman.WsmanFault as error:
            return _sealed(500, wsman.fault(request.message_id, error), session)

    def _send(self, reply: _Reply, record: RequestRecord) -> web.Response:
        self._log(record, len(reply.body))
        return web.Response(status=reply.status, body=reply.body, headers={"Content-Type": reply.content_type})

    def _misbehave(self, http: web.BaseRequest, fault: Fault, record: RequestRecord) -> web.Response:
        """Answer without acting."""
        if fault.kind == "http_status":
            return self._send(_Reply(fault.status, "text/plain", fault.body.encode()), record)
        if fault.kind == "garbage":
            return self._send(_Reply(200, PLAIN_TYPE, b"\x00<not XML"), record)
        self._log(record, 0)
        return _cut(http, fault)

    def _break_off(self, http: web.BaseRequest, fault: Fault, reply: _Reply, record: RequestRecord) -> web.Response:
        """Close the connection after acting, with half of the answer or none."""
        if fault.kind == "cut_after" or http.transport is None:
            self._log(record, 0)
            return _cut(http, fault)
        half = reply.body[: len(reply.body) // 2]
        self._log(record, len(half))
        head = f"HTTP/1.1 {reply.status} \r\nContent-Type: {reply.content_type}\r\nContent-Length: {len(reply.body)}"
        http.transport.write(f"{head}\r\n\r\n".encode() + half)
        http.transport.close()
        return web.Response()

    def _log(self, record: RequestRecord, sent: int) -> None:
        self._record(RequestRecord(record.operation, record.command_line, record.stdin, record.body_bytes_in, sent))


def _bound(port: int) -> socket.socket:
    """A socket that keeps a port from others and listens to nobody."""
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind((ADDRESS, port))
    return reserved


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """As the framework makes it, but for the size limit."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)


def _sealed(status: int, envelope: bytes, session: Session) -> _Reply:
    content_type, body = session.seal(envelope)
    return _Reply(status, content_type, body)


def _cut(http: web.BaseRequest, fault: Fault) -> web.Response:
    """Close the connection; the response that the framework wants never leaves."""
    if fault.when_cut is not None:
        fault.when_cut()
    if http.transport is not None:
        http.transport.abort()
    return web.Response()
