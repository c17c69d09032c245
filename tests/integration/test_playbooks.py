# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift and site on a fleet of two servers of each role, run as an operator runs them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.conftest import StartFleet
from tests.integration.fleet import COLLECTION, CONFIGURATOR, REPOSITORY, RPC_PROXY, Fleet, Run
from tests.lab import Fault

DEMO = yaml.safe_load((REPOSITORY / "tests" / "lab" / "fleets" / "demo.yml").read_text(encoding="utf-8"))
POLLING, PORTS = "valid_ports.PeriodicPollingMinutes", "valid_ports.ValidPorts"
WRITES = ("reg add", "reg import", "reg delete", "findstr", "del /q")


def demo_hosts(servicelet: bool = False) -> dict[str, Any]:
    hosts = copy.deepcopy({name: {**DEMO["defaults"], **host} for name, host in DEMO["hosts"].items()})
    if not servicelet:
        for host in hosts.values():
            host.pop("servicelet", None)
    return hosts


def report(fleet: Fleet, folder: str = "outlook_anywhere_report") -> dict[str, Any]:
    return json.loads((fleet.folder / folder / "drift.json").read_text(encoding="utf-8"))


def cells(fleet: Fleet) -> dict[tuple[str, str], str]:
    return {(host["name"], name): cell for host in report(fleet)["hosts"] for name, cell in host["cells"].items()}


def shown_cells(run: Run) -> dict[tuple[str, str], str]:
    """The table on screen, read back."""
    lines = run.screen.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("HOST "))
    header = lines[start].split()
    rows = [line.split() for line in lines[start + 1 :]]
    table = {}
    for row in rows:
        if len(row) != len(header):
            break
        table |= {(row[0], name): cell for name, cell in zip(header[2:], row[2:], strict=True) if cell != "-"}
    return table


def written(fleet: Fleet) -> list[str]:
    return [
        line
        for host in fleet.lab.hosts.values()
        for request in host.requests
        if (line := request.command_line or "") and any(word in line for word in WRITES)
    ]


def drift(fleet: Fleet, *arguments: str) -> Run:
    return fleet.play(f"{COLLECTION}.drift", *arguments)


def site(fleet: Fleet, *arguments: str) -> Run:
    return fleet.play(f"{COLLECTION}.site", *arguments)


def test_drift_site_drift(start: StartFleet) -> None:
    fleet = start(demo_hosts())
    first = drift(fleet)
    assert first.exit_code == 2, first.screen
    assert cells(fleet) == {
        ("cas1", POLLING): "drifted",
        ("cas1", PORTS): "drifted",
        ("cas2", POLLING): "compliant",
        ("cas2", PORTS): "drifted",
    }
    assert shown_cells(first) == cells(fleet)
    assert report(fleet)["clean"] is False
    assert {host["name"]: host["state"] for host in report(fleet)["hosts"]} == dict.fromkeys(DEMO["hosts"], "read")
    assert "missing: gc1:6004" in first.screen
    assert not written(fleet)

    mended = site(fleet)
    assert mended.exit_code == 0, mended.screen
    assert shown_cells(mended) == cells(fleet)
    assert cells(fleet)["cas1", PORTS] == "corrected"
    for name in ("cas1", "cas2"):
        found = fleet.lab[name].registry.get(RPC_PROXY, "ValidPorts")
        assert found is not None
        assert str(found[1]).endswith("gc1:6004;gc1.contoso.com:6004;gc2:6004;gc2.contoso.com:6004")

    last = drift(fleet)
    assert last.exit_code == 0, last.screen
    assert set(cells(fleet).values()) == {"compliant"}
    assert shown_cells(last) == cells(fleet)


def test_one_changed_value_changes_exactly_its_cell(start: StartFleet) -> None:
    fleet = start(demo_hosts())
    assert site(fleet).exit_code == 0
    assert drift(fleet).exit_code == 0
    before = cells(fleet)
    fleet.lab["cas2"].registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 30)
    run = drift(fleet)
    assert run.exit_code == 2
    assert cells(fleet) == {**before, ("cas2", POLLING): "drifted"}
    assert shown_cells(run) == cells(fleet)


def test_drift_writes_nothing_whatever_the_command_line_says(start_on: StartFleet) -> None:
    fleet = start_on("model", demo_hosts(servicelet=True))
    for arguments in ((), ("--check",), ("--diff",), ("-e", "ansible_check_mode=false")):
        assert drift(fleet, *arguments).exit_code == 2
    assert not written(fleet)


def test_site_in_check_mode_predicts_and_writes_nothing(start_on: StartFleet) -> None:
    fleet = start_on("model", demo_hosts(servicelet=True))
    run = site(fleet, "--check")
    assert run.exit_code == 2
    assert cells(fleet)["cas1", PORTS] == "drifted"
    assert not written(fleet)


def test_the_report_is_written_even_when_every_server_is_unreachable(start_on: StartFleet) -> None:
    fleet = start_on("model", demo_hosts())
    for host in fleet.lab.hosts.values():
        host.faults.append(Fault("cut_before", "create", times=0))
    for playbook in (drift, site):
        run = playbook(fleet)
        assert run.exit_code == 2, run.screen
        assert {host["state"] for host in report(fleet)["hosts"]} == {"unreachable"}
        assert cells(fleet) == dict.fromkeys(
            [(host, setting) for host in ("cas1", "cas2") for setting in (POLLING, PORTS)], "unknown"
        )
        assert shown_cells(run) == cells(fleet)
        (fleet.folder / "outlook_anywhere_report" / "drift.json").unlink()


def test_one_unreachable_client_access_server_does_not_hide_the_other(start_on: StartFleet) -> None:
    fleet = start_on("model", demo_hosts())
    fleet.lab["cas1"].faults.append(Fault("cut_before", "create", times=0))
    run = site(fleet)
    assert run.exit_code == 2
    assert cells(fleet) == {
        ("cas1", POLLING): "unknown",
        ("cas1", PORTS): "unknown",
        ("cas2", POLLING): "compliant",
        ("cas2", PORTS): "corrected",
    }


def test_an_unread_name_stops_the_client_access_servers_and_says_how_to_go_on(start_on: StartFleet) -> None:
    fleet = start_on("model", demo_hosts())
    fleet.lab["mbx2"].faults.append(Fault("cut_before", "create", times=0))
    run = site(fleet)
    assert run.exit_code == 2
    assert "the FQDN of mbx2 is not known" in run.screen
    assert "outlook_anywhere_fqdn" in run.screen
    assert set(cells(fleet).values()) == {"unknown"}
    assert not written(fleet)
    again = site(fleet, "-e", json.dumps({"outlook_anywhere_fqdn": ""}), "--limit", "cas1")
    assert again.exit_code == 2
    assert not written(fleet)


def test_a_limited_run_is_reported_too(start_on: StartFleet) -> None:
    hosts = demo_hosts()
    for name, host in hosts.items():
        host["vars"] = {"outlook_anywhere_fqdn": f"{name}.contoso.com"}
    fleet = start_on("model", hosts)
    run = site(fleet, "--limit", "cas2")
    assert run.exit_code == 0, run.screen
    assert [host["name"] for host in report(fleet)["hosts"]] == ["cas2"]
    assert cells(fleet)["cas2", PORTS] == "corrected"
    assert drift(fleet, "--limit", "cas1").exit_code == 2
    assert [host["name"] for host in report(fleet)["hosts"]] == ["cas1"]


def test_names_come_from_the_inventory_the_servers_and_the_variables(start_on: StartFleet) -> None:
    hosts = demo_hosts()
    hosts["mbx1"]["vars"] = {"outlook_anywhere_fqdn": "given.contoso.com", "outlook_anywhere_netbios": "GIVEN-NB"}
    hosts["dotted.contoso.com"] = hosts.pop("mbx2")
    fleet = start_on("model", hosts)
    variables = {
        "outlook_anywhere_mailbox_names": ["clustered.contoso.com"],
        "outlook_anywhere_global_catalog_names": [{"fqdn": "far.contoso.com", "netbios": "FAR-NB"}],
        "outlook_anywhere_allow_removal": "all",
    }
    run = site(fleet, "-e", json.dumps(variables))
    assert run.exit_code == 0, run.screen
    found = fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts")
    assert found is not None
    assert [entry for entry in str(found[1]).split(";") if entry.endswith("6004")] == [
        "GIVEN-NB:6004",
        "given.contoso.com:6004",
        "dotted:6004",
        "dotted.contoso.com:6004",
        "clustered:6004",
        "clustered.contoso.com:6004",
        "gc1:6004",
        "gc1.contoso.com:6004",
        "gc2:6004",
        "gc2.contoso.com:6004",
        "FAR-NB:6004",
        "far.contoso.com:6004",
    ]


@pytest.mark.parametrize("allowed", [["old.contoso.com"], "all", ["all"]])
def test_a_server_that_nobody_knows_stops_its_client_access_server_until_its_removal_is_allowed(
    start_on: StartFleet, allowed: Any
) -> None:
    hosts = demo_hosts()
    ports = hosts["cas1"]["registry"][RPC_PROXY]["ValidPorts"]
    hosts["cas1"]["registry"][RPC_PROXY]["ValidPorts"] = {
        "type": "REG_SZ",
        "data": ports["data"] + ";old:6001-6002;old.contoso.com:6004",
    }
    fleet = start_on("model", hosts)
    stopped = site(fleet)
    assert stopped.exit_code == 2
    assert "old:6001-6002, old.contoso.com:6004" in stopped.screen
    assert cells(fleet)["cas1", PORTS] == "drifted"
    assert cells(fleet)["cas2", PORTS] == "corrected"
    assert {host["name"]: host["state"] for host in report(fleet)["hosts"]}["cas1"] == "failed"
    assert site(fleet, "-e", json.dumps({"outlook_anywhere_allow_removal": allowed})).exit_code == 0
    found = fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts")
    assert "old" not in str(found)


def test_the_report_folder_can_be_chosen(start_on: StartFleet) -> None:
    fleet = start_on("model", demo_hosts())
    drift(fleet, "-e", "outlook_anywhere_report_dir=deep/er")
    assert report(fleet, "deep/er")["schema_version"] == 1
    assert not Path(fleet.folder, "outlook_anywhere_report").exists()


def test_an_inventory_without_our_groups_is_not_called_clean(start_on: StartFleet) -> None:
    fleet = start_on("model", demo_hosts())
    fleet.inventory.write_text("all: {hosts: {somebody: {}}}\n", encoding="utf-8")
    for playbook in (drift, site):
        run = playbook(fleet)
        assert run.exit_code == 2, run.screen
        assert "no server was looked at" in run.screen


def test_a_compliant_server_costs_one_shell_and_one_command_a_task(start: StartFleet) -> None:
    fleet = start(demo_hosts())
    site(fleet)
    for host in fleet.lab.hosts.values():
        host.clear_requests()
    drift(fleet)
    for name, host in fleet.lab.hosts.items():
        operations = [request.operation for request in host.requests if request.operation not in ("receive", "auth")]
        tasks = 2 if name.startswith("cas") else 1
        assert operations == ["create", "command", "signal", "delete"] * tasks
