# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rollback on a live fleet: the site's order in reverse, and nothing given up while somebody needs it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.conftest import StartModel
from tests.integration.fleet import COLLECTION, CONFIGURATOR, RPC_PROXY, Fleet, Run
from tests.integration.test_fleet_order import (
    CONSENT,
    MODEL,
    NTDS,
    QUICK,
    REFERRAL,
    SETTLED,
    few,
    finding,
    gate,
    listens,
    machine,
    opened,
    pinned,
    ready,
    refers,
    site,
)
from tests.integration.test_playbooks import KERNEL_MODE, POLLING, PORTS, REFER, SA_PARAMETERS, TCPIP6, cells, report
from tests.lab import Fault
from tests.lab.host_files import HOSTS

DAY = 24 * 3600
NO_GRACE = ("-e", "outlook_anywhere_rollback_grace_hours=0")
TARGET_VALUE = "NSPI Target Server"
SEQUENCES = "NSPI interface protocol sequences"
COMPONENTS = "ipv6_components.DisabledComponents"
OFF = {
    "client_access_manage_valid_ports": False,
    "client_access_manage_kernel_mode": False,
    "mailbox_manage_dsproxy_referral": False,
    "global_catalog_manage_nspi_endpoint": False,
}


def small(*names: str) -> dict[str, Any]:
    return {name: host for name, host in few(*names).items() if name != "cas2"}


def rollback(fleet: Fleet, *arguments: str) -> Run:
    return fleet.play(f"{COLLECTION}.rollback", *SETTLED, *QUICK, *arguments)


def by_hand(fleet: Fleet) -> None:
    """The fix as somebody without this collection has applied it: no snapshot, no journal."""
    ready(fleet)
    mbx1, cas1 = fleet.lab["mbx1"].registry, fleet.lab["cas1"].registry
    mbx1.set(SA_PARAMETERS, REFERRAL, "REG_DWORD", 1)
    mbx1.set(SA_PARAMETERS, TARGET_VALUE, "REG_SZ", "gc1.contoso.com")
    ports = cas1.get(RPC_PROXY, "ValidPorts")
    assert ports is not None
    cas1.set(RPC_PROXY, "ValidPorts", "REG_SZ", f"{ports[1]};gc1:6004;gc1.contoso.com:6004")
    cas1.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 0)


def first_state(fleet: Fleet) -> dict[str, Any]:
    """What the fix for split connections and the other fixes may change, with types."""
    keys = (RPC_PROXY, CONFIGURATOR, SA_PARAMETERS, NTDS, TCPIP6)
    names = ("ValidPorts", "PeriodicPollingMinutes", REFERRAL, TARGET_VALUE, SEQUENCES, "DisabledComponents")
    return {
        host.name: [host.registry.get(key, name) for key in keys for name in names] for host in fleet.lab.hosts.values()
    }


def test_a_fix_without_snapshots_is_undone_to_what_exchange_delivers_and_a_rerun_goes_on_at_each_gate(
    start_model: StartModel,
) -> None:
    fleet = start_model(MODEL, small())
    by_hand(fleet)
    applied = first_state(fleet)
    bad = rollback(fleet, "-e", "outlook_anywhere_rollback_grace_hours=soon")
    assert bad.exit_code == 2, bad.screen
    assert "outlook_anywhere_rollback_grace_hours is soon" in report(fleet)["stopped"][0]
    others = rollback(fleet, *CONSENT, "-e", json.dumps(OFF))
    assert others.exit_code == 0, others.screen
    assert (report(fleet)["gates"], set(cells(fleet))) == ([], {("cas1", COMPONENTS)})
    assert first_state(fleet) == applied

    first = rollback(fleet)
    assert first.exit_code == 2, first.screen
    assert (refers(fleet), fleet.lab["mbx1"].registry.get(SA_PARAMETERS, TARGET_VALUE)) == (True, None)
    assert opened(fleet) == {"mailbox_undone": False}
    (why,) = report(fleet)["stopped"]
    assert "mbx1 has not restarted MSExchangeSA since" in why
    assert finding(fleet, "cas1", PORTS)["blocked_by"] == why
    assert "outlook_anywhere_allow_restart" in first.screen
    assert pinned(fleet)
    assert listens(fleet, "gc1")

    second = rollback(fleet, *CONSENT)
    assert second.exit_code == 2, second.screen
    assert "mbx1 has referred to DSProxy since" in report(fleet)["stopped"][0]
    assert "run again at" in report(fleet)["stopped"][0]
    assert pinned(fleet)

    machine(fleet, "mbx1").advance(DAY)
    fleet.lab["gc1"].faults.append(Fault("cut_after", "command", command_regex="reg delete .*NSPI"))
    third = rollback(fleet, *CONSENT)
    assert third.exit_code == 2, third.screen
    assert "the run stopped at gc1" in report(fleet)["stopped"][0]
    assert opened(fleet) == {"mailbox_undone": True, "client_access_undone": True}
    assert fleet.lab["cas1"].registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15)
    assert "gc1" not in str(fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts"))
    assert cells(fleet)["cas1", POLLING] == "corrected"
    assert "cas1: no snapshot is left of " in third.screen

    started = fleet.lab["mbx1"].state.service("MSExchangeSA").started
    last = rollback(fleet, *CONSENT)
    assert last.exit_code == 0, last.screen
    assert fleet.lab["gc1"].registry.get(NTDS, SEQUENCES) is None
    assert not listens(fleet, "gc1")
    assert report(fleet)["summary"]["unfinished"] == 0
    assert fleet.lab["mbx1"].state.service("MSExchangeSA").started == started

    nothing = rollback(fleet)
    assert (nothing.exit_code, report(fleet)["gates"]) == (0, []), nothing.screen


def test_what_site_has_changed_comes_back_from_its_snapshots_also_in_runs_that_are_cut(
    start_model: StartModel,
) -> None:
    fleet = start_model(MODEL, small())
    before = first_state(fleet)
    applied = site(fleet, *CONSENT)
    assert applied.exit_code == 0, applied.screen
    changed = first_state(fleet)
    assert changed != before

    told = rollback(fleet, "--check", *CONSENT, *NO_GRACE)
    assert told.exit_code == 2
    assert first_state(fleet) == changed
    assert gate(fleet, "mailbox_undone")["expected"] == ["mbx1"]
    assert gate(fleet, "client_access_undone")["expected"] == ["cas1"]
    assert report(fleet)["summary"]["unknown"] == 0
    assert finding(fleet, "mbx1", REFER)["after"] is None

    started = fleet.lab["mbx1"].state.service("MSExchangeSA").started
    for host, command in (("mbx1", "reg delete .*DSProxy"), ("gc1", "reg delete .*NSPI")):
        fleet.lab[host].faults.append(Fault("cut_after", "command", command_regex=command))
        cut = rollback(fleet, *CONSENT, *NO_GRACE)
        assert cut.exit_code == 2, cut.screen
        assert f"the run stopped at {host}" in report(fleet)["stopped"][0]
    assert cells(fleet)["cas1", KERNEL_MODE] == "corrected"
    assert fleet.lab["mbx1"].state.service("MSExchangeSA").started != started
    assert listens(fleet, "gc1")

    undone = rollback(fleet, *CONSENT, *NO_GRACE)
    assert undone.exit_code == 0, undone.screen
    assert first_state(fleet) == before
    assert not listens(fleet, "gc1")
    assert [path.name for path in fleet.folder.rglob("*-baseline.json")] == []


@pytest.mark.one_core
def test_a_restart_now_and_a_reboot_later_leave_nothing_waiting_and_a_file_in_use_holds_nothing_else_back(
    start_model: StartModel,
) -> None:
    hosts = small()
    hosts["cas1"]["exchange"] = {"roles": ["client_access", "mailbox"]}
    fleet = start_model(MODEL, hosts)
    before = first_state(fleet)
    kept = {"mailbox_snapshot_dir": "./elsewhere", "global_catalog_snapshot_dir": "./elsewhere"}
    applied = site(fleet, *CONSENT, "-e", json.dumps(kept))
    assert applied.exit_code == 0, applied.screen
    task = {f"{COLLECTION}.hosts_ipv4": {}}
    files: Any = fleet.lab["cas1"].files
    stock = files.read(HOSTS)
    assert fleet.play([{"hosts": "cas1", "gather_facts": False, "tasks": [task]}]).exit_code == 0
    assert files.read(HOSTS) != stock

    files.set_attributes(HOSTS, frozenset("RA"))
    machine(fleet, "cas1").after_program(r"attrib -r hosts ", lambda _machine: files.hold(HOSTS))
    allowed = ("-e", json.dumps({**kept, "outlook_anywhere_allow_restart": True}))
    first = rollback(fleet, *allowed)
    assert first.exit_code == 2, first.screen
    assert "mbx1 has referred to DSProxy since" in report(fleet)["stopped"][0]
    assert (cells(fleet)["cas1", COMPONENTS], cells(fleet)["cas1", KERNEL_MODE]) == ("corrected", "corrected")
    assert cells(fleet)["cas1", "hosts_ipv4.hosts ::1"] == "drifted"
    assert "cas1: reboot is due" in first.screen
    assert "restart of W3SVC is due" not in first.screen

    files.release(HOSTS)
    machine(fleet, "mbx1").advance(DAY)
    allowed = ("-e", json.dumps({**kept, "outlook_anywhere_allow_reboot": True}))
    booted = fleet.lab["cas1"].state.boot_time
    second = rollback(fleet, *allowed)
    assert second.exit_code == 0, second.screen
    assert fleet.lab["cas1"].state.boot_time > booted
    assert (first_state(fleet), files.read(HOSTS)) == (before, stock)
    assert not any(host["reboot_required"] for host in report(fleet)["hosts"])
    assert [path.name for path in fleet.folder.rglob("*-baseline.json")] == []


@pytest.mark.one_core
def test_no_part_gives_up_what_the_one_before_it_still_needs_also_outside_of_the_limit(start_model: StartModel) -> None:
    hosts = small("mbx2")
    hosts["mbx2"]["vars"] = {"outlook_anywhere_attested_dsproxy": True}
    fleet = start_model(MODEL, hosts)
    by_hand(fleet)
    assert rollback(fleet, *CONSENT, *NO_GRACE, "--limit", "mbx2,cas1,gc1").exit_code == 2
    assert gate(fleet, "mailbox_undone")["missing"] == ["mbx1 does not refer HTTP clients to DSProxy"]
    assert pinned(fleet)
    seen: list[str] = []

    def unpinning(_machine: Any) -> None:
        seen.append("unpin")
        assert refers(fleet)
        assert listens(fleet, "gc1")

    def silencing(_machine: Any) -> None:
        seen.append("silence")
        assert "gc1" not in str(fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts"))

    machine(fleet, "cas1").after_program("reg add .*ValidPorts", unpinning)
    machine(fleet, "gc1").after_program("reg delete .*NSPI", silencing)
    run = rollback(fleet, *CONSENT, *NO_GRACE)
    assert run.exit_code == 0, run.screen
    assert seen == ["unpin", "silence"]
    assert gate(fleet, "mailbox_undone")["proved"] == ["mbx1"]
    assert gate(fleet, "mailbox_undone")["attested"] == ["mbx2"]
