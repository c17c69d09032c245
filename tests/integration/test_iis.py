# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kernel_mode_authentication and rpc_virtual_directory against the lab's IIS, on good days and on bad ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import StartFleet, StartModel
from tests.integration.fleet import COLLECTION, CONFIGURATOR, RPC_PROXY, Fleet, client_access, number, text
from tests.integration.test_bad_days import assert_told
from tests.lab import Fault
from tests.lab.iis import WINDOWS

# How these modules meet ansible-core is what every module does, and tested with others.
pytestmark = pytest.mark.one_core

OF_THE_LAB = "nothing: appcmd is the lab's own on both back ends"

RPC = "Default Web Site/Rpc"
SERVER = "server useKernelMode"
KERNEL = "useKernelMode"


def server(**iis: Any) -> dict[str, Any]:
    """A Client Access server with IIS 7."""
    return client_access(polling=number(0), exchange={"roles": ["client_access"]}, iis=iis)


def run(fleet: Fleet, *arguments: str, module: str = "kernel_mode_authentication", **options: Any) -> dict[str, Any]:
    """The result of a module on cas1."""
    return run_everywhere(fleet, *arguments, module=module, hosts="cas1", **options)["cas1"]


def run_everywhere(
    fleet: Fleet, *arguments: str, module: str = "kernel_mode_authentication", hosts: str = "all", **options: Any
) -> dict[str, dict[str, Any]]:
    """The same on every server, by its name."""
    task = {f"{COLLECTION}.{module}": options}
    done = fleet.play([{"hosts": hosts, "gather_facts": False, "tasks": [task]}], *arguments)
    names = {record["host"] for record in done.records}
    assert names, done.screen
    return {name: done.of(module, name) for name in names}


def iis_of(fleet: Fleet, host: str = "cas1") -> Any:
    return fleet.lab[host].state.iis


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {finding["setting"]: finding["status"] for finding in result["findings"]}


def assert_a_rerun_converges(fleet: Fleet, host: str = "cas1", **options: Any) -> None:
    fleet.lab[host].faults.clear()
    assert run(fleet, **options)["outcome"] == "ok"
    assert iis_of(fleet, host).effective(RPC, WINDOWS, KERNEL) == "false"
    again = run(fleet, **options)
    assert (again["outcome"], again["changed"]) == ("ok", False)
    assert set(statuses(again).values()) <= {"compliant", "not_managed"}


def test_check_mode_predicts_the_run_and_a_rerun_changes_nothing(start: StartFleet) -> None:
    places = {RPC: {KERNEL: True}, "Default Web Site/Shop": {KERNEL: True}, "Default Web Site/EWS": {KERNEL: False}}
    fleet = start({"cas1": server(locations=places)})
    iis = iis_of(fleet)
    predicted = run(fleet, "--check", "--diff")
    assert iis.changes == 0
    done = run(fleet, "--diff")
    for key in ("changed", "diff", "findings", "restart_required", "reboot_required"):
        assert predicted[key] == done[key], key
    assert statuses(done) == {
        SERVER: "drifted",
        f"{RPC} {KERNEL}": "drifted",
        "Default Web Site/Shop useKernelMode": "not_managed",
        "Default Web Site/EWS useKernelMode": "compliant",
    }
    assert iis.changes == 2
    assert (iis.get("", WINDOWS, KERNEL), iis.get(RPC, WINDOWS, KERNEL)) == ("false", "false")
    assert iis.effective("Default Web Site/Shop", WINDOWS, KERNEL) == "true"
    again = run(fleet)
    assert (again["changed"], again["restart_required"]) == (False, ["W3SVC"])
    assert {finding["effective"] for finding in again["findings"]} == {"unknown"}
    assert run(fleet, scope="all")["changed"] is True
    assert iis.effective("Default Web Site/Shop", WINDOWS, KERNEL) == "false"


def test_only_a_boot_or_a_restart_after_the_change_makes_it_effective(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": server(), "cas2": server()})
    run_everywhere(fleet)
    for host in ("cas1", "cas2"):
        assert iis_of(fleet, host).kernel_mode_in_effect(RPC) is True
    fleet.lab["cas1"].state.reboot()
    done = fleet.play(
        [{"hosts": "cas2", "gather_facts": False, "tasks": [{f"{COLLECTION}.service_restart": {"name": "W3SVC"}}]}]
    )
    assert done.of("service_restart", "cas2")["outcome"] == "ok", done.screen
    for host, result in run_everywhere(fleet).items():
        assert result["changed"] is False
        assert result["restart_required"] == []
        assert [finding["effective"] for finding in result["findings"]] == ["yes"]
        assert iis_of(fleet, host).kernel_mode_in_effect(RPC) is False


def test_it_goes_back(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": server()})
    assert run(fleet, enabled=True)["changed"] is False
    assert run(fleet)["changed"] is True
    assert run(fleet, enabled=True)["changed"] is True
    assert iis_of(fleet).effective(RPC, WINDOWS, KERNEL) == "true"


def test_another_site_is_found_by_rpcproxy(start_model: StartModel) -> None:
    host = server(site="Mail", locations={"Mail/Rpc": {KERNEL: True}})
    host["registry"][RPC_PROXY]["WebSite"] = text("Mail")
    fleet = start_model(OF_THE_LAB, {"cas1": host})
    assert statuses(run(fleet)) == {SERVER: "drifted", "Mail/Rpc useKernelMode": "drifted"}
    assert iis_of(fleet).effective("Mail/Rpc", WINDOWS, KERNEL) == "false"
    looked = run(fleet, module="rpc_virtual_directory", authentication=["basic", "ntlm"], require_ssl=True)
    assert list(statuses(looked)) == [
        "Mail/Rpc basicAuthentication enabled",
        "Mail/Rpc windowsAuthentication enabled",
        "Mail/Rpc anonymousAuthentication enabled",
        "Mail/Rpc access sslFlags",
    ]
    assert list(statuses(looked).values()) == ["compliant", "compliant", "not_managed", "compliant"]


def test_a_site_that_iis_does_not_have(start_model: StartModel) -> None:
    host = server()
    host["registry"][RPC_PROXY]["WebSite"] = text("Elsewhere")
    fleet = start_model(OF_THE_LAB, {"cas1": host})
    result = run(fleet)
    assert_told(result, "failed", setting="Elsewhere/Rpc", found="Elsewhere", changed="^nothing$", next_step="WebSite")
    assert iis_of(fleet).changes == 0


SYNTAX = {"and": "a&b", "variable": "%CMDCMDLINE%", "option": 'x" /commit:x "', "path": "a/b"}


def test_a_site_that_could_be_syntax_is_shown_and_never_sent(start: StartFleet) -> None:
    hosts = {name: server() for name in SYNTAX}
    for name, site in SYNTAX.items():
        hosts[name]["registry"][RPC_PROXY]["WebSite"] = text(site)
    fleet = start(hosts)
    for module in ("kernel_mode_authentication", "rpc_virtual_directory"):
        results = run_everywhere(fleet, module=module)
        for name, site in SYNTAX.items():
            assert_told(results[name], "failed", name, setting="WebSite", changed="^nothing$", next_step="[Cc]orrect")
            assert site in results[name]["failure"]["found"]
    for name, site in SYNTAX.items():
        sent = [request.command_line or "" for request in fleet.lab[name].requests]
        assert not [line for line in sent if f"{site}/Rpc" in line]


def test_without_iis_it_says_so(start: StartFleet) -> None:
    fleet = start({"cas1": server(installed=False)})
    for module in ("kernel_mode_authentication", "rpc_virtual_directory"):
        result = run(fleet, module=module)
        assert_told(
            result, "failed", problem="IIS 7", found="appcmd.exe", changed="^nothing$", next_step="Web Server role"
        )
        assert set(statuses(result).values()) == {"unknown"}


def test_windows_server_2003_has_nothing_to_switch(start_model: StartModel) -> None:
    host = client_access(exchange={"roles": ["client_access"]}, windows="2003")
    fleet = start_model("reg.exe of Windows Server 2003", {"cas1": host})
    for module in ("kernel_mode_authentication", "rpc_virtual_directory"):
        result = run(fleet, module=module)
        assert result["outcome"] == "ok"
        assert set(statuses(result).values()) == {"not_applicable"}


REFUSING = {
    "elevated": ({"elevated": False}, "insufficient permissions", "KB 951016"),
    "share": ({"shared": "unreachable"}, "redirection.config", "second hop"),
}


def test_an_appcmd_that_refuses_to_read_is_told_in_its_own_words(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {name: server(**iis) for name, (iis, _found, _next) in REFUSING.items()})
    for module in ("kernel_mode_authentication", "rpc_virtual_directory"):
        results = run_everywhere(fleet, module=module)
        for name, (_iis, found, next_step) in REFUSING.items():
            assert_told(results[name], "failed", name, found=found, changed="^nothing$", next_step=next_step)
            assert "ERROR ( message:Configuration error" in results[name]["failure"]["found"]
            assert set(statuses(results[name]).values()) == {"unknown"}
    for name in REFUSING:
        iis_of(fleet, name).elevated = iis_of(fleet, name).reachable = True
    assert {name: result["changed"] for name, result in run_everywhere(fleet).items()} == dict.fromkeys(REFUSING, True)


def test_a_locked_section_is_not_written(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": server(locked=True)})
    result = run(fleet)
    assert_told(
        result,
        "failed",
        setting=f"^{SERVER}$",
        problem="did not accept",
        found="overrideModeDefault",
        expected="^false$",
        changed="^nothing$",
        next_step="unlock",
    )
    assert result["changed"] is False
    iis_of(fleet).locked = False
    assert_a_rerun_converges(fleet)


def test_a_shared_configuration_that_is_in_reach_is_like_any_other(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": server(shared=True)})
    assert_a_rerun_converges(fleet)


def test_a_place_that_turns_wrong_between_read_and_write_is_named(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": server()})
    iis_of(fleet).before_set(lambda iis: iis.set(RPC, WINDOWS, KERNEL, "true"))
    result = run(fleet)
    assert_told(
        result,
        "failed",
        setting=f"^{RPC} {KERNEL}$",
        found="^true$",
        expected="^false$",
        changed=f"^{SERVER} from \\(absent\\) to false$",
        next_step="find out who",
    )
    assert result["changed"] is True
    assert_a_rerun_converges(fleet)


def test_a_line_lost_while_writing_says_that_nobody_knows(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": server()})
    fleet.lab["cas1"].faults.append(Fault("cut_after", "command", command_regex="appcmd.exe set"))
    assert_told(run(fleet), "unreachable", setting=f"^{SERVER}$", changed="not known", next_step="Run again")
    assert_a_rerun_converges(fleet)


def test_garbage_is_shown_and_believed_in_nothing(start_model: StartModel) -> None:
    garbage = {"html": b"<html>busy</html>", "bytes": b"\x00\x01"}
    fleet = start_model(OF_THE_LAB, {name: server() for name in garbage})
    for name, answer in garbage.items():
        fleet.lab[name].faults.append(Fault("output", stdout=answer, times=0))
    for name, result in run_everywhere(fleet).items():
        assert_told(result, "failed", name, changed="^nothing$")
        assert set(statuses(result).values()) == {"unknown"}
        assert iis_of(fleet, name).changes == 0
        fleet.lab[name].faults.clear()
    for name, result in run_everywhere(fleet).items():
        assert (result["outcome"], iis_of(fleet, name).effective(RPC, WINDOWS, KERNEL)) == ("ok", "false")
    for result in run_everywhere(fleet).values():
        assert (result["outcome"], result["changed"]) == ("ok", False)
        assert set(statuses(result).values()) == {"compliant"}


def test_credentials_of_application_pools_are_a_warning_that_tells_the_places_that_set_them(
    start_model: StartModel,
) -> None:
    owa = "Default Web Site/owa"
    place = server(locations={owa: {"useAppPoolCredentials": True}})
    fleet = start_model(OF_THE_LAB, {"place": place, "server": server(use_app_pool_credentials=True)})
    results = run_everywhere(fleet, "--check")
    (warning,) = results["place"]["warnings"]
    assert f"useAppPoolCredentials is on at {owa}: Kerberos" in warning
    assert [text for text in results["server"]["warnings"] if "Kerberos" in text and "server" in text]


BAD_OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("kernel_mode_authentication", {"scope": "site"}),
    ("kernel_mode_authentication", {"kernel_mode": False}),
    ("rpc_virtual_directory", {"authentication": ["kerberos"]}),
    ("rpc_virtual_directory", {"authentication": []}),
]


@pytest.mark.parametrize("mode", [(), ("--check",)])
def test_a_bad_option_is_told_before_anything_is_sent(start_model: StartModel, mode: tuple[str, ...]) -> None:
    fleet = start_model("nothing: no command is sent", {"cas1": server()})
    tasks = [{f"{COLLECTION}.{module}": options} for module, options in BAD_OPTIONS]
    done = fleet.play([{"hosts": "cas1", "gather_facts": False, "ignore_errors": True, "tasks": tasks}], *mode)
    assert len(done.records) == len(BAD_OPTIONS), done.screen
    for record in done.records:
        result = {**record["result"], "outcome": record["outcome"]}
        assert_told(result, "failed", changed="^nothing$", next_step="Nothing was sent")
    assert not fleet.lab["cas1"].requests


def test_the_rpc_directory_is_compared_and_left_alone(start: StartFleet) -> None:
    fleet = start({"cas1": server()})
    result = run(fleet, module="rpc_virtual_directory", authentication=["ntlm"], anonymous=False, require_ssl=False)
    assert (result["outcome"], result["changed"]) == ("ok", False)
    assert statuses(result) == {
        f"{RPC} basicAuthentication enabled": "drifted",
        f"{RPC} windowsAuthentication enabled": "compliant",
        f"{RPC} anonymousAuthentication enabled": "compliant",
        f"{RPC} access sslFlags": "drifted",
    }
    assert all("nobody stamps them" in finding["reason"] for finding in result["findings"])
    assert {finding["blocked_by"] for finding in result["findings"]} == {None, "AD: Set-OutlookAnywhere"}
    fleet.lab["cas1"].registry.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 15)
    result = run(fleet, module="rpc_virtual_directory")
    assert set(statuses(result).values()) == {"not_managed"}
    assert all("every 15 minutes" in finding["reason"] for finding in result["findings"])
    assert iis_of(fleet).changes == 0
