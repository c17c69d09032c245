# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""appcmd on Wine: there with IIS alone, and in one mind with the model."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.hosts import load_hosts
from tests.lab.iis import WINDOWS
from tests.lab.model import ModelBackend
from tests.unit.lab_wine.server import Servers

pytestmark = pytest.mark.wine

APPCMD = r"%windir%\system32\inetsrv\appcmd.exe"
THERE = f'(if exist "{APPCMD}" (echo there))'
RPC = "Default Web Site/Rpc"
CLIENT_ACCESS: dict[str, Any] = {"exchange": {"roles": ["client_access"]}}


def test_appcmd_is_there_with_iis_alone(wine_installed: None) -> None:
    fleet = load_hosts({"hosts": {"cas1": CLIENT_ACCESS, "mbx1": {}}}, "wine")
    for spec, there in zip(fleet.hosts, (b"there\r\n", b""), strict=True):
        with Servers(spec) as servers:
            assert servers.run(THERE).stdout == there
            output = servers.run(f'{APPCMD} list config "{RPC}" /section:{WINDOWS} /config:* <nul')
            model = ModelBackend(spec).state.answer(f'appcmd list config "{RPC}" /section:{WINDOWS} /config:*')
            assert model is not None
            assert (output.stdout, output.exit_code) == ((model.stdout, 0) if there else (b"", 9009))


def test_what_is_set_is_found(wine_installed: None) -> None:
    spec = load_hosts({"hosts": {"cas1": CLIENT_ACCESS}}, "wine").hosts[0]
    with Servers(spec) as servers:
        search = f"{APPCMD} search config /section:{WINDOWS} /useKernelMode:false <nul"
        nothing = servers.run(search)
        assert (nothing.stdout, nothing.exit_code) == (b"", 1)
        line = f'{APPCMD} set config "{RPC}" "/section:{WINDOWS}" "/useKernelMode:false" /commit:apphost <nul'
        assert servers.run(line).stdout.startswith(b"Applied configuration changes")
        assert servers.run(search).stdout.decode() == f'CONFIGSEARCH "MACHINE/WEBROOT/APPHOST/{RPC}"\r\n'
        iis = servers.backends[0].state.iis
        assert (iis.get(RPC, WINDOWS, "useKernelMode"), iis.changes) == ("false", 1)
        iis.elevated = False
        denied = servers.run(search)
        assert denied.stdout.startswith(b"ERROR ( message:")
        assert denied.exit_code == 5
