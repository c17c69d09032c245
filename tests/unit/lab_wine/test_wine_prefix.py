# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prefixes: a server's is gone with it, a killed run's with the next server that starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.hosts import HostSpec
from tests.unit.lab_wine.server import Servers

pytestmark = pytest.mark.wine

ROOT = Path(__file__).parents[3]
# A run that has a long command under way, says where, and waits to be killed.
RUN = """
import time
from tests.lab.hosts import HostSpec
from tests.unit.lab_wine.server import Servers
servers = Servers(HostSpec("cas1", "cas1.test"))
servers.__enter__()
servers.loop.run(servers.backends[0].run("ping -n 600 127.0.0.1 >nul", False, False))
print(servers.backends[0].drive.parent, flush=True)
time.sleep(600)
"""


def hosts(server: Servers) -> Path:
    return server.backends[0].drive.parents[1]


def programs(prefix: Path) -> list[str]:
    """The process ids of what runs in a prefix."""
    variable = f"WINEPREFIX={prefix}\0".encode()
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if variable in _content(path)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_nothing_is_left_of_a_stopped_server(server: Servers) -> None:
    with Servers(HostSpec("cas2", "cas2.test")) as other:
        prefix = other.backends[0].drive.parent
        assert programs(prefix)
    assert not prefix.exists()
    assert not programs(prefix)
    assert not list(hosts(server).glob(f"{prefix.name}*"))


def test_what_a_killed_run_left_is_removed(server: Servers) -> None:
    with subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        prefix = Path(run.stdout.readline().decode().strip())
        with Servers(HostSpec("cas2", "cas2.test")):
            assert programs(prefix)
        run.kill()
    assert prefix.exists()
    with Servers(HostSpec("cas2", "cas2.test")):
        assert not prefix.exists()
        assert not programs(prefix)
    assert not list(hosts(server).glob(f"{prefix.name}*"))


def test_prefixes_without_a_lock_are_removed(server: Servers) -> None:
    old = hosts(server) / "left by an older lab"
    (old / "drive_c").mkdir(parents=True)
    with Servers(HostSpec("cas2", "cas2.test")):
        assert not old.exists()
    assert server.run("echo up").stdout == b"up\r\n"
