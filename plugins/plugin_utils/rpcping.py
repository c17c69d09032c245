# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of an Outlook Anywhere client, tried rung by rung with rpcping.exe: RPC proxy, store, referral, DSProxy."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from ansible.errors import AnsibleActionFail, AnsibleError

from .action_base import COMMAND_TIMEOUT, ServerAction, plain
from .converge import Stop, not_read, stop_result
from .far_side import FarSide
from .fixes.options import OptionReader
from .fixes.plan import Failure
from .formats.names import check_labels, is_ipv4, parse_fqdn, parse_netbios
from .formats.registry import Unreadable
from .formats.rpcping import explain_exit_code, recognise
from .formats.text import shortened
from .reads import Clock, Link, Process, Processes, ReadClock, ReadProcesses
from .rpc_ladder import LADDER, Rung
from .secret import Secret
from .windows.reading import interpret, read_steps
from .windows.rpcping import (
    IMAGE,
    USUAL_PATH,
    Identity,
    Interval,
    Ping,
    check_password,
    end_step,
    found_path,
    guard_line,
    look_step,
    may_be_ours,
    parse_path,
    parse_user,
    what_was_said,
)
from .windows.server import Server
from .windows.shell import Completed, FarSideError, Shell, TimedOut, Unreachable

SUCCEEDED, FAILED, TIMED_OUT, NOT_RUN = "succeeded", "failed", "timed_out", "not_run"
MAX_STEP_SECONDS = 600
# For what lies between the rungs, so that the guard on the server does not meet one that is still within its time.
_BETWEEN_SECONDS = 10
_SHOWN = 600
_PROCESSES = ReadProcesses((IMAGE,))
_CLOCK = ReadClock()
_HTTP_SCHEMES = {"basic": 1, "ntlm": 2}
_PACKAGES = {"negotiate": 9, "ntlm": 10, "kerberos": 16}


@dataclass(frozen=True)
class Order:
    """What a task asks for."""

    rpc_proxy: str
    mailbox_server: str
    identity: Identity
    proxy_authentication: str
    rpc_authentication: str
    rungs: tuple[Rung, ...]
    step_timeout: int
    command_timeout: int
    program: str | None

    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "rpc_proxy": {"type": "str", "required": True},
        "mailbox_server": {"type": "str", "required": True},
        "username": {"type": "str", "required": True},
        "domain": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "proxy_authentication": {"type": "str", "required": True, "choices": list(_HTTP_SCHEMES)},
        "rpc_authentication": {"type": "str", "choices": list(_PACKAGES), "default": "negotiate"},
        "steps": {
            "type": "list",
            "elements": "str",
            "choices": [rung.name for rung in LADDER],
            "default": [rung.name for rung in LADDER],
        },
        "step_timeout": {"type": "int", "default": 60},
        "program": {"type": "str"},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Order:
        """From a task's options; raises InvalidOptions, which never holds the password."""
        reader = OptionReader()
        for name, parse in (
            ("rpc_proxy", parse_fqdn),
            ("mailbox_server", _parse_server),
            ("username", parse_user),
            ("domain", _parse_domain),
        ):
            reader.each(name, [options[name]], parse)
        program = options["program"]
        if program is not None:
            reader.each("program", [program], parse_path)
        try:
            check_password(options["password"])
        except ValueError as error:
            reader.problem("password", "(not shown)", str(error))
        if not 1 <= options["step_timeout"] <= MAX_STEP_SECONDS:
            why = f"it is not between 1 and {MAX_STEP_SECONDS} seconds"
            reader.problem("step_timeout", options["step_timeout"], why)
        if not options["steps"]:
            reader.problem("steps", options["steps"], "it names no step")
        reader.raise_problems()
        return cls(
            rpc_proxy=options["rpc_proxy"],
            mailbox_server=options["mailbox_server"],
            identity=Identity(options["username"], options["domain"], Secret(options["password"])),
            proxy_authentication=options["proxy_authentication"],
            rpc_authentication=options["rpc_authentication"],
            rungs=tuple(rung for rung in LADDER if rung.name in options["steps"]),
            step_timeout=options["step_timeout"],
            command_timeout=options["command_timeout"],
            program=program,
        )

    @property
    def most_seconds(self) -> int:
        """How long the whole ladder may take once its first rung has begun."""
        return len(self.rungs) * (self.step_timeout + _BETWEEN_SECONDS) + self.command_timeout

    def ping(self, rung: Rung) -> Ping:
        """The run of rpcping for one rung."""
        return Ping(
            rpc_proxy=self.rpc_proxy,
            server=self.mailbox_server,
            port=rung.port,
            http_scheme=_HTTP_SCHEMES[self.proxy_authentication],
            package=_PACKAGES[self.rpc_authentication],
            identity=self.identity,
        )


@dataclass(frozen=True)
class Step:
    """One rung as it went; output is what rpcping printed, without the password."""

    rung: Rung
    state: str = NOT_RUN
    exit_code: int | None = None
    seconds: float = 0.0
    recognised: tuple[str, ...] = ()
    output: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As part of a result."""
        return {
            "name": self.rung.name,
            "state": self.state,
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 1),
            "meaning": self.rung.meaning,
            "look_at": list(self.rung.look_at),
            "recognised": list(self.recognised),
            "output": self.output,
        }


@dataclass(frozen=True)
class Climbed:
    """How far the ladder was climbed."""

    order: Order
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    stop: Stop | None = None

    @property
    def proved(self) -> bool:
        """Whether every rung bore."""
        return self.stop is None and all(step.state == SUCCEEDED for step in self.steps)

    def as_result(self, host: str, module: str) -> dict[str, Any]:
        """The result of the module."""
        failed = [step.rung.name for step in self.steps if step.state in (FAILED, TIMED_OUT)]
        result: dict[str, Any] = {
            "changed": False,
            "proved": self.proved,
            "steps": [step.as_dict() for step in self.steps],
            "failed_step": failed[0] if failed else None,
            "rpc_proxy": self.order.rpc_proxy,
            "mailbox_server": self.order.mailbox_server,
            "proxy_authentication": self.order.proxy_authentication,
            "warnings": [f"{host}: {warning}" for warning in self.warnings],
        }
        if self.stop is not None:
            result.update(stop_result(host, module, self.stop))
        return result


class Starts(Protocol):
    """A shell that starts programs and lets them run meanwhile."""

    def started(self, line: str) -> AbstractContextManager[str]:
        """A line of cmd.exe, ended on leaving."""

    def program(self, path: str, arguments: str) -> AbstractContextManager[str]:
        """A program without cmd.exe, ended on leaving."""

    def wait(self, command_id: str, seconds: int) -> Completed:
        """Wait for its end."""


class _Halt(Exception):
    """The ladder is not climbed any further."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.failure.problem)
        self.stop = stop


class Climb:
    """One ladder, climbed on one server up to the first rung that does not bear."""

    def __init__(
        self, order: Order, server: FarSide, shell: Starts, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._order = order
        self._server = server
        self._shell = shell
        self._clock = clock
        self._secret = order.identity.password
        self._warnings: list[str] = []
        # None: not known, and then nothing is ended that could be somebody else's.
        self._others: tuple[Process, ...] | None = None
        self._guarded = False
        self._unreachable: Unreachable | None = None

    def run(self) -> Climbed:
        """Climb; never raises for what a server does or says."""
        steps = [Step(rung) for rung in self._order.rungs]
        stop: Stop | None = None
        try:
            self._server.open()
            path = self._look()
            with ExitStack() as guard:
                for place, rung in enumerate(self._order.rungs):
                    step = steps[place] = self._climb(rung, path, guard)
                    if step.state != SUCCEEDED:
                        stop = self._lost(step) or Stop(_does_not_bear(step, self._order))
                        break
        except FarSideError as error:
            stop = not_read(IMAGE, error)
        except _Halt as halt:
            stop = halt.stop
        return Climbed(self._order, tuple(steps), tuple(self._warnings), stop)

    # -- looking

    def _look(self) -> str:
        """The path of rpcping.exe; and which of them run already."""
        frames = self._server.run([look_step(self._order.program), *read_steps((_PROCESSES,))])
        path = found_path(frames)
        if path is None:
            raise _Halt(Stop(_no_program(self._order.program, what_was_said(frames))))
        running = interpret(frames, (_PROCESSES,), Link(ipv6=False)).get(_PROCESSES, Processes)
        if isinstance(running, Unreadable):
            self._warnings.append(
                f"which {IMAGE} run already could not be read ({running.why}), so that one that hangs cannot be told "
                "from others and is not ended by its process id"
            )
        else:
            self._others = running.of(IMAGE)
        return path

    # -- climbing

    def _climb(self, rung: Rung, path: str, guard: ExitStack) -> Step:
        began = self._clock()
        ours: tuple[Process, ...] = ()
        done: Completed | FarSideError
        try:
            with self._shell.program(path, self._order.ping(rung).arguments()) as command_id:
                started = Interval(began, self._clock())
                self._watch(guard)
                try:
                    done = self._shell.wait(command_id, self._order.step_timeout)
                except TimedOut as error:
                    done = error
                    ours = self._ours(started)
        except Unreachable as error:
            done = error
        seconds = self._clock() - began
        if isinstance(done, Completed):
            return self._judged(Step(rung, seconds=seconds), done)
        if isinstance(done, TimedOut):
            self._end(ours)
            text = self._text(done.stdout, done.stderr)
            return Step(rung, TIMED_OUT, None, seconds, recognise(text), text)
        self._unreachable = done
        return Step(rung, TIMED_OUT, None, seconds, (), self._secret.hide(str(done)))

    def _watch(self, guard: ExitStack) -> None:
        """Once rpcping runs: see to it that it ends even when nobody here is left to end it."""
        if self._guarded or self._others is None:
            return
        self._guarded = True
        try:
            guard.enter_context(self._shell.started(guard_line(self._order.most_seconds, self._others)))
        except FarSideError as error:
            self._warnings.append(
                f"the guard that ends {IMAGE} on the server, should the controller die, could not be started: {error}"
            )

    def _judged(self, step: Step, done: Completed) -> Step:
        text = self._text(done.stdout, done.stderr)
        found = recognise(text)
        state = SUCCEEDED if done.exit_code == 0 else FAILED
        if found and state == SUCCEEDED:
            self._warnings.append(
                f"step {step.rung.name}: {IMAGE} ended with 0, and its text seems to speak of {'; '.join(found)}: read "
                "its output before you believe it"
            )
        return replace(step, state=state, exit_code=done.exit_code, recognised=found, output=text)

    def _text(self, stdout: bytes, stderr: bytes) -> str:
        parts = (stream.decode("utf-8", "backslashreplace") for stream in (stdout, stderr))
        return self._secret.hide("\n".join(part for part in parts if part.strip()))

    # -- ending

    def _ours(self, started: Interval) -> tuple[Process, ...]:
        """The processes that may be the one that does not end, looked for while it certainly runs."""
        first = self._clock()
        try:
            observed = self._server.read((_PROCESSES, _CLOCK)).observed
        except FarSideError as error:
            self._warnings.append(f"the processes of the server could not be read: {error}")
            return ()
        running, clock = observed.get(_PROCESSES, Processes), observed.get(_CLOCK, Clock)
        if self._others is None or isinstance(running, Unreadable) or isinstance(clock, Unreadable):
            return ()
        return may_be_ours(running.of(IMAGE), self._others, clock, started, Interval(first, self._clock()))

    def _end(self, ours: Sequence[Process]) -> None:
        """WinRM was told to end it; where it still runs and is known for certain, taskkill is."""
        if not ours:
            self._warnings.append(
                f"WinRM was told to end the {IMAGE} that hung; it was not found among the server's processes, so that "
                "it is not known whether it has ended. Look for it there: its command line shows the password"
            )
            return
        steps = [end_step(ours[0])] if len(ours) == 1 else []
        try:
            frames = self._server.run([*steps, *read_steps((_PROCESSES,))])
        except FarSideError as error:
            self._warnings.append(f"whether the {IMAGE} that hung has ended is not known: {error}")
            return
        running = interpret(frames, (_PROCESSES,), Link(ipv6=False)).get(_PROCESSES, Processes)
        if isinstance(running, Unreadable):
            self._warnings.append(f"whether the {IMAGE} that hung has ended is not known: {running.why}")
            return
        left = [str(process.pid) for process in running.of(IMAGE) if process in ours]
        if left and steps:
            self._warnings.append(
                f"the {IMAGE} that hung, process {left[0]}, still runs on the server and could not be ended: end it "
                "there by hand; its command line shows the password"
            )
        elif left:
            self._warnings.append(
                f"the {IMAGE} that hung may still run on the server: it could not be told from others that started at "
                f"the same time (processes {', '.join(left)}), and none was ended. Run one ladder at a time there "
                "(throttle: 1)"
            )

    def _lost(self, step: Step) -> Stop | None:
        """The stop of a step that ended in a lost line, or was not started; None for others."""
        error = self._unreachable
        if error is None:
            return None
        stop = not_read(IMAGE, error)
        if hasattr(error.__cause__, "wsman_fault_code"):
            # The server is there and has said no.
            stop = replace(stop, unreachable=False)
        guarded = (
            f"; the guard on the server ends it within {self._order.most_seconds} seconds" if self._guarded else ""
        )
        found = self._secret.hide(stop.failure.found)
        failure = replace(
            stop.failure,
            setting=_setting(step),
            problem="the line to the server was lost, or the program was not started",
            found=f"{found}. An {IMAGE} that was started may still run{guarded}",
        )
        return replace(stop, failure=failure)


class RpcpingAction(ServerAction):
    """Try the way of a client from one server."""

    name = "rpcping"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {**Order.argument_spec, **COMMAND_TIMEOUT}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """As every action, with the password taken out of whatever comes of it, errors too."""
        given = plain(self._task.args.get("password"))
        secret = Secret("" if given is None else str(given))
        try:
            result: dict[str, Any] = secret.hide_in(super().run(tmp, task_vars))
            return result
        except AnsibleError as error:
            told = str(error)
        except Exception as error:  # noqa: BLE001 a mistake of ours is told in full, but for the password
            told = f"the module has a mistake; report this:\n{''.join(traceback.format_exception(error))}"
        # Outside of the handler, so that the error that may hold the password does not go along as the cause.
        raise AnsibleActionFail(secret.hide(told))

    def stopped(self, failure: Failure) -> dict[str, Any]:
        """A failed result before anything was started."""
        return {**super().stopped(failure), "proved": False, "steps": [], "failed_step": None}

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Climb the ladder; in check mode as well, as it changes nothing."""
        order = Order.parse(options)
        refused = self.refused(options)
        if refused is not None:
            return refused
        shell = Shell(self._connection, deadline=options["command_timeout"])
        return Climb(order, Server(shell), shell).run().as_result(self.host, self.name)


def _parse_server(text: str) -> str:
    return parse_fqdn(text) if "." in text else parse_netbios(text)


def _parse_domain(text: str) -> str:
    check_labels(text)
    if is_ipv4(text):
        raise ValueError(f"{text!r} is an IPv4 address, not a domain")
    return text


def _setting(step: Step) -> str:
    return f"step {step.rung.name}"


def _no_program(path: str | None, said: str) -> Failure:
    where = USUAL_PATH if path is None else path
    return Failure(
        setting=IMAGE,
        problem="the server has no rpcping.exe at the place where it is looked for",
        found=f"no {where} (the server said {shortened(said, _SHOWN)!r})" if said else f"no {where}",
        expected=f"{where}, or the full path of {IMAGE} in option program",
        next_step=f"Run the task on a server that has {IMAGE} there, or say in option program where it is. Nothing was "
        "sent to the RPC proxy.",
    )


def _does_not_bear(step: Step, order: Order) -> Failure:
    said = f"; it printed {shortened(step.output.strip(), _SHOWN)!r}" if step.output.strip() else "; it printed nothing"
    guessed = f"; its text seems to speak of {'; '.join(step.recognised)}" if step.recognised else ""
    if step.state == TIMED_OUT:
        how = f"{IMAGE} did not end within {order.step_timeout} seconds and was ended"
    else:
        words = explain_exit_code(step.exit_code or 0)
        how = f"{IMAGE} ended with exit code {step.exit_code}" + (
            f" (as an error of Windows: {words})" if words else ""
        )
    return Failure(
        setting=_setting(step),
        problem=f"the way from here over {order.rpc_proxy} to {order.mailbox_server} does not bear at this step",
        found=how + guessed + said,
        expected=f"exit code 0 within {order.step_timeout} seconds: {step.rung.meaning}",
        next_step=f"Look at: {'; '.join(step.rung.look_at)}. The steps behind it were not run.",
    )
