# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab: all servers of a fleet in one event loop in one thread, each on a port of its own."""

from __future__ import annotations

import asyncio
import importlib
import secrets
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.lab.backend import Backend, FileSystem, Registry
from tests.lab.faults import FaultPlan
from tests.lab.gates import BasicGate, Gate, NtlmGate
from tests.lab.hosts import HostSpec, load_hosts
from tests.lab.inventory import write_inventory
from tests.lab.outage import Outage
from tests.lab.server import RequestRecord, WsmanServer
from tests.lab.shells import ShellService
from tests.lab.state import ServerState
from tests.lab.winrs import winrs

# Imported when a host asks for one: the Wine back end needs more than the model does.
BACKENDS = {"model": ("tests.lab.model", "ModelBackend"), "wine": ("tests.lab.wine", "WineBackend")}
START_SECONDS = 600
STOP_SECONDS = 60


class Host:
    """One running server, as a test handles it."""

    def __init__(self, spec: HostSpec, credentials: Path) -> None:
        self.spec = spec
        self.user = f"operator-{secrets.token_hex(3)}"
        self.password = secrets.token_urlsafe(12)
        self.port = 0
        self.requests: list[RequestRecord] = []
        self.faults = FaultPlan(spec.faults)
        self.backend = _backend(spec)
        habits = winrs(spec.broken)
        self._service = ShellService(self.backend, spec.quotas, habits)
        max_envelope = habits.envelope_bytes(spec.quotas.envelope_bytes)
        self._server = WsmanServer(self._gate(credentials), self._service, self.faults, self._record, max_envelope)
        self._outage = Outage(self.backend.state, self._service, self._server, self.faults)

    @property
    def name(self) -> str:
        """The inventory name."""
        return self.spec.name

    @property
    def registry(self) -> Registry:
        """The test's hand in the server's registry."""
        return self.backend.registry

    @property
    def files(self) -> FileSystem:
        """The test's hand in the server's files."""
        return self.backend.files

    @property
    def state(self) -> ServerState:
        """What runs and listens there, with the test's hand on services and reboots."""
        return self.backend.state

    @property
    def open_shells(self) -> int:
        """How many WinRS shells were created and not deleted."""
        return self._service.open_shells

    def clear_requests(self) -> None:
        """Forget the requests logged so far."""
        self.requests.clear()

    def power_off(self) -> None:
        """Take its power away: its shells die, its port is closed, nothing runs."""
        self._outage.order(self._outage.power_off)

    def power_on(self) -> None:
        """Boot it where it is off; then its port is open."""
        self._outage.order(self._outage.power_on)

    def unplug(self) -> None:
        """Close its port and break its connections off; the server itself goes on, shells and all."""
        self._outage.order(self._outage.unplug)

    def plug_in(self) -> None:
        """Open its port again, where the server is up."""
        self._outage.order(self._outage.plug_in)

    def hang_up(self) -> None:
        """Let its commands see the end of their input, as when a line is lost, and run to their ends."""
        self._outage.order(self._service.hang_up)

    async def start(self) -> None:
        """Start the back end, then listen."""
        await self.backend.start()
        self.port = await self._server.start()
        self._outage.watch()

    async def stop(self) -> None:
        """End the shells first: a waiting Receive then ends at once."""
        await self._outage.stop()
        await self._service.close()
        await self._server.stop()
        await self.backend.stop()

    def _gate(self, credentials: Path) -> Gate:
        if self.spec.transport == "basic":
            return BasicGate(self.user, self.password)
        user_file = credentials / self.spec.name
        user_file.touch(mode=0o600)
        user_file.write_text(f":{self.user}:{self.password}\n", encoding="utf-8")
        return NtlmGate(user_file)

    def _record(self, record: RequestRecord) -> None:
        self.requests.append(record)


def _backend(spec: HostSpec) -> Backend:
    module, name = BACKENDS[spec.backend]
    backend: Backend = getattr(importlib.import_module(module), name)(spec)
    return backend


class Lab:
    """A fleet. As a context manager it runs: ready when entered, all ports closed when left."""

    def __init__(self, hosts: str | Path | Mapping[str, Any], backend: str = "model") -> None:
        self._fleet = load_hosts(hosts, backend)
        self._credentials = tempfile.TemporaryDirectory(prefix="lab-")
        self.hosts: dict[str, Host] = {
            spec.name: Host(spec, Path(self._credentials.name)) for spec in self._fleet.hosts
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def __enter__(self) -> Lab:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(START_SECONDS)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(STOP_SECONDS)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._credentials.cleanup()

    def write_inventory(self, path: str | Path) -> None:
        """Write an Ansible inventory of the running servers, passwords included, readable by its owner only."""
        write_inventory(Path(path), self.hosts.values(), self._fleet.vars)

    async def _start(self) -> None:
        await asyncio.gather(*(host.start() for host in self.hosts.values()))

    async def _stop(self) -> None:
        """Stop every server, whatever happens to the others, then complain."""
        results = await asyncio.gather(*(host.stop() for host in self.hosts.values()), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
