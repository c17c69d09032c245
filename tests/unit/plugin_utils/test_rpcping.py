# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ladder stops at the first step that does not bear, and what hangs is ended where it is ours for certain."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from winrm.exceptions import WSManFaultError

from plugins.modules import rpcping as documentation
from plugins.plugin_utils.fixes.options import InvalidOptions
from plugins.plugin_utils.reads import Link, Read
from plugins.plugin_utils.rpc_climb import Climb, Climbed
from plugins.plugin_utils.rpc_ladder import LADDER
from plugins.plugin_utils.rpc_order import Order
from plugins.plugin_utils.rpcping import RpcpingAction
from plugins.plugin_utils.windows.command_line import Frame, Frames, Step
from plugins.plugin_utils.windows.reading import interpret, read_steps
from plugins.plugin_utils.windows.server import Reading
from plugins.plugin_utils.windows.shell import Completed, TimedOut, Unreachable

PASSWORD = "Tr0ub4dor&3 ^|<>!"
NOON = datetime.datetime(2008, 11, 5, 12, 0, tzinfo=datetime.UTC)
PATH = r"C:\Windows\system32\rpcping.exe"
# What a task has to give; the rest has defaults.
WAY: dict[str, Any] = {
    "rpc_proxy": "cas1.contoso.com",
    "mailbox_server": "mbx1.contoso.com",
    "username": "rpcping",
    "domain": "CONTOSO",
    "password": PASSWORD,
    "proxy_authentication": "basic",
}
OPTIONS: dict[str, Any] = {
    **WAY,
    "rpc_authentication": "negotiate",
    "steps": [rung.name for rung in LADDER],
    "step_timeout": 30,
    "command_timeout": 120,
    "program": None,
}
OK = Completed(b"", b"", 0)


@dataclass
class Running:
    image: str
    pid: int
    started: float
    ends_with_its_command: bool = True
    can_be_killed: bool = True


class FakeFarSide:
    """A server and its shell: answers are a Completed or an error a step, or what makes one."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {name.removeprefix("port"): answer for name, answer in answers.items()}
        self.now = 1000.0
        self.processes: list[Running] = []
        self.path: str = PATH
        self.arguments: list[str] = []
        self.lines: list[str] = []
        self.log: list[str] = []
        self.guard: Callable[[], None] = lambda: None
        self.wmic_fails = False
        self.shells = 0
        self.refuses_a_new_shell = False

    # -- the shell

    @property
    def name(self) -> str:
        return f"shell {self.shells}"

    def begin(self, line: str) -> str:
        self.guard()
        self.lines.append(line)
        self.log.append("guard")
        return "G"

    def end(self, command_id: str) -> None:
        assert command_id == "G"
        self.log.append("guard ended")

    def end_other(self, name: str) -> None:
        self.log.append(f"{name} ended")

    def abandon(self) -> None:
        self.log.append("abandoned")

    @contextmanager
    def program(self, path: str, arguments: str) -> Iterator[str]:
        assert path == self.path
        self.arguments.append(arguments)
        name = re.search(r"-e (\d+)$", arguments)
        step = name[1] if name else "proxy"
        self.log.append(step)
        start = self.answers.get(f"start {step}")
        if start is not None:
            raise start
        try:
            yield step
        finally:
            self.processes = [item for item in self.processes if not (item.pid == 7000 and item.ends_with_its_command)]

    def wait(self, command_id: str, seconds: int) -> Completed:
        answer = self.answers.get(command_id, OK)
        answer = answer() if callable(answer) else answer
        self.now += seconds if isinstance(answer, TimedOut) else 0.5
        if isinstance(answer, Exception):
            raise answer
        return answer

    def hang(self, **how: bool) -> Callable[[], TimedOut]:
        """rpcping never ends."""

        def hang() -> TimedOut:
            self.processes.append(Running("rpcping.exe", 7000, self.now, **how))
            return TimedOut("x", b"so far " + PASSWORD.encode(), b"")

        return hang

    # -- the server

    def open(self) -> None:
        self.log.append("open")
        self.shells += 1
        if self.shells > 1 and self.refuses_a_new_shell:
            raise Unreachable("gone")

    def leave(self) -> None:
        raise AssertionError("core closes the shell")

    def read(self, reads: Sequence[Read]) -> Reading:
        return Reading(interpret(self.run(read_steps(reads)), reads, Link(ipv6=False)), left_behind=False)

    def run(self, steps: Sequence[Step], stdin: bytes | None = None, waits: int = 0) -> Frames:
        self.lines += [step.line for step in steps]
        return Frames({step.name: self._answer(step.line) for step in steps}, "")

    def _answer(self, line: str) -> Frame:
        if line.startswith("(if exist"):
            return Frame(self.path.encode(), b"", 0)
        if line.startswith("taskkill"):
            pid = int(re.findall(r"pid eq (\d+)", line)[0])
            self.processes = [item for item in self.processes if item.pid != pid or not item.can_be_killed]
            return Frame(b"", b"", 0)
        if self.wmic_fails:
            return Frame(b"", b"no", 1)
        if "os get" in line:
            return Frame(f"LastBootUpTime={cim(0)}\r\nLocalDateTime={cim(self.now)}\r\n".encode(), b"", 0)
        items = [f"CreationDate={cim(p.started)}\r\nName={p.image}\r\nProcessId={p.pid}\r\n" for p in self.processes]
        return Frame("\r\n".join(items).encode(), b"", 0)


def cim(seconds: float) -> str:
    return f"{NOON + datetime.timedelta(seconds=seconds):%Y%m%d%H%M%S.%f}+000"


def climb(far: FakeFarSide, **options: Any) -> Climbed:
    return Climb(Order.parse({**OPTIONS, **options}), far, far, lambda: far.now).run()


def states(climbed: Climbed) -> list[str]:
    return [step.state for step in climbed.steps]


def failure_of(climbed: Climbed) -> Any:
    assert climbed.stop is not None
    for part in ("setting", "problem", "found", "expected", "next_step"):
        assert getattr(climbed.stop.failure, part)
    return climbed.stop.failure


def test_the_documentation_says_what_is_accepted() -> None:
    options = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    keys = ("type", "elements", "choices", "default", "required")
    said = {name: {key: option[key] for key in keys if key in option} for name, option in options.items()}
    said["password"]["no_log"] = True
    assert said | {"command_timeout": RpcpingAction.argument_spec["command_timeout"]} == RpcpingAction.argument_spec


def test_the_documentation_says_what_is_returned() -> None:
    returned = yaml.safe_load(documentation.RETURN)
    result = climb(FakeFarSide(proxy=Completed(b"", b"", 1))).as_result("cas1", "rpcping")
    assert set(result) - {"changed", "warnings", "failed", "msg"} == set(returned)
    assert set(result["steps"][0]) == set(returned["steps"]["contains"])


def test_every_step_succeeds() -> None:
    far = FakeFarSide()
    climbed = climb(far)
    assert (climbed.proved, climbed.stop, climbed.warnings) == (True, None, ())
    result = climbed.as_result("cas1", "rpcping")
    assert (result["proved"], result["failed_step"], result["changed"]) == (True, None, False)
    assert "failed" not in result
    assert far.log == ["open", "guard", "proxy", "6001", "6002", "6004", "guard ended"]
    assert not [line for line in far.lines if "taskkill" in line and line.startswith("taskkill")]


@pytest.mark.parametrize("at", range(4))
def test_it_stops_at_the_first_step_that_fails(at: int) -> None:
    names = [rung.name for rung in LADDER]
    far = FakeFarSide(**{names[at]: Completed(b"Exception 1722", b"more", 1722)})
    climbed = climb(far)
    assert states(climbed) == ["succeeded"] * at + ["failed"] + ["not_run"] * (3 - at)
    assert far.log == ["open", "guard", *names[: at + 1], "guard ended"]
    result = climbed.as_result("cas1", "rpcping")
    assert (result["failed"], result["proved"], result["failed_step"]) == (True, False, names[at])
    step = result["steps"][at]
    assert step["exit_code"] == 1722
    assert step["output"] == "Exception 1722\nmore"
    assert step["recognised"] == ["1722: the RPC server is unavailable"]
    failure = failure_of(climbed)
    assert names[at] in failure.setting
    assert "1722" in failure.found
    assert all(place in failure.next_step for place in LADDER[at].look_at)
    assert LADDER[at].meaning in failure.expected


def test_the_exit_code_decides_and_the_text_warns() -> None:
    climbed = climb(FakeFarSide(port6001=Completed(b"The RPC server is unavailable", b"", 0)))
    assert climbed.proved
    assert "1722" in climbed.warnings[0]
    assert "6001" in climbed.warnings[0]


def test_only_the_steps_that_were_asked_for_in_the_ladders_order() -> None:
    far = FakeFarSide()
    climbed = climb(far, steps=["6004", "proxy", "6004"])
    assert [step.rung.name for step in climbed.steps] == ["proxy", "6004"]
    assert far.log == ["open", "guard", "proxy", "6004", "guard ended"]


@pytest.mark.parametrize(
    ("words", "switch"),
    [
        ({"proxy_authentication": "basic"}, "-H 1 "),
        ({"proxy_authentication": "ntlm"}, "-H 2 "),
        ({"rpc_authentication": "negotiate"}, "-u 9 "),
        ({"rpc_authentication": "ntlm"}, "-u 10 "),
        ({"rpc_authentication": "kerberos"}, "-u 16 "),
    ],
)
def test_options_are_words(words: dict[str, str], switch: str) -> None:
    far = FakeFarSide()
    climb(far, **words)
    assert all(switch in arguments for arguments in far.arguments)


def test_what_hangs_is_ended_with_its_command() -> None:
    far = FakeFarSide()
    far.processes = [Running("rpcping.exe", 5, 20.0)]
    far.answers["6002"] = far.hang()
    climbed = climb(far)
    assert states(climbed) == ["succeeded", "succeeded", "timed_out", "not_run"]
    assert climbed.warnings == ()
    assert [item.pid for item in far.processes] == [5]
    step = climbed.steps[2]
    assert (step.exit_code, step.output, round(step.seconds)) == (None, "so far ********", 30)
    assert "did not end within 30 seconds and was ended" in failure_of(climbed).found
    assert far.log[-1] == "guard ended"


def test_what_outlives_its_command_is_ended_by_its_process_id_and_nobody_elses() -> None:
    far = FakeFarSide()
    far.processes = [Running("rpcping.exe", 5, 20.0), Running("rpcping.exe", 6, 990.0)]
    far.answers["proxy"] = far.hang(ends_with_its_command=False)
    climbed = climb(far)
    assert climbed.warnings == ()
    assert [item.pid for item in far.processes] == [5, 6]
    assert [line for line in far.lines if line.startswith("taskkill")] == [
        'taskkill /f /fi "pid eq 7000" /fi "imagename eq rpcping.exe" <nul'
    ]
    guard = next(line for line in far.lines if line.startswith("ping"))
    assert '/fi "pid ne 5" /fi "pid ne 6"' in guard
    assert guard.startswith(f"ping -n {4 * (30 + 10) + 120 + 1} ")


def its_end_was_not_seen(far: FakeFarSide, climbed: Climbed) -> None:
    """Nothing says that it was ended, and what would end it is left there: the guard, in a shell that stays open."""
    found = failure_of(climbed).found
    assert "was ended" not in found
    assert "may still run" in found
    assert "guard on the server ends it, and every other rpcping.exe that was started since, within 280" in found
    assert "abandoned" in far.log
    assert "guard ended" not in far.log


def test_what_cannot_be_ended_is_said() -> None:
    far = FakeFarSide()
    far.answers["proxy"] = far.hang(ends_with_its_command=False, can_be_killed=False)
    climbed = climb(far)
    assert "7000, still runs" in climbed.warnings[0]
    its_end_was_not_seen(far, climbed)


def test_one_that_cannot_be_told_from_another_is_left_alone() -> None:
    far = FakeFarSide()
    hang = far.hang(ends_with_its_command=False)

    def two() -> TimedOut:
        far.processes.append(Running("rpcping.exe", 8000, far.now + 1))
        return hang()

    far.answers["proxy"] = two
    climbed = climb(far)
    assert "8000, 7000" in climbed.warnings[0]
    assert "throttle" in climbed.warnings[0]
    assert not [line for line in far.lines if line.startswith("taskkill")]
    its_end_was_not_seen(far, climbed)


def test_one_that_is_not_found_is_said() -> None:
    far = FakeFarSide(proxy=TimedOut("x"))
    climbed = climb(far)
    assert "not known whether it has ended" in climbed.warnings[0]
    its_end_was_not_seen(far, climbed)


def test_one_that_cannot_be_looked_for_is_said() -> None:
    far = FakeFarSide()
    hang = far.hang()

    def hang_and_fail() -> TimedOut:
        far.wmic_fails = True
        return hang()

    far.answers["proxy"] = hang_and_fail
    climbed = climb(far)
    assert "processes of the server could not be read" in climbed.warnings[0]
    its_end_was_not_seen(far, climbed)


def test_where_the_processes_cannot_be_read_nothing_is_started() -> None:
    """One that hangs could neither be told from others nor be left to a guard."""
    far = FakeFarSide()
    far.wmic_fails = True
    climbed = climb(far)
    assert (far.arguments, far.log) == ([], ["open"])
    assert states(climbed) == ["not_run"] * 4
    assert "already is not known" in failure_of(climbed).problem
    assert "Nothing was sent" in failure_of(climbed).next_step


def test_without_a_guard_the_ladder_goes_on() -> None:
    def refuse() -> None:
        raise Unreachable("no second command")

    far = FakeFarSide()
    far.guard = refuse
    climbed = climb(far)
    assert climbed.proved
    assert "no guard is on the server" in climbed.warnings[0]
    assert "no second command" in climbed.warnings[0]
    assert len(climbed.warnings) == 1
    far.answers["proxy"] = TimedOut("x")
    assert "No guard is there to end it" in failure_of(climb(far)).found


def test_a_shell_that_was_made_anew_gets_a_guard_too() -> None:
    far = FakeFarSide()

    def anew() -> Completed:
        far.shells += 1
        return OK

    far.answers["6001"] = anew
    assert climb(far).proved
    assert far.log == ["open", "guard", "proxy", "6001", "guard", "6002", "6004", "guard ended"]


@pytest.mark.parametrize("path", ["", "rpcping.exe", r"C:\a b\rpcping.exe"])
def test_a_server_without_the_program_fails_before_anything_is_sent(path: str) -> None:
    far = FakeFarSide()
    far.path = path
    climbed = climb(far)
    assert far.arguments == []
    assert r"%SystemRoot%\system32\rpcping.exe" in failure_of(climbed).found
    assert climbed.stop is not None
    assert not climbed.stop.unreachable
    assert states(climbed) == ["not_run"] * 4


def test_the_program_may_be_elsewhere() -> None:
    far = FakeFarSide()
    far.path = r"D:\Tools\rpcping.exe"
    assert climb(far, program=far.path).proved
    assert far.lines[0] == rf'(if exist "{far.path}" (echo {far.path}))'


def lost(far: FakeFarSide, **how: bool) -> Callable[[], Exception]:
    """The line is lost while rpcping runs."""

    def lose() -> Exception:
        far.hang(**how)()
        return Unreachable(f"reset {PASSWORD}")

    return lose


def test_a_line_that_is_lost_during_a_step_makes_the_server_unreachable() -> None:
    far = FakeFarSide()
    far.answers["6001"] = lost(far)
    climbed = climb(far)
    assert states(climbed) == ["succeeded", "timed_out", "not_run", "not_run"]
    assert climbed.steps[1].output == "reset ********"
    assert climbed.stop is not None
    assert climbed.stop.unreachable
    assert "no rpcping.exe of this task runs there" in failure_of(climbed).found
    assert PASSWORD not in str(climbed)
    assert far.log[3:] == ["6001", "abandoned", "open", "shell 1 ended"]


def test_what_a_lost_line_leaves_is_ended_over_a_new_shell() -> None:
    far = FakeFarSide()
    far.processes = [Running("rpcping.exe", 5, 20.0)]
    far.answers["6001"] = lost(far, ends_with_its_command=False)
    climbed = climb(far)
    assert [item.pid for item in far.processes] == [5]
    assert "no rpcping.exe of this task runs there" in failure_of(climbed).found
    assert far.log[-1] == "shell 1 ended"


@pytest.mark.parametrize("why", ["no shell", "no answer", "not ended"])
def test_what_a_lost_line_leaves_for_certain_or_perhaps_is_left_to_the_guard(why: str) -> None:
    far = FakeFarSide()
    lose = lost(far, ends_with_its_command=False, can_be_killed=False)

    def lose_and_stay_lost() -> Exception:
        far.refuses_a_new_shell = why == "no shell"
        far.wmic_fails = why == "no answer"
        return lose()

    far.answers["proxy"] = lose_and_stay_lost
    climbed = climb(far)
    its_end_was_not_seen(far, climbed)
    assert far.log[-2:] == ["abandoned", "open"]
    assert climbed.warnings


class Ended(BaseException):
    """A task's own time-out."""


@pytest.mark.parametrize("error", [Ended, RuntimeError])
def test_a_task_that_is_ended_from_outside_leaves_the_guard_and_says_so(error: type[BaseException]) -> None:
    far = FakeFarSide()

    def end() -> None:
        raise error

    far.answers["6001"] = end
    ladder = Climb(Order.parse(OPTIONS), far, far, lambda: far.now)
    with pytest.raises(error):
        ladder.run()
    assert far.log == ["open", "guard", "proxy", "6001", "abandoned"]
    assert "guard on the server ends it" in (ladder.left or "")


@pytest.mark.parametrize("password", ["e", "6001", "failed", "step"])
def test_a_password_that_is_a_word_of_ours_is_hidden_in_what_others_say_alone(password: str) -> None:
    far = FakeFarSide(port6001=Completed(password.encode(), b"", 1), port6002=Unreachable(password))
    result = climb(far, password=password).as_result("cas1", "rpcping")
    assert result["failed_step"] == "6001"
    assert [step["state"] for step in result["steps"]] == ["succeeded", "failed", "not_run", "not_run"]
    assert result["steps"][1]["output"] == "********"
    assert "exit code 1; it printed '********'" in result["failure"]["found"]
    assert result["failure"]["setting"] == "step 6001"
    assert LADDER[1].meaning in result["msg"]


def test_a_server_that_does_not_start_the_program_is_not_unreachable() -> None:
    error = Unreachable("could not start a command")
    error.__cause__ = WSManFaultError(500, "m", "<r/>", "reason", wsman_fault_code=2)
    climbed = climb(FakeFarSide(**{"start proxy": error}))
    assert climbed.stop is not None
    assert not climbed.stop.unreachable
    assert "not started" in failure_of(climbed).problem


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("rpc_proxy", "cas1"),
        ("rpc_proxy", "10.0.0.1"),
        ("rpc_proxy", 'cas1.contoso.com" & calc'),
        ("mailbox_server", "a-name-that-is-longer-than-15"),
        ("mailbox_server", "mbx1;calc"),
        ("username", "CONTOSO\\a"),
        ("domain", "a,b"),
        ("domain", "10.0.0.1"),
        ("program", "rpcping.exe"),
        ("step_timeout", 0),
        ("step_timeout", 601),
        ("steps", []),
    ],
)
def test_what_could_be_read_otherwise_is_refused(option: str, value: Any) -> None:
    with pytest.raises(InvalidOptions) as caught:
        Order.parse({**OPTIONS, option: value})
    assert [problem.option.partition("[")[0] for problem in caught.value.problems] == [option]


def test_a_password_that_is_refused_is_not_shown() -> None:
    with pytest.raises(InvalidOptions) as caught:
        Order.parse({**OPTIONS, "password": "Secret%1"})
    (problem,) = caught.value.problems
    assert problem.option == "password"
    assert "Secret%1" not in f"{problem} {caught.value}"


def test_an_order_does_not_show_the_password() -> None:
    assert PASSWORD not in repr(Order.parse(OPTIONS))
