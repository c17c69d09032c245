# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input and bad days: what the operator is told, that nothing false is believed, and that a rerun converges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.integration.conftest import WAYS, StartFleet, StartModel
from tests.integration.fleet import (
    COLLECTION,
    CONFIGURATOR,
    RPC_PROXY,
    SERVICE_HOST,
    WRITE,
    Fleet,
    client_access,
    number,
    text,
)
from tests.lab import Fault

PINNED = "mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004;gc1:6004;gc1.contoso.com:6004"
OLD = "mbx1:6001-6002"


TRANSPORTS = pytest.mark.parametrize("transport", ["basic", "ntlm"])
NOT_SENT = "nothing: no command is sent"
IN_THE_LAB = "nothing: the lab answers, whatever program has run"


def drifted(**more: Any) -> dict[str, Any]:
    return client_access(text(OLD), number(15), **more)


def assert_told(result: dict[str, Any], outcome: str, host: str = "cas1", **parts: str) -> None:
    """Host, setting, found, expected, what was changed before and the next step: all there, all in the message."""
    assert result["outcome"] == outcome, result
    failure = result["failure"]
    assert failure["host"] == host
    for name in ("setting", "problem", "found", "expected", "changed", "next_step"):
        assert failure[name], name
        assert failure[name] in result["msg"], name
    for name, pattern in parts.items():
        assert re.search(pattern, failure[name]), f"{name}: {pattern!r} is not in {failure[name]!r}"


def assert_untouched(fleet: Fleet, ports: str = OLD) -> None:
    for host in fleet.lab.hosts.values():
        assert host.registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", ports), host.name
        assert host.registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15), host.name


def assert_a_rerun_converges(fleet: Fleet) -> None:
    for host in fleet.lab.hosts.values():
        host.faults.clear()
    assert {host: result["outcome"] for host, result in fleet.valid_ports_everywhere().items()} == dict.fromkeys(
        fleet.lab.hosts, "ok"
    )
    for host in fleet.lab.hosts.values():
        assert host.registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", PINNED), host.name
        assert host.registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 0), host.name
    assert not [host for host, result in fleet.valid_ports_everywhere().items() if result["changed"]]


def refused(fleet: Fleet, *arguments: str, **cases: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The results of tasks with such options in such plays, by the case's name; nothing may have been sent."""
    usual = {"mailbox_servers": ["mbx1.contoso.com"], "global_catalogs": ["gc1.contoso.com"]}
    plays = [
        {
            "hosts": "cas1",
            "gather_facts": False,
            "ignore_errors": True,
            "tasks": [{"name": name, f"{COLLECTION}.valid_ports": {**usual, **options}}],
            **play,
        }
        for name, (options, play) in cases.items()
    ]
    run = fleet.play(plays, *arguments)
    results = {record["task"]: {**record["result"], "outcome": record["outcome"]} for record in run.records}
    assert set(results) == set(cases), run.screen
    assert not fleet.lab["cas1"].requests
    assert_untouched(fleet)
    return results


BAD_NAMES = [
    "mbx 1.contoso.com",
    "mbx1;x.contoso.com",
    "mbx1&calc.contoso.com",
    "%TEMP%.contoso.com",
    'mbx1".contoso.com',
    "mbx1!.contoso.com",
    "mbx1^.contoso.com",
    "mbx1|more.contoso.com",
    "mbx1..contoso.com",
    "a" * 64 + ".contoso.com",
    ".".join(["abcdefgh"] * 30),
    "mb\u00fcx.contoso.com",
    "mbx1",
]
BAD_ENTRIES = ["mbx1:0", "mbx1:65536", "mbx1:6002-6001", "mbx1:\u0666004", "mbx1", "mbx1: 6004", "mbx1:6004;mbx2:6004"]


@pytest.mark.one_core
def test_options_that_are_wrong_are_told_all_at_once_and_nothing_is_sent(start_model: StartModel) -> None:
    fleet = start_model(NOT_SENT, {"cas1": drifted()})
    for arguments in ((), ("--check",)):
        results = refused(
            fleet,
            *arguments,
            unknown=({"mailbox_server": ["mbx1.contoso.com"]}, {}),
            parsed=(
                {
                    "mailbox_servers": [*BAD_NAMES, "mbx1.contoso.com"],
                    "extra_entries": [*BAD_ENTRIES, "proxy.contoso.com:593"],
                },
                {},
            ),
            never=({"command_timeout": 0}, {}),
            ages=({"command_timeout": 3601}, {}),
        )
        assert_told(
            results["unknown"],
            "failed",
            setting="^mailbox_server$",
            found="unknown options: mailbox_server",
            expected="mailbox_servers",
            changed="^nothing$",
            next_step="Nothing was sent",
        )
        told = results["parsed"]
        assert told["failure"]["setting"].split(", ") == [
            *(f"mailbox_servers[{place}]" for place in range(len(BAD_NAMES))),
            *(f"extra_entries[{place}]" for place in range(len(BAD_ENTRIES))),
        ]
        assert_told(told, "failed", changed="nothing", found=re.escape("mbx1&calc"), next_step="Nothing was sent")
        assert [finding["status"] for finding in told["findings"]] == ["unknown", "unknown"]
        assert_told(results["never"], "failed", found="0", changed="^nothing$")
        assert_told(results["ages"], "failed", found="3601", changed="^nothing$")
    assert_a_rerun_converges(fleet)


def test_what_the_way_to_the_server_cannot_carry_is_refused_before_anything_is_sent(start_model: StartModel) -> None:
    fleet = start_model(NOT_SENT, {"cas1": drifted()})
    ways: dict[str, dict[str, Any]] = {
        "become": {"become": True, "become_method": "runas", "become_user": "other"},
        "environment": {"environment": {"A": "b"}},
        **{name: {"connection": name, "vars": {"ansible_connection": name}} for name in ("ssh", "local", "psrp")},
    }
    results = refused(fleet, **{says: ({}, play) for says, play in ways.items()})
    for says, result in results.items():
        assert_told(result, "failed", found=says, changed="nothing", next_step="Nothing was sent")
    assert_a_rerun_converges(fleet)


WORDS: dict[str, dict[str, Any]] = {"english": {}, "no-words": {"empty_stderr": True}, "german": {"language": "de"}}
MISSING = {
    "proxy": (RPC_PROXY, "ValidPorts", "not installed"),
    "service": (SERVICE_HOST, "PeriodicPollingMinutes", "Exchange 2007"),
}


def in_all_words(backend: str, cases: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Names of hosts, each with its case and what reg.exe says there; Wine's speaks English only."""
    words = WORDS if backend == "model" else {"english": {}}
    return {f"{case}-{name}": (case, more) for case in cases for name, more in words.items()}


@pytest.mark.one_core
def test_a_missing_key_is_told_and_nothing_is_written(start: StartFleet, backend: str) -> None:
    hosts = in_all_words(backend, MISSING)
    fleet = start({name: drifted(**words) for name, (_case, words) in hosts.items()})
    for name, (case, _words) in hosts.items():
        fleet.lab[name].registry.delete(MISSING[case][0])
    for arguments in (("--check",), ()):
        results = fleet.valid_ports_everywhere(*arguments)
        for name, (case, _words) in hosts.items():
            key, setting, says = MISSING[case]
            found = re.escape(key) + " does not exist"
            assert_told(results[name], "failed", name, setting=setting, problem=says, found=found, changed="nothing")
            assert results[name]["changed"] is False
            assert fleet.lab[name].registry.get(key, "ValidPorts") is None
            if case == "proxy":
                assert fleet.lab[name].registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15)
            else:
                assert fleet.lab[name].registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", OLD)
    for host in fleet.lab.hosts.values():
        host.registry.create(CONFIGURATOR)
        host.registry.create(RPC_PROXY)
    assert_a_rerun_converges(fleet)


DENIED = {
    "key": (RPC_PROXY, "ValidPorts"),
    "parent": (r"HKLM\SOFTWARE\Microsoft\Rpc", "ValidPorts"),
    "grandparent": (r"HKLM\SOFTWARE\Microsoft", "ValidPorts"),
    "polling": (CONFIGURATOR, "PeriodicPollingMinutes"),
    "service": (SERVICE_HOST, "PeriodicPollingMinutes"),
}


@pytest.mark.one_core
def test_a_denied_key_is_unknown_and_never_absent_compliant_or_written(start: StartFleet, backend: str) -> None:
    hosts = in_all_words(backend, DENIED)
    fleet = start({name: drifted(denied=[DENIED[case][0]], **words) for name, (case, words) in hosts.items()})
    for arguments in (("--check",), ()):
        results = fleet.valid_ports_everywhere(*arguments)
        for name, (case, _words) in hosts.items():
            key, setting = DENIED[case]
            assert_told(
                results[name],
                "failed",
                name,
                setting=f"^{setting}$",
                found=re.escape(key),
                expected="readable",
                changed="^nothing$",
                next_step="right",
            )
            statuses = {finding["setting"]: finding["status"] for finding in results[name]["findings"]}
            assert statuses == {"ValidPorts": "drifted", "PeriodicPollingMinutes": "drifted", setting: "unknown"}
            assert results[name]["changed"] is False
    lines = [request.command_line or "" for host in fleet.lab.hosts.values() for request in host.requests]
    assert not [line for line in lines if "reg add" in line or "reg import" in line]
    for name, (case, _words) in hosts.items():
        allow(fleet, name, DENIED[case][0])
    assert_a_rerun_converges(fleet)


def allow(fleet: Fleet, name: str, key: str) -> None:
    """Take the denial back, on either back end."""
    backend: Any = fleet.lab[name].backend
    if hasattr(backend, "machine"):
        backend.machine.allow(key)
    else:
        backend.registry.allow(key)


GARBAGE = {
    "html": "<html>busy</html>",
    "bytes": "\x00\x01",
    "another-key": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Elsewhere\r\n    A    REG_SZ    b\r\n",
}


@pytest.mark.one_core
def test_garbage_from_a_program_is_shown_and_believed_in_nothing(start_model: StartModel) -> None:
    """The whole command prints something else: no frame of it can be found."""
    fleet = start_model(IN_THE_LAB, {name: drifted() for name in GARBAGE})
    for name, garbage in GARBAGE.items():
        fleet.lab[name].faults.append(Fault("output", stdout=garbage.encode(), times=0))
    for name, result in fleet.valid_ports_everywhere().items():
        told = {"setting": "PeriodicPollingMinutes", "changed": "nothing", "next_step": "by hand"}
        assert_told(result, "failed", name, **told)
        assert repr(GARBAGE[name].strip())[1:-1] in result["failure"]["found"]
        assert [finding["status"] for finding in result["findings"]] == ["unknown", "unknown"]
    assert_untouched(fleet)
    assert_a_rerun_converges(fleet)


@pytest.mark.one_core
def test_garbage_in_the_answer_to_a_write_says_that_nobody_knows(start_model: StartModel) -> None:
    fleet = start_model(IN_THE_LAB, {"cas1": drifted()})
    fleet.lab["cas1"].faults.append(Fault("output", command_regex=WRITE["command_regex"], stdout=b"oops"))
    result = fleet.valid_ports()
    assert_told(
        result,
        "failed",
        setting="^PeriodicPollingMinutes, ValidPorts$",
        problem="the answer was damaged",
        found="oops",
        expected="PeriodicPollingMinutes to 0; ValidPorts to mbx1",
        changed="^not known; under way",
        next_step="Run again",
    )
    assert_a_rerun_converges(fleet)


@pytest.mark.one_core
def test_a_key_with_a_line_that_fits_nothing_is_unreadable_and_shown(start: StartFleet) -> None:
    fleet = start({"cas1": drifted()})
    registry = fleet.lab["cas1"].registry
    registry.set(CONFIGURATOR, "A name\r\nwith a break", "REG_DWORD", 1)
    result = fleet.valid_ports()
    assert_told(
        result, "failed", setting="^PeriodicPollingMinutes$", problem="could not be understood", found="with a break"
    )
    assert {item["setting"]: item["status"] for item in result["findings"]} == {
        "PeriodicPollingMinutes": "unknown",
        "ValidPorts": "drifted",
    }
    assert_untouched(fleet)
    registry.delete(CONFIGURATOR, "A name\r\nwith a break")
    assert_a_rerun_converges(fleet)


def test_a_wait_longer_than_the_deadline_is_no_time_out(start: StartFleet) -> None:
    fleet = start({"cas1": drifted()})
    assert fleet.valid_ports(command_timeout=8, settle_seconds=9)["changed"] is True
    assert_a_rerun_converges(fleet)


def test_a_delegated_task_speaks_of_the_server_that_it_asked(start_model: StartModel) -> None:
    fleet = start_model(IN_THE_LAB, {"cas1": drifted(), "cas2": drifted()})
    task = {
        f"{COLLECTION}.valid_ports": {"mailbox_servers": ["mbx1.contoso.com"], "unknown_entries": "remove"},
        "delegate_to": "cas2",
    }
    run = fleet.play([{"hosts": "cas1", "gather_facts": False, "tasks": [task]}])
    assert {finding["host"] for finding in run.of("valid_ports")["findings"]} == {"cas2"}
    assert fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", OLD)
    assert fleet.lab["cas2"].registry.get(RPC_PROXY, "ValidPorts") != ("REG_SZ", OLD)


LOST = {
    "create-500": (Fault("http_status", "create", status=500, body="out of order"), "500"),
    "create-401": (Fault("http_status", "create", status=401), "rejected"),
    "create-garbage": (Fault("garbage", "create"), "no shell could be opened"),
    "create-cut": (Fault("cut_before", "create"), "no shell could be opened"),
    "command-500": (Fault("http_status", "command", status=500, body="out of order"), "out of order"),
    "command-401": (Fault("http_status", "command", status=401), "rejected"),
    "command-garbage": (Fault("garbage", "command"), "could not start a command"),
    "command-cut-before": (Fault("cut_before", "command"), "could not start a command"),
    "command-cut-after": (Fault("cut_after", "command"), "could not start a command"),
    "receive-garbage": (Fault("garbage", "receive"), "could not read a command's output"),
    "receive-truncated": (Fault("truncate", "receive"), "could not read a command's output"),
    "receive-401": (Fault("http_status", "receive", status=401), "rejected"),
    "receive-cut-before": (Fault("cut_before", "receive"), "could not read a command's output"),
    "receive-cut-after": (Fault("cut_after", "receive"), "could not read a command's output"),
}


@TRANSPORTS
def test_a_line_lost_before_anything_was_written_is_unreachable(start_model: StartModel, transport: str) -> None:
    fleet = start_model(IN_THE_LAB, {name: drifted() for name in LOST}, transport=transport)
    for name, (fault, _says) in LOST.items():
        fleet.lab[name].faults.append(fault)
    results = fleet.valid_ports_everywhere()
    for name, (_fault, says) in LOST.items():
        assert_told(
            results[name],
            "unreachable",
            name,
            setting="^PeriodicPollingMinutes, ValidPorts$",
            found=says,
            expected="an answer over WinRM",
            changed="^nothing$",
            next_step="run again",
        )
        assert [finding["status"] for finding in results[name]["findings"]] == ["unknown", "unknown"]
    assert_untouched(fleet)
    assert_a_rerun_converges(fleet)


WRITING = {
    f"{operation}-{kind}".replace("_", "-"): Fault(kind, operation, command_regex=WRITE["command_regex"])
    for operation in ("command", "receive")
    for kind in ("cut_before", "cut_after")
}


@WAYS
def test_a_line_lost_while_writing_says_that_nobody_knows(start: StartFleet, transport: str) -> None:
    fleet = start({name: drifted() for name in WRITING}, transport=transport)
    for name, fault in WRITING.items():
        fleet.lab[name].faults.append(fault)
    results = fleet.valid_ports_everywhere()
    for name in WRITING:
        assert_told(
            results[name],
            "unreachable",
            name,
            setting="^PeriodicPollingMinutes, ValidPorts$",
            found="could not (start a command|read a command's output)",
            expected="PeriodicPollingMinutes to 0; ValidPorts to mbx1",
            changed="not known; under way: PeriodicPollingMinutes to 0; ValidPorts to mbx1",
            next_step="Run again",
        )
        assert [finding["status"] for finding in results[name]["findings"]] == ["drifted", "drifted"]
    assert_a_rerun_converges(fleet)


TRAVELLING = {
    f"send-{nth}-{kind}".replace("_", "-"): Fault(kind, "send", nth=nth)
    for nth in (1, 2, 3)
    for kind in ("cut_before", "cut_after")
}


def test_a_line_lost_while_a_long_value_travels_leaves_the_old_or_the_new(start: StartFleet) -> None:
    servers = [f"mailbox{count:03}.exchange.contoso.com" for count in range(500)]
    options = {"mailbox_servers": servers, "global_catalogs": [], "unknown_entries": "remove"}
    fleet = start({name: drifted() for name in TRAVELLING})
    for name, fault in TRAVELLING.items():
        fleet.lab[name].faults.append(fault)
    results = fleet.valid_ports_everywhere(**options)
    for name in TRAVELLING:
        assert_told(results[name], "unreachable", name, changed="not known", next_step="Run again")
        found = fleet.lab[name].registry.get(RPC_PROXY, "ValidPorts")
        assert found is not None
        assert found[1] == OLD or str(found[1]).count(";") == 1999
        fleet.lab[name].faults.clear()
    assert {result["outcome"] for result in fleet.valid_ports_everywhere(**options).values()} == {"ok"}
    assert not [name for name, result in fleet.valid_ports_everywhere(**options).items() if result["changed"]]


@TRANSPORTS
def test_a_command_that_never_ends_is_ended_at_its_deadline(start_model: StartModel, transport: str) -> None:
    fleet = start_model(IN_THE_LAB, {name: drifted() for name in ("reads", "writes")}, transport=transport)
    fleet.lab["reads"].faults.append(Fault("hang", "command"))
    fleet.lab["writes"].faults.append(Fault("hang", **WRITE))
    results = fleet.valid_ports_everywhere(command_timeout=5, settle_seconds=1)
    told = {"found": "5 seconds", "changed": "^nothing$", "next_step": "run again"}
    assert_told(results["reads"], "failed", "reads", **told)
    assert fleet.lab["reads"].registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", OLD)
    assert fleet.lab["reads"].registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15)
    told = {"found": "6 seconds", "changed": "not known; under way", "next_step": "Run again"}
    assert_told(results["writes"], "failed", "writes", **told)
    for host in fleet.lab.hosts.values():
        assert "signal" in [request.operation for request in host.requests]
    assert_a_rerun_converges(fleet)


PASSING = {
    "busy-command": Fault("fault", "command", code=170),
    "busy-receive": Fault("fault", "receive", code=170),
    "quota-read": Fault("fault", "command", code=0x803381A6, wmi_code=0x803381A6),
    "quota-write": Fault("fault", **WRITE, code=0x803381A6, wmi_code=0x803381A6),
}


@TRANSPORTS
def test_busy_and_quota_faults_are_lived_through(start_model: StartModel, transport: str) -> None:
    fleet = start_model(IN_THE_LAB, {name: drifted() for name in PASSING}, transport=transport)
    for name, fault in PASSING.items():
        fleet.lab[name].faults.append(fault)
    assert {name: result["changed"] for name, result in fleet.valid_ports_everywhere().items()} == dict.fromkeys(
        PASSING, True
    )
    assert_a_rerun_converges(fleet)


def test_a_server_that_stays_busy_or_has_no_shell_left_is_unreachable_with_its_words(start_model: StartModel) -> None:
    fleet = start_model(IN_THE_LAB, {name: drifted() for name in ("busy", "full")})
    fleet.lab["busy"].faults.append(Fault("fault", "command", code=170, times=0))
    fleet.lab["full"].faults.append(Fault("fault", "create", code=2150859173))
    results = fleet.valid_ports_everywhere()
    assert_told(results["busy"], "unreachable", "busy", found="170", changed="^nothing$")
    assert_told(results["full"], "unreachable", "full", found="no shell could be opened", changed="^nothing$")
    assert_a_rerun_converges(fleet)


@pytest.mark.one_core
def test_a_value_of_another_type_is_shown_and_corrected(start: StartFleet) -> None:
    fleet = start({"cas1": client_access(number(7), text("15"))})
    result = fleet.valid_ports()
    assert_told(result, "failed", setting="ValidPorts", found="7", expected="mbx1:6001-6002", changed="^nothing$")
    assert fleet.valid_ports(unknown_entries="remove")["changed"] is True
    assert_a_rerun_converges(fleet)


@pytest.mark.one_core
def test_another_writer_between_write_and_verification_is_told_and_not_fought(start_model: StartModel) -> None:
    fleet = start_model("a hook between two programs of one line", {"cas1": drifted()})
    machine = fleet.lab["cas1"].backend.machine  # type: ignore[attr-defined]
    registry = fleet.lab["cas1"].registry
    machine.after_program("ValidPorts", lambda _machine: registry.set(RPC_PROXY, "ValidPorts", "REG_SZ", "rogue:1"))
    result = fleet.valid_ports()
    assert_told(
        result,
        "failed",
        setting="ValidPorts",
        found="rogue:1",
        expected="mbx1:6001-6002",
        changed="PeriodicPollingMinutes from 15 to 0; ValidPorts from mbx1",
        next_step="find out who",
    )
    assert registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", "rogue:1")
    assert fleet.valid_ports(allow_removal=["rogue"])["changed"] is True
    assert_a_rerun_converges(fleet)


SERVICELET = {"mailbox_servers": ["mbx1.contoso.com"], "pass_in_progress": True, "pass_seconds": 3}
LONGER_THAN_A_PASS = 5


@pytest.mark.one_core
def test_a_servicelet_in_the_middle_of_a_pass_is_caught_named_and_mended(start_model: StartModel) -> None:
    fleet = start_model("MSExchangeServiceHost", {"cas1": drifted(servicelet=SERVICELET)})
    result = fleet.valid_ports(settle_seconds=LONGER_THAN_A_PASS)
    assert result["outcome"] == "ok"
    assert [warning for warning in result["warnings"] if "RpcHttpConfigurator" in warning and "cas1" in warning]
    assert_a_rerun_converges(fleet)


@pytest.mark.one_core
def test_a_servicelet_that_writes_a_server_nobody_knows_stops_the_task(start_model: StartModel) -> None:
    known = {**SERVICELET, "mailbox_servers": ["mbx1.contoso.com", "new.contoso.com"]}
    fleet = start_model("MSExchangeServiceHost", {"cas1": drifted(servicelet=known)})
    result = fleet.valid_ports(settle_seconds=LONGER_THAN_A_PASS)
    assert_told(
        result,
        "failed",
        setting="ValidPorts",
        problem="RpcHttpConfigurator",
        found="new.contoso.com",
        changed="PeriodicPollingMinutes",
        next_step="allow_removal",
    )
    assert fleet.valid_ports(allow_removal=["new.contoso.com"])["changed"] is True
    assert_a_rerun_converges(fleet)


@pytest.mark.one_core
def test_a_servicelet_that_still_polls_undoes_the_list_and_a_pinned_one_does_not(start_model: StartModel) -> None:
    polling = {"mailbox_servers": ["mbx1.contoso.com"]}
    fleet = start_model("MSExchangeServiceHost", {"cas1": drifted(servicelet=polling)})
    machine = fleet.lab["cas1"].backend.machine  # type: ignore[attr-defined]
    fleet.valid_ports(polling_minutes=15)
    machine.advance(16 * 60)
    assert fleet.valid_ports("--check", polling_minutes=15)["changed"] is True
    fleet.valid_ports()
    machine.advance(16 * 60)
    assert fleet.valid_ports()["changed"] is False


@pytest.mark.one_core
def test_a_write_that_the_server_refuses_says_what_came_before_it(start_model: StartModel) -> None:
    """The key is readable and not writable: denied between the read and the write."""
    fleet = start_model("a right that changes between two programs of one line", {"cas1": drifted()})
    machine = fleet.lab["cas1"].backend.machine  # type: ignore[attr-defined]
    machine.after_program(
        "PeriodicPollingMinutes", lambda server: setattr(server.tree.create(RPC_PROXY), "denied", True)
    )
    result = fleet.valid_ports()
    assert_told(
        result,
        "failed",
        setting="ValidPorts",
        found="denied",
        expected="mbx1:6001-6002",
        changed="^PeriodicPollingMinutes from 15 to 0$",
        next_step="may write",
    )
    assert result["changed"] is True
    machine.allow(RPC_PROXY)
    assert_a_rerun_converges(fleet)


@pytest.mark.one_core
def test_a_file_that_a_cut_run_left_is_removed_by_the_next(start_model: StartModel) -> None:
    fleet = start_model("a hand in its file system", {"cas1": client_access(text(PINNED), number(0))})
    machine = fleet.lab["cas1"].backend.machine  # type: ignore[attr-defined]
    left = machine.environment["TEMP"] + r"\exchange_ops_outlook_anywhere.reg"
    machine.files.write(left, b"half")
    assert [warning for warning in fleet.valid_ports("--check")["warnings"] if "next run" in warning]
    assert machine.files.exists(left)
    assert [warning for warning in fleet.valid_ports()["warnings"] if "removed" in warning]
    assert not machine.files.exists(left)
    assert not fleet.valid_ports().get("warnings")
