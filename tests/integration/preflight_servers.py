# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers for preflight, a run of it in this process, and everything that a server holds before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from winrm.protocol import Protocol

from plugins.plugin_utils.formats.text import printable
from plugins.plugin_utils.preflight_rows.rows import ROWS
from tests.cuts.harness import Order, Stand, Subject, predicted, stand
from tests.integration.fleet import RPC_PROXY, number, text
from tests.lab.fleet import Host
from tests.lab.model import ModelBackend
from tests.lab.model.registry import Key, Tree

PREFLIGHT = Order("preflight")
# A server on which every row has something to show.
EVERYTHING: dict[str, Any] = {
    "fqdn": "all1.contoso.com",
    "exchange": {"roles": ["client_access", "mailbox"]},
    "cluster": True,
    # Wine has no such key by itself.
    "denied": [r"HKLM\SECURITY"],
    "registry": {RPC_PROXY: {"Enabled": number(1), "ValidPorts": text("all1:6001-6002")}},
}
# Where Wine keeps what programs write; the rest of its drive is Wine itself and the lab's tools.
WRITABLE = ("users", "windows/temp", "windows/system32/drivers/etc", "ProgramData")
SHOWN = (r"HKLM\SOFTWARE", r"HKLM\SYSTEM")

Rows = dict[str, tuple[str, str]]


@contextmanager
def up(backend: str, **host: Any) -> Iterator[Stand]:
    """A server, and a controller that has never met it."""
    with stand(Subject(PREFLIGHT, {**EVERYTHING, **host}), backend) as ready:
        yield ready


def preflight(on: Stand, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """The module's result."""
    order = Order(PREFLIGHT.module, options)
    return predicted(on, order) if check_mode else on.run(order)


@contextmanager
def printed() -> Iterator[list[str]]:
    """Every line that servers print meanwhile, as a result shows it."""
    found: list[str] = []
    receive = Protocol.get_command_output_raw

    def kept(self: Protocol, shell_id: str, command_id: str) -> Any:
        answer = receive(self, shell_id, command_id)
        for stream in answer[:2]:
            found.extend(printable(line.decode("utf-8", "backslashreplace")) for line in stream.splitlines())
        return answer

    with mock.patch.object(Protocol, "get_command_output_raw", kept):
        yield found


def leave_out(but: str) -> list[str]:
    """Every row that a look at one row does not need."""
    needs = {probe.row: probe.needs for probe in ROWS}
    needed, found = [but], set()
    while needed:
        row = needed.pop()
        found.add(row)
        needed += [need for need in needs[row] if need not in found]
    return [row for row in needs if row not in found]


def rows(result: Mapping[str, Any]) -> Rows:
    """Result and what was seen, by the row's id."""
    return {row["id"]: (row["result"], row["seen"]) for row in result["rows"]}


def those(result: Mapping[str, Any], wanted: str) -> dict[str, str]:
    """What was seen of the rows with one result."""
    return {name: seen for name, (came, seen) in rows(result).items() if came == wanted}


def contents(host: Host) -> Any:
    """Everything that a run could leave changed: all keys with their values, all files with their bytes and rights."""
    backend: Any = host.backend
    if isinstance(backend, ModelBackend):
        return _keys(backend.machine.tree), _files(backend)
    return _printed(host), _bytes(backend)


def _keys(tree: Tree) -> dict[str, Any]:
    """Every key from the roots down; what a link leads to once only."""
    found: dict[str, Any] = {}

    def walk(path: str, key: Key) -> None:
        found[path] = (key.denied, list(key.values.values()))
        for name, below in key.sorted_subkeys():
            if name != "CurrentControlSet":
                walk(f"{path}\\{name}", below)

    with tree.lock:
        for root in ("HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER", "HKEY_USERS"):
            key = tree.find(root)
            assert key is not None
            walk(root, key)
    return found


def _files(backend: ModelBackend) -> dict[str, Any]:
    files = backend.machine.files
    return {path: (files.read(path), files.attributes(path), files.permissions(path)) for path in sorted(files.paths())}


def _printed(host: Host) -> list[str]:
    """What reg.exe prints of the keys that a run could reach, as a list to be compared line by line."""
    client = Protocol(
        f"http://127.0.0.1:{host.port}/wsman",
        transport="basic" if host.spec.transport == "basic" else "ntlm",
        username=host.user,
        password=host.password,
    )
    shell = client.open_shell(codepage=65001)
    try:
        printed = []
        for key in SHOWN:
            command = client.run_command(shell, f"reg query {key} /s <nul", console_mode_stdin=False)
            stdout, _stderr, code = client.get_command_output(shell, command)
            client.cleanup_command(shell, command)
            assert code == 0
            printed += stdout.decode("utf-8", "backslashreplace").splitlines()
        return printed
    finally:
        client.close_shell(shell)


def _bytes(backend: Any) -> dict[str, str]:
    return {
        str(path.relative_to(backend.drive)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in WRITABLE
        for path in sorted((backend.drive / folder).rglob("*"))
        if path.is_file()
    }
