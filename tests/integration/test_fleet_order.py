# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site on a live fleet: the order of its parts, what each gate asks, and that no server is left worse than it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import StartFleet, StartModel
from tests.integration.fleet import COLLECTION, CONFIGURATOR, RPC_PROXY, Fleet, Run
from tests.integration.test_playbooks import (
    POLLING,
    PORTS,
    REFER,
    SA_PARAMETERS,
    TCPIP6,
    cells,
    demo_hosts,
    drift,
    few,
    report,
    written,
)
from tests.lab import Fault

NTDS = r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters"
REFERRAL = "Do Not Refer HTTP to DSProxy"
CONSENT = ("-e", json.dumps({"outlook_anywhere_allow_reboot": True, "outlook_anywhere_allow_restart": True}))
SETTLED = ("-e", "outlook_anywhere_settle_minutes=0")
QUICK = ("-e", json.dumps({"outlook_anywhere_check_seconds": 2, "outlook_anywhere_reboot_timeout": 20}))
SPLIT = ("-e", "outlook_anywhere_affinity=none")
MODEL = "the model's hooks, and its clock for everything"
# test_drift_site_drift takes the same way on Wine; here it is Ansible that is looked at.
ORDER = "nothing: the order of the parts is Ansible's, whatever the servers are"


def site(fleet: Fleet, *arguments: str) -> Run:
    return fleet.play(f"{COLLECTION}.site", *SPLIT, *SETTLED, *QUICK, *arguments)


def pinned(fleet: Fleet, name: str = "cas1") -> bool:
    ports = fleet.lab[name].registry.get(RPC_PROXY, "ValidPorts")
    polling = fleet.lab[name].registry.get(CONFIGURATOR, "PeriodicPollingMinutes")
    return polling == ("REG_DWORD", 0) and "gc1.contoso.com:6004" in str(ports)


def machine(fleet: Fleet, name: str) -> Any:
    backend: Any = fleet.lab[name].backend
    return backend.machine


def refers(fleet: Fleet, name: str = "mbx1") -> bool:
    return fleet.lab[name].registry.get(SA_PARAMETERS, REFERRAL) is None


def listens(fleet: Fleet, name: str) -> bool:
    return ("ipv4", "lsass.exe") in fleet.lab[name].state.listening(6004)


def finding(fleet: Fleet, host: str, setting: str) -> dict[str, Any]:
    (entry,) = [item for item in report(fleet)["hosts"] if item["name"] == host]
    (found,) = [item for item in entry["findings"] if f"{item['fix']}.{item['setting']}" == setting]
    return found


def gate(fleet: Fleet, name: str) -> dict[str, Any]:
    (found,) = [item for item in report(fleet)["gates"] if item["gate"] == name]
    return dict(found)


def opened(fleet: Fleet) -> dict[str, bool]:
    return {item["gate"]: item["open"] for item in report(fleet)["gates"]}


def ready(fleet: Fleet) -> None:
    """The Global Catalogs as they are when their part is done."""
    for name in (name for name in fleet.lab.hosts if name.startswith("gc")):
        registry = fleet.lab[name].registry
        registry.set(NTDS, "NSPI interface protocol sequences", "REG_MULTI_SZ", ["ncacn_http:6004"])
        fleet.lab[name].state.reboot()


def test_without_consent_the_first_gate_stops_the_run_and_a_rerun_with_it_goes_on_in_order(
    start_model: StartModel,
) -> None:
    fleet = start_model(MODEL, few("gc2"))
    first = site(fleet)
    assert first.exit_code == 2, first.screen
    assert opened(fleet) == {"all_can_be_read": True, "global_catalogs": False}
    (why,) = report(fleet)["stopped"]
    assert "gc1 does not listen on port 6004" in why
    assert "gc2 does not listen on port 6004" in why
    assert why in first.screen
    assert not pinned(fleet)
    assert refers(fleet)
    assert cells(fleet)["cas1", "ipv6_components.DisabledComponents"] == "corrected"
    assert cells(fleet)["gc1", "nspi_endpoint.NSPI interface protocol sequences"] == "corrected"
    for host, setting in (("cas1", PORTS), ("mbx1", REFER)):
        held = finding(fleet, host, setting)
        assert (held["status"], held["blocked_by"]) == ("drifted", why)
        assert held["after"] == held["before"]
    assert "gc1: reboot is due; users notice: " in first.screen
    assert "outlook_anywhere_allow_reboot" in first.screen

    seen: list[str] = []

    def pinning(_machine: Any) -> None:
        seen.append("pin" if listens(fleet, "gc1") and listens(fleet, "gc2") else "pin too early")

    def switching(_machine: Any) -> None:
        seen.append("switch" if pinned(fleet, "cas1") and pinned(fleet, "cas2") else "switch too early")

    for name in ("cas1", "cas2"):
        machine(fleet, name).after_program("reg add .*ValidPorts", pinning)
    machine(fleet, "mbx1").after_program("reg add .*DSProxy", switching)
    again = site(fleet, *CONSENT)
    assert again.exit_code == 0, again.screen
    assert seen == ["pin", "pin", "switch"]
    assert opened(fleet) == {"all_can_be_read": True, "global_catalogs": True, "client_access": True}
    assert gate(fleet, "global_catalogs")["proved"] == ["gc1", "gc2"]
    assert all(pinned(fleet, name) for name in ("cas1", "cas2"))
    assert not refers(fleet)
    assert {(host["reboot_required"], *host["restart_required"]) for host in report(fleet)["hosts"]} == {(False,)}
    before = {name: host.state.boot_time for name, host in fleet.lab.hosts.items()}
    assert site(fleet, *CONSENT).exit_code == 0
    assert {name: host.state.boot_time for name, host in fleet.lab.hosts.items()} == before


def test_check_mode_writes_nothing_tells_what_each_gate_would_hold_back_and_stops_at_none(
    start_model: StartModel,
) -> None:
    fleet = start_model(ORDER, few("gc2"))
    run = site(fleet, "--check")
    assert run.exit_code == 2
    assert opened(fleet) == {"all_can_be_read": True, "global_catalogs": False, "client_access": False}
    assert report(fleet)["stopped"] == []
    assert cells(fleet)["cas1", PORTS] == "drifted"
    assert "gc1 does not listen" in finding(fleet, "cas1", PORTS)["blocked_by"]
    assert "cas1 polls" in finding(fleet, "mbx1", REFER)["blocked_by"]
    assert finding(fleet, "gc1", "nspi_endpoint.NSPI interface protocol sequences")["blocked_by"] is None

    allowed = site(fleet, "--check", *CONSENT)
    assert gate(fleet, "global_catalogs")["expected"] == ["gc1", "gc2"]
    assert gate(fleet, "client_access")["expected"] == ["cas1", "cas2"]
    assert finding(fleet, "cas1", PORTS)["blocked_by"] is None
    assert finding(fleet, "mbx1", REFER)["after"] == "1"
    assert allowed.exit_code == 2
    assert not written(fleet)


@pytest.mark.one_core
def test_what_cannot_be_read_must_be_attested_and_is_never_shown_as_proved(start_model: StartModel) -> None:
    hosts = few("gc2")
    hosts["gc2"]["vars"] = {"outlook_anywhere_fqdn": "gc2.contoso.com"}
    further = ("-e", json.dumps({"outlook_anywhere_global_catalog_names": ["gc9.contoso.com"]}))
    fleet = start_model(ORDER, hosts)
    ready(fleet)
    fleet.lab["gc2"].power_off()
    booted = fleet.lab["gc1"].state.boot_time
    assert site(fleet, *CONSENT, *further).exit_code == 2
    (why,) = report(fleet)["stopped"]
    assert "gc2 could not be read" in why
    assert "gc9.contoso.com could not be read" in why
    assert fleet.lab["gc1"].state.boot_time == booted
    assert not pinned(fleet)

    fleet.lab["gc2"].power_on()
    extra = {"all": {"hosts": {"gc9.contoso.com": {"outlook_anywhere_attested_6004": True}}}}
    (fleet.folder / "attested.yml").write_text(json.dumps(extra), encoding="utf-8")
    run = site(fleet, *CONSENT, *further, "-i", "attested.yml")
    assert run.exit_code == 0, run.screen
    assert gate(fleet, "global_catalogs")["proved"] == ["gc1", "gc2"]
    assert gate(fleet, "global_catalogs")["attested"] == ["gc9.contoso.com"]
    assert pinned(fleet)


def test_a_limited_run_reads_the_others_and_stops_where_one_cannot_be(
    start_model: StartModel,
) -> None:
    fleet = start_model(ORDER, few("gc2"))
    ready(fleet)
    fleet.lab["gc2"].power_off()
    run = site(fleet, *CONSENT, "--limit", "gc1,cas1")
    assert run.exit_code == 2, run.screen
    (why,) = report(fleet)["stopped"]
    assert "gc2 could not be read" in why
    assert not [line for line in written(fleet) if "ValidPorts" in line or "NSPI" in line]

    fleet.lab["gc2"].power_on()
    again = site(fleet, *CONSENT, "--limit", "cas1")
    assert again.exit_code == 0, again.screen
    assert [host["name"] for host in report(fleet)["hosts"]] == ["cas1"]
    assert pinned(fleet)
    assert not pinned(fleet, "cas2")
    assert site(fleet, *CONSENT, "--limit", "mbx1").exit_code == 2
    assert "cas2 polls" in report(fleet)["stopped"][0]
    assert refers(fleet)


@pytest.mark.one_core
def test_dsproxy_on_6004_of_a_global_catalog_does_not_open_the_gate(start_model: StartModel) -> None:
    hosts = few("gc2")
    hosts["gc2"] |= {
        "groups": ["global_catalog", "mailbox"],
        "exchange": {"roles": ["mailbox"], "build": "8.1.240.6"},
        "directory_owner": "mad.exe",
    }
    fleet = start_model(ORDER, hosts)
    ready(fleet)
    run = site(fleet, *CONSENT)
    assert run.exit_code == 2
    assert "gc2 has port 6004 owned by mad.exe" in report(fleet)["stopped"][0]
    assert not pinned(fleet)


@pytest.mark.one_core
def test_a_global_catalog_that_reboots_and_does_not_listen_stops_the_run(
    start_model: StartModel,
) -> None:
    hosts = few("gc2")
    hosts["gc1"]["nspi_listens"] = False
    fleet = start_model(ORDER, hosts)
    booted = fleet.lab["gc2"].state.boot_time
    run = site(fleet, *CONSENT)
    assert run.exit_code == 2
    (why,) = report(fleet)["stopped"]
    assert "gc1" in why
    assert "6004 owned by lsass.exe is missing" in why
    assert fleet.lab["gc2"].state.boot_time == booted
    assert not pinned(fleet)


@pytest.mark.one_core
def test_a_client_access_server_that_goes_down_before_the_gate_keeps_the_mailbox_servers_as_they_are(
    start_model: StartModel,
) -> None:
    fleet = start_model(MODEL, few())
    ready(fleet)

    def lose_cas1(_machine: Any) -> None:
        fleet.lab["cas1"].faults.append(Fault("cut_before", "create", times=0))

    machine(fleet, "cas2").after_program("reg add .*ValidPorts", lose_cas1)
    run = site(fleet)
    assert run.exit_code == 2
    assert opened(fleet) == {"all_can_be_read": True, "global_catalogs": True, "client_access": False}
    assert "cas1 could not be read" in report(fleet)["stopped"][0]
    assert refers(fleet)
    fleet.lab["cas1"].faults.clear()
    assert site(fleet).exit_code == 0
    assert not refers(fleet)


@pytest.mark.one_core
def test_a_rollup_that_resets_polling_between_two_plays_closes_the_gate(start_model: StartModel) -> None:
    fleet = start_model(MODEL, few())
    ready(fleet)

    def rollup(_machine: Any) -> None:
        fleet.lab["cas1"].registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 15)

    machine(fleet, "cas2").after_program("reg add .*ValidPorts", rollup)
    run = site(fleet)
    assert run.exit_code == 2
    assert "cas1 polls (every 15 minutes)" in report(fleet)["stopped"][0]
    assert refers(fleet)


def watched(fleet: Fleet, first: str, then: str) -> list[float]:
    """How long ago, each by its own clock, Client Access servers were written when a Mailbox server did something."""
    written_at: dict[str, float] = {}
    waited: list[float] = []
    for name in ("cas1", "cas2"):
        clock = machine(fleet, name).clock

        def written(_inside: Any, name: str = name, clock: Any = clock) -> None:
            written_at[name] = clock.now()

        machine(fleet, name).after_program(first, written, times=9)

    def done(_inside: Any) -> None:
        waited.extend(machine(fleet, name).clock.now() - at for name, at in written_at.items())

    machine(fleet, "mbx1").after_program(then, done, times=9)
    return waited


SETTLE_SECONDS = 18
SETTLE = ("-e", "outlook_anywhere_settle_minutes=0.3")


@pytest.mark.one_core
def test_the_last_gate_waits_until_the_rpc_proxies_have_read_their_lists(start_model: StartModel) -> None:
    fleet = start_model(MODEL, few())
    ready(fleet)
    waited = watched(fleet, "reg add .*ValidPorts", "reg add .*DSProxy")
    run = site(fleet, *SETTLE)
    assert run.exit_code == 0, run.screen
    assert [seconds for seconds in waited if seconds >= SETTLE_SECONDS]
    assert not [seconds for seconds in waited if seconds < SETTLE_SECONDS]
    again = site(
        fleet, "-e", "outlook_anywhere_settle_minutes=600", "-e", "outlook_anywhere_allow_restart=true", "--check"
    )
    assert "gate client_access: closed" in again.screen


LOG = "{{ lookup('env', 'BALANCER_LOG') }}"


def balancer_tasks(fleet: Fleet) -> tuple[Path, tuple[str, ...]]:
    """Task files that write what a load balancer would be told."""
    arguments: list[str] = []
    for word in ("before", "after"):
        line = f"{word} {{{{ inventory_hostname }}}}"
        task = {
            "name": word,
            "ansible.builtin.lineinfile": {"path": LOG, "line": line, "create": True, "mode": "0600"},
            "delegate_to": "localhost",
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        }
        (fleet.folder / f"{word}.yml").write_text(json.dumps([task]), encoding="utf-8")
        arguments += ["-e", f"outlook_anywhere_{word}_server_tasks={word}.yml"]
    return fleet.folder / "balancer.log", tuple(arguments)


def test_each_changed_server_is_drained_and_put_back_and_no_other_is(start_model: StartModel) -> None:
    fleet = start_model(ORDER, few())
    ready(fleet)
    log, tasks = balancer_tasks(fleet)
    run = fleet.play(
        f"{COLLECTION}.site",
        "-e",
        "outlook_anywhere_affinity=source_ip",
        *CONSENT,
        *QUICK,
        *tasks,
        BALANCER_LOG=str(log),
    )
    assert run.exit_code == 0, run.screen
    assert log.read_text(encoding="utf-8").splitlines() == ["before cas1", "after cas1", "before cas2", "after cas2"]
    log.unlink()
    again = fleet.play(
        f"{COLLECTION}.site",
        "-e",
        "outlook_anywhere_affinity=source_ip",
        *CONSENT,
        *QUICK,
        *tasks,
        BALANCER_LOG=str(log),
    )
    assert again.exit_code == 0, again.screen
    assert not log.exists()


def balanced(fleet: Fleet, log: Path, *arguments: str) -> Run:
    affinity = ("-e", "outlook_anywhere_affinity=source_ip")
    return fleet.play(f"{COLLECTION}.site", *affinity, *CONSENT, *QUICK, *arguments, BALANCER_LOG=str(log))


@pytest.mark.one_core
def test_a_server_that_comes_back_worse_stays_off_the_load_balancer_until_a_rerun_sees_it_well(
    start_model: StartModel,
) -> None:
    hosts = few()
    hosts["cas1"]["services"] = {"W3SVC": {"state": "running", "boot": "fails"}}
    fleet = start_model(ORDER, hosts)
    log, tasks = balancer_tasks(fleet)
    assert balanced(fleet, log, *tasks).exit_code == 2
    assert log.read_text(encoding="utf-8").splitlines() == ["before cas1"]
    (why,) = report(fleet)["stopped"]
    assert "cas1" in why
    assert "W3SVC" in why
    assert cells(fleet)["cas2", "ipv6_components.DisabledComponents"] == "drifted"

    again = balanced(fleet, log, *tasks)
    assert again.exit_code == 2
    assert "W3SVC ran before" in report(fleet)["stopped"][0]
    assert cells(fleet)["cas2", "ipv6_components.DisabledComponents"] == "unknown"
    assert drift(fleet).exit_code == 2
    assert report(fleet)["summary"]["unfinished"] == 1

    fleet.lab["cas1"].state.start_service("W3SVC")
    log.unlink()
    last = balanced(fleet, log, *tasks)
    assert last.exit_code == 0, last.screen
    assert log.read_text(encoding="utf-8").splitlines()[:2] == ["before cas1", "after cas1"]
    assert "after cas2" in log.read_text(encoding="utf-8")
    assert report(fleet)["summary"]["unfinished"] == 0


@pytest.mark.parametrize("word", ["before", "after"])
def test_a_load_balancer_that_cannot_be_reached_stops_the_run(start_model: StartModel, word: str) -> None:
    fleet = start_model(ORDER, few())
    lost = {"name": word, "ansible.builtin.ping": {}, "delegate_to": "balancer"}
    (fleet.folder / "lost.yml").write_text(json.dumps([lost]), encoding="utf-8")
    nowhere = {"ansible_connection": "winrm", "ansible_host": "127.0.0.1", "ansible_port": 1}
    nowhere |= {"ansible_user": "x", "ansible_password": "x"}
    inventory = {"all": {"hosts": {"balancer": nowhere}}}
    (fleet.folder / "balancer.yml").write_text(json.dumps(inventory), encoding="utf-8")
    booted = {name: fleet.lab[name].state.boot_time for name in ("cas1", "cas2")}
    tasks = ("-e", f"outlook_anywhere_{word}_server_tasks=lost.yml", "-i", "balancer.yml")
    run = balanced(fleet, fleet.folder / "log", *tasks)
    assert run.exit_code != 0
    assert "cas1" in report(fleet)["stopped"][0]
    assert fleet.lab["cas2"].state.boot_time == booted["cas2"]
    if word == "before":
        assert fleet.lab["cas1"].state.boot_time == booted["cas1"]
        assert fleet.lab["cas1"].registry.get(TCPIP6, "DisabledComponents") is None


def test_a_fix_that_is_switched_off_by_a_word_is_not_applied(start_model: StartModel) -> None:
    fleet = start_model(ORDER, few())
    words = ("-e", "client_access_manage_ipv6=false", "-e", "client_access_manage_kernel_mode=no")
    run = fleet.play(f"{COLLECTION}.site", "-e", "outlook_anywhere_affinity=source_ip", *words)
    assert run.exit_code == 0, run.screen
    assert fleet.lab["cas1"].registry.get(TCPIP6, "DisabledComponents") is None
    assert not fleet.lab["cas1"].state.iis.changes


@pytest.mark.one_core
def test_the_last_gate_waits_too_where_only_the_restart_is_missing(start_model: StartModel) -> None:
    fleet = start_model(MODEL, few())
    ready(fleet)
    assert site(fleet).exit_code == 0
    fleet.lab["cas1"].registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 15)
    waited = watched(fleet, "reg add .*PeriodicPolling", "net stop MSExchangeSA")
    run = site(fleet, *SETTLE, "-e", "outlook_anywhere_allow_restart=true")
    assert run.exit_code == 0, run.screen
    assert [seconds for seconds in waited if seconds >= SETTLE_SECONDS]
    assert not [seconds for seconds in waited if seconds < SETTLE_SECONDS]
    again = site(fleet, "-e", "outlook_anywhere_settle_minutes=600")
    assert again.exit_code == 0, "nothing is waited for where no Mailbox server changes or waits for its restart"


@pytest.mark.one_core
def test_a_boot_that_would_put_a_guarded_referral_into_force_waits(start_model: StartModel) -> None:
    hosts = few()
    hosts["cas1"] |= {
        "groups": ["client_access", "mailbox"],
        "exchange": {"roles": ["client_access", "mailbox"], "build": "8.1.240.6"},
    }
    fleet = start_model(ORDER, hosts)
    ready(fleet)
    unknown = ("-e", "outlook_anywhere_allow_removal=all")
    assert site(fleet, *unknown).exit_code == 0
    booted = fleet.lab["cas1"].state.boot_time
    fleet.lab["gc1"].power_off()
    run = site(fleet, *unknown, "-e", "outlook_anywhere_allow_reboot=true")
    assert run.exit_code == 2
    assert "gc1 could not be read" in report(fleet)["stopped"][0]
    assert fleet.lab["cas1"].state.boot_time == booted


@pytest.mark.one_core
def test_a_cluster_node_is_changed_and_never_restarted_or_rebooted(start_model: StartModel) -> None:
    hosts = few()
    hosts["mbx1"]["cluster"] = True
    fleet = start_model(ORDER, hosts)
    ready(fleet)
    started = fleet.lab["mbx1"].state.service("MSExchangeSA").started
    run = site(fleet, *CONSENT)
    assert run.exit_code == 0, run.screen
    assert not refers(fleet)
    assert fleet.lab["mbx1"].state.service("MSExchangeSA").started == started
    assert "mbx1: restart of MSExchangeSA is due" in run.screen
    assert "Move-ClusteredMailboxServer" in run.screen


SINGLE: dict[str, Any] = {
    "all1": {
        "groups": ["client_access", "mailbox"],
        "fqdn": "all1.contoso.com",
        "exchange": {"roles": ["client_access", "mailbox"], "build": "8.1.240.6", "rollups": [{"build": "8.1.263.1"}]},
        "registry": {
            RPC_PROXY: {
                "Enabled": {"type": "REG_DWORD", "data": 1},
                "ValidPorts": {"type": "REG_SZ", "data": "all1:6001-6002;all1:6004;all1.contoso.com:6001-6002"},
            }
        },
    }
}


@pytest.mark.one_core
def test_a_single_server_gets_its_hosts_file_and_keeps_ipv6(start: StartFleet) -> None:
    fleet = start(SINGLE)
    arguments = ("-e", "outlook_anywhere_affinity=source_ip")
    run = fleet.play(f"{COLLECTION}.site", *arguments, *QUICK)
    assert run.exit_code == 0, run.screen
    path = r"C:\Windows\system32\drivers\etc\hosts"
    lines = (fleet.lab["all1"].files.read(path) or b"").split(b"\r\n")
    (address,) = fleet.lab["all1"].spec.addresses.ipv4
    assert b"#::1             localhost" in lines
    assert lines[-3:] == [f"{address} all1".encode(), f"{address} all1.contoso.com".encode(), b""]
    assert cells(fleet)["all1", "ipv6_components.DisabledComponents"] == "not_applicable"
    assert fleet.play(f"{COLLECTION}.drift", *arguments).exit_code == 0


@pytest.mark.one_core
def test_a_server_with_both_roles_that_serves_another_mailbox_server_gets_both_fixes(start_model: StartModel) -> None:
    hosts = {**SINGLE, "mbx1": demo_hosts()["mbx1"]}
    fleet = start_model(ORDER, hosts)
    run = fleet.play(f"{COLLECTION}.drift", "-e", "outlook_anywhere_affinity=source_ip")
    assert run.exit_code == 2
    assert cells(fleet)["all1", "ipv6_components.DisabledComponents"] == "drifted"
    assert cells(fleet)["all1", "hosts_ipv4.hosts ::1"] == "drifted"


def repin(fleet: Fleet, *arguments: str) -> Run:
    return fleet.play(f"{COLLECTION}.repin", *SPLIT, *arguments)


def test_repin_puts_back_what_a_rollup_undid_and_pins_nothing_anew(start_model: StartModel) -> None:
    fleet = start_model(ORDER, few())
    ready(fleet)
    assert repin(fleet).exit_code == 0
    assert not pinned(fleet)
    assert set(cells(fleet)) == {(host, setting) for host in ("cas1", "cas2") for setting in (POLLING, PORTS)}
    assert set(cells(fleet).values()) == {"not_managed"}
    assert {path.stem.partition(".")[0] for path in (fleet.folder / "outlook_anywhere_report").iterdir()} == {"repin"}
    assert report(fleet)["run"]["parts"] == ["pin"]
    assert site(fleet, "--limit", "cas1").exit_code == 0
    fleet.lab["cas1"].registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 15)
    fleet.lab["cas1"].registry.set(RPC_PROXY, "ValidPorts", "REG_SZ", "mbx1:6001-6002")
    fleet.lab["gc1"].power_off()
    run = repin(fleet, "-e", json.dumps({"outlook_anywhere_allow_removal": "all"}))
    assert run.exit_code == 2, "the Global Catalogs could not be read, and their names are not in the inventory"
    fleet.lab["gc1"].power_on()
    assert repin(fleet, "--check").exit_code == 2
    assert not pinned(fleet)
    run = repin(fleet)
    assert run.exit_code == 0, run.screen
    assert pinned(fleet)
    assert cells(fleet)["cas1", POLLING] == "corrected"
    assert cells(fleet)["cas2", PORTS] == "not_managed"


def test_a_lost_line_in_the_middle_of_a_change_stops_the_run_and_a_rerun_converges(start_model: StartModel) -> None:
    fleet = start_model(ORDER, few())
    ready(fleet)
    fleet.lab["cas1"].faults.append(Fault("cut_after", "command", command_regex="reg add .*ValidPorts"))
    both = ("-e", "outlook_anywhere_serial=2")
    run = site(fleet, *both)
    assert run.exit_code == 2
    assert "cas1" in report(fleet)["stopped"][0]
    assert refers(fleet)
    fleet.lab["cas1"].faults.clear()
    again = site(fleet, *both)
    assert again.exit_code == 0, again.screen
    assert again.screen.count("PLAY [Converge the Client Access servers]") == 1, "two at a time"
    assert not refers(fleet)


@pytest.mark.one_core
def test_a_restart_that_was_cut_is_finished_by_a_rerun_with_everything_that_had_run(start_model: StartModel) -> None:
    hosts = few()
    hosts["mbx1"]["services"] = {"MSExchangeIS": {"state": "running", "depends_on": ["MSExchangeSA"]}}
    fleet = start_model(ORDER, {name: host for name, host in hosts.items() if name in ("cas1", "mbx1", "gc1")})
    ready(fleet)
    state = fleet.lab["mbx1"].state
    fleet.lab["mbx1"].faults.append(Fault("cut_after", "command", command_regex="net stop"))
    first = site(fleet, *CONSENT)
    assert first.exit_code == 2
    assert "mbx1" in report(fleet)["stopped"][0]
    assert [state.service(name).running for name in ("MSExchangeSA", "MSExchangeIS")] == [False, False]
    fleet.lab["mbx1"].faults.clear()
    told = drift(fleet)
    assert "a restart of msexchangesa was cut short" in told.screen
    fleet.lab["gc1"].power_off()
    assert site(fleet, *CONSENT).exit_code == 2
    assert "gc1 could not be read" in report(fleet)["stopped"][0]
    assert [state.service(name).running for name in ("MSExchangeSA", "MSExchangeIS")] == [True, True]
    assert "cut short" not in drift(fleet).screen
