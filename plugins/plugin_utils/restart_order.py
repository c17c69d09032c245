# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service may be restarted now, and what that comes to; decided on readings and the controller's memory."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .cluster_node import READ_CLUSTER, cluster_failure
from .facts.roles import EXCHANGE
from .fixes.options import OptionReader
from .fixes.plan import Failure
from .fixes.proof import unread_clock
from .formats.registry import Key, KeyAbsent, KeyContent, Unreadable
from .formats.sc import RUNNING, STOP_PENDING, STOPPED
from .formats.service_names import parse_service_name
from .journal import Memory
from .reads import Clock, Dependents, Observed, ProbeKey, Read, ReadClock, ReadDependents, ReadKey, ReadService, Service
from .restart_note import Note
from .service_words import told

MAX_SECONDS = 86400
# The most that the service control manager's protocol lets a caller ask for.
ALL_DEPENDENTS = 262144
_MAILBOX_ROLE = "MailboxRole"
_DISABLED = 4


@dataclass(frozen=True)
class Order:
    """What a task asks for."""

    name: str
    timeout: int
    mailbox_outage: bool

    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "name": {"type": "str", "required": True},
        "timeout": {"type": "int", "default": 300},
        "mailbox_outage": {"type": "bool", "default": False},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Order:
        """From a task's options; raises InvalidOptions."""
        reader = OptionReader()
        try:
            parse_service_name(options["name"])
        except ValueError as error:
            reader.problem("name", options["name"], str(error))
        if not 0 <= options["timeout"] <= MAX_SECONDS:
            reader.problem("timeout", options["timeout"], f"it is not between 0 and {MAX_SECONDS} seconds")
        reader.raise_problems()
        return cls(options["name"], options["timeout"], options["mailbox_outage"])

    @property
    def reads(self) -> tuple[Read, ...]:
        """What must be read of the server."""
        service = ReadService(self.name)
        return (ReadClock(), READ_CLUSTER, ReadKey(EXCHANGE), service, ReadDependents(self.name), read_start(self.name))


@dataclass(frozen=True)
class Work:
    """What is to do.

    C(stop) and C(start) are of the service itself, C(dependents) what is started behind it, in the order in which they
    stop. C(stopped) says whether the service is, or was since the note, seen stopped, and C(at) is the server's time of
    that. C(given_up) are noted dependents that somebody has disabled or removed since, each with what was found.
    """

    stop: bool
    start: bool
    dependents: tuple[str, ...]
    stopped: bool
    at: datetime.datetime
    given_up: tuple[tuple[str, str], ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether there is anything to do."""
        return self.stop or self.start or bool(self.dependents)


class NotNow(Exception):
    """The restart stops here."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.problem)
        self.failure = failure


def read_start(service: str) -> Read:
    """The key that says whether a service is disabled."""
    return ProbeKey(_key(service))


def check_cluster(observed: Observed, order: Order) -> None:
    """Raise NotNow on a cluster node."""
    failure = cluster_failure(observed, order.name, "stopping a service")
    if failure is not None:
        raise NotNow(failure)


def read_noted(note: Note | None) -> tuple[Read, ...]:
    """What says of the services in a note whether they run, and whether they still may."""
    names = () if note is None else note.dependents
    return tuple(read for name in names for read in (ReadService(name), read_start(name)))


def work_of(observed: Observed, order: Order, note: Note | None, memory: Memory, may_stop: bool = True) -> Work:
    """What is to do; raises NotNow.

    A restart that was cut before the service was seen stopped, or that a change since then needs anew, is done once
    more as a whole; without C(may_stop) only what is down is started.
    """
    clock = observed.get(ReadClock(), Clock)
    if isinstance(clock, Unreadable):
        raise NotNow(unread_clock(clock, order.name))
    runs = _runs(observed.get(ReadService(order.name), Service), order, note)
    dependents = _dependents(observed, order.name)
    whole = note is None or not note.stopped or note.is_before_a_change(memory, clock.boot)
    stop = runs and whole and may_stop
    given_up = _given_up(observed, note)
    return Work(
        stop=stop,
        start=not runs or stop,
        dependents=_to_start(observed, dependents, note, stop, {name.lower() for name, _found in given_up}),
        stopped=not stop and (not runs or (note is not None and note.stopped)),
        at=note.at if note is not None and runs and not stop else clock.now,
        given_up=given_up,
    )


def check_may_stop(observed: Observed, order: Order, work: Work) -> None:
    """Raise NotNow where the service is disabled, or its outage needs a consent that was not given."""
    check_may_start(observed, [order.name])
    _check_consent(observed, order, [order.name, *work.dependents])


def check_may_start(observed: Observed, names: Sequence[str]) -> None:
    """Raise NotNow for a disabled service: it could be stopped and not started again."""
    for name in names:
        if _is_disabled(observed, name):
            raise NotNow(
                Failure(
                    setting=name,
                    problem="the service is disabled: once stopped it could not be started again",
                    found=f"Start in {_key(name).path} is {_DISABLED}",
                    expected="a service that may be started (2 or 3)",
                    next_step=f"Give {name} its start type back (sc config), or stop it for good, and run again.",
                )
            )


def _runs(service: Service | Unreadable, order: Order, note: Note | None) -> bool:
    """Whether the service runs; raises NotNow unless it does, or a run of ours has stopped it."""
    name = order.name
    state = None if isinstance(service, Unreadable) else service.state
    if state == RUNNING or (state == STOPPED and note is not None):
        return state == RUNNING
    if isinstance(service, Unreadable):
        problem = "the service's state was not understood"
        next_step = f"Run sc query {name} on the server by hand and compare."
    elif state is None:
        problem, next_step = "there is no such service", "Correct the name (sc query lists them), and run again."
    elif state == STOPPED:
        problem = "the service does not run, and no run of this controller has stopped it"
        next_step = f"If it should run, start it by hand (net start {name}) and run again."
    else:
        problem = f"the service is neither running nor stopped, after {order.timeout} seconds"
        next_step = f"Wait until sc query {name} says 4, or end its process by hand, and run again."
    raise NotNow(Failure(name, problem, f"{name} is {told(service)}", f"{name} in state 4 (running)", next_step))


def _dependents(observed: Observed, name: str) -> tuple[tuple[str, Service], ...]:
    state = observed.states[ReadDependents(name)]
    if not isinstance(state, Dependents):
        why = f"{state.why}; the server said {state.answer!r}" if isinstance(state, Unreadable) else "too long a list"
        raise NotNow(_unknown_dependents(name, why))
    for dependent, _service in state.services:
        try:
            parse_service_name(dependent)
        except ValueError as error:
            raise NotNow(_unknown_dependents(name, str(error))) from error
    return state.services


def _unknown_dependents(name: str, found: str) -> Failure:
    return Failure(
        setting=name,
        problem="which services need it, and would go down with it, was not understood",
        found=found,
        expected="the services that sc enumdepend lists, with names that can stand on a command line",
        next_step=f"Run sc enumdepend {name} {ALL_DEPENDENTS} on the server by hand and compare; nothing was stopped.",
    )


def _is_disabled(observed: Observed, name: str) -> bool:
    start = observed.values(_key(name)).value("Start")
    return start is not None and start.data == _DISABLED


def _given_up(observed: Observed, note: Note | None) -> tuple[tuple[str, str], ...]:
    """What is noted and down, and cannot be started any more: somebody wants it so."""
    found = []
    for name in () if note is None else note.dependents:
        service = observed.get(ReadService(name), Service)
        if isinstance(service, Service) and service.state is None:
            found.append((name, "not installed any more"))
        elif isinstance(service, Service) and service.state == STOPPED and _is_disabled(observed, name):
            found.append((name, "disabled by now"))
    return tuple(found)


def _to_start(
    observed: Observed, dependents: Sequence[tuple[str, Service]], note: Note | None, stop: bool, given_up: set[str]
) -> tuple[str, ...]:
    """In stop order: what goes down with the service, and what a run that was cut short had running and left down."""
    noted = {name.lower(): name for name in note.dependents} if note is not None else {}
    wanted = []
    for name, service in dependents:
        if noted.pop(name.lower(), None) is not None:
            is_wanted = stop or service.state != RUNNING
        else:
            is_wanted = stop and service.state not in (STOPPED, STOP_PENDING)
        if is_wanted:
            wanted.append(name)
    # What no longer needs the service was stopped with it all the same.
    left = [name for name in noted.values() if not _is_running(observed.get(ReadService(name), Service))]
    return tuple(name for name in (*left, *wanted) if name.lower() not in given_up)


def _is_running(service: Service | Unreadable) -> bool:
    return isinstance(service, Service) and service.state == RUNNING


def _check_consent(observed: Observed, order: Order, names: Sequence[str]) -> None:
    """On a Mailbox server any service may be one that its users cannot do without: a name does not tell."""
    state = observed.key(EXCHANGE)
    if order.mailbox_outage or isinstance(state, KeyAbsent):
        return
    if isinstance(state, KeyContent) and not state.has_subkey(_MAILBOX_ROLE):
        return
    found = f"{', '.join(names)} would be stopped, and the key {EXCHANGE.path} "
    found += f"has {_MAILBOX_ROLE}" if isinstance(state, KeyContent) else "could not be read"
    raise NotNow(
        Failure(
            setting="mailbox_outage",
            problem="it is, or may be, a Mailbox server: its users may lose mail or directory while a service is down",
            found=found,
            expected="mailbox_outage: true, the consent to that",
            next_step="Run again with mailbox_outage: true when its users can do without.",
        )
    )


def _key(service: str) -> Key:
    return Key(rf"HKLM\SYSTEM\CurrentControlSet\Services\{service}")
