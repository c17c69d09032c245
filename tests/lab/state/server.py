# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One server's state, for both back ends: what runs, listens and is bound, and what takes a restart or a reboot."""

from __future__ import annotations

import threading

from tests.lab import catalogue
from tests.lab.backend import Output, Registry
from tests.lab.catalogue import ServiceKind
from tests.lab.clock import Clock
from tests.lab.hosts import HostSpec
from tests.lab.state import answers, listeners, network, readings
from tests.lab.state.listeners import Listener
from tests.lab.state.network import Interface
from tests.lab.state.processes import Process, ProcessTable
from tests.lab.state.readings import Boot, Referral
from tests.lab.state.services import Service, ServiceTable

SHUTDOWN_SECONDS = 40
BOOT_SECONDS = 20
FIRST_SERVICE_SECONDS = 2.0
BETWEEN_SERVICES_SECONDS = 0.5
RESTART_SECONDS = 5
SYSTEM_ATTENDANT = "MSExchangeSA"


class ServerState:
    """Call start() once, when the registry is filled. Every method is safe to call from any thread."""

    def __init__(self, spec: HostSpec, registry: Registry, clock: Clock) -> None:
        self.spec = spec
        self.clock = clock
        self.boot_time = 0.0
        self._registry = registry
        self._lock = threading.RLock()
        self._processes = ProcessTable()
        self._services = ServiceTable(self._processes)
        self._boot = Boot(frozenset(), False, False, False, 0)
        self._build: tuple[int, ...] = ()
        self._referral: Referral | None = None

    # -- what a test does

    def start(self) -> None:
        """The boot that the server had some hours ago."""
        with self._lock:
            self._boot_at(self.clock.now() - self.spec.boot_hours_ago * 3600)

    def reboot(self) -> None:
        """What was pending takes effect; the clock goes on by the time that a reboot takes."""
        with self._lock:
            self.clock.advance(SHUTDOWN_SECONDS)
            self._boot_at(self.clock.now())
            self.clock.advance(BOOT_SECONDS)

    def stop_service(self, name: str) -> list[str]:
        """Stop a service with those that need it; the names of all that stopped."""
        with self._lock:
            stopped = self._services.stop(name)
            if SYSTEM_ATTENDANT in stopped:
                self._referral = None
            return stopped

    def start_service(self, name: str) -> None:
        """Start a service and what it needs."""
        with self._lock:
            self._start(name, self.clock.now())

    def restart_service(self, name: str) -> None:
        """Stop a service with those that need it and start them again; the clock goes on by some seconds."""
        with self._lock:
            stopped = self.stop_service(name)
            self.clock.advance(RESTART_SECONDS)
            for service in [name, *reversed(stopped)]:
                self._start(service, self.clock.now())

    # -- how the server is

    @property
    def referral(self) -> Referral | None:
        """What MSExchangeSA read when it started; None while it does not run."""
        return self._referral

    def service(self, name: str) -> Service:
        """One service; KeyError where it is not installed."""
        with self._lock:
            return self._services.get(name)

    def services(self) -> tuple[Service, ...]:
        """All services."""
        with self._lock:
            return self._services.all()

    def processes(self) -> tuple[Process, ...]:
        """All processes by their ids."""
        with self._lock:
            return self._processes.all()

    def listeners(self) -> tuple[Listener, ...]:
        """Open TCP ports. A disabled IPv6 keeps its [::] ones (experience)."""
        with self._lock:
            installed = network.ipv6_installed(self.spec)
            return listeners.listeners(self._processes.all(), self._boot, self._build, installed)

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
            return answers.answer(self, command_line, code_page)

    def waits_without_nul(self, command_line: str) -> bool:
        """Whether the program never ends unless its standard input is redirected."""
        return answers.waits_without_nul(command_line)

    def _boot_at(self, moment: float) -> None:
        self.boot_time = moment
        self._boot = readings.boot(self._registry)
        self._referral = None
        self._processes.boot(moment)
        kinds = self._kinds()
        self._services.boot(kinds)
        automatic = [kind.name for kind in kinds if readings.starts_at_boot(self._registry, kind.name)]
        for position, name in enumerate(automatic):
            self._start(name, moment + FIRST_SERVICE_SECONDS + position * BETWEEN_SERVICES_SECONDS)

    def _start(self, name: str, moment: float) -> None:
        if SYSTEM_ATTENDANT in self._services.start(name, moment):
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
