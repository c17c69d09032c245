# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a server: what state each is in, in which process it runs, and what goes down with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from tests.lab.behaviour import ServiceBehaviour
from tests.lab.catalogue import ServiceKind
from tests.lab.state.processes import ProcessTable

STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4
# System error codes, as winerror.h has them.
DEPENDENTS_RUN = 1051
ALREADY_RUNNING = 1056
DISABLED = 1058
CANNOT_ACCEPT_CONTROL = 1061
NOT_STARTED = 1062
DEPENDENCY_FAILED = 1068
NEVER_STARTED = 1077
# A start that ends so fails at once (no answer in time, logon failure); with any other code it is tried first.
FAILS_AT_ONCE = (1053, 1069)


class ServiceFailure(Exception):
    """The service control manager refuses, with a system error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"system error {code}")
        self.code = code


@dataclass(frozen=True)
class Service:
    """A service as it is now; pid 0 and started None: it has no process. dependents are those that need it.

    started is when its process did, since when the service did: in a process that it shares, that may be later.
    """

    name: str
    display: str
    status: int
    exit_code: int
    image: str
    shared: bool
    pid: int
    started: float | None
    since: float | None
    dependents: tuple[str, ...]

    @property
    def running(self) -> bool:
        """Running, and neither on its way up nor down."""
        return self.status == RUNNING

    @property
    def pending(self) -> bool:
        """On its way up or down."""
        return self.status in (START_PENDING, STOP_PENDING)


@dataclass
class _Condition:
    """due is when a pending state ends; fails_with is how a start does; since is when the service started."""

    status: int = STOPPED
    exit_code: int = NEVER_STARTED
    due: float = math.inf
    fails_with: int = 0
    since: float | None = None


class ServiceTable:
    """Names ignore case; KeyError for a service that is not there. Moments are of the server's clock.

    started is called with the name of each service that gets into a process.
    """

    def __init__(
        self, processes: ProcessTable, is_disabled: Callable[[str], bool], started: Callable[[str], None]
    ) -> None:
        self._processes = processes
        self._is_disabled = is_disabled
        self._started = started
        self._kinds: dict[str, ServiceKind] = {}
        self._conditions: dict[str, _Condition] = {}
        self.behaviours: dict[str, ServiceBehaviour] = {}

    def boot(self, kinds: Iterable[ServiceKind]) -> None:
        """Install the services that are there from now on; none of them runs yet."""
        self._kinds = {kind.name.lower(): kind for kind in kinds}
        self._conditions = {name: _Condition() for name in self._kinds}

    def behaviour(self, name: str) -> ServiceBehaviour:
        """How a service goes up and down."""
        return self.behaviours.get(name.lower(), ServiceBehaviour())

    # -- what the service control manager does

    def settle(self, moment: float) -> None:
        """Let pending states end that have come to their end."""
        for name, condition in self._conditions.items():
            if condition.due <= moment:
                going_up = condition.status == START_PENDING and not condition.fails_with
                if going_up:
                    self._conditions[name] = _Condition(RUNNING, 0, since=condition.since)
                else:
                    self._set_stopped(self._kinds[name], condition.fails_with)

    def begin_start(self, name: str, moment: float, *, at_boot: bool = False) -> None:
        """Start what a service needs, then itself. Raises ServiceFailure."""
        kind, condition = self._known(name)
        if condition.status != STOPPED:
            raise ServiceFailure(ALREADY_RUNNING)
        if self._is_disabled(kind.name):
            raise ServiceFailure(DISABLED)
        behaviour = self.behaviour(kind.name)
        if at_boot and behaviour.boot == "fails":
            self._fail(kind, behaviour.exit_code)
        ready = self._begin_needs(kind, moment, at_boot)
        fails_with = behaviour.exit_code if behaviour.starts == "fails" else 0
        if fails_with in FAILS_AT_ONCE:
            self._fail(kind, fails_with)
        self._join(kind, moment)
        due = ready + behaviour.start_seconds
        self._conditions[kind.name.lower()] = _Condition(START_PENDING, 0, due, fails_with, moment)

    def begin_stop(self, name: str, moment: float) -> None:
        """Raises ServiceFailure."""
        kind, condition = self._known(name)
        if condition.status == STOPPED:
            raise ServiceFailure(NOT_STARTED)
        if any(self._condition(other).status != STOPPED for other in self._dependents(kind)):
            raise ServiceFailure(DEPENDENTS_RUN)
        if condition.status != RUNNING:
            raise ServiceFailure(CANNOT_ACCEPT_CONTROL)
        behaviour = self.behaviour(kind.name)
        due = math.inf if behaviour.stops == "never" else moment + behaviour.stop_seconds
        self._conditions[kind.name.lower()] = _Condition(STOP_PENDING, 0, due, since=condition.since)

    def due(self, name: str) -> float:
        """When a pending state ends; infinite where none is, or it never does."""
        return self._known(name)[1].due

    # -- what a test does

    def start(self, name: str, moment: float) -> None:
        """Start what a service needs, then itself, at once."""
        kind, condition = self._known(name)
        if condition.status == RUNNING:
            return
        for needed in kind.needs:
            if needed.lower() in self._kinds:
                self.start(needed, moment)
        if condition.status == STOP_PENDING:
            self._processes.leave(kind.name)
        if condition.status != START_PENDING:
            self._join(kind, moment)
        self._conditions[kind.name.lower()] = _Condition(RUNNING, 0, since=moment)

    def stop(self, name: str) -> list[str]:
        """Stop a service and, before it, the running ones that need it, at once; those that stopped, itself last."""
        kind, condition = self._known(name)
        stopped: list[str] = []
        for dependent in self._dependents(kind):
            stopped += [other for other in self.stop(dependent) if other not in stopped]
        if condition.status != STOPPED:
            self._set_stopped(kind)
            stopped.append(kind.name)
        return stopped

    # -- how the services are

    def status(self, name: str) -> int:
        """Its state's number; stopped where it is not installed."""
        return self._conditions.get(name.lower(), _Condition()).status

    def get(self, name: str) -> Service:
        """One service."""
        kind, condition = self._known(name)
        process = self._processes.of(kind.name)
        return Service(
            name=kind.name,
            display=kind.display,
            status=condition.status,
            exit_code=condition.exit_code,
            image=kind.image,
            shared=kind.shared,
            pid=process.pid if process else 0,
            started=process.started if process else None,
            since=condition.since,
            dependents=tuple(self._dependents(kind)),
        )

    def all(self) -> tuple[Service, ...]:
        """Every service."""
        return tuple(self.get(name) for name in self._kinds)

    def all_dependents(self, name: str) -> list[str]:
        """Those that need a service, directly or not, in the order in which they must stop."""
        found: list[str] = []
        for dependent in self._dependents(self._known(name)[0]):
            found += [other for other in [*self.all_dependents(dependent), dependent] if other not in found]
        return found

    def _fail(self, kind: ServiceKind, code: int) -> NoReturn:
        """A start that comes to nothing."""
        self._condition(kind.name).exit_code = code
        raise ServiceFailure(code)

    def _begin_needs(self, kind: ServiceKind, moment: float, at_boot: bool) -> float:
        """Start what a service needs; when all of it is there."""
        ready = moment
        for needed in kind.needs:
            if needed.lower() not in self._kinds:
                continue
            try:
                self.begin_start(needed, moment, at_boot=at_boot)
            except ServiceFailure as failure:
                if failure.code != ALREADY_RUNNING:
                    self._fail(kind, DEPENDENCY_FAILED)
            condition = self._condition(needed)
            if condition.status == STOP_PENDING or condition.fails_with:
                self._fail(kind, DEPENDENCY_FAILED)
            if condition.status == START_PENDING:
                ready = max(ready, condition.due)
        return ready

    def _known(self, name: str) -> tuple[ServiceKind, _Condition]:
        return self._kinds[name.lower()], self._conditions[name.lower()]

    def _condition(self, name: str) -> _Condition:
        return self._conditions[name.lower()]

    def _set_stopped(self, kind: ServiceKind, exit_code: int = 0) -> None:
        self._processes.leave(kind.name)
        self._conditions[kind.name.lower()] = _Condition(STOPPED, exit_code)

    def _join(self, kind: ServiceKind, moment: float) -> None:
        companions = [other.name for other in self._kinds.values() if kind.shared and other.process == kind.process]
        self._processes.join(kind.name, kind.image, companions, moment)
        self._started(kind.name)

    def _dependents(self, kind: ServiceKind) -> list[str]:
        return [
            other.name
            for other in self._kinds.values()
            if kind.name.lower() in (needed.lower() for needed in other.needs)
        ]
