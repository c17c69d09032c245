# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One shell, few requests, a deadline on everything, and every lost line is said to be one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)

from plugins.plugin_utils.windows.shell import SEND_BYTES, Shell, TimedOut, Unreachable, refusal


def fault(code: int = 0, wmi: int | None = None) -> WSManFaultError:
    return WSManFaultError(500, "m", "<r/>", "reason", wsman_fault_code=code, wmierror_code=wmi)


class NotInTheScript(BaseException):
    """Passes through every C(except Exception) of the code under test."""


class Script:
    """A pywinrm Protocol that plays a list of requests and fails on one too many or another than expected."""

    operation_timeout_sec = 20

    def __init__(self, *steps: tuple[str, Any]) -> None:
        self.steps = list(steps)
        self.seen: list[tuple[Any, ...]] = []

    def _next(self, name: str, *arguments: Any) -> Any:
        self.seen.append((name, *arguments))
        if not self.steps or self.steps[0][0] != name:
            raise NotInTheScript(f"{name}, and the script has {self.steps[:1] or 'ended'}")
        _expected, answer = self.steps.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def run_command(
        self, shell_id: str, line: str, arguments: Any = (), *, console_mode_stdin: bool, skip_cmd_shell: bool = False
    ) -> Any:
        assert console_mode_stdin is False
        assert skip_cmd_shell is bool(arguments)
        return self._next("run", shell_id, line, *arguments)

    def get_command_output_raw(self, shell_id: str, command_id: str) -> Any:
        return self._next("receive", shell_id, command_id)

    def send_command_input(self, shell_id: str, command_id: str, data: bytes, end: bool) -> Any:
        return self._next("send", data, end)

    def cleanup_command(self, shell_id: str, command_id: str) -> Any:
        return self._next("signal", shell_id, command_id)

    def open_shell(self, codepage: int) -> Any:
        assert codepage == 65001
        return self._next("open")

    def close_shell(self, shell_id: str, close_session: bool = True) -> Any:
        return self._next("close", shell_id)


class Connection:
    transport = "winrm"
    become = None

    def __init__(self, protocol: Any, connect: Callable[[], None] = lambda: None) -> None:
        self.protocol = protocol
        self.shell_id = "S1"
        self._connect = connect


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        self.now += 0.5
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def shell(script: Script, deadline: int = 60) -> tuple[Shell, Connection, Clock]:
    connection, clock = Connection(script), Clock()
    return Shell(connection, deadline, clock, clock.sleep), connection, clock


DONE = (b"out", b"err", 0, True)


def test_one_command_is_one_request_its_receives_and_one_signal() -> None:
    script = Script(
        ("run", "C"), ("receive", (b"a", b"", -1, False)), ("receive", (b"b", b"e", 5, True)), ("signal", None)
    )
    completed = shell(script)[0].run("ver")
    assert (completed.stdout, completed.stderr, completed.exit_code) == (b"ab", b"e", 5)
    assert not script.steps


def test_input_goes_in_pieces_below_the_envelope_and_ends_once() -> None:
    data = b"x" * (SEND_BYTES * 2 + 1)
    script = Script(("run", "C"), *[("send", None)] * 3, ("receive", DONE), ("signal", None))
    shell(script)[0].run("findstr", data)
    sends = [request for request in script.seen if request[0] == "send"]
    assert b"".join(request[1] for request in sends) == data
    assert [request[2] for request in sends] == [False, False, True]


def test_a_command_that_never_ends_is_ended_at_its_deadline_which_is_named() -> None:
    script = Script(("run", "C"), *[("receive", WinRMOperationTimeoutError())] * 500)
    script.cleanup_command = lambda *_ids: script.seen.append(("signal",))  # type: ignore[method-assign]
    with pytest.raises(TimedOut, match="60 seconds"):
        shell(script)[0].run("hang")
    assert script.seen[-1] == ("signal",)
    assert script.operation_timeout_sec == 20


def test_a_wait_for_output_is_no_longer_than_what_is_left_of_the_deadline() -> None:
    asked: list[int] = []

    def nothing() -> None:
        asked.append(script.operation_timeout_sec)
        raise WinRMOperationTimeoutError

    script = Script(("run", "C"), *[("receive", nothing)] * 50)
    script.cleanup_command = lambda *_ids: None  # type: ignore[method-assign]
    with pytest.raises(TimedOut):
        shell(script, deadline=4)[0].run("hang")
    assert max(asked) <= 4
    assert min(asked) == 1


def test_the_seconds_that_a_line_waits_itself_are_allowed_on_top() -> None:
    script = Script(
        ("run", "C"), *[("receive", WinRMOperationTimeoutError())] * 12, ("receive", DONE), ("signal", None)
    )
    assert shell(script, deadline=4)[0].run("ping", waits=60).stdout == b"out"


def test_a_program_is_started_without_cmd_exe_and_gets_the_end_of_its_input() -> None:
    script = Script(("run", "C"), ("send", None), ("receive", DONE), ("signal", None))
    far, _connection, _clock = shell(script)
    with far.program(r"C:\x.exe", '-P "a b"') as command_id:
        assert far.wait(command_id, 5).stdout == b"out"
        assert script.steps == [("signal", None)]
    assert script.seen[:2] == [("run", "S1", r"C:\x.exe", '-P "a b"'), ("send", b"", True)]


def test_a_program_that_takes_no_input_any_more_is_waited_for_all_the_same() -> None:
    script = Script(("run", "C"), ("send", fault(5)), ("receive", DONE), ("signal", None))
    far, _connection, _clock = shell(script)
    with far.program("x.exe", "-v") as command_id:
        assert far.wait(command_id, 5).exit_code == 0


def test_a_program_that_never_ends_is_left_to_the_caller_with_what_it_printed() -> None:
    nothing = [("receive", WinRMOperationTimeoutError())] * 500
    script = Script(("run", "C"), ("send", None), ("receive", (b"a", b"b", -1, False)), *nothing)
    far, _connection, _clock = shell(script)

    def hang() -> None:
        with far.program("x.exe", "-v") as command_id:
            with pytest.raises(TimedOut) as caught:
                far.wait(command_id, 5)
            assert (caught.value.stdout, caught.value.stderr) == (b"a", b"b")
            script.steps = [("run", "D"), ("receive", DONE), ("signal", None), ("signal", None)]
            assert far.run("taskkill").stdout == b"out"
            assert script.steps == [("signal", None)]

    hang()
    assert script.seen[-1] == ("signal", "S1", "C")


def test_a_line_may_run_meanwhile() -> None:
    script = Script(("run", "G"), ("run", "C"), ("receive", DONE), ("signal", None), ("signal", None))
    far, _connection, _clock = shell(script)
    with far.started("ping"):
        assert far.run("ver").stdout == b"out"
    assert script.seen[-1] == ("signal", "S1", "G")
    assert not script.steps


def test_a_shell_that_is_abandoned_stays_on_the_server_with_what_runs_in_it() -> None:
    script = Script(("run", "G"))
    far, connection, _clock = shell(script)
    assert far.begin("ping") == "G"
    far.abandon()
    assert script.seen == [("run", "S1", "ping")]
    assert (connection.protocol, connection.shell_id) == (None, None)


def test_what_may_not_be_shown_is_taken_out_before_a_text_is_shortened() -> None:
    said = "x" * 595 + "Secret!1 and more"
    script = Script(
        ("run", WinRMTransportError("http", 500, said)), ("run", "C"), ("receive", (said.encode(), b"", -1, False))
    )
    script.steps += [("receive", WinRMOperationTimeoutError())] * 500
    script.cleanup_command = lambda *_ids: None  # type: ignore[method-assign]
    far = Shell(Connection(script), 4, Clock(), hide=lambda text: text.replace("Secret!1", "********"))
    for error in (Unreachable, TimedOut):
        with pytest.raises(error) as caught:
            far.run("ver")
        assert "xxx****" in str(caught.value)
        assert "Secr" not in str(caught.value)


def test_busy_is_asked_again_and_in_the_end_said() -> None:
    script = Script(("run", fault(170)), ("run", "C"), ("receive", fault(170)), ("receive", DONE), ("signal", None))
    far, _connection, clock = shell(script)
    assert far.run("ver").stdout == b"out"
    assert clock.slept == [1.0, 1.0]
    script = Script(*[("run", fault(170))] * 4)
    far, _connection, clock = shell(script)
    with pytest.raises(Unreachable, match="start a command"):
        far.run("ver")
    assert clock.slept == [1.0, 2.0, 4.0]
    assert not script.steps


@pytest.mark.parametrize("quota", [fault(0x803381A6), fault(0, 0x803381A6)])
def test_used_up_operations_are_given_back_by_a_new_shell_once_a_command(quota: WSManFaultError) -> None:
    anew = [("run", quota), ("close", None), ("open", "S2"), ("run", "C"), ("receive", DONE), ("signal", None)]
    script = Script(*anew)
    far, connection, _clock = shell(script)
    assert far.run("ver").stdout == b"out"
    assert connection.shell_id == "S2"
    script.steps = list(anew)
    assert far.run("ver").stdout == b"out"
    script.steps = [("run", quota), ("close", None), ("open", "S3"), ("run", quota)]
    with pytest.raises(Unreachable):
        far.run("ver")
    assert not script.steps


@pytest.mark.parametrize("closing", [None, requests.ConnectionError("reset by peer")])
def test_a_shell_that_was_left_is_opened_anew_on_another_connection(closing: Exception | None) -> None:
    script, second = Script(("close", closing)), Script(("run", "C"), ("receive", DONE), ("signal", None))
    connection = Connection(script)

    def connect() -> None:
        connection.protocol, connection.shell_id = second, "S2"

    connection._connect = connect
    far = Shell(connection, 60)
    far.leave()
    assert (connection.protocol, connection.shell_id) == (None, None)
    far.leave()
    far.open()
    assert far.run("ver").stdout == b"out"
    assert not script.steps
    assert not second.steps


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (requests.ConnectionError("reset by peer"), "reset by peer"),
        (requests.ReadTimeout("no answer"), "no answer"),
        (InvalidCredentialsError("the credentials were rejected"), "rejected"),
        (WinRMTransportError("http", 500, "<html>out of order</html>"), "out of order"),
        (fault(5), "reason"),
        (SyntaxError("not well-formed (invalid token)"), "not well-formed"),
        (StopIteration(), "StopIteration"),
    ],
)
def test_whatever_goes_wrong_on_the_line_is_unreachable_with_its_words(error: Exception, says: str) -> None:
    with pytest.raises(Unreachable) as first:
        shell(Script(("run", error)))[0].run("ver")
    assert says in str(first.value)
    script = Script(("run", "C"), ("receive", error), ("signal", None))
    with pytest.raises(Unreachable, match="read a command's output"):
        shell(script)[0].run("ver")


def test_an_error_of_the_signal_does_not_hide_the_result() -> None:
    script = Script(("run", "C"), ("receive", DONE), ("signal", WinRMTransportError("http", 400, "")))
    assert shell(script)[0].run("ver").stdout == b"out"


def test_a_task_that_is_ended_from_outside_still_gives_the_command_back() -> None:
    class Ended(BaseException):
        pass

    def end() -> None:
        raise Ended

    script = Script(("run", "C"), ("receive", end), ("signal", None))
    with pytest.raises(Ended):
        shell(script)[0].run("ver")
    assert not script.steps


def raises(error: Exception) -> Callable[[], None]:
    def connect() -> None:
        raise error

    return connect


@pytest.mark.parametrize(
    "error", [AnsibleConnectionFailure("refused"), AnsibleError("the connection attempt timed out")]
)
def test_a_shell_that_cannot_be_opened_is_unreachable(error: Exception) -> None:
    with pytest.raises(Unreachable, match="no shell could be opened"):
        Shell(Connection(None, raises(error)), 5).open()


def test_other_errors_of_the_connection_are_left_as_they_are() -> None:
    with pytest.raises(AnsibleError, match="not installed"):
        Shell(Connection(None, raises(AnsibleError("pywinrm is not installed"))), 5).open()


def test_a_connection_without_a_shell_is_said_to_be_one() -> None:
    with pytest.raises(Unreachable, match="no shell was opened"):
        Shell(Connection(None), 5).open()


@pytest.mark.parametrize(
    ("change", "become", "environment", "says"),
    [
        ({"transport": "psrp"}, None, None, "psrp"),
        ({"transport": "ssh"}, None, None, "ssh"),
        ({"become": object()}, None, None, "become"),
        ({}, True, None, "become"),
        ({}, None, [{"A": "b"}], "environment"),
    ],
)
def test_what_cannot_be_carried_is_refused_with_the_reason(
    change: dict[str, Any], become: Any, environment: Any, says: str
) -> None:
    connection = Connection(Script())
    for name, value in change.items():
        setattr(connection, name, value)
    assert says in (refusal(connection, become, environment) or "")


def test_a_core_without_the_parts_that_are_needed_is_refused_by_name() -> None:
    connection = Connection(Script())
    del connection.shell_id
    assert "shell_id" in (refusal(connection, None, None) or "")
    assert refusal(Connection(Script()), None, None) is None
