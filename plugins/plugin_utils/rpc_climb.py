# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ladder climbed on one server with rpcping.exe, with a guard there that ends what is left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from .converge import Stop, not_read, stop_result
from .far_side import FarSide
from .fixes.plan import Failure
from .formats.registry import Unreadable
from .formats.rpcping import explain_exit_code, recognise
from .formats.text import shortened
from .reads import Clock, Link, Process, Processes, ReadClock, ReadProcesses
from .rpc_ladder import Rung
from .rpc_order import Order
from .windows.reading import interpret, read_steps
from .windows.rpcping import (
    IMAGE,
    USUAL_PATH,
    Interval,
    end_step,
    found_path,
    guard_line,
    look_step,
    may_be_ours,
    newer,
    what_was_said,
)
from .windows.shell import Completed, FarSideError, TimedOut, Unreachable

SUCCEEDED, FAILED, TIMED_OUT, NOT_RUN = "succeeded", "failed", "timed_out", "not_run"
_SHOWN = 600
_PROCESSES = ReadProcesses((IMAGE,))
_CLOCK = ReadClock()


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

    @property
    def name(self) -> str:
        """What the server calls it."""

    def begin(self, line: str) -> str:
        """A line of cmd.exe that runs until it is ended."""

    def end(self, command_id: str) -> None:
        """Tell WinRM to end it."""

    def end_other(self, name: str) -> None:
        """End a shell that was abandoned."""

    def abandon(self) -> None:
        """Leave the shell to the server with all that runs in it."""

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
        self._others: tuple[Process, ...] = ()
        # The guard as long as it can be ended; and the shell in which one was started, or refused.
        self._guard: str | None = None
        self._guarded = False
        self._watched: str | None = None
        self._ended = True
        self._unreachable: Unreachable | None = None

    def run(self) -> Climbed:
        """Climb; never raises for what a server does or says."""
        steps = [Step(rung) for rung in self._order.rungs]
        stop: Stop | None = None
        try:
            self._server.open()
            path = self._look()
            for place, rung in enumerate(self._order.rungs):
                step = steps[place] = self._climb(rung, path)
                if step.state != SUCCEEDED:
                    stop = self._lost(step) or Stop(self._does_not_bear(step))
                    break
        except FarSideError as error:
            stop = self._not_read(error)
        except _Halt as halt:
            stop = halt.stop
        finally:
            self._dismiss()
        return Climbed(self._order, tuple(steps), tuple(self._warnings), stop)

    @property
    def left(self) -> str | None:
        """What may still run on the server, and what ends it there; None when nothing does."""
        return None if self._ended else f"an {IMAGE} may still run on the server. {self._what_ends_it()}"

    # -- looking

    def _look(self) -> str:
        """The path of rpcping.exe; and which of them run already."""
        frames = self._server.run([look_step(self._order.program), *read_steps((_PROCESSES,))])
        path = found_path(frames)
        if path is None:
            raise _Halt(Stop(_no_program(self._order.program, self._said(what_was_said(frames)))))
        running = interpret(frames, (_PROCESSES,), Link(ipv6=False)).get(_PROCESSES, Processes)
        if isinstance(running, Unreadable):
            raise _Halt(Stop(_no_processes(self._said(running.why))))
        self._others = running.of(IMAGE)
        return path

    # -- climbing

    def _climb(self, rung: Rung, path: str) -> Step:
        self._watch()
        self._ended = False
        began = self._clock()
        started: Interval | None = None
        ours: tuple[Process, ...] = ()
        done: Completed | FarSideError
        try:
            with self._shell.program(path, self._order.ping(rung).arguments()) as command_id:
                started = Interval(began, self._clock())
                # The start may have needed a new shell, and the guard was in the old one.
                self._watch()
                try:
                    done = self._shell.wait(command_id, self._order.step_timeout)
                except TimedOut as error:
                    done = error
                    ours = self._newer(started)[1]
        except Unreachable as error:
            done = error
        seconds = self._clock() - began
        if isinstance(done, Completed):
            self._ended = True
            return self._judged(Step(rung, seconds=seconds), done)
        if isinstance(done, TimedOut):
            self._ended = self._end(ours)
            text = self._text(done.stdout, done.stderr)
            return Step(rung, TIMED_OUT, None, seconds, recognise(text), text)
        self._unreachable = done
        self._ended = self._end_over_a_new_shell(started or Interval(began, self._clock()))
        return Step(rung, TIMED_OUT, None, seconds, (), self._said(done))

    # -- the guard

    def _watch(self) -> None:
        """See to it that rpcping ends even when nobody here is left to end it."""
        if self._watched == self._shell.name:
            return
        self._guarded, self._guard = False, None
        try:
            self._guard = self._shell.begin(guard_line(self._order.most_seconds, self._others))
            self._guarded = True
        except FarSideError as error:
            self._warnings.append(
                f"no guard is on the server, as it could not be started ({self._said(error)}): should the controller "
                f"die, or the line be lost, an {IMAGE} that hangs may stay there, with the password on its command line"
            )
        self._watched = self._shell.name

    def _dismiss(self) -> None:
        """End the guard when no rpcping of ours is left; otherwise leave it, and with it the shell that it runs in."""
        guard, self._guard = self._guard, None
        if guard is None:
            return
        if self._ended:
            self._shell.end(guard)
        else:
            self._shell.abandon()

    def _what_ends_it(self) -> str:
        if not self._guarded:
            return "No guard is there to end it: look for it on the server; its command line shows the password"
        return (
            f"The guard on the server ends it, and every other {IMAGE} that was started since, within "
            f"{self._order.most_seconds} seconds, if WinRM does not end its shell before: start no other there until "
            "then, and look whether it is gone; its command line shows the password"
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
        return self._said("\n".join(part for part in parts if part.strip()))

    def _said(self, what: object) -> str:
        """What comes from outside, fit to be shown; our own words are never searched, as a password may be one."""
        return self._secret.hide(str(what))

    def _not_read(self, error: FarSideError) -> Stop:
        stop = not_read(IMAGE, error)
        return replace(stop, failure=replace(stop.failure, found=self._said(stop.failure.found)))

    # -- ending

    def _newer(self, started: Interval) -> tuple[tuple[Process, ...] | None, tuple[Process, ...]]:
        """What runs that did not run before, None when that is not known; and of it, what may be ours by its age."""
        first = self._clock()
        try:
            observed = self._server.read((_PROCESSES, _CLOCK)).observed
        except FarSideError as error:
            self._warnings.append(f"the processes of the server could not be read: {self._said(error)}")
            return None, ()
        running, clock = observed.get(_PROCESSES, Processes), observed.get(_CLOCK, Clock)
        if isinstance(running, Unreadable):
            self._warnings.append(f"the processes of the server could not be read: {self._said(running.why)}")
            return None, ()
        found = newer(running.of(IMAGE), self._others)
        if isinstance(clock, Unreadable):
            return found, ()
        return found, may_be_ours(found, self._others, clock, started, Interval(first, self._clock()))

    def _end(self, ours: Sequence[Process]) -> bool:
        """WinRM was told to end it; where it still runs and is known for certain, taskkill is.

        Returns whether its end was seen, which needs one that was seen to run.
        """
        if not ours:
            self._warnings.append(
                f"WinRM was told to end the {IMAGE} of this step; it was not found among the server's processes, so "
                "that it is not known whether it has ended. Look for it there: its command line shows the password"
            )
            return False
        steps = [end_step(ours[0])] if len(ours) == 1 else []
        try:
            frames = self._server.run([*steps, *read_steps((_PROCESSES,))])
        except FarSideError as error:
            self._warnings.append(f"whether the {IMAGE} of this step has ended is not known: {self._said(error)}")
            return False
        running = interpret(frames, (_PROCESSES,), Link(ipv6=False)).get(_PROCESSES, Processes)
        if isinstance(running, Unreadable):
            self._warnings.append(f"whether the {IMAGE} of this step has ended is not known: {self._said(running.why)}")
            return False
        left = [str(process.pid) for process in running.of(IMAGE) if process in ours]
        if left and steps:
            self._warnings.append(
                f"the {IMAGE} of this step, process {left[0]}, still runs on the server and could not be ended: end it "
                "there by hand; its command line shows the password"
            )
        elif left:
            self._warnings.append(
                f"the {IMAGE} of this step may still run on the server: it could not be told from others that started "
                f"at the same time (processes {', '.join(left)}), and none was ended by its process id. Run one "
                "ladder at a time there (throttle: 1)"
            )
        return not left

    def _end_over_a_new_shell(self, started: Interval) -> bool:
        """After a lost line: whether no rpcping of ours is left. The old shell stays as it is, for the guard in it."""
        old, self._guard = self._shell.name, None
        self._shell.abandon()
        try:
            self._server.open()
        except FarSideError as error:
            self._warnings.append(
                f"whether an {IMAGE} was left on the server could not be looked for: {self._said(error)}"
            )
            return False
        found, ours = self._newer(started)
        ended = found == () or self._end(ours)
        if ended:
            self._shell.end_other(old)
        return ended

    def _lost(self, step: Step) -> Stop | None:
        """The stop of a step that ended in a lost line, or was not started; None for others."""
        error = self._unreachable
        if error is None:
            return None
        stop = self._not_read(error)
        if hasattr(error.__cause__, "wsman_fault_code"):
            # The server is there and has said no.
            stop = replace(stop, unreachable=False)
        left = self.left or f"Afterwards the server was looked at over a new shell: no {IMAGE} of this task runs there"
        failure = replace(
            stop.failure,
            setting=_setting(step),
            problem="the line to the server was lost, or the program was not started",
            found=f"{stop.failure.found}. {left[0].upper()}{left[1:]}",
        )
        return replace(stop, failure=failure)

    def _does_not_bear(self, step: Step) -> Failure:
        order = self._order
        printed = step.output.strip()
        said = f"; it printed {shortened(printed, _SHOWN)!r}" if printed else "; it printed nothing"
        guessed = f"; its text seems to speak of {'; '.join(step.recognised)}" if step.recognised else ""
        if step.state == TIMED_OUT:
            how = f"{IMAGE} did not end within {order.step_timeout} seconds" + (" and was ended" if self._ended else "")
        else:
            words = explain_exit_code(step.exit_code or 0)
            how = f"{IMAGE} ended with exit code {step.exit_code}" + (
                f" (as an error of Windows: {words})" if words else ""
            )
        left = f". Its end was not seen: {self.left}" if self.left else ""
        return Failure(
            setting=_setting(step),
            problem=f"the way from here over {order.rpc_proxy} to {order.mailbox_server} does not bear at this step",
            found=how + guessed + said + left,
            expected=f"exit code 0 within {order.step_timeout} seconds: {step.rung.meaning}",
            next_step=f"Look at: {'; '.join(step.rung.look_at)}. The steps behind it were not run.",
        )


def _setting(step: Step) -> str:
    return f"step {step.rung.name}"


def _no_processes(why: str) -> Failure:
    return Failure(
        setting=IMAGE,
        problem=f"which {IMAGE} run on the server already is not known",
        found=why,
        expected="the processes of the server, so that one that hangs can be told from others and ended: its command "
        "line shows the password",
        next_step="Run the task on a server whose processes wmic shows. Nothing was sent to the RPC proxy.",
    )


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
