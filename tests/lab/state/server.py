# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One server's state, for both back ends: what runs, listens and is bound, and what takes a restart or a reboot."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.lab import catalogue
from tests.lab.backend import Output, Registry
from tests.lab.catalogue import ServiceKind
from tests.lab.clock import Clock
from tests.lab.hosts import HostSpec
from tests.lab.state import answers, listeners, network, readings
from tests.lab.state.iis import Iis
from tests.lab.state.listeners import Directory, Listener
from tests.lab.state.network import Interface
from tests.lab.state.power import POWER_OFF, REBOOT, Power, Shutdown, Watcher
from tests.lab.state.processes import Process, ProcessTable
from tests.lab.state.readings import Boot, Referral
from tests.lab.state.services import RUNNING, Service, ServiceFailure, ServiceTable

SHUTDOWN_SECONDS = 40
BOOT_SECONDS = 20
FIRST_SERVICE_SECONDS = 2.0
BETWEEN_SERVICES_SECONDS = 0.5
RESTART_SECONDS = 5
SYSTEM_ATTENDANT = "MSExchangeSA"
WEB_SERVER = "W3SVC"
MAD = "mad.exe"
LITTLE = 0.001


class ServerState:
    """Call start() once, when the registry is filled. Every method is safe to call from any thread."""

    def __init__(self, spec: HostSpec, registry: Registry, clock: Clock) -> None:
        self.spec = spec
        self.clock = clock
        self.boot_time = 0.0
        self._registry = registry
        self._lock = threading.RLock()
        self._processes = ProcessTable()
        self._services = ServiceTable(self._processes, lambda name: readings.disabled(registry, name), self._read_for)
        self._services.behaviours.update(spec.behaviours)
        self._power = Power(clock)
        # Whether a Global Catalog listens on 6004 at all, and who has that port on one that is a Mailbox server too.
        self.nspi_listens = spec.nspi_listens
        self.directory_owner = spec.directory_owner
        self._boot = Boot(frozenset(), False, False, False, 0)
        self._build: tuple[int, ...] = ()
        self._referral: Referral | None = None
        self.iis = Iis(spec.iis, self._lock, clock, self._web_server_started)

    # -- what a test does

    def start(self) -> None:
        """The boot that the server had some hours ago; every service came up then that starts at boot."""
        with self._lock:
            moment = self.clock.now() - self.spec.boot_hours_ago * 3600
            for name, started in self._boot_at(moment):
                self._services.start(name, started)
            if self.spec.pending_shutdown is not None:
                self._power.schedule(self.spec.pending_shutdown.kind, self.spec.pending_shutdown.seconds)

    def reboot(self) -> None:
        """What was pending takes effect, at once; the clock goes on by the time that a reboot takes."""
        with self._lock:
            self.shut_down()
            self.boot()

    def shut_down(self) -> None:
        """Nothing runs any more, and no shutdown is pending."""
        with self._lock:
            self._power.is_up = False
            self._power.abort()
            for service in self._services.all():
                self._services.stop(service.name)
            self._processes.end()
            self.clock.advance(SHUTDOWN_SECONDS)

    def boot(self) -> None:
        """Services start as their behaviour says."""
        with self._lock:
            for name, moment in self._boot_at(self.clock.now()):
                with contextlib.suppress(ServiceFailure):
                    self._services.begin_start(name, moment, at_boot=True)
            self.clock.advance(BOOT_SECONDS)

    def stop_service(self, name: str) -> list[str]:
        """Stop a service with those that need it, at once; the names of all that stopped."""
        with self._lock:
            return self._services.stop(name)

    def start_service(self, name: str) -> None:
        """Start a service and what it needs, at once."""
        with self._lock:
            self._services.start(name, self.clock.now())

    def restart_service(self, name: str) -> None:
        """Stop a service with those that need it and start them again; the clock goes on by some seconds."""
        with self._lock:
            stopped = self.stop_service(name)
            self.clock.advance(RESTART_SECONDS)
            for service in [name, *reversed(stopped)]:
                self.start_service(service)

    def set_behaviour(self, name: str, **changes: Any) -> None:
        """Change how a service goes up and down from now on: any field of ServiceBehaviour."""
        with self._lock:
            self._services.behaviours[name.lower()] = replace(self._services.behaviour(name), **changes)

    def schedule_shutdown(self, kind: str = REBOOT, seconds: float | None = None) -> bool:
        """Somebody orders a reboot or power_off; with seconds None it waits. False where one is pending already."""
        with self._lock:
            return self._power.schedule(kind, seconds)

    def abort_shutdown(self) -> bool:
        """Somebody takes it back; False where none is pending."""
        with self._lock:
            return self._power.abort()

    def let_shutdown_happen(self) -> None:
        """The pending shutdown, if any, falls due now."""
        with self._lock:
            self._power.hasten()
            self._settle()

    def watch_power(self, watcher: Watcher | None) -> None:
        """Leave due shutdowns to a watcher, who shuts down and boots; without one they happen by themselves."""
        self._power.watcher = watcher

    # -- programs that are no services

    def start_program(self, image: str, when_ended: Callable[[], None] = lambda: None, unkillable: bool = False) -> int:
        """A program runs from now on, until something ends it; its process id."""
        with self._lock:
            return self._processes.start(image, self.clock.now(), when_ended, unkillable)

    def end_program(self, pid: int, by_force: bool = False) -> bool:
        """End it; False where it cannot be ended."""
        with self._lock:
            return self._processes.kill(pid, by_force)

    # -- what the service control manager does for its clients

    def begin_start(self, name: str) -> None:
        """Raises ServiceFailure with a system error code."""
        with self._lock:
            self._settle()
            self._services.begin_start(name, self.clock.now())

    def begin_stop(self, name: str) -> None:
        """Raises ServiceFailure with a system error code."""
        with self._lock:
            self._settle()
            self._services.begin_stop(name, self.clock.now())

    def wait_for_service(self, name: str, seconds: float) -> Service:
        """The service when its pending state has ended, at most so many of the server's seconds later."""
        with self._lock:
            left = self._services.due(name) - self.clock.now()
            if self._services.get(name).pending:
                self.clock.advance(max(0.0, min(left + LITTLE, seconds)))
            return self.service(name)

    # -- how the server is

    @property
    def referral(self) -> Referral | None:
        """What MSExchangeSA read when it started; None while it does not run."""
        with self._lock:
            self._settle()
            return self._referral if self._services.status(SYSTEM_ATTENDANT) == RUNNING else None

    @property
    def pending_shutdown(self) -> Shutdown | None:
        """The shutdown that somebody has ordered."""
        with self._lock:
            self._settle()
            return self._power.pending

    @property
    def shutdown_is_due(self) -> bool:
        """Whether the pending shutdown has to happen now."""
        return self._power.is_due

    @property
    def is_up(self) -> bool:
        """Whether the server runs."""
        return self._power.is_up

    def service(self, name: str) -> Service:
        """One service; KeyError where it is not installed."""
        with self._lock:
            self._settle()
            return self._services.get(name)

    def unsettled_service(self, name: str) -> Service:
        """One service as whoever has just ordered it about sees it, on its way even where that takes no time."""
        with self._lock:
            return self._services.get(name)

    def services(self) -> tuple[Service, ...]:
        """All services."""
        with self._lock:
            self._settle()
            return self._services.all()

    def dependents(self, name: str) -> list[Service]:
        """All that need a service, directly or not, in the order in which they must stop."""
        with self._lock:
            return [self.service(other) for other in self._services.all_dependents(name)]

    def processes(self) -> tuple[Process, ...]:
        """All processes by their ids."""
        with self._lock:
            self._settle()
            return self._processes.all()

    def listeners(self) -> tuple[Listener, ...]:
        """Open TCP ports. A disabled IPv6 keeps its [::] ones (experience)."""
        with self._lock:
            serving = [
                replace(process, services=tuple(name for name in process.services if self.service(name).running))
                for process in self.processes()
            ]
            directory = Directory(self._build, self.nspi_listens, self.directory_owner == MAD)
            return listeners.listeners(serving, self._boot, directory, network.ipv6_installed(self.spec))

    def listening(self, port: int) -> set[tuple[str, str]]:
        """Stack and image of every process that listens on a port."""
        return {(listener.stack, listener.image) for listener in self.listeners() if listener.port == port}

    def interfaces(self, stack: str) -> tuple[Interface, ...]:
        """Adapters with their addresses in ipv4 or ipv6."""
        with self._lock:
            return network.interfaces(self.spec, self._registry, self._boot, stack)

    def addresses(self, stack: str) -> list[str]:
        """Addresses without loopback."""
        return [address for interface in self.interfaces(stack) for address in interface.addresses]

    # -- its programs

    def answer(self, command_line: str, code_page: int = answers.UTF8_CODE_PAGE) -> Output | None:
        """What a command line prints in a shell of that code page; None for a program that is not one of these."""
        with self._lock:
            self._settle()
            return answers.answer(self, command_line, code_page)

    def waits_without_nul(self, command_line: str) -> bool:
        """Whether the program never ends unless its standard input is redirected."""
        return answers.waits_without_nul(self, command_line)

    def _settle(self) -> None:
        """Let happen what has fallen due by the server's clock."""
        pending = self._power.pending
        if pending is not None and self._power.is_due and self._power.watcher is None:
            if pending.kind == POWER_OFF:
                self.shut_down()
            else:
                self.reboot()
        self._services.settle(self.clock.now())

    def _web_server_started(self) -> float | None:
        try:
            return self._services.get(WEB_SERVER).since
        except KeyError:
            return None

    def _boot_at(self, moment: float) -> list[tuple[str, float]]:
        """The services that start by themselves, each with its moment; none has been started yet."""
        self.boot_time = moment
        self._boot = readings.boot(self._registry)
        self._referral = None
        self._processes.boot(moment)
        self._power.is_up = True
        kinds = self._kinds()
        self._services.boot(kinds)
        automatic = [kind.name for kind in kinds if readings.starts_at_boot(self._registry, kind.name)]
        return [
            (name, moment + FIRST_SERVICE_SECONDS + position * BETWEEN_SERVICES_SECONDS)
            for position, name in enumerate(automatic)
        ]

    def _read_for(self, service: str) -> None:
        """What a service reads in the registry when it starts."""
        if service == SYSTEM_ATTENDANT:
            self._build = readings.mailbox_build(self._registry)
            self._referral = readings.referral(self._registry)

    def _kinds(self) -> list[ServiceKind]:
        """The services that this boot finds installed; what the fleet file says of one comes first."""
        kinds = [*catalogue.WINDOWS]
        if self._boot.domain_controller:
            kinds += catalogue.DOMAIN_CONTROLLER
        kinds += catalogue.exchange_services(self._boot.roles)
        own = {kind.name.lower(): kind for kind in self.spec.services.values()}
        kinds = [own.pop(kind.name.lower(), kind) for kind in kinds]
        return [*kinds, *own.values()]
