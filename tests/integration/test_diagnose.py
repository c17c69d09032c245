# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""diagnose on a fleet that has every problem of the article, and on the same fleet once site has mended it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from tests.integration.conftest import StartModel
from tests.integration.fleet import COLLECTION, REPOSITORY, Fleet, Run
from tests.integration.test_fleet_order import machine
from tests.lab import Fault

FLEETS = REPOSITORY / "tests" / "lab" / "fleets"
DEMO = yaml.safe_load((FLEETS / "demo.yml").read_text(encoding="utf-8"))
SINGLE = yaml.safe_load((FLEETS / "single.yml").read_text(encoding="utf-8"))
PLAYBOOK = "nothing: this is what the playbook does, whatever the servers are"
TCPIP6 = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters"
# Longer than the RPC proxy leaves a list unread.
REREAD_SECONDS = 400
PASSWORD = "Rhubarb; 4 o'clock"
CONSENT = {
    "outlook_anywhere_affinity": "none",
    "outlook_anywhere_settle_minutes": 0,
    "outlook_anywhere_allow_reboot": True,
    "outlook_anywhere_allow_restart": True,
    "outlook_anywhere_allow_removal": "all",
}


def every_problem() -> dict[str, Any]:
    """A Client Access server, one with both roles, a Mailbox server with the old build, and a Global Catalog."""
    demo = {**DEMO["hosts"], **SINGLE["hosts"]}
    hosts = {name: copy.deepcopy({**DEMO["defaults"], **demo[name]}) for name in ("cas1", "all1", "mbx1", "gc1")}
    for name in ("cas1", "all1"):
        hosts[name].pop("servicelet")
    return hosts


def diagnose(fleet: Fleet, *arguments: str, **variables: Any) -> Run:
    (fleet.folder / "variables.json").write_text(json.dumps(variables), encoding="utf-8")
    return fleet.play(f"{COLLECTION}.diagnose", "-e", "@variables.json", *arguments)


def answer(fleet: Fleet) -> dict[str, Any]:
    return json.loads((fleet.folder / "outlook_anywhere_report" / "diagnosis.json").read_text(encoding="utf-8"))


def states(fleet: Fleet) -> dict[str, tuple[str, list[str]]]:
    return {item["name"]: (item["state"], item["hosts"]) for item in answer(fleet)["problems"]}


def test_every_problem_is_found_mended_and_gone(start_model: StartModel) -> None:
    fleet = start_model(PLAYBOOK, every_problem())
    sick = diagnose(fleet, outlook_anywhere_affinity="none")
    assert sick.exit_code == 2, sick.screen
    assert states(fleet) == {
        "A": ("present", ["cas1", "all1"]),
        "A'": ("present", ["all1"]),
        "B": ("present", ["cas1", "all1", "mbx1", "gc1"]),
        "C": ("present", ["cas1", "all1"]),
    }
    assert "seen: all1, mbx1: 6004 is listened on by IPv4 mad.exe" in sick.screen
    assert "fix: playbook site (module kernel_mode_authentication, enabled: false)" in sick.screen
    page = (fleet.folder / "outlook_anywhere_report" / "diagnosis.md").read_text(encoding="utf-8")
    assert "| A | present |" in page

    (fleet.folder / "consent.json").write_text(json.dumps(CONSENT), encoding="utf-8")
    mended = fleet.play(f"{COLLECTION}.site", "-e", "@consent.json")
    assert mended.exit_code == 0, mended.screen
    for name in ("cas1", "all1"):
        machine(fleet, name).advance(REREAD_SECONDS)
    healthy = diagnose(fleet, outlook_anywhere_affinity="none")
    assert {state for state, _hosts in states(fleet).values()} == {"not_present"}, healthy.screen
    assert healthy.exit_code == 0, healthy.screen
    assert answer(fleet)["clean"] is True


def test_a_lost_server_a_ladder_and_what_waits_are_told(start_model: StartModel) -> None:
    hosts = every_problem()
    hosts["cas1"]["rpcping"] = {"password": PASSWORD, "steps": {"6004": {"exit_code": 1722, "output": "{identity}"}}}
    fleet = start_model(PLAYBOOK, hosts)
    # By hand, and not booted since.
    fleet.lab["cas1"].registry.set(TCPIP6, "DisabledComponents", "REG_DWORD", 0xFF)
    fleet.lab["gc1"].faults.append(Fault("cut_before", "create", times=0))
    way = {"rpc_proxy": "cas1.contoso.com", "mailbox_server": "mbx1.contoso.com", "username": "probe"}
    ladder = {"from": "cas1", "domain": "CONTOSO", "proxy_authentication": "ntlm", **way}
    run = diagnose(
        fleet,
        "-vvv",
        outlook_anywhere_affinity="source-ip",
        outlook_anywhere_rpcping=[
            ladder,
            {**ladder, "from": "mbx1"},
            {**ladder, "from": "nosuch"},
            {**way, "domain": ""},
        ],
        outlook_anywhere_rpcping_password=PASSWORD,
    )
    assert run.exit_code == 2, run.screen
    told = answer(fleet)
    (pending,) = next(item["pending"] for item in told["problems"] if item["name"] == "A")
    assert pending.startswith("cas1: DisabledComponents is 0xFF, not in force yet: ")
    assert [item["host"] for item in told["unread"]] == ["gc1"]
    assert "gc1: unreachable: " in run.screen
    climbed, missing, stranger, nowhere = told["rpcping"]
    assert (climbed["host"], climbed["proved"], climbed["stopped_at"]) == ("cas1", False, "6004")
    assert [step["state"] for step in climbed["steps"]] == ["succeeded"] * 3 + ["failed"]
    assert any("problem B (possible)" in line for line in climbed["fits"])
    assert missing["host"] == "mbx1"
    assert "rpcping did not run: " in missing["trouble"]
    assert stranger["trouble"] == "rpcping did not run: nosuch is no host of the inventory"
    assert nowhere["trouble"] == (
        "rpcping did not run: from is not given; domain is not given; proxy_authentication is not given"
    )
    assert "outlook_anywhere_affinity is source-ip: source_ip, ssl_id and none are known" in run.screen
    shown = run.screen + "".join(path.read_text(encoding="utf-8") for path in _files(fleet))
    assert PASSWORD not in shown


def _files(fleet: Fleet) -> list[Path]:
    return sorted((fleet.folder / "outlook_anywhere_report").iterdir())
