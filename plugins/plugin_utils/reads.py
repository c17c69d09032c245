# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked of a server, and what the answer can come to.

Data only: fixes name reads, windows/ carries them out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from .formats.netstat import Listener
from .formats.registry import Key, KeyAbsent, KeyContent, KeyDenied, KeyState, KeyTree, Unreadable


@dataclass(frozen=True)
class ReadKey:
    """One key. A key that fails is told absent, denied or unreadable by reading those above it."""

    key: Key


@dataclass(frozen=True)
class ProbeKey:
    """One key whose absence is the rule: when it cannot be read nothing more is asked, and only warnings rest on it."""

    key: Key


@dataclass(frozen=True)
class ReadTree:
    """A key with all keys below it; one that is absent and one that is denied are unreadable alike."""

    key: Key


@dataclass(frozen=True)
class ReadClock:
    """The server's boot time and its present time."""


@dataclass(frozen=True)
class ReadProcesses:
    """The running processes of these images; of all where none is named."""

    images: tuple[str, ...] = ()

    def covers(self, other: ReadProcesses) -> bool:
        """Whether its answer holds that of the other."""
        return not self.images or (bool(other.images) and set(other.images) <= set(self.images))


@dataclass(frozen=True)
class ReadListeners:
    """All TCP listeners."""


@dataclass(frozen=True)
class ReadService:
    """The state of one service."""

    name: str


@dataclass(frozen=True)
class ReadDependents:
    """The services that need one, directly or not; C(buffer) is the room for their list, in bytes."""

    name: str
    buffer: int = 65536


@dataclass(frozen=True)
class ReadIPv6Addresses:
    """The IPv6 addresses of all interfaces."""


@dataclass(frozen=True)
class ReadFile:
    """A file, by its name in a folder; the folder may begin with %SystemRoot%."""

    folder: str
    name: str


@dataclass(frozen=True)
class ReadIisSection:
    """The effective attributes of a section of IIS's configuration; path None is the server's level."""

    path: str | None
    section: str


@dataclass(frozen=True)
class SearchIis:
    """The places of IIS's configuration that give an attribute of a section this value."""

    section: str
    attribute: str
    value: str


@dataclass(frozen=True)
class ReadPool:
    """What an application pool of IIS has for one attribute, such as recycling.periodicRestart.time."""

    pool: str
    attribute: str


@dataclass(frozen=True)
class ReadLink:
    """Over which IP version we reach the server; known without asking it."""


Read = (
    ReadLink
    | ReadKey
    | ProbeKey
    | ReadTree
    | ReadClock
    | ReadProcesses
    | ReadListeners
    | ReadService
    | ReadDependents
    | ReadIPv6Addresses
    | ReadFile
    | ReadIisSection
    | SearchIis
    | ReadPool
)


@dataclass(frozen=True)
class Clock:
    """Both by the server's own clock."""

    boot: datetime.datetime
    now: datetime.datetime


@dataclass(frozen=True)
class Process:
    """A running process."""

    image: str
    pid: int
    started: datetime.datetime


@dataclass(frozen=True)
class Processes:
    """The processes that were asked for and run."""

    running: tuple[Process, ...]

    def of(self, *images: str) -> tuple[Process, ...]:
        """Those of these images, whatever their case."""
        wanted = {image.lower() for image in images}
        return tuple(process for process in self.running if process.image.lower() in wanted)


@dataclass(frozen=True)
class Listeners:
    """All TCP listeners of the server."""

    open: tuple[Listener, ...]

    def on(self, port: int) -> tuple[Listener, ...]:
        """Those on one port."""
        return tuple(listener for listener in self.open if listener.port == port)

    def owned_by(self, port: int, processes: tuple[Process, ...]) -> tuple[Listener, ...]:
        """Those on one port that one of the processes owns."""
        pids = {process.pid for process in processes}
        return tuple(listener for listener in self.on(port) if listener.pid in pids)


@dataclass(frozen=True)
class Service:
    """A service: its state, 1 (stopped) to 7 (paused), or None where there is no such service.

    C(exit_code) is how its last start or run ended; None where that is not known.
    """

    state: int | None
    exit_code: int | None = None


@dataclass(frozen=True)
class Dependents:
    """The services that need another one, by name, in the order in which they must be stopped."""

    services: tuple[tuple[str, Service], ...]


@dataclass(frozen=True)
class DependentsTooMany:
    """The list of dependent services does not fit the room that it was given."""


@dataclass(frozen=True)
class Addresses:
    """The IPv6 addresses of a server, in its order."""

    ipv6: tuple[str, ...]

    @property
    def beside_loopback(self) -> tuple[str, ...]:
        """All but ::1."""
        return tuple(address for address in self.ipv6 if address != "::1")


@dataclass(frozen=True)
class Link:
    """Our own connection to the server."""

    ipv6: bool


@dataclass(frozen=True)
class FileContent:
    """All bytes of a file, and the letters of its attributes (R, H, S, A)."""

    data: bytes
    attributes: frozenset[str]


@dataclass(frozen=True)
class FileAbsent:
    """The folder could be entered and has no such file."""


@dataclass(frozen=True)
class IisSection:
    """Attributes of a section by name, defaults among them, as appcmd prints them."""

    attributes: Mapping[str, str]


@dataclass(frozen=True)
class IisPlaces:
    """Configuration paths below MACHINE/WEBROOT/APPHOST; an empty text is the server's level."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class PoolText:
    """An attribute of an application pool, as appcmd prints it."""

    text: str


@dataclass(frozen=True)
class IisAbsent:
    """There is no appcmd.exe, so IIS 7 is not installed."""


State = (
    Link
    | KeyState
    | KeyTree
    | Clock
    | Processes
    | Listeners
    | Service
    | Dependents
    | DependentsTooMany
    | Addresses
    | FileContent
    | FileAbsent
    | IisSection
    | IisPlaces
    | PoolText
    | IisAbsent
)

Wanted = TypeVar("Wanted")


@dataclass(frozen=True)
class Observed:
    """The answers to a task's reads."""

    states: Mapping[Read, State]

    def key(self, key: Key) -> KeyContent | KeyAbsent | KeyDenied | Unreadable:
        """The answer to ReadKey or ProbeKey."""
        read: Read = ReadKey(key)
        state = self.states[read if read in self.states else ProbeKey(key)]
        if isinstance(state, (KeyContent, KeyAbsent, KeyDenied, Unreadable)):
            return state
        raise TypeError(f"{state!r} is no state of a key")

    def values(self, key: Key) -> KeyContent:
        """The content of a key, empty when it was not read: for warnings, never for decisions."""
        state = self.key(key)
        return state if isinstance(state, KeyContent) else KeyContent((), ())

    def get(self, read: Read, kind: type[Wanted]) -> Wanted | Unreadable:
        """The answer to another read, of the kind that belongs to it, or why there is none."""
        state = self.states[read]
        if isinstance(state, (kind, Unreadable)):
            return state
        raise TypeError(f"{state!r} is no {kind.__name__}")


def all_reads(groups: Iterable[Iterable[Read]]) -> tuple[Read, ...]:
    """Each read once, in order."""
    return tuple(dict.fromkeys(read for reads in groups for read in reads))
