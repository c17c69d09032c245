# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any set of fixes by one command, what was there before on the controller, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import StartFleet, StartModel
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
# The lines of the fix, which a domain controller does not need.
FIXED = "127.0.0.1 localhost\n#::1 localhost\n10.0.0.17 cas1\n10.0.0.17 cas1.contoso.com\n"
EVERYTHING: dict[str, dict[str, Any]] = {
    "nspi_endpoint": {},
    "ipv6_components": {},
    "ipv6_binding": {},
    "hosts_ipv4": {"state": "absent"},
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
        "hosts_file": FIXED,
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


@pytest.mark.one_core
def test_a_single_module_is_a_baseline_of_one_fix(start_model: StartModel) -> None:
    fleet = start_model("the comparison is the collection's own", {"cas1": all_roles()})
    whole = {f"{COLLECTION}.baseline": EVERYTHING}
    single = [{f"{COLLECTION}.{name}": options} for name, options in EVERYTHING.items()]
    run = fleet.play([{"hosts": "cas1", "gather_facts": False, "tasks": [whole, *single]}], "--check", "--diff")
    both = run.of("baseline")
    findings = [finding for name in EVERYTHING for finding in run.of(name)["findings"]]
    assert both["findings"] == findings
    assert both["diff"]["before"] == "".join(run.of(name)["diff"]["before"] for name in EVERYTHING)
    assert both["diff"]["after"] == "".join(run.of(name)["diff"]["after"] for name in EVERYTHING)


@pytest.mark.one_core
def test_a_fix_that_cannot_be_read_holds_back_all_of_its_task(start_model: StartModel) -> None:
    fleet = start_model("Wine denies no key", {"cas1": all_roles(denied=[SA])})
    before = state_of(fleet)
    result = play(fleet, "baseline", **EVERYTHING)
    assert result["outcome"] == "failed"
    assert "cas1: dsproxy_referral, Do Not Refer HTTP to DSProxy: the server does not let us read" in result["msg"]
    assert "Changed before this failure: nothing" in result["msg"]
    assert {finding["status"] for finding in result["findings"] if finding["fix"] == "dsproxy_referral"} == {"unknown"}
    drifted = [finding for finding in result["findings"] if finding["status"] == "drifted"]
    assert {finding["after"] == finding["before"] for finding in drifted} == {True}
    assert state_of(fleet) == before
    assert not snapshots(fleet)


@pytest.mark.one_core
def test_options_are_told_all_at_once_and_nothing_is_sent(start_model: StartModel) -> None:
    fleet = start_model("nothing is sent", {"cas1": all_roles()})
    wrong = {
        "valid_ports": {"mailbox_servers": ["not a name&"], "polling_minutes": -1},
        "nspi_endpoint": {"protocol_sequences": ["%x%"]},
        "hosts_ipv4": None,
    }
    told = play(fleet, "baseline", **wrong)["msg"]
    for name in (
        "valid_ports.mailbox_servers[0]",
        "valid_ports.polling_minutes",
        "nspi_endpoint.protocol_sequences[0]",
    ):
        assert name in told
    assert "hosts_ipv4 is nothing" in told
    assert "at least one of these is needed" in play(fleet, "baseline")["msg"]
    assert not commands(fleet)


@pytest.mark.one_core
def test_a_snapshot_that_cannot_be_written_stops_the_task_before_any_change(start_model: StartModel) -> None:
    fleet = start_model("the snapshot is the controller's", {"cas1": all_roles()})
    before = state_of(fleet)
    result = play(fleet, "baseline", snapshot_dir="/proc/nowhere", **EVERYTHING)
    assert result["outcome"] == "failed"
    assert "the controller's snapshot cannot be used" in result["msg"]
    assert "/proc/nowhere" in result["msg"]
    assert state_of(fleet) == before


@pytest.mark.one_core
def test_the_way_back_goes_to_the_task_before_to_a_file_or_to_the_first(start_model: StartModel) -> None:
    fleet = start_model("which snapshot is used is the controller's choice", {"cas1": all_roles()})
    registry = fleet.lab["cas1"].registry
    before = state_of(fleet)

    def polling() -> Any:
        return registry.get(CONFIGURATOR, "PeriodicPollingMinutes")

    options = EVERYTHING["valid_ports"]
    for minutes in (0, 30, 60):
        play(fleet, "valid_ports", **{**options, "polling_minutes": minutes})
    first, second, third = snapshots(fleet)

    previous = play(fleet, "restore", to="previous")
    assert (polling(), previous["restored"]) == (("REG_DWORD", 30), [str(third.relative_to(fleet.folder))])
    registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 99)
    by_file = play(fleet, "restore", to=str(second))
    assert polling() == ("REG_DWORD", 0)
    assert any("changed by somebody else since; it was 99" in warning for warning in by_file["warnings"])

    text_of = first.read_text()
    for damaged, told in (
        (text_of[:200], "is not a snapshot of cas1"),
        (text_of.replace('"host": "cas1"', '"host": "cas2"'), "not as it was written"),
        (text_of.replace('"schema_version": 1', '"schema_version": 9'), "schema version is 9"),
    ):
        first.write_text(damaged)
        refused = play(fleet, "restore")
        assert refused["outcome"] == "failed"
        assert told in refused["msg"]
        assert str(first.relative_to(fleet.folder)) in refused["msg"]
    first.write_text(text_of)

    undone = play(fleet, "restore")
    assert undone["outcome"] == "ok"
    assert state_of(fleet) == before
    assert len([path for path in snapshots(fleet) if path.name.endswith(".restored")]) == 3


@pytest.mark.one_core
def test_of_a_file_that_somebody_else_has_changed_only_our_lines_are_taken_out(start_model: StartModel) -> None:
    host = all_roles(hosts_file=STOCK.decode())
    del host["registry"][NTDS]
    fleet = start_model("the bytes are compared on the controller", {"cas1": host})
    files, theirs = fleet.lab["cas1"].files, b"10.9.9.9 theirs\r\n"
    play(fleet, "baseline", hosts_ipv4={}, ipv6_components={})
    files.write(HOSTS, files.read(HOSTS) + theirs)
    result = play(fleet, "restore")
    assert result["outcome"] == "ok", result["msg"]
    assert files.read(HOSTS) == STOCK + theirs
    assert fleet.lab["cas1"].registry.get(TCPIP6, "DisabledComponents") == ("REG_DWORD", 0x20)

    play(fleet, "hosts_ipv4")
    play(fleet, "hosts_ipv4", state="absent")
    files.write(HOSTS, files.read(HOSTS) + b"10.9.9.8 more\r\n")
    play(fleet, "hosts_ipv4")
    play(fleet, "hosts_ipv4", state="absent")
    assert play(fleet, "restore")["outcome"] == "ok"
    assert files.read(HOSTS) == STOCK + theirs + b"10.9.9.8 more\r\n"
