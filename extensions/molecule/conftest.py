# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talks to the servers of the scenario by testinfra alone: nothing of the collection or the lab is used to look."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import yaml

if TYPE_CHECKING:
    from testinfra.host import Host

# A test of this name looks at what site must not change: it passes before converge too.
LEFT_ALONE = "test_left_alone_"
Registry = Callable[[str, str, str], tuple[str, str] | None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Behind the check, once, each test of a change must fail by its assertion: none is green that looks at nothing."""
    nothing_converged = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "nothing_converged")
    if not nothing_converged.exists():
        return
    nothing_converged.unlink()
    for item in items:
        if not item.name.startswith(LEFT_ALONE):
            item.add_marker(pytest.mark.xfail(reason="nothing is converged", raises=AssertionError, strict=True))


@pytest.fixture(scope="session")
def server() -> Callable[[str], Host]:
    """A server by its name, over WinRM with NTLM."""
    import testinfra

    inventory = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "inventory", "lab.yml")
    hosts = yaml.safe_load(inventory.read_text(encoding="utf-8"))["all"]["hosts"]

    def connect(name: str) -> Host:
        known = hosts[name]
        user, password = (quote(known[key], safe="") for key in ("ansible_user", "ansible_password"))
        return testinfra.get_host(
            f"winrm://{user}:{password}@{known['ansible_host']}:{known['ansible_port']}?no_ssl=true"
        )

    return connect


@pytest.fixture(scope="session")
def registry(server: Callable[[str], Host]) -> Registry:
    """The type and the data of a value as reg query prints them, None where its key is there and the value absent."""

    def query(name: str, key: str, value: str) -> tuple[str, str] | None:
        done = server(name).run(f'reg query "{key}" /v "{value}"')
        found = re.search(rf"^ +{re.escape(value)} +(REG_\w+) +(.*?)\r?$", done.stdout, re.MULTILINE)
        if found:
            return found[1], found[2]
        if done.rc != 1 or (there := server(name).run(f'reg query "{key}"')).rc != 0:
            raise LookupError(done if done.rc != 1 else there)
        return None

    return query


@pytest.fixture(scope="session")
def listeners(server: Callable[[str], Host]) -> Callable[[str, int], set[str]]:
    """The local addresses at which a server listens on a TCP port, from netstat."""

    def listening(name: str, port: int) -> set[str]:
        done = server(name).run("netstat -ano")
        rows = [line.split() for line in done.stdout.splitlines()]
        return {row[1] for row in rows if len(row) == 5 and row[3] == "LISTENING" and row[1].endswith(f":{port}")}

    return listening


@pytest.fixture(scope="session")
def kernel_mode(server: Callable[[str], Host]) -> Callable[[str], str | None]:
    """The attribute useKernelMode of a server's IIS, None where it is not set."""

    def attribute(name: str) -> str | None:
        section = "system.webServer/security/authentication/windowsAuthentication"
        done = server(name).run(rf"%windir%\system32\inetsrv\appcmd.exe list config -section:{section}")
        element = re.search(r"<windowsAuthentication [^>]*>", done.stdout)
        if not element:
            raise LookupError(done)
        found = re.search(r' useKernelMode="(\w+)"', element[0])
        return found[1] if found else None

    return attribute
