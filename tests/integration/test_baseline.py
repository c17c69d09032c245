# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any set of fixes by one command, what was there before on the controller, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integration.conftest import StartFleet
from tests.integration.fleet import COLLECTION, CONFIGURATOR, RPC_PROXY, SERVICE_HOST, Fleet, Run, number, text
from tests.lab.host_files import HOSTS

SA = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeSA\Parameters"
NTDS = r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters"
TCPIP6 = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters"
PLACES = (
    (RPC_PROXY, "ValidPorts"),
    (CONFIGURATOR, "PeriodicPollingMinutes"),
    (SA, "Do Not Refer HTTP to DSProxy"),
    (SA, "NSPI Target Server"),
    (NTDS, "NSPI interface protocol sequences"),
    (TCPIP6, "DisabledComponents"),
)
STOCK = b"127.0.0.1       localhost\r\n::1             localhost\r\n"
EVERYTHING: dict[str, dict[str, Any]] = {
    "nspi_endpoint": {},
    "ipv6_components": {},
    "ipv6_binding": {},
    "hosts_ipv4": {},
    "kernel_mode_authentication": {},
    "rpc_virtual_directory": {},
    "valid_ports": {
        "mailbox_servers": ["mbx1.contoso.com"],
        "global_catalogs": ["gc1.contoso.com"],
        "unknown_entries": "remove",
        "settle_seconds": 0,
    },
    "dsproxy_referral": {"nspi_target_server": "gc1.contoso.com"},
}


def all_roles(**more: Any) -> dict[str, Any]:
    """A server with every role that all fixes have something to do on."""
    return {
        "groups": ["client_access", "mailbox", "global_catalog"],
        "fqdn": "cas1.contoso.com",
        "exchange": {"roles": ["client_access", "mailbox"]},
        "addresses": {"ipv4": ["10.0.0.17"]},
        "registry": {
            RPC_PROXY: {"Enabled": number(1), "ValidPorts": text("%old%:1;b:2", "REG_EXPAND_SZ")},
            SERVICE_HOST: {"Start": number(2)},
            CONFIGURATOR: {},
            SA: {"NSPI Target Server": text("old.contoso.com")},
            NTDS: {
                "Global Catalog Promotion Complete": number(1),
                "NSPI interface protocol sequences": {"type": "REG_MULTI_SZ", "data": ["ncacn_ip_tcp"]},
            },
            TCPIP6: {"DisabledComponents": number(0x20)},
        },
        **more,
    }


def state_of(fleet: Fleet) -> dict[str, Any]:
    """Every setting of the server, as the lab has it."""
    host = fleet.lab["cas1"]
    found: dict[str, Any] = {f"{key} {name}": host.registry.get(key, name) for key, name in PLACES}
    found["hosts"] = host.files.read(HOSTS)
    return found


def play(fleet: Fleet, module: str, *arguments: str, **options: Any) -> dict[str, Any]:
    """The result of a module on the server."""
    task = {f"{COLLECTION}.{module}": options}
    run: Run = fleet.play([{"hosts": "cas1", "gather_facts": False, "tasks": [task]}], *arguments)
    return run.of(module)


def snapshots(fleet: Fleet) -> list[Path]:
    """The snapshots of the server, the oldest first."""
    return sorted((fleet.folder / ".outlook_anywhere/snapshots/cas1").glob("0*"))


def commands(fleet: Fleet, since: int = 0) -> list[str]:
    """The command lines that the server got."""
    sent = [request for request in fleet.lab["cas1"].requests[since:] if request.operation == "command"]
    return [request.command_line or "" for request in sent]


def test_all_fixes_are_read_by_one_command_and_undone_to_the_last_byte(start: StartFleet) -> None:
    fleet = start({"cas1": all_roles()})
    before = state_of(fleet)

    predicted = play(fleet, "baseline", "--check", **EVERYTHING)
    assert predicted["outcome"] == "ok", predicted.get("msg")
    assert len(commands(fleet)) == 1
    assert {finding["fix"] for finding in predicted["findings"]} == set(EVERYTHING)
    assert state_of(fleet) == before
    assert not snapshots(fleet)

    seen = len(fleet.lab["cas1"].requests)
    done = play(fleet, "baseline", **EVERYTHING)
    assert done["outcome"] == "ok", done.get("msg")
    # Read; bring the file; change all and read again, which does not fit one line with every fix drifted.
    assert len(commands(fleet, seen)) <= 4
    assert [done[key] for key in ("changed", "findings", "restart_required", "reboot_required")] == [
        predicted[key] for key in ("changed", "findings", "restart_required", "reboot_required")
    ]
    (path,) = snapshots(fleet)
    assert done["snapshot"].endswith(path.name)
    assert path.stat().st_mode & 0o777 == 0o600
    content = json.loads(path.read_text())
    assert (content["schema_version"], content["host"], content["module"]) == (1, "cas1", "baseline")
    assert content["server_time"]

    seen = len(fleet.lab["cas1"].requests)
    again = play(fleet, "baseline", **EVERYTHING)
    assert again["changed"] is False
    assert len(commands(fleet, seen)) == 1

    predicted = play(fleet, "restore", "--check")
    assert predicted["changed"] is True, predicted
    undone = play(fleet, "restore")
    assert undone["outcome"] == "ok", undone.get("msg")
    assert undone["findings"] == predicted["findings"]
    assert state_of(fleet) == before
    assert {"MSExchangeSA", "MSExchangeServiceHost"} <= set(undone["restart_required"])
    assert undone["reboot_required"] is True
    assert [item.name.endswith(".restored") for item in snapshots(fleet)] == [True, False]

    nothing = play(fleet, "restore")
    assert (nothing["changed"], nothing["restored"]) == (False, [])
