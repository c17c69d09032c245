# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with services and a clock of its own, for the modules that stop and start things."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from plugins.plugin_utils.formats.sc import RUNNING, STOP_PENDING, STOPPED
from plugins.plugin_utils.reads import Link, Read
from plugins.plugin_utils.windows.command_line import Frame, Frames, Step
from plugins.plugin_utils.windows.reading import interpret, read_steps
from plugins.plugin_utils.windows.server import Reading
from plugins.plugin_utils.windows.shell import Unreachable

BOOT = datetime.datetime(2008, 11, 5, 8, 0, tzinfo=datetime.UTC)
NOON = datetime.datetime(2008, 11, 5, 12, 0, tzinfo=datetime.UTC)
CLUSTER = r"hklm\cluster"
EXCHANGE = r"hklm\software\microsoft\exchange\v8.0"


class Ticking:
    """The controller's monotonic clock; sleeping lets the server's run on as well."""

    def __init__(self, server: FakeServer) -> None:
        self.now = 0.0
        self._server = server

    def __call__(self) -> float:
        self.now += 0.01
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._server.now += datetime.timedelta(seconds=seconds)
        self._server.slept.append(seconds)


@dataclass
class Simulated:
    """A service: what needs it is found through needs of the others."""

    needs: tuple[str, ...] = ()
    state: int = RUNNING
    exit_code: int = 0
    stops: bool = True
    # The exit codes of starts to come that fail.
    failing_starts: list[int] = field(default_factory=list)
    # Seconds of pauses until a start or stop under way is done.
    start_seconds: int = 0
    stop_seconds: int = 0
    left: int = 0
    start: int = 2


class FakeServer:
    """Answers steps; registry keys that are not listed in C(keys) are absent, with C(None) denied."""

    def __init__(self, services: dict[str, Simulated], keys: dict[str, tuple[str, ...] | None] | None = None) -> None:
        self.services = services
        self.keys = keys or {}
        self.boot = BOOT
        self.now = NOON
        self.lines: list[str] = []
        self.slept: list[float] = []
        self.shutdown_code = 0
        self.on_line: Callable[[str], None] = lambda _line: None
        self.is_up = True
        self.opened = 0
        self.left = 0
        self.small_buffer = False

    def open(self) -> None:
        self.opened += 1
        if not self.is_up:
            raise Unreachable("no shell could be opened: connection refused")

    def leave(self) -> None:
        self.left += 1

    def read(self, reads: Sequence[Read]) -> Reading:
        return Reading(interpret(self.run(read_steps(reads)), reads, Link(ipv6=False)), left_behind=False)

    def run(self, steps: Sequence[Step], stdin: bytes | None = None, waits: int = 0) -> Frames:
        assert stdin is None
        frames: dict[str, Frame] = {}
        failed = False
        for step in steps:
            if step.when == "after_a_failure" and not failed:
                continue
            self.lines.append(step.line)
            self.on_line(step.line)
            self.now += datetime.timedelta(seconds=1)
            frame = self._answer(step.line.removesuffix(" <nul").replace(" <nul", ""))
            failed = failed or not (frame.succeeded or step.may_fail)
            frames[step.name] = frame
        return Frames(frames, "")

    def sent(self, program: str) -> list[str]:
        return [line.removesuffix(" <nul") for line in self.lines if line.startswith(program)]

    def _answer(self, line: str) -> Frame:
        words = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]
        if words[:2] == ["sc", "query"]:
            return self._query(words[2])
        if words[:2] == ["sc", "enumdepend"]:
            return self._dependents(words[2], int(words[3]))
        if words[:2] == ["net", "stop"]:
            return self._stop(words[2])
        if words[:2] == ["net", "start"]:
            return self._start(words[2])
        if words[0] == "ping":
            self._pass(int(words[2]) - 1)
            return Frame(b"", b"", 0)
        if words[0] == "shutdown":
            return Frame(b"", b"said", self.shutdown_code)
        if words[0] == "wmic":
            return Frame(self._clock().encode(), b"", 0)
        assert words[:2] == ["reg", "query"], line
        return self._key(words[2])

    def _pass(self, seconds: int) -> None:
        self.slept.append(seconds)
        self.now += datetime.timedelta(seconds=seconds)
        for service in self.services.values():
            if service.left:
                service.left = max(0, service.left - seconds)
                if not service.left:
                    service.state = RUNNING if service.state == 2 else STOPPED

    def _find(self, name: str) -> tuple[str, Simulated] | None:
        return next((item for item in self.services.items() if item[0].lower() == name.lower()), None)

    def _status(self, service: Simulated) -> str:
        return (
            f"        TYPE               : 10  X\r\n        STATE              : {service.state}  Y \r\n"
            f"        WIN32_EXIT_CODE    : {service.exit_code}  (0x{service.exit_code:x})\r\n"
        )

    def _query(self, name: str) -> Frame:
        found = self._find(name)
        if found is None:
            return Frame(b"", b"", 1060)
        return Frame(f"\r\nSERVICE_NAME: {name}\r\n{self._status(found[1])}".encode(), b"", 0)

    def dependents(self, name: str) -> list[str]:
        found: list[str] = []
        for other, service in self.services.items():
            if name.lower() in [need.lower() for need in service.needs]:
                found += [item for item in [*self.dependents(other), other] if item not in found]
        return found

    def _dependents(self, name: str, size: int) -> Frame:
        if self.small_buffer and size <= 65536:
            return Frame(b"more", b"", 234)
        names = self.dependents(name)
        text = f"Enum: entriesRead = {len(names)}\r\n"
        for item in names:
            text += f"\r\nSERVICE_NAME: {item}\r\nDISPLAY_NAME: The {item}\r\n{self._status(self.services[item])}"
        return Frame(text.encode(), b"", 0)

    def _stop(self, name: str) -> Frame:
        for item in [*self.dependents(name), name]:
            service = self.services[item]
            if service.state == STOPPED:
                continue
            if not service.stops or service.stop_seconds:
                service.state, service.left = STOP_PENDING, service.stop_seconds
                return Frame(b"", b"could not be stopped", 2)
            service.state = STOPPED
        return Frame(b"stopped", b"", 0)

    def _start(self, name: str) -> Frame:
        service = self.services[name]
        if service.state != STOPPED or any(self.services[need].state != RUNNING for need in service.needs):
            return Frame(b"", b"cannot be started now", 2)
        if service.failing_starts:
            service.exit_code = service.failing_starts.pop(0)
            return Frame(b"", b"could not be started", 2)
        service.exit_code = 0
        service.state = 2 if service.start_seconds else RUNNING
        service.left = service.start_seconds
        return Frame(b"started", b"", 2 if service.start_seconds else 0)

    def _clock(self) -> str:
        return f"\r\r\nLastBootUpTime={_cim(self.boot)}\r\r\nLocalDateTime={_cim(self.now)}\r\r\n\r\r\n"

    def _key(self, path: str) -> Frame:
        key = path.lower()
        if key.startswith(r"hklm\system\currentcontrolset\services") and (found := self._find(key.rpartition("\\")[2])):
            text = f"\r\n{_long(path)}\r\n    Start    REG_DWORD    {found[1].start:#x}\r\n\r\n"
            return Frame(text.encode(), b"", 0)
        if self.keys.get(key) is not None:
            subkeys = "".join(f"{_long(path)}\\{name}\r\n" for name in self.keys[key] or ())
            return Frame(f"\r\n{_long(path)}\r\n    x    REG_DWORD    0x1\r\n\r\n{subkeys}".encode(), b"", 0)
        below = {item[len(key) + 1 :].partition("\\")[0] for item in self.keys if item.startswith(key + "\\")}
        if key not in self.keys and (below or key == "hklm"):
            return Frame("".join(f"\r\n{_long(path)}\\{name}" for name in sorted(below)).encode(), b"", 0)
        return Frame(b"", b"denied or absent", 1)


def _long(path: str) -> str:
    return "HKEY_LOCAL_MACHINE" + path[4:]


def _cim(moment: datetime.datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S.%f}+000"
