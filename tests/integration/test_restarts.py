# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services and servers that do not come back as they should: what is told, and that a plain rerun finishes the work."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.conftest import WAYS, StartFleet, StartModel
from tests.integration.fleet import COLLECTION, RUN_SECONDS, Fleet
from tests.integration.test_bad_days import assert_told
from tests.lab import Fault

SA, IS = "MSExchangeSA", "MSExchangeIS"
HOST = "mbx1"
RUNNING, STOPPED = 4, 1
LANGUAGES = ("en", "de")
OF_THE_LAB = "nothing: net, sc, wmic and shutdown are the lab's own on both back ends"


def mailboxes(**each: dict[str, Any]) -> dict[str, Any]:
    """Several of them, each with more of its own."""
    return {name: mailbox(**more)[HOST] for name, more in each.items()}


def mailbox(**more: Any) -> dict[str, Any]:
    """A Mailbox server whose information store needs the System Attendant, which nobody stops in 2007 without it."""
    services = {IS: {"depends_on": [SA]}, **more.pop("services", {})}
    return {
        HOST: {
            "groups": ["mailbox"],
            "fqdn": "mbx1.contoso.com",
            "exchange": {"roles": ["mailbox"]},
            "services": services,
            **more,
        }
    }


def run_everywhere(fleet: Fleet, module: str, *arguments: str, **options: Any) -> dict[str, Any]:
    """The result of a module on each server, by its name."""
    task = {f"{COLLECTION}.{module}": options}
    done = fleet.play([{"hosts": "mailbox", "gather_facts": False, "tasks": [task]}], *arguments)
    return {host: done.of(module, host) for host in fleet.lab.hosts}


def run(fleet: Fleet, module: str, *arguments: str, **options: Any) -> Any:
    return run_everywhere(fleet, module, *arguments, **options)[HOST]


def run_each(fleet: Fleet, tasks: list[dict[str, Any]], *arguments: str) -> list[Any]:
    """The results of several tasks of one run, none of which keeps the others from running."""
    named = [{f"{COLLECTION}.{module}": options for module, options in task.items()} for task in tasks]
    done = fleet.play([{"hosts": HOST, "gather_facts": False, "ignore_errors": True, "tasks": named}], *arguments)
    assert len(done.records) == len(tasks), done.screen
    return [{**record["result"], "outcome": record["outcome"]} for record in done.records]


def restart_everywhere(fleet: Fleet, *arguments: str, **options: Any) -> dict[str, Any]:
    return run_everywhere(fleet, "service_restart", *arguments, **{"name": SA, "mailbox_outage": True, **options})


def restart(fleet: Fleet, *arguments: str, **options: Any) -> Any:
    return restart_everywhere(fleet, *arguments, **options)[HOST]


def states(fleet: Fleet, host: str = HOST) -> dict[str, int]:
    return {name: fleet.lab[host].state.service(name).status for name in (SA, IS)}


def pending(fleet: Fleet, host: str = HOST) -> list[str]:
    path = fleet.folder / ".outlook_anywhere" / "snapshots" / host / "pending.json"
    return (
        [item["setting"] for item in json.loads(path.read_text(encoding="utf-8"))["pending"]] if path.exists() else []
    )


def sent(fleet: Fleet) -> str:
    return "\n".join(request.command_line or "" for host in fleet.lab.hosts.values() for request in host.requests)


def when_answered(fleet: Fleet, line: str, action: Callable[[], None]) -> None:
    """Wait until a command has ended and given its operation back, then act."""
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        ended = [item.command_line or "" for item in fleet.lab[HOST].requests if item.operation == "signal"]
        if any(line in command for command in ended):
            break
        time.sleep(0.05)
    action()


def assert_all_run(fleet: Fleet) -> None:
    for host in fleet.lab.hosts:
        assert states(fleet, host) == {SA: RUNNING, IS: RUNNING}
        assert pending(fleet, host) == [SA]


@pytest.mark.parametrize(
    ("backend", "language"),
    [("model", "en"), ("model", "de"), pytest.param("wine", "en", marks=pytest.mark.wine)],
    indirect=["backend"],
)
def test_a_restart_brings_back_what_needs_the_service(start: StartFleet, language: str) -> None:
    fleet = start(mailbox(language=language))
    before = {name: fleet.lab[HOST].state.service(name).started for name in (SA, IS)}
    checked = restart(fleet, "--check", "--diff")
    assert (checked["outcome"], checked["changed"]) == ("ok", True)
    assert {name: fleet.lab[HOST].state.service(name).started for name in (SA, IS)} == before
    assert "net stop" not in sent(fleet)
    assert pending(fleet) == []
    done = restart(fleet, "--diff")
    assert (done["outcome"], done["changed"], done["diff"]) == ("ok", True, checked["diff"])
    assert f"{SA}: restarted, and behind it {IS}" in done["diff"]["after"]
    for name in (SA, IS):
        started = fleet.lab[HOST].state.service(name).started
        assert started is not None
        assert started > (before[name] or 0)
    assert_all_run(fleet)


@pytest.mark.one_core
def test_a_service_that_never_stops_is_told_and_a_rerun_finishes(start_model: StartModel) -> None:
    hosts = {language: {"language": language, "services": {SA: {"stops": "never"}}} for language in LANGUAGES}
    fleet = start_model(OF_THE_LAB, mailboxes(**hosts))
    for host, result in restart_everywhere(fleet, timeout=20).items():
        assert_told(
            result,
            "failed",
            host,
            setting=f"^{SA}$",
            problem=r"waited \d+ of 20 seconds",
            found=r"state 3 \(stopping\)",
            expected=r"state 1",
            changed=f"{SA}, {IS} told to stop",
            next_step="run again",
        )
        assert result["changed"] is True
        # Somebody ends its process.
        fleet.lab[host].state.stop_service(SA)
        fleet.lab[host].state.set_behaviour(SA, stops="normally")
    assert {result["outcome"] for result in restart_everywhere(fleet).values()} == {"ok"}
    assert_all_run(fleet)


@pytest.mark.one_core
def test_a_dependent_that_fails_to_start_is_named_and_a_rerun_starts_it(start: StartFleet, backend: str) -> None:
    languages = LANGUAGES if backend == "model" else ("en",)
    fleet = start(mailboxes(**{language: {"language": language} for language in languages}))
    for server in fleet.lab.hosts.values():
        server.state.set_behaviour(IS, starts="fails", exit_code=1053)
    for host, result in restart_everywhere(fleet).items():
        assert_told(
            result,
            "failed",
            host,
            setting=f"^{IS}$",
            problem="300 seconds each",
            found=rf"{IS} is in state 1 \(stopped\) with exit code 1053",
            changed=f"^{SA} was stopped; {SA} runs again$",
            next_step=f"KB 944752.*starts {IS}, and does not stop {SA} again",
        )
        fleet.lab[host].state.set_behaviour(IS, starts="normally")
        fleet.lab[host].clear_requests()
    assert {result["changed"] for result in restart_everywhere(fleet, "--check").values()} == {True}
    assert {result["outcome"] for result in restart_everywhere(fleet).values()} == {"ok"}
    assert "net stop" not in sent(fleet)
    assert_all_run(fleet)


CUTS = {
    f"{name}-{kind}".replace("_", "-"): Fault(kind, operation="receive", times=0, command_regex=line)
    for name, line in {"stop": "net stop", "start": f"net start {SA}", "behind": f"net start {IS}"}.items()
    for kind in ("cut_before", "cut_after")
}


@WAYS
def test_a_line_cut_on_the_way_leaves_nothing_down_after_a_rerun(start: StartFleet, transport: str) -> None:
    fleet = start(mailboxes(**{name: {} for name in CUTS}), transport=transport)
    for name, fault in CUTS.items():
        fleet.lab[name].faults.append(fault)
    for name, result in restart_everywhere(fleet).items():
        assert_told(
            result,
            "unreachable",
            name,
            setting=f"^{SA}$",
            problem="line was lost",
            changed=f"not known; under way: a restart of {SA}, {IS}",
            next_step="remembered",
        )
        fleet.lab[name].faults.clear()
    assert {result["outcome"] for result in restart_everywhere(fleet).values()} == {"ok"}
    assert_all_run(fleet)


def test_a_quota_of_operations_lasts_for_a_long_wait(start_model: StartModel) -> None:
    # net itself waits for a minute.
    slow = mailbox(services={SA: {"stop_seconds": 63, "start_seconds": 63}})
    fleet = start_model(OF_THE_LAB, slow, quotas={"operations_per_shell": 2})
    result = restart(fleet)
    assert result["outcome"] == "ok", result
    assert result["seconds"] >= 4
    assert len([item for item in fleet.lab[HOST].requests if item.operation == "create"]) > 3
    assert_all_run(fleet)


@pytest.mark.one_core
def test_consent_a_cluster_and_a_missing_service_stop_before_anything_changes(start: StartFleet) -> None:
    fleet = start(mailbox())
    attempts = [
        {"service_restart": {"name": SA, "mailbox_outage": False}},
        {"service_restart": {"name": "MSExchangeXY", "mailbox_outage": True}},
        {"service_restart": {"name": "a&b", "mailbox_outage": True, "timeout": -1}},
    ]
    for arguments in (("--check",), ()):
        consent, missing, bad = run_each(fleet, attempts, *arguments)
        assert_told(consent, "failed", HOST, setting="mailbox_outage", found="MailboxRole", changed="^nothing$")
        assert_told(missing, "failed", HOST, problem="no such service", changed="^nothing$")
        assert_told(bad, "failed", HOST, setting="name, timeout", changed="^nothing$", next_step="Nothing was sent")
    fleet.lab[HOST].state.stop_service(IS)
    told = restart(fleet, name=IS)
    assert_told(told, "failed", HOST, problem="does not run", changed="^nothing$", next_step=f"net start {IS}")
    assert "net st" not in sent(fleet)


@pytest.mark.one_core
def test_a_cluster_node_is_left_alone(start: StartFleet) -> None:
    fleet = start(mailbox(cluster=True))
    for arguments in (("--check",), ()):
        for told in run_each(
            fleet, [{"service_restart": {"name": SA, "mailbox_outage": True}}, {"reboot": {}}], *arguments
        ):
            assert_told(told, "failed", HOST, problem="cluster node", changed="^nothing$", next_step="ClusteredMailbox")
    assert "net st" not in sent(fleet)
    assert "shutdown" not in sent(fleet)


def reboot_everywhere(fleet: Fleet, *arguments: str, **options: Any) -> dict[str, Any]:
    return run_everywhere(fleet, "reboot", *arguments, **{"delay": 0, "timeout": 60, **options})


def reboot(fleet: Fleet, *arguments: str, **options: Any) -> Any:
    return reboot_everywhere(fleet, *arguments, **options)[HOST]


@WAYS
def test_a_reboot_is_waited_for(start: StartFleet, transport: str) -> None:
    fleet = start(mailbox(reboot={"winrm_late_seconds": 0.5, "shells_late": 1}), transport=transport)
    before = fleet.lab[HOST].state.boot_time
    checked = reboot(fleet, "--check", "--diff", services=[SA])
    assert (checked["outcome"], checked["changed"]) == ("ok", True)
    assert "shutdown" not in sent(fleet)
    done = reboot(fleet, "--diff", services=[SA])
    assert (done["outcome"], done["changed"]) == ("ok", True), done
    assert fleet.lab[HOST].state.boot_time > before
    assert done["diff"]["before"] == checked["diff"]["before"]
    assert done["seconds"] >= 1


@pytest.mark.one_core
def test_a_service_that_misses_the_start_limit_is_named(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, mailbox(services={SA: {"boot": "fails"}}))
    result = reboot(fleet, services=[SA], services_timeout=2)
    assert_told(
        result,
        "failed",
        HOST,
        setting=f"^{SA}$",
        problem="2 seconds",
        found="exit code 1053 .*30 seconds",
        changed="^it was booted, at",
        next_step="revocation.*do not boot again",
    )
    assert result["changed"] is True
    fleet.lab[HOST].state.start_service(SA)


@pytest.mark.one_core
def test_a_server_that_never_comes_back_is_a_failure_with_its_figure(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, mailbox(reboot={"comes_back": False}))
    result = reboot(fleet, timeout=4)
    assert_told(
        result,
        "failed",
        HOST,
        setting="^reboot$",
        problem="4 seconds",
        found="no shell could be opened",
        expected="a boot after that of",
        changed="ordered and accepted",
        next_step="console",
    )
    assert result["changed"] is True
    fleet.lab[HOST].power_on()
    assert reboot(fleet, "--check")["outcome"] == "ok"


@pytest.mark.one_core
def test_a_server_that_comes_back_without_its_network_for_a_while_is_waited_for(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, mailbox(reboot={"outage_seconds": 1, "winrm_late_seconds": 4}))
    result = reboot(fleet, services=[SA])
    assert (result["outcome"], result["changed"]) == ("ok", True), result
    assert result["seconds"] >= 4


@pytest.mark.one_core
def test_a_network_that_stays_lost_is_told_and_a_rerun_finds_the_boot_done(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, mailbox(reboot={"network_lost": True}))
    before = fleet.lab[HOST].state.boot_time
    result = reboot(fleet, timeout=4)
    assert_told(result, "failed", HOST, problem="4 seconds", changed="accepted", next_step="lost its network")
    fleet.lab[HOST].plug_in()
    assert fleet.lab[HOST].state.boot_time > before
    assert reboot(fleet, "--check")["diff"]["before"] != result["diff"]["before"]


@pytest.mark.one_core
def test_a_pending_shutdown_is_told_and_waited_for_on_demand(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, mailbox(pending_shutdown=True))
    told = reboot(fleet)
    assert_told(
        told, "failed", HOST, problem="pending.*power-off", found="1115", changed="^nothing$", next_step="shutdown /a"
    )
    assert told["changed"] is False
    told = reboot(fleet, pending_shutdown="wait", timeout=2)
    assert_told(told, "failed", HOST, problem="2 seconds", found="has not booted", changed="nothing by this task.*1115")
    assert told["changed"] is False
    fleet.lab[HOST].state.abort_shutdown()
    assert reboot(fleet)["outcome"] == "ok"


@pytest.mark.one_core
def test_a_power_off_under_way_is_not_taken_for_a_reboot(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, mailbox(pending_shutdown={"kind": "power_off"}))
    state = fleet.lab[HOST].state
    happens = threading.Thread(target=lambda: when_answered(fleet, "shutdown", state.let_shutdown_happen))
    happens.start()
    told = reboot(fleet, pending_shutdown="wait", timeout=5)
    happens.join()
    assert_told(told, "failed", HOST, problem="5 seconds", found="no shell", changed="nothing by this task.*1115")
    fleet.lab[HOST].power_on()
    assert reboot(fleet, "--check")["outcome"] == "ok"


def test_a_line_cut_at_the_order_ends_in_one_boot(start_model: StartModel) -> None:
    faults = {
        f"{operation}-{kind}".replace("_", "-"): Fault(kind, operation=operation, command_regex="shutdown")
        for operation in ("command", "receive")
        for kind in ("cut_before", "cut_after")
    }
    fleet = start_model(OF_THE_LAB, mailboxes(**{name: {} for name in faults}))
    before = {name: host.state.boot_time for name, host in fleet.lab.hosts.items()}
    for name, fault in faults.items():
        fleet.lab[name].faults.append(fault)
    # Whose a pending one is, nobody can tell: it is waited for on demand only.
    for name, result in reboot_everywhere(fleet, pending_shutdown="wait").items():
        assert (result["outcome"], result["changed"]) == ("ok", True), result
        assert fleet.lab[name].state.boot_time > before[name]
        assert fleet.lab[name].state.pending_shutdown is None
