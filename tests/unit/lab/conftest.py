# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare modelled server, and a lab with pywinrm clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from winrm.protocol import Protocol

from tests.lab import Host, Lab, load_hosts
from tests.lab.backend import Output
from tests.lab.model import ModelBackend
from tests.lab.state import ServerState
from tests.patience import PATIENCE_SECONDS


@dataclass(frozen=True)
class Server:
    """A model without a network: run a line, look inside."""

    backend: ModelBackend

    @property
    def machine(self) -> Any:
        return self.backend.machine

    @property
    def registry(self) -> Any:
        return self.backend.registry

    @property
    def state(self) -> ServerState:
        return self.backend.state

    def run(self, line: str, stdin: bytes = b"", code_page: int = 65001) -> Output:
        """All output of a line whose standard input ends."""
        return asyncio.run(self._run(line, stdin, code_page))

    def out(self, line: str) -> str:
        """Standard output as text with LF."""
        return self.run(line).stdout.decode().replace("\r\n", "\n")

    async def _run(self, line: str, stdin: bytes, code_page: int) -> Output:
        process = await self.backend.run_in_code_page(line, False, False, code_page)
        await process.write(stdin, end=True)
        stdout, stderr = b"", b""
        while True:
            output = await process.read(PATIENCE_SECONDS)
            assert output is not None, "the command does not end"
            stdout, stderr = stdout + output.stdout, stderr + output.stderr
            if output.exit_code is not None:
                return Output(stdout, stderr, output.exit_code)


def make_server(**host: Any) -> Server:
    """A server of the given description."""
    return Server(ModelBackend(load_hosts({"hosts": {"cas1": {"fqdn": "cas1.contoso.com", **host}}}).hosts[0]))


def when_it_boots(host: Host, monkeypatch: pytest.MonkeyPatch, look: Callable[[], object]) -> list[object]:
    """What is seen of a server at the end of its outage, however short that is."""
    seen: list[object] = []
    boot = host.state.boot

    def looked_at() -> None:
        seen.append(look())
        boot()

    monkeypatch.setattr(host.state, "boot", looked_at)
    return seen


@pytest.fixture
def server() -> Server:
    """An English Server 2008."""
    return make_server()


@pytest.fixture
def new_server() -> Callable[..., Server]:
    """Makes servers of other descriptions."""
    return make_server


def connect(host: Host, operation_timeout: int = 1, read_timeout: int = PATIENCE_SECONDS) -> Protocol:
    """A pywinrm client of a host."""
    transport: Any = host.spec.transport
    return Protocol(
        f"http://127.0.0.1:{host.port}/wsman",
        transport=transport,
        username=host.user,
        password=host.password,
        operation_timeout_sec=operation_timeout,
        read_timeout_sec=read_timeout,
    )


class Client:
    """One pywinrm shell."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.protocol = connect(host)
        self.shell: str = self.protocol.open_shell(codepage=65001)

    def start(self, line: str) -> str:
        """The command's id."""
        command: str = self.protocol.run_command(self.shell, line, console_mode_stdin=False)
        return command

    def finish(self, command: str) -> tuple[bytes, bytes, int]:
        """All output, then the signal."""
        result: tuple[bytes, bytes, int] = self.protocol.get_command_output(self.shell, command)
        self.protocol.cleanup_command(self.shell, command)
        return result

    def run(self, line: str) -> tuple[bytes, bytes, int]:
        """Start and finish."""
        return self.finish(self.start(line))

    def close(self) -> None:
        """Delete the shell."""
        self.protocol.close_shell(self.shell)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two servers for a whole module."""
    with Lab({"hosts": {"basic": {"fqdn": "b.contoso.com"}, "ntlm": {"transport": "ntlm"}}}) as lab:
        yield lab


@pytest.fixture(params=["basic", "ntlm"])
def host(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Host]:
    """Each transport in turn; whatever a test does, it must not leak a shell."""
    host = lab[request.param]
    host.clear_requests()
    yield host
    host.faults.clear()
    assert host.open_shells == 0


@pytest.fixture
def client(host: Host) -> Iterator[Client]:
    """An open shell."""
    client = Client(host)
    yield client
    host.faults.clear()
    client.protocol.close_shell(client.shell)
