# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift and site on a small fleet, run as an operator runs them."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.integration.conftest import StartModel
from tests.integration.fleet import COLLECTION, CONFIGURATOR, REPOSITORY, RPC_PROXY, Fleet, Run
from tests.lab import Fault

DRIFT_SCHEMA = json.loads((REPOSITORY / "docs" / "schemas" / "drift.schema.json").read_text(encoding="utf-8"))
FORMS = ("html", "json", "junit.xml", "md", "prom")
DEMO = yaml.safe_load((REPOSITORY / "tests" / "lab" / "fleets" / "demo.yml").read_text(encoding="utf-8"))
# Molecule's scenario wine sees the playbooks on Wine; what the modules do there, their own tests see.
PLAYBOOK = "nothing: this is what the playbook does, whatever the servers are"
POLLING, PORTS = "valid_ports.PeriodicPollingMinutes", "valid_ports.ValidPorts"
IPV6, BINDING = "ipv6_components.DisabledComponents", "ipv6_binding.IPv6 binding"
REFER, TARGET = "dsproxy_referral.Do Not Refer HTTP to DSProxy", "dsproxy_referral.NSPI Target Server"
NSPI = "nspi_endpoint.NSPI interface protocol sequences"
LOOPBACK, OWN_NAMES = "hosts_ipv4.hosts ::1", "hosts_ipv4.hosts own names"
KERNEL_MODE = "kernel_mode_authentication.server useKernelMode"
RPC = tuple(
    f"rpc_virtual_directory.Default Web Site/Rpc {setting}"
    for setting in (
        "basicAuthentication enabled",
        "windowsAuthentication enabled",
        "anonymousAuthentication enabled",
        "access sslFlags",
    )
)
ROLES = {
    "cas": (IPV6, BINDING, LOOPBACK, OWN_NAMES, KERNEL_MODE, *RPC, POLLING, PORTS),
    "mbx": (REFER, TARGET),
    "gc": (NSPI,),
}
EVERY = [
    (host, setting)
    for prefix, settings in ROLES.items()
    for host in (f"{prefix}1", f"{prefix}2")
    for setting in settings
]
AS_DELIVERED = {
    **dict.fromkeys(EVERY, "drifted"),
    ("cas2", POLLING): "compliant",
    **{(host, BINDING): "compliant" for host in ("cas1", "cas2")},
    **{(host, setting): "not_applicable" for host in ("cas1", "cas2") for setting in (LOOPBACK, OWN_NAMES)},
    **{(host, setting): "not_managed" for host in ("cas1", "cas2") for setting in RPC},
}
NTDS = r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters"
CONSENT = ("-e", json.dumps({"outlook_anywhere_allow_reboot": True, "outlook_anywhere_allow_restart": True}))
SA_PARAMETERS = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeSA\Parameters"
TCPIP6 = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters"
WRITES = ("reg add", "reg import", "reg delete", 'findstr "^"', "del /q")


def demo_hosts() -> dict[str, Any]:
    """The demo's servers, without the servicelet, which works at times of its own."""
    hosts = copy.deepcopy({name: {**DEMO["defaults"], **host} for name, host in DEMO["hosts"].items()})
    for host in hosts.values():
        host.pop("servicelet", None)
    return hosts


def few(*names: str) -> dict[str, Any]:
    """The demo's Client Access servers, mbx1, gc1 and those named; no list names another server."""
    hosts = {name: host for name, host in demo_hosts().items() if name in ("cas1", "cas2", "mbx1", "gc1", *names)}
    mailbox = tuple(name for name in hosts if name.startswith("mbx"))
    for name in ("cas1", "cas2"):
        ports = hosts[name]["registry"][RPC_PROXY]["ValidPorts"]
        ports["data"] = ";".join(entry for entry in ports["data"].split(";") if entry.startswith(mailbox))
        hosts[name]["registry"][CONFIGURATOR]["PeriodicPollingMinutes"]["data"] = 15
    return hosts


def behind_open_gates(*names: str) -> dict[str, Any]:
    """A few servers, their Global Catalogs already as they should be, so that no gate holds the others back."""
    hosts = few(*names)
    for name in (name for name in hosts if name.startswith("gc")):
        value = {"type": "REG_MULTI_SZ", "data": ["ncacn_http:6004"]}
        hosts[name]["registry"] = {NTDS: {"NSPI interface protocol sequences": value}}
    return hosts


def report(fleet: Fleet, folder: str = "outlook_anywhere_report") -> dict[str, Any]:
    """The record of the last run: drift and site share a file, repin and rollback have their own."""
    records = [path for name in ("drift", "repin", "rollback") for path in (fleet.folder / folder).glob(f"{name}.json")]
    return json.loads(max(records, key=lambda path: path.stat().st_mtime_ns).read_text(encoding="utf-8"))


def cells(fleet: Fleet) -> dict[tuple[str, str], str]:
    return {(host["name"], name): cell for host in report(fleet)["hosts"] for name, cell in host["cells"].items()}


def shown_cells(run: Run) -> dict[tuple[str, str], str]:
    """The table on screen, read back."""
    lines = run.screen.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("HOST "))
    numbers = lines[start].split()[2:]
    names = dict(line.split(" = ", 1) for line in lines[start:] if re.match(r"\d+ = ", line))
    table = {}
    for line in lines[start + 1 :]:
        row = line.split()
        if len(row) != len(numbers) + 2 or row[1] == "=":
            break
        table |= {(row[0], names[n]): cell for n, cell in zip(numbers, row[2:], strict=True) if cell != "-"}
    return table


def written(fleet: Fleet) -> list[str]:
    return [
        line
        for host in fleet.lab.hosts.values()
        for request in host.requests
        if (line := request.command_line or "") and any(word in line for word in WRITES)
    ]


# Without affinity at the load balancer the whole split-connection fix is wanted.
SPLIT = ("-e", "outlook_anywhere_affinity=none")


def give(fleet: Fleet, group: str, **variables: Any) -> None:
    """Set variables of a group of the inventory."""
    inventory = yaml.safe_load(fleet.inventory.read_text(encoding="utf-8"))
    inventory["all"]["children"][group]["vars"] = variables
    fleet.inventory.write_text(yaml.safe_dump(inventory), encoding="utf-8")


def drift(fleet: Fleet, *arguments: str) -> Run:
    return fleet.play(f"{COLLECTION}.drift", *SPLIT, *arguments)


def site(fleet: Fleet, *arguments: str) -> Run:
    return fleet.play(f"{COLLECTION}.site", *SPLIT, "-e", "outlook_anywhere_settle_minutes=0", *arguments)


def test_drift_site_drift(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, demo_hosts())
    first = drift(fleet)
    assert first.exit_code == 2, first.screen
    assert cells(fleet) == AS_DELIVERED
    assert shown_cells(first) == cells(fleet)
    assert report(fleet)["clean"] is False
    jsonschema.Draft202012Validator(DRIFT_SCHEMA).validate(report(fleet))
    folder = fleet.folder / "outlook_anywhere_report"
    assert {path.name for path in folder.iterdir()} == {f"drift.{form}" for form in FORMS}
    assert f"report: {folder / 'drift.html'}" in first.screen
    assert {host["name"]: host["state"] for host in report(fleet)["hosts"]} == dict.fromkeys(DEMO["hosts"], "read")
    assert "missing: gc1:6004" in first.screen
    assert not written(fleet)

    mended = site(fleet, *CONSENT)
    assert mended.exit_code == 0, mended.screen
    assert shown_cells(mended) == cells(fleet)
    assert mended.screen.count("PLAY [Converge the Client Access servers]") == 2, "one at a time"
    assert cells(fleet) == {key: cell.replace("drifted", "corrected") for key, cell in AS_DELIVERED.items()}
    for name in ("cas1", "cas2"):
        found = fleet.lab[name].registry.get(RPC_PROXY, "ValidPorts")
        assert found is not None
        assert str(found[1]).endswith("gc1:6004;gc1.contoso.com:6004;gc2:6004;gc2.contoso.com:6004")

    last = drift(fleet)
    assert last.exit_code == 0, last.screen
    assert cells(fleet) == {key: cell.replace("drifted", "compliant") for key, cell in AS_DELIVERED.items()}
    assert shown_cells(last) == cells(fleet)


@pytest.mark.one_core
def test_one_changed_value_changes_exactly_its_cell(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, behind_open_gates())
    assert site(fleet).exit_code == 0
    assert drift(fleet).exit_code == 0
    before = cells(fleet)
    fleet.lab["cas2"].registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 30)
    run = drift(fleet)
    assert run.exit_code == 2
    assert cells(fleet) == {**before, ("cas2", POLLING): "drifted"}
    assert shown_cells(run) == cells(fleet)


def test_drift_writes_nothing_whatever_the_command_line_says(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, few())
    for arguments in (("--check", "--diff"), ("--diff", "-e", "ansible_check_mode=false")):
        assert drift(fleet, *arguments).exit_code == 2
    assert not written(fleet)


def test_the_report_is_written_even_when_every_server_is_unreachable(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, demo_hosts())
    for host in fleet.lab.hosts.values():
        host.faults.append(Fault("cut_before", "create", times=0))
    for playbook in (drift, site):
        run = playbook(fleet)
        assert run.exit_code == 2, run.screen
        assert {host["state"] for host in report(fleet)["hosts"]} == {"unreachable"}
        assert cells(fleet) == dict.fromkeys(EVERY, "unknown")
        assert shown_cells(run) == cells(fleet)
        (fleet.folder / "outlook_anywhere_report" / "drift.json").unlink()


@pytest.mark.one_core
def test_one_unreachable_client_access_server_does_not_hide_the_other(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, behind_open_gates())
    fleet.lab["cas1"].faults.append(Fault("cut_before", "create", times=0))
    run = site(fleet)
    assert run.exit_code == 2
    assert {cells(fleet)["cas1", setting] for setting in ROLES["cas"]} == {"unknown"}
    assert "cas1 could not be read" in report(fleet)["stopped"][0]
    assert (cells(fleet)["cas2", IPV6], cells(fleet)["cas2", PORTS]) == ("corrected", "drifted")


@pytest.mark.one_core
def test_an_unread_name_stops_the_client_access_servers_and_says_how_to_go_on(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, behind_open_gates())
    fleet.lab["mbx1"].faults.append(Fault("cut_before", "create", times=0))
    run = site(fleet)
    assert run.exit_code == 2
    assert "the FQDN of mbx1 is not known" in run.screen
    assert "outlook_anywhere_fqdn" in run.screen
    assert {cells(fleet)[host, setting] for host in ("cas1", "cas2") for setting in (POLLING, PORTS)} == {"unknown"}
    ports = [fleet.lab[host].registry.get(RPC_PROXY, "ValidPorts") for host in ("cas1", "cas2")]
    again = site(fleet, "-e", json.dumps({"outlook_anywhere_fqdn": ""}), "--limit", "cas1")
    assert again.exit_code == 2
    assert ports == [fleet.lab[host].registry.get(RPC_PROXY, "ValidPorts") for host in ("cas1", "cas2")]


def test_a_limited_run_is_reported_too(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, behind_open_gates())
    run = site(fleet, "--limit", "cas2", "-e", "outlook_anywhere_fleet_size=4")
    assert run.exit_code == 0, run.screen
    assert [host["name"] for host in report(fleet)["hosts"]] == ["cas2"]
    assert cells(fleet)["cas2", PORTS] == "corrected"
    others = sorted(set(fleet.lab.hosts) - {"cas2"})
    assert {**report(fleet)["run"], "outside": sorted(report(fleet)["run"]["outside"])} == {
        "playbook": "site",
        "whole": False,
        "parts": ["global_catalog", "client_access", "pin", "mailbox"],
        "outside": others,
    }
    assert "drift.prom is left as it was: drift and site of the whole fleet write it" in run.screen
    assert f"this was site of 1 of {1 + len(others)} servers" in run.screen
    assert not (fleet.folder / "outlook_anywhere_report" / "drift.prom").exists()
    assert drift(fleet, "--limit", "cas1").exit_code == 2
    assert [host["name"] for host in report(fleet)["hosts"]] == ["cas1"]


def test_a_slice_of_the_fleet_is_not_taken_for_the_whole(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, {name: host for name, host in behind_open_gates().items() if name != "mbx1"})
    # What a group gives that the first server is not in counts too.
    give(fleet, "global_catalog", outlook_anywhere_fleet_size=4)
    run = site(fleet, *CONSENT)
    assert run.exit_code == 2, run.screen
    said = " ".join(run.screen.split())
    assert "outlook_anywhere_fleet_size expects 4. Nothing was read and nothing was changed" in said
    assert not any(host.requests for host in fleet.lab.hosts.values())
    assert not (fleet.folder / "outlook_anywhere_report").exists()


@pytest.mark.one_core
@pytest.mark.parametrize("name", ["diagnose", "drift", "repin", "rollback", "site"])
def test_each_playbook_that_judges_the_fleet_reads_all_of_it_first(name: str) -> None:
    first = yaml.safe_load((REPOSITORY / "playbooks" / f"{name}.yml").read_text(encoding="utf-8"))[0]
    assert first["tasks"][0]["ansible.builtin.import_tasks"] == "tasks/read.yml"
    assert "pre_tasks" not in first
    assert "roles" not in first


def test_how_long_a_command_may_take_is_a_variable_of_the_inventory(start_model: StartModel) -> None:
    hosts = behind_open_gates()
    hosts["cas1"]["vars"] = {**hosts["cas1"].get("vars", {}), "outlook_anywhere_command_timeout": 7}
    fleet = start_model(PLAYBOOK, hosts)
    fleet.lab["cas1"].faults.append(Fault("hang", "command"))
    run = drift(fleet)
    assert run.exit_code == 2, run.screen
    assert "did not end within 7 seconds" in " ".join(run.screen.split())
    assert [host["name"] for host in report(fleet)["hosts"] if host["state"] == "failed"] == ["cas1"]


@pytest.mark.one_core
@pytest.mark.parametrize("path", sorted((REPOSITORY / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_no_play_keeps_to_a_command_timeout_of_its_own(path: Path) -> None:
    plays = yaml.safe_load(path.read_text(encoding="utf-8"))
    given = {"command_timeout": "{{ outlook_anywhere_command_timeout | default(120, true) }}"}
    assert [play["module_defaults"] for play in plays] == [{f"group/{COLLECTION}.all": given}] * len(plays)


@pytest.mark.one_core
def test_no_task_keeps_to_a_command_timeout_of_its_own() -> None:
    files = [path for folder in ("playbooks/tasks", "roles") for path in (REPOSITORY / folder).rglob("*.yml")]
    assert len(files) > 30
    own = {path.name for path in files if "command_timeout" in path.read_text(encoding="utf-8")}
    assert own == {"rpcping.yml"}, "which asks another server than its play"


def test_a_changed_server_that_cannot_be_read_at_the_end_leaves_no_clean_run(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, behind_open_gates())
    gone = {"ansible.builtin.set_fact": {"ansible_port": 9}, "when": "outlook_anywhere_part == 'pin'"}
    (fleet.folder / "after.yml").write_text(json.dumps([gone]), encoding="utf-8")
    run = site(fleet, "--limit", "cas2", "-e", "outlook_anywhere_after_server_tasks=after.yml")
    assert run.exit_code == 2, run.screen
    (host,) = report(fleet)["hosts"]
    assert (host["state"], set(host["cells"].values()) & {"drifted", "unknown"}) == ("unreachable", set())
    assert report(fleet)["why_not_clean"] == ["1 unreachable"]


@pytest.mark.one_core
def test_names_come_from_the_inventory_the_servers_and_the_variables(start_model: StartModel) -> None:
    hosts = behind_open_gates("mbx2")
    hosts["mbx1"]["vars"] = {"outlook_anywhere_fqdn": "given.contoso.com", "outlook_anywhere_netbios": "GIVEN-NB"}
    hosts["dotted.contoso.com"] = hosts.pop("mbx2")
    fleet = start_model(PLAYBOOK, hosts)
    variables = {
        "outlook_anywhere_mailbox_names": ["clustered.contoso.com"],
        "outlook_anywhere_global_catalog_names": [{"fqdn": "far.contoso.com", "netbios": "FAR-NB"}],
        "outlook_anywhere_allow_removal": "ALL",
    }
    attested = {"all": {"hosts": {"far.contoso.com": {"outlook_anywhere_attested_6004": True}}}}
    (fleet.folder / "attested.yml").write_text(json.dumps(attested), encoding="utf-8")
    run = site(fleet, "-e", json.dumps(variables), "-i", "attested.yml")
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
        "FAR-NB:6004",
        "far.contoso.com:6004",
    ]


@pytest.mark.one_core
def test_a_server_that_nobody_knows_stops_its_client_access_server_until_its_removal_is_allowed(
    start_model: StartModel,
) -> None:
    hosts = behind_open_gates()
    ports = hosts["cas1"]["registry"][RPC_PROXY]["ValidPorts"]
    ports["data"] += ";old:6001-6002;old.contoso.com:6004"
    fleet = start_model(PLAYBOOK, hosts)
    stopped = site(fleet)
    assert stopped.exit_code == 2
    assert "old:6001-6002, old.contoso.com:6004" in stopped.screen
    assert cells(fleet)["cas1", PORTS] == "drifted"
    assert cells(fleet)["cas2", PORTS] == "corrected"
    assert {host["name"]: host["state"] for host in report(fleet)["hosts"]}["cas1"] == "failed"
    for allowed in (["old.contoso.com"], "all", ["all"]):
        fleet.lab["cas1"].registry.set(RPC_PROXY, "ValidPorts", "REG_SZ", ports["data"])
        run = site(fleet, "--limit", "cas1", "-e", json.dumps({"outlook_anywhere_allow_removal": allowed}))
        assert run.exit_code == 0, run.screen
        found = fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts")
        assert "old" not in str(found)


@pytest.mark.one_core
def test_the_report_folder_can_be_chosen(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, {"mbx1": demo_hosts()["mbx1"]})
    drift(fleet, "-e", "outlook_anywhere_report_dir=deep/er")
    assert report(fleet, "deep/er")["schema_version"] == 1
    assert not Path(fleet.folder, "outlook_anywhere_report").exists()


def test_a_folder_that_only_the_groups_give_is_that_of_every_report(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, few())
    for group in ("client_access", "mailbox", "global_catalog"):
        give(fleet, group, outlook_anywhere_report_dir=str(fleet.folder / "theirs"))
    for playbook in ("preflight", "diagnose", "drift", "site"):
        fleet.play(f"{COLLECTION}.{playbook}", *SPLIT)
    assert {path.name for path in (fleet.folder / "theirs").iterdir()} >= {
        "diagnosis.json",
        "drift.json",
        "preflight.json",
    }
    assert not (fleet.folder / "outlook_anywhere_report").exists()


def test_an_inventory_without_our_groups_is_not_called_clean(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, {"mbx1": demo_hosts()["mbx1"]})
    fleet.inventory.write_text("all: {hosts: {somebody: {}}}\n", encoding="utf-8")
    for playbook in (drift, site):
        run = playbook(fleet)
        assert run.exit_code == 2, run.screen
        assert "nothing was compared" in run.screen
        # Its zeros would clear every alert.
        assert not (fleet.folder / "outlook_anywhere_report" / "drift.prom").exists()


@pytest.mark.one_core
def test_a_compliant_server_costs_one_shell_and_one_command_a_task(start_model: StartModel) -> None:
    fleet = start_model("nothing: these are requests of ours", behind_open_gates())
    site(fleet)
    for host in fleet.lab.hosts.values():
        host.clear_requests()
    drift(fleet)
    for name, host in fleet.lab.hosts.items():
        operations = [request.operation for request in host.requests if request.operation not in ("receive", "auth")]
        tasks = 1 + (2 if name.startswith("cas") else 1)
        assert operations == ["create", "command", "signal", "delete"] * tasks


@pytest.mark.one_core
def test_without_affinity_set_the_split_connection_settings_are_not_managed(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, few())
    for affinity in ((), ("-e", "outlook_anywhere_affinity=source_ip")):
        run = fleet.play(f"{COLLECTION}.site", *affinity)
        assert run.exit_code == 0, run.screen
        split = {key: cell for key, cell in cells(fleet).items() if key[1] in (POLLING, PORTS, REFER, TARGET, NSPI)}
        assert len(split) == 7
        assert set(split.values()) == {"not_managed"}
    assert fleet.lab["cas1"].registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15)


@pytest.mark.one_core
def test_half_of_the_split_connection_fix_is_drift_under_any_affinity(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, few())
    fleet.lab["mbx1"].registry.set(SA_PARAMETERS, "NSPI Target Server", "REG_SZ", "gc1.contoso.com")
    fleet.lab["cas1"].registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 0)
    for affinity in ((), ("-e", "outlook_anywhere_affinity=source_ip")):
        run = fleet.play(f"{COLLECTION}.drift", *affinity)
        assert run.exit_code == 2
        assert cells(fleet)["mbx1", TARGET] == "drifted"
        assert cells(fleet)["cas1", POLLING] == "drifted"
        assert "half applied" in run.screen


@pytest.mark.one_core
def test_ipv6_stays_on_where_no_mailbox_server_needs_it_off(start_model: StartModel) -> None:
    hosts = behind_open_gates()
    hosts["mbx1"]["exchange"] = demo_hosts()["mbx2"]["exchange"]
    hosts["cas2"]["registry"][TCPIP6] = {"DisabledComponents": {"type": "REG_DWORD", "data": 0xFF}}
    fleet = start_model(PLAYBOOK, hosts)
    run = site(fleet)
    assert run.exit_code == 0, run.screen
    assert cells(fleet)["cas1", IPV6] == "not_applicable"
    assert cells(fleet)["cas2", IPV6] == "compliant"
    (finding,) = [item for item in report(fleet)["hosts"][0]["findings"] if item["fix"] == "ipv6_components"]
    assert "8.1.311.3" in finding["reason"]
    assert fleet.lab["cas1"].registry.get(TCPIP6, "DisabledComponents") is None


@pytest.mark.one_core
def test_a_mailbox_server_that_cannot_be_read_counts_as_one_that_needs_the_fix(start_model: StartModel) -> None:
    hosts = few("mbx2")
    hosts["mbx1"]["exchange"] = copy.deepcopy(hosts["mbx2"]["exchange"])
    for name in ("mbx1", "mbx2", "gc1"):
        hosts[name]["vars"] = {"outlook_anywhere_fqdn": f"{name}.contoso.com"}
    fleet = start_model(PLAYBOOK, hosts)
    fleet.lab["mbx2"].faults.append(Fault("cut_before", "create", times=0))
    run = drift(fleet)
    assert cells(fleet)["cas1", IPV6] == "drifted"
    assert "warning: cas1: not read, and taken for Mailbox servers that need it: mbx2" in run.screen


@pytest.mark.one_core
def test_what_a_restart_or_reboot_must_still_prove_is_pending_until_it_has(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, behind_open_gates("mbx2"))
    site(fleet)

    def due() -> dict[str, tuple[list[str], bool]]:
        return {host["name"]: (host["restart_required"], host["reboot_required"]) for host in report(fleet)["hosts"]}

    def effective(name: str) -> set[str]:
        (host,) = [item for item in report(fleet)["hosts"] if item["name"] == name]
        proved = ("ipv6_components", "kernel_mode_authentication", "dsproxy_referral", "nspi_endpoint")
        return {item["effective"] for item in host["findings"] if item["fix"] in proved}

    assert drift(fleet).exit_code == 0
    assert due() == {
        **dict.fromkeys(("cas1", "cas2"), (["W3SVC"], True)),
        "gc1": ([], False),
        **dict.fromkeys(("mbx1", "mbx2"), (["MSExchangeSA"], False)),
    }
    assert [effective(name) for name in ("cas1", "mbx1", "gc1")] == [{"no", "unknown"}, {"no"}, {"yes"}]
    fleet.lab["cas1"].state.reboot()
    fleet.lab["mbx1"].state.restart_service("MSExchangeSA")
    assert drift(fleet).exit_code == 0
    assert due() == {
        **dict.fromkeys(("cas1", "gc1", "mbx1"), ([], False)),
        "cas2": (["W3SVC"], True),
        "mbx2": (["MSExchangeSA"], False),
    }
    assert [effective(name) for name in ("cas1", "mbx1", "gc1")] == [{"yes"}] * 3


@pytest.mark.one_core
def test_servers_to_which_not_everything_applies_are_told_so(start_model: StartModel) -> None:
    hosts = behind_open_gates()
    hosts["mbx1"]["cluster"] = True
    hosts["cas1"]["exchange_2010"] = True
    fleet = start_model(PLAYBOOK, hosts)
    run = drift(fleet)
    assert "mbx1: it is a cluster node" in run.screen
    assert "cas1: Exchange 2010 or later is installed" in run.screen
    assert {cells(fleet)["cas1", setting] for setting in (POLLING, PORTS, IPV6, KERNEL_MODE)} == {"not_applicable"}
    assert site(fleet).exit_code == 2
    assert "cas1 polls (every 15 minutes)" in report(fleet)["stopped"][0]
    assert fleet.lab["cas1"].registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15)


@pytest.mark.one_core
def test_windows_server_2003_is_read_and_told_what_does_not_apply(start_model: StartModel) -> None:
    hosts = behind_open_gates()
    hosts["cas1"]["windows"] = "2003"
    fleet = start_model("reg.exe of Windows Server 2003", hosts)
    run = drift(fleet)
    assert "cas1: it runs Windows Server 2003" in run.screen
    assert cells(fleet)["cas1", IPV6] == "not_applicable"
    assert cells(fleet)["cas1", PORTS] == "drifted"
    assert site(fleet).exit_code == 0


@pytest.mark.one_core
def test_each_fix_can_be_switched_off_and_the_role_passes_its_options_on(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, behind_open_gates())
    options = {
        "client_access_manage_ipv6": False,
        "client_access_manage_hosts_file": False,
        "client_access_manage_kernel_mode": False,
        "client_access_manage_rpc_virtual_directory": False,
        "mailbox_manage_dsproxy_referral": False,
        "global_catalog_manage_nspi_endpoint": False,
        "client_access_extra_entries": ["proxy.contoso.com:593"],
        "client_access_polling_minutes": 15,
    }
    run = site(fleet, "-e", json.dumps(options))
    assert run.exit_code == 0, run.screen
    assert [gate["gate"] for gate in report(fleet)["gates"]] == ["all_can_be_read", "global_catalogs"]
    assert set(cells(fleet)) == {(host, setting) for host in ("cas1", "cas2") for setting in (POLLING, PORTS)}
    found = fleet.lab["cas2"].registry.get(RPC_PROXY, "ValidPorts")
    assert str(found).endswith("proxy.contoso.com:593')")
    assert fleet.lab["cas2"].registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15)


@pytest.mark.parametrize(
    "variables",
    [
        {"outlook_anywhere_mailbox_names": "mbx9.contoso.com"},
        {"client_access_manage_valid_ports": "perhaps"},
        {"client_access_polling_minutes": "never"},
        {"client_access_extra_entries": {"a": 1}},
        {"outlook_anywhere_affinity": "sslid"},
    ],
)
def test_a_variable_that_does_not_fit_is_never_called_clean(start_model: StartModel, variables: dict[str, Any]) -> None:
    fleet = start_model(PLAYBOOK, {name: demo_hosts()[name] for name in ("cas1", "cas2")})
    for playbook in (site, drift):
        run = playbook(fleet, "-e", json.dumps(variables))
        assert run.exit_code == 2, run.screen
        states = {host["name"]: host["state"] for host in report(fleet)["hosts"]}
        assert (states["cas1"], states["cas2"]) == ("failed", "failed")


def test_the_report_survives_a_host_whose_connection_cannot_even_be_made(start_model: StartModel) -> None:
    hosts = few()
    hosts["cas1"]["vars"] = {"ansible_password": "{{ nobody_defined_this }}"}
    fleet = start_model(PLAYBOOK, hosts)
    run = drift(fleet)
    assert run.exit_code == 2
    states = {host["name"]: host["state"] for host in report(fleet)["hosts"]}
    assert states["cas1"] == "failed"
    assert states["cas2"] == "read"
    assert "HOST" in run.screen


@pytest.mark.one_core
def test_a_report_that_cannot_be_written_is_shown_all_the_same(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, {name: demo_hosts()[name] for name in ("mbx1", "gc1")})
    run = drift(fleet, "-e", f"outlook_anywhere_report_dir={fleet.inventory}/below-a-file")
    assert run.exit_code == 2
    assert shown_cells(run) == {key: cell for key, cell in AS_DELIVERED.items() if key[0] in fleet.lab.hosts}
    result = run.of("drift_report", "localhost")
    assert result["failure"]["setting"] == "report_dir"
    assert "outlook_anywhere_report_dir" in result["failure"]["next_step"]


def test_tags_do_not_leave_the_report_out(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, few())
    assert drift(fleet, "--tags", "nothing-has-this-tag").exit_code == 2
    assert {host["state"] for host in report(fleet)["hosts"]} == {"failed"}


def test_no_result_holds_anything_but_plain_data_and_no_secret(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, few())
    run = site(fleet, "-vvvvvv")
    ours = [record for record in run.records if record["action"].startswith(COLLECTION)]
    assert {kind for record in ours for kind in record["types"]} <= {
        *("str", "int", "bool", "NoneType", "dict", "list", "float"),
        # What ansible-core 2.18 makes of every text that a task returns.
        *("AnsibleUnicode", "AnsibleUnsafeText"),
    }
    for host in fleet.lab.hosts.values():
        assert host.password not in run.screen
