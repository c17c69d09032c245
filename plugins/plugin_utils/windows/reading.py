# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every read as a command of one batch, and the way back from what the command printed to a typed state."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..formats import netstat, sc, wmic
from ..formats.netsh import parse_ipv6_addresses
from ..formats.registry import Unreadable
from ..reads import (
    Addresses,
    Clock,
    Dependents,
    DependentsTooMany,
    Link,
    Listeners,
    Observed,
    ProbeKey,
    Process,
    Processes,
    Read,
    ReadClock,
    ReadDependents,
    ReadFile,
    ReadIisSection,
    ReadIPv6Addresses,
    ReadKey,
    ReadLink,
    ReadListeners,
    ReadPool,
    ReadProcesses,
    ReadService,
    ReadTree,
    SearchIis,
    Service,
    State,
)
from . import files, iis
from .command_line import Frame, Frames, Step, command, quote
from .registry import above_steps, interpret_key, interpret_tree, key_step

_OF_IIS = (ReadIisSection, SearchIis, ReadPool)
NotParsed = (netstat.NotParsed, sc.NotParsed, wmic.NotParsed)


def read_steps(reads: Sequence[Read]) -> list[Step]:
    """What each read needs; and for keys that must be there, those above them when any of these fails."""
    steps = [step for read in reads if _asked(read, reads) == read for step in _steps(read)]
    of_iis = iis.read_steps([read for read in reads if isinstance(read, _OF_IIS)])
    return [*steps, *of_iis, *above_steps([read.key for read in reads if isinstance(read, ReadKey)])]


def interpret(frames: Frames, reads: Sequence[Read], link: Link) -> Observed:
    """What the commands of read_steps said."""
    return Observed({read: link if isinstance(read, ReadLink) else _answer(frames, read, reads) for read in reads})


def _asked(read: Read, reads: Sequence[Read]) -> Read:
    """The read whose command answers this one: processes that are among others are not asked for again."""
    if not isinstance(read, ReadProcesses):
        return read
    covering = [other for other in reads if isinstance(other, ReadProcesses) and other.covers(read)]
    return max(covering, key=lambda other: len(other.images) or math.inf)


def _answer(frames: Frames, read: Read, reads: Sequence[Read]) -> State:
    state = _state(frames, _asked(read, reads))
    if isinstance(state, Processes) and isinstance(read, ReadProcesses) and read.images:
        return Processes(state.of(*read.images))
    return state


def _steps(read: Read) -> list[Step]:
    if isinstance(read, (ReadLink, *_OF_IIS)):
        return []
    if isinstance(read, ReadFile):
        return files.read_steps(read)
    if isinstance(read, (ReadKey, ProbeKey)):
        return [key_step(read.key, may_fail=isinstance(read, ProbeKey))]
    if isinstance(read, ReadTree):
        return [key_step(read.key, tree=True, may_fail=True)]
    return [Step(_name(read), _line(read), may_fail=True)]


def _name(read: Read) -> str:
    return repr(read)


def _line(read: Read) -> str:
    if isinstance(read, ReadClock):
        return command("wmic", "os", "get", "LastBootUpTime,LocalDateTime", "/value")
    if isinstance(read, ReadProcesses):
        where = ["where", " or ".join(f"name='{image}'" for image in read.images)] if read.images else []
        return command("wmic", "process", *where, "get", "CreationDate,Name,ProcessId", "/value")
    if isinstance(read, ReadListeners):
        # The lines of a busy server are many; a listener has no peer, in every language.
        return f"netstat -ano <nul|findstr /c:{quote(' 0.0.0.0:0 ')} /c:{quote(' [::]:0 ')}"
    if isinstance(read, ReadService):
        return command("sc", "query", read.name)
    if isinstance(read, ReadDependents):
        return command("sc", "enumdepend", read.name, str(read.buffer))
    if isinstance(read, ReadIPv6Addresses):
        return command("netsh", "interface", "ipv6", "show", "addresses")
    raise TypeError(f"{read!r} is no command of its own")


def _state(frames: Frames, read: Read) -> State:
    if isinstance(read, (ReadKey, ProbeKey)):
        return interpret_key(frames, read.key, probe=isinstance(read, ProbeKey))
    if isinstance(read, ReadTree):
        return interpret_tree(frames, read.key)
    if isinstance(read, ReadFile):
        return files.interpret(frames, read)
    if isinstance(read, _OF_IIS):
        return iis.interpret(frames, read)
    frame = frames.get(_name(read))
    if frame is None:
        return Unreadable("the server's answer has no part for this command", frames.outside)
    if isinstance(read, ReadService) and frame.exit_code == sc.NO_SUCH_SERVICE:
        return Service(None)
    if isinstance(read, ReadDependents) and frame.exit_code in (sc.NO_SUCH_SERVICE, sc.MORE_DATA):
        return Dependents(()) if frame.exit_code == sc.NO_SUCH_SERVICE else DependentsTooMany()
    if not frame.succeeded:
        return Unreadable(f"the command ended with exit code {frame.exit_code}", frame.text)
    try:
        return _parser(read)(frame)
    except NotParsed as error:
        return Unreadable(str(error), frame.text)


def _parser(read: Read) -> Callable[[Frame], State]:
    if isinstance(read, ReadClock):
        return _clock
    if isinstance(read, ReadProcesses):
        return _processes
    if isinstance(read, ReadListeners):
        return lambda frame: Listeners(netstat.parse_listeners(_text(frame)))
    if isinstance(read, ReadService):
        return lambda frame: _service(sc.parse_status(_text(frame)))
    if isinstance(read, ReadDependents):
        return _dependents
    return lambda frame: Addresses(parse_ipv6_addresses(_text(frame)))


def _text(frame: Frame) -> str:
    return frame.stdout.decode("utf-8", "backslashreplace")


def _service(status: sc.Status) -> Service:
    return Service(status.state, status.exit_code)


def _dependents(frame: Frame) -> Dependents:
    found = sc.parse_dependents(_text(frame))
    return Dependents(tuple((name, _service(status)) for name, status in found))


def _clock(frame: Frame) -> Clock:
    objects = wmic.parse_list(_text(frame))
    if len(objects) != 1 or not {"LastBootUpTime", "LocalDateTime"} <= set(objects[0]):
        raise wmic.NotParsed(f"no LastBootUpTime and LocalDateTime in {_text(frame)!r}")
    return Clock(*(wmic.parse_datetime(objects[0][name]) for name in ("LastBootUpTime", "LocalDateTime")))


def _processes(frame: Frame) -> Processes:
    running = []
    for item in wmic.parse_list(_text(frame)):
        if not {"CreationDate", "Name", "ProcessId"} <= set(item) or not item["ProcessId"].strip().isdigit():
            raise wmic.NotParsed(f"no CreationDate, Name and ProcessId in {item!r}")
        if not item["CreationDate"].strip():
            # What began with Windows itself has no date.
            continue
        running.append(Process(item["Name"].strip(), int(item["ProcessId"]), wmic.parse_datetime(item["CreationDate"])))
    return Processes(tuple(running))
