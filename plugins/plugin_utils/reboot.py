# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot a server, and wait until it has: its uptime shrank, the shell answers, and named services run."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .action_base import COMMAND_TIMEOUT, ServerAction
from .cluster_node import READ_CLUSTER, cluster_failure
from .converge import NOTHING, Stop, not_read
from .deed import Deed
from .far_side import FarSide
from .fixes.options import OptionReader
from .fixes.plan import Failure
from .fixes.proof import unread_clock
from .formats.registry import Unreadable
from .formats.sc import RUNNING
from .formats.service_names import parse_service_name
from .patience import Patience
from .reads import Clock, Observed, Read, ReadClock, ReadService, Service
from .service_words import SLOW_START, timed_out_at_start, told
from .windows.power import Ordered, order_reboot
from .windows.server import Server
from .windows.shell import FarSideError, Shell

SETTING = "reboot"
MAX_SECONDS = 86400
MAX_DELAY = 600
# The last look, shortly before the deadline, gets time for its answer too.
_LOOK_SECONDS = 30
# A boot time may be told a little differently from one reading to the next.
_TOLERANCE = datetime.timedelta(seconds=5)


@dataclass(frozen=True)
class Order:
    """What a task asks for; the services are those that must run in the end."""

    timeout: int
    services: tuple[str, ...]
    services_timeout: int
    delay: int
    waits_for_pending: bool

    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "timeout": {"type": "int", "default": 1800},
        "services": {"type": "list", "elements": "str", "default": []},
        "services_timeout": {"type": "int", "default": 600},
        "delay": {"type": "int", "default": 5},
        "pending_shutdown": {"type": "str", "choices": ["fail", "wait"], "default": "fail"},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Order:
        """From a task's options; raises InvalidOptions."""
        reader = OptionReader()
        services = reader.each("services", options["services"], parse_service_name)
        for name, most in (("timeout", MAX_SECONDS), ("services_timeout", MAX_SECONDS), ("delay", MAX_DELAY)):
            if not 0 <= options[name] <= most:
                reader.problem(name, options[name], f"it is not between 0 and {most} seconds")
        if 0 < options["timeout"] <= options["delay"]:
            why = f"the reboot would not even begin within the timeout of {options['timeout']} seconds"
            reader.problem("delay", options["delay"], why)
        reader.raise_problems()
        return cls(
            timeout=options["timeout"],
            services=tuple(dict.fromkeys(services)),
            services_timeout=options["services_timeout"],
            delay=options["delay"],
            waits_for_pending=options["pending_shutdown"] == "wait",
        )

    @property
    def read_services(self) -> tuple[Read, ...]:
        """The reads of the named services."""
        return tuple(ReadService(name) for name in self.services)


@dataclass(frozen=True)
class _Reading:
    """A server's clock, and our own monotonic one when the question was asked and when it was answered."""

    server: Clock
    asked: float
    answered: float

    @property
    def uptime(self) -> datetime.timedelta:
        """By the server's clock alone, in one reading: a clock that is set moves both ends of it."""
        return self.server.now - self.server.boot

    def is_after_a_boot(self, before: _Reading) -> bool:
        """Whether the server has booted between two readings.

        Its boot time is another one, which setting its clock also brings about, and its uptime is shorter than it was,
        or than the time that went by here: for a server that had only just booted the first need not hold.
        """
        went_by = datetime.timedelta(seconds=self.asked - before.answered)
        is_shorter = self.uptime < before.uptime or self.uptime < went_by
        return is_shorter and abs(self.server.boot - before.server.boot) > _TOLERANCE


# A connection whose commands may take so many seconds.
Connect = Callable[[int], FarSide]


class _Halt(Exception):
    """The reboot stops here, with what had been changed."""

    def __init__(self, failure: Failure, changed: str = NOTHING) -> None:
        super().__init__(failure.problem)
        self.stop = Stop(failure, changed)


class Reboot:
    """One reboot of one server."""

    def __init__(
        self,
        order: Order,
        connect: Connect,
        command_timeout: int,
        check_mode: bool,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._order = order
        self._connect = connect
        self._command_timeout = command_timeout
        self._check_mode = check_mode
        self._clock = clock
        self._sleep = sleep
        self._began = clock()
        self._warnings: list[str] = []
        self._done = NOTHING
        self._changed = False
        self._unanswered = False

    def run(self) -> Deed:
        """Look, judge, and outside check mode boot; never raises for what a server does or says."""
        line = self._connect(self._command_timeout)
        try:
            line.open()
            asked = self._clock()
            observed = line.read((ReadClock(), READ_CLUSTER, *self._order.read_services)).observed
            before = _Reading(self._judge(observed), asked, self._clock())
        except FarSideError as error:
            return self._deed(None, None, not_read(SETTING, error))
        except _Halt as halt:
            return self._deed(None, None, halt.stop)
        if self._check_mode:
            return self._deed(before, "a later boot")
        try:
            self._order_reboot(line)
            line.leave()
            booted = self._wait_for_boot(before)
            self._changed = True
            self._done = f"it was booted, at {booted.isoformat()}"
            self._wait_for_services()
        except _Halt as halt:
            return self._deed(before, None, halt.stop)
        return self._deed(before, booted.isoformat())

    # -- looking

    def _judge(self, observed: Observed) -> Clock:
        failure = cluster_failure(observed, SETTING, "a reboot")
        if failure is not None:
            raise _Halt(failure)
        clock = observed.get(ReadClock(), Clock)
        if isinstance(clock, Unreadable):
            raise _Halt(unread_clock(clock, SETTING))
        for name in self._order.services:
            service = observed.get(ReadService(name), Service)
            if isinstance(service, Unreadable) or service.state is None:
                raise _Halt(_unknown_service(name, service))
            if service.state != RUNNING:
                self._warnings.append(f"{name} is {told(service)} before the reboot")
        return clock

    # -- doing

    def _order_reboot(self, line: FarSide) -> None:
        try:
            ordered = order_reboot(line.run, self._order.delay)
        except FarSideError as error:
            # It may have been accepted; what the server does next tells.
            self._changed = self._unanswered = True
            self._done = f"not known; a reboot was ordered, and the answer was lost: {error}"
            return
        if ordered.is_pending and self._unanswered:
            self._unanswered = False
            self._done = (
                "not known; a reboot was ordered and the answer was lost, and a shutdown is pending, which may be ours "
                f"or somebody else's (shutdown ended with {ordered.exit_code})"
            )
            if not self._order.waits_for_pending:
                raise _Halt(_maybe_ours(ordered), self._done)
            return
        self._unanswered = False
        if ordered.is_pending and self._order.waits_for_pending:
            self._done = f"nothing by this task; a shutdown was pending (shutdown ended with {ordered.exit_code})"
            return
        if ordered.exit_code != 0:
            raise _Halt(_not_ordered(ordered))
        self._changed = True
        self._done = f"a reboot was ordered and accepted, to begin after {self._order.delay} seconds"

    def _order_again(self, patience: Patience) -> None:
        """After a lost answer, and while the server has not booted: it takes one order, or says that it has one."""
        if not self._unanswered:
            return
        line = self._connect(self._seconds(patience))
        try:
            line.open()
            self._order_reboot(line)
        except FarSideError as error:
            self._done = f"not known; a reboot was ordered, and the answer was lost: {error}"
        finally:
            line.leave()

    def _wait_for_boot(self, before: _Reading) -> datetime.datetime:
        """The boot's time by the server's clock."""
        patience = Patience(self._order.timeout, self._clock)
        last = "nothing was heard of it since"
        while True:
            asked = self._clock()
            observed, error = self._ask((ReadClock(),), patience)
            clock = None if observed is None else observed.get(ReadClock(), Clock)
            if isinstance(clock, Clock):
                now = _Reading(clock, asked, self._clock())
                if now.is_after_a_boot(before):
                    return clock.boot
                self._order_again(patience)
                last = (
                    f"it answers and has not booted: by its own clock it is up since {clock.boot.isoformat()}, for "
                    f"{_seconds(now)} seconds, after {_seconds(before)} before the order"
                )
            elif clock is not None:
                last = f"it answers, and its clock could not be read ({clock.why}); the server said {clock.answer!r}"
            else:
                last = f"{last.partition('; then: ')[0]}; then: {error}"
            if not self._pause(patience):
                raise _Halt(self._not_back(before, patience, last), self._done)

    def _wait_for_services(self) -> None:
        reads = self._order.read_services
        if not reads:
            return
        patience = Patience(self._order.services_timeout, self._clock)
        while True:
            observed, error = self._ask(reads, patience)
            states: dict[str, Service | Unreadable] = {
                name: Unreadable("not read", error) if observed is None else observed.get(ReadService(name), Service)
                for name in self._order.services
            }
            down = {name: state for name, state in states.items() if not _runs(state)}
            if not down:
                return
            if not self._pause(patience):
                raise _Halt(self._services_down(down, patience), self._done)

    def _ask(self, reads: tuple[Read, ...], patience: Patience) -> tuple[Observed | None, str]:
        """What a new connection says, or why there is none; it is given back in any case."""
        line = self._connect(self._seconds(patience))
        try:
            line.open()
            return line.read(reads).observed, ""
        except FarSideError as error:
            return None, str(error)
        finally:
            line.leave()

    def _seconds(self, patience: Patience) -> int:
        return min(self._command_timeout, max(_LOOK_SECONDS, patience.left))

    def _pause(self, patience: Patience) -> bool:
        seconds = patience.pause()
        if seconds is None:
            return False
        self._sleep(seconds)
        return True

    # -- telling

    def _not_back(self, before: _Reading, patience: Patience, last: str) -> Failure:
        return Failure(
            setting=SETTING,
            problem=(
                f"the server was not seen booted within {self._order.timeout} seconds (waited {round(patience.spent)})"
            ),
            found=last,
            expected=(
                f"a boot after that of {before.server.boot.isoformat()}, seen by an uptime that is shorter than the "
                f"{_seconds(before)} seconds before the order, or than the time since"
            ),
            next_step=(
                "Look at its console (or its management board, such as iLO): it may hang while it goes down or comes "
                "up, or have lost its network. Bring it up and run the playbook again: what needs this boot sees it."
            ),
        )

    def _services_down(self, down: Mapping[str, Service | Unreadable], patience: Patience) -> Failure:
        slow = [name for name, state in down.items() if timed_out_at_start(state)]
        names = ", ".join(down)
        advice = f"{', '.join(slow)}: {SLOW_START}" if slow else "See the System log for why, and start them by hand."
        return Failure(
            setting=names,
            problem=(
                f"the server has booted, and not all services run within {self._order.services_timeout} seconds "
                f"(waited {round(patience.spent)})"
            ),
            found="; ".join(f"{name} is {told(state)}" for name, state in down.items()),
            expected=f"{names} in state 4 (running)",
            next_step=f"{advice} The boot itself is done: do not boot again for this.",
        )

    def _deed(self, before: _Reading | None, after: str | None, stop: Stop | None = None) -> Deed:
        was = "not known" if before is None else before.server.boot.isoformat()
        return Deed(
            changed=self._changed or (self._check_mode and stop is None),
            before=f"booted: {was}",
            after=f"booted: {was if after is None else after}",
            seconds=self._clock() - self._began,
            warnings=tuple(self._warnings),
            stop=stop,
        )


class RebootAction(ServerAction):
    """Boot one server."""

    name = "reboot"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {**Order.argument_spec, **COMMAND_TIMEOUT}

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Boot, or in check mode say that it would be booted."""
        order = Order.parse(options)
        refused = self.refused(options)
        if refused is not None:
            return refused

        def connect(seconds: int) -> FarSide:
            return Server(Shell(self._connection, deadline=seconds))

        reboot = Reboot(order, connect, options["command_timeout"], bool(self._task.check_mode))
        return reboot.run().as_result(self.host, self.name)


def _seconds(reading: _Reading) -> int:
    return round(reading.uptime.total_seconds())


def _runs(service: Service | Unreadable) -> bool:
    return isinstance(service, Service) and service.state == RUNNING


def _unknown_service(name: str, service: Service | Unreadable) -> Failure:
    return Failure(
        setting=name,
        problem="a service that is to run after the reboot cannot be found now",
        found=f"{name} is {told(service)}",
        expected=f"a service {name}",
        next_step="Correct services (sc query lists them), and run again; nothing was ordered.",
    )


def _maybe_ours(ordered: Ordered) -> Failure:
    return Failure(
        setting=SETTING,
        problem=(
            "a shutdown is pending: it may be ours, as the answer to the first order was lost, or somebody else's, and "
            "a power-off"
        ),
        found=f"asked again, shutdown ended with {ordered.exit_code} and said {ordered.said!r}",
        expected="an order that the server takes",
        next_step=(
            "Find out whose it is. To take it back: shutdown /a on the server. To wait for its boot, whosever it is: "
            "run again with pending_shutdown: wait."
        ),
    )


def _not_ordered(ordered: Ordered) -> Failure:
    if ordered.is_pending:
        return Failure(
            setting=SETTING,
            problem="a shutdown is pending already, which may be somebody else's, and a power-off",
            found=f"shutdown ended with {ordered.exit_code} and said {ordered.said!r}",
            expected="no shutdown pending",
            next_step=(
                "Find out whose it is. To take it back: shutdown /a on the server. To wait for its boot: "
                "pending_shutdown: wait."
            ),
        )
    return Failure(
        setting=SETTING,
        problem="the server did not accept the order to boot",
        found=f"shutdown ended with {ordered.exit_code} and said {ordered.said!r}",
        expected="shutdown ends with 0",
        next_step=(
            "Check that the connection's account has the right to shut the system down remotely (a local administrator "
            "other than the built-in one gets a filtered token over the network, KB 951016), then run again."
        ),
    )
