# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ladder of rpcping from a playbook: what it tells, that it ends, and that the password is nowhere to be found."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.conftest import StartModel
from tests.integration.fleet import COLLECTION, Fleet, Run, programs
from tests.lab import Fault, Host, Lab
from tests.lab.model import ModelBackend
from tests.patience import wait

MISSING = "program rpcping.exe is missing"
# What JSON, XML, Python, a URL and cmd.exe would each write another way.
PASSWORD = "Tr0ub4dor&3 ^|<>!'\\x\\"
BASIC = base64.b64encode(f"CONTOSO\\rpcping:{PASSWORD}".encode()).decode()
FORMS = (
    PASSWORD,
    "Tr0ub4dor",
    json.dumps(PASSWORD)[1:-1],
    quote(PASSWORD, safe=""),
    base64.b64encode(PASSWORD.encode()).decode(),
    base64.b64encode(PASSWORD.encode("utf-16-le")).decode(),
    # From the first letter on that the names before it do not decide alone.
    BASIC[len("CONTOSO\\rpcping:") * 8 // 6 :],
)
IMAGE = "rpcping.exe"
OF_RPCPING = r"^C:.*rpcping\.exe"
# Longer than any guard waits.
GUARD_SECONDS = 1000


def server(**rpcping: Any) -> dict[str, Any]:
    """What hangs is waited for a few seconds, and what does not for as long as it takes."""
    hangs = any(step.get("hangs") for step in rpcping.get("steps", {}).values())
    return {"groups": ["client_access"], "rpcping": rpcping, "vars": {"hangs_for": 3} if hangs else {}}


def task(**options: Any) -> dict[str, Any]:
    return {
        f"{COLLECTION}.rpcping": {
            "rpc_proxy": "cas1.contoso.com",
            "mailbox_server": "mbx1.contoso.com",
            "username": "rpcping",
            "domain": "CONTOSO",
            "password": "{{ lookup('env', 'RPCPING_PASSWORD') }}",
            "proxy_authentication": "basic",
            "step_timeout": "{{ hangs_for | default(30) }}",
            **options,
        }
    }


def climb(fleet: Fleet, *arguments: str, tasks: Sequence[dict[str, Any]] = (), **environment: str) -> Run:
    play = {"hosts": "all", "gather_facts": False, "tasks": [*tasks] or [task()]}
    return fleet.play([play], *arguments, RPCPING_PASSWORD=PASSWORD, **environment)


def states(result: dict[str, Any]) -> list[str]:
    return [step["state"] for step in result["steps"]]


def sent(host: Host) -> list[str]:
    return [record.command_line for record in host.requests if record.operation == "command" and record.command_line]


def running(host: Host) -> list[int]:
    return [process.pid for process in host.state.processes() if process.image == IMAGE]


@pytest.mark.parametrize("mode", [(), ("--check",)])
def test_every_step_succeeds_and_check_mode_makes_no_difference(start_model: StartModel, mode: tuple[str, ...]) -> None:
    """The password arrives as it is: without cmd.exe, and where the server asks cmd.exe all the same."""
    good = server(password=PASSWORD)
    hosts = {"cas1": good, "cas2": {**good, "transport": "ntlm"}, "cas3": {**good, "always_cmd_shell": True}}
    fleet = start_model(MISSING, hosts)
    run = climb(fleet, *mode)
    for name, host in fleet.lab.hosts.items():
        result = run.of("rpcping", name)
        assert (result["outcome"], result["proved"], result["changed"]) == ("ok", True, False)
        assert states(result) == ["succeeded"] * 4
        assert result["failed_step"] is None
        lines = sent(host)
        assert len(lines) == 6
        # The guard stands before anything runs that it guards.
        assert [line for line in lines if "taskkill" in line] == [lines[1]]
        assert {program for line in lines for program in programs(line)} >= {"rpcping", "taskkill", "wmic process"}


def test_it_stops_where_it_fails_ends_what_hangs_and_says_what_to_do(start_model: StartModel) -> None:
    hangs = {"hangs": True, "output": "so far"}
    hosts = {
        "split": server(steps={"6004": {"exit_code": 1722, "output": "no transcript of this"}}),
        "wrong": server(password="other"),
        "without": {"groups": ["client_access"]},
        "hangs": server(steps={"6001": hangs}),
        "survives": server(steps={"6001": {**hangs, "survives": True}}),
    }
    fleet = start_model(MISSING, hosts)
    others = {name: host.state.start_program(IMAGE) for name, host in fleet.lab.hosts.items()}
    run = climb(fleet)
    assert run.exit_code == 2

    result = run.of("rpcping", "split")
    assert states(result) == ["succeeded"] * 3 + ["failed"]
    assert (result["failed_step"], result["proved"], result["outcome"]) == ("6004", False, "failed")
    assert result["steps"][3]["output"].strip() == "no transcript of this"
    assert "source-IP affinity" in result["failure"]["next_step"]
    assert result["failure"]["changed"] == "nothing"

    result = run.of("rpcping", "wrong")
    assert states(result) == ["failed"] + ["not_run"] * 3
    assert result["steps"][0]["recognised"][0].startswith("401")
    assert "".join(sent(fleet.lab["wrong"])).count(PASSWORD) == 1

    assert run.of("rpcping", "without")["failure"]["setting"] == IMAGE
    assert PASSWORD not in "".join(sent(fleet.lab["without"]))

    for name in ("hangs", "survives"):
        result, host = run.of("rpcping", name), fleet.lab[name]
        assert states(result) == ["succeeded", "timed_out", "not_run", "not_run"]
        assert result["steps"][1]["output"].strip() == "so far"
        assert running(host) == [others[name]]
        assert "and was ended" in result["failure"]["found"]
        assert not result.get("warnings")


@pytest.fixture
def own_lab(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """A lab whose shells may be left behind, as by a controller that has died."""
    spec = server(steps={"proxy": {"hangs": True, "survives": True, **getattr(request, "param", {})}})
    with Lab({"hosts": {"cas1": spec}}) as lab:
        yield Fleet(lab, tmp_path)


def ends_of_the_guard(host: Host) -> list[int]:
    """How many rpcping run after each taskkill."""
    seen: list[int] = []
    assert isinstance(host.backend, ModelBackend)
    host.backend.machine.after_program("taskkill", lambda _machine: seen.append(len(running(host))))
    return seen


def let_the_guard_end(host: Host, seen: list[int]) -> None:
    """Its time is over, and it does what it is there for."""
    host.state.clock.advance(GUARD_SECONDS)
    wait(lambda: seen)


def test_a_line_that_is_lost_once_leaves_nothing_behind(own_lab: Fleet) -> None:
    """One answer is lost, and the rpcping outlives its command: it is ended over a new shell, and the guard with it."""
    host = own_lab.lab["cas1"]
    other = host.state.start_program(IMAGE)
    host.faults.append(Fault(kind="cut_before", operation="receive", command_regex=OF_RPCPING))
    result = climb(own_lab).of("rpcping")
    assert result["outcome"] == "unreachable"
    assert "no rpcping.exe of this task runs there" in result["failure"]["found"]
    assert running(host) == [other]
    assert host.open_shells == 0


def test_the_guard_ends_what_a_dead_controller_leaves(own_lab: Fleet) -> None:
    """From its first look for output on, nothing of the controller arrives any more."""
    host = own_lab.lab["cas1"]
    other = host.state.start_program(IMAGE)
    seen = ends_of_the_guard(host)
    host.faults.append(Fault(kind="cut_before", operation="receive", command_regex=OF_RPCPING, times=0))
    for operation, nth in (("signal", 2), ("delete", 1), ("create", 2)):
        host.faults.append(Fault(kind="cut_before", operation=operation, times=0, nth=nth))
    result = climb(own_lab).of("rpcping")
    assert result["outcome"] == "unreachable"
    assert "guard on the server ends it" in result["failure"]["found"]
    let_the_guard_end(host, seen)
    assert seen == [1]
    assert running(host) == [other]


def test_the_guard_ends_what_the_tasks_own_timeout_leaves(own_lab: Fleet) -> None:
    host = own_lab.lab["cas1"]
    seen = ends_of_the_guard(host)
    run = climb(own_lab, tasks=[{**task(step_timeout=60), "timeout": 12}])
    assert run.of("rpcping")["outcome"] == "failed"
    assert len(running(host)) == 1
    assert "The guard on the server ends it" in " ".join(run.screen.split())
    let_the_guard_end(host, seen)
    assert (seen, running(host)) == ([0], [])


# -- the password

ECHO = "{identity} is refused: 401"
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "success": ({"steps": {"proxy": {"output": "for {identity}"}}}, "ok"),
    "wrong": ({"password": "other"}, "failed"),
    "unauthorised": ({"steps": {"proxy": {"exit_code": 401, "output": ECHO}}}, "failed"),
    "basic": ({"steps": {"proxy": {"exit_code": 401, "output": f"Authorization: Basic {BASIC}"}}}, "failed"),
    "hangs": ({"steps": {"6001": {"hangs": True, "survives": True, "output": ECHO}}}, "failed"),
}
LOST: dict[str, tuple[dict[str, Any], str]] = {
    "cut": ({"kind": "cut_before", "operation": "command"}, "unreachable"),
    "lost": ({"kind": "cut_before", "operation": "receive"}, "unreachable"),
    "strange": ({"kind": "http_status", "operation": "command", "body": f"no: {PASSWORD}"}, "unreachable"),
    "long": (
        {"kind": "http_status", "operation": "command", "body": "x" * 590 + PASSWORD},
        "unreachable",
    ),
    "fault": ({"kind": "fault", "operation": "command", "code": 5}, "failed"),
}
SITE = """
import os
import sys

import winrm.protocol


def _raise(*arguments, **options):
    raise RuntimeError(f"{arguments} {options} {os.environ['RPCPING_PASSWORD']}")


def _seconds(self):
    if "outlook_anywhere" in sys._getframe(1).f_code.co_filename:
        _raise()
    return 20


winrm.protocol.Protocol.%s
"""


def loud(fleet: Fleet, *tasks: dict[str, Any]) -> Run:
    """Run with everything said that Ansible can say, and look for the password: on the screen, in results, in files."""
    environment = {
        "ANSIBLE_LOG_PATH": str(fleet.folder / "log.txt"),
        "ANSIBLE_DEBUG": "1",
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
    }
    run = climb(fleet, "-vvvvvv", "--diff", tasks=tasks, PYTHONPATH=str(fleet.folder), **environment)
    texts = {"screen": run.screen, "results": json.dumps(run.records)}
    for path in sorted(fleet.folder.rglob("*")):
        if path.is_file():
            texts[path.name] = path.read_text(encoding="utf-8", errors="replace")
    for name, text in texts.items():
        assert not [form for form in FORMS if form in text], f"in {name}"
    assert min(len(texts["log.txt"]), len(run.screen)) > 1_000
    return run


def test_the_password_is_nowhere(start_model: StartModel) -> None:
    hosts = {name: server(**rpcping) for name, (rpcping, _outcome) in CASES.items()}
    hosts |= {
        name: {**server(), "faults": [{**fault, "command_regex": OF_RPCPING}]}
        for name, (fault, _outcome) in LOST.items()
    }
    fleet = start_model(MISSING, hosts)
    run = loud(fleet)
    for name, (_how, outcome) in {**CASES, **LOST}.items():
        assert run.of("rpcping", name)["outcome"] == outcome, name
        assert PASSWORD in "".join(sent(fleet.lab[name])), name
    assert "for rpcping,CONTOSO,********" in run.of("rpcping", "success")["steps"][0]["output"]


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        ("run_command = _raise", "could not start a command"),
        ("operation_timeout_sec = property(_seconds, lambda self, seconds: None)", "the module has a mistake"),
    ],
)
def test_the_password_is_nowhere_when_something_is_raised_with_it(
    start_model: StartModel, mistake: str, says: str
) -> None:
    fleet = start_model(MISSING, {"cas1": server()})
    (fleet.folder / "sitecustomize.py").write_text(SITE % mistake, encoding="utf-8")
    run = loud(fleet)
    assert says in run.screen
    assert "RuntimeError" in run.screen


@pytest.mark.parametrize("own_lab", [{"unkillable": True, "output": ECHO}], indirect=True)
def test_what_cannot_be_ended_is_left_to_the_guard_and_the_password_is_nowhere(own_lab: Fleet) -> None:
    host = own_lab.lab["cas1"]
    result = loud(own_lab).of("rpcping")
    assert result["outcome"] == "failed"
    assert len(running(host)) == host.open_shells == 1
    assert "could not be ended" in str(result["warnings"])
    assert "was ended" not in result["failure"]["found"]
    assert "guard on the server ends it" in result["failure"]["found"]


def test_the_password_is_nowhere_when_options_are_refused(start_model: StartModel) -> None:
    fleet = start_model(MISSING, {"cas1": server()})
    refused = [{"password": "{{ lookup('env', 'RPCPING_PASSWORD') }}%"}, {"username": "a,b"}, {"more": 1}]
    run = loud(fleet, *({**task(**options), "ignore_errors": True} for options in refused))
    assert [record["outcome"] for record in run.records] == ["failed"] * 3
    assert not sent(fleet.lab["cas1"])


@pytest.mark.parametrize("own_lab", [{"survives": False, "output": ECHO}], indirect=True)
def test_the_password_is_nowhere_when_the_task_is_ended_from_outside(own_lab: Fleet) -> None:
    run = loud(own_lab, {**task(step_timeout=60), "timeout": 12})
    assert run.of("rpcping")["outcome"] == "failed"
    assert PASSWORD in "".join(sent(own_lab.lab["cas1"]))
    assert not running(own_lab.lab["cas1"])
