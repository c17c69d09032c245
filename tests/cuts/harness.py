# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts a task at every request that it makes, and checks after each cut that nothing is lost.

The task's own action runs in this process, over ansible-core's winrm connection and pywinrm, against a server of the
lab.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import yaml
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader

from plugins.plugin_utils.action_base import plain
from tests.integration.fleet import CONFIGURATOR, RPC_PROXY
from tests.lab import Fault, Lab
from tests.lab.faults import HANDSHAKE
from tests.lab.fleet import Host
from tests.lab.host_files import DRIVERS_ETC, HOSTS
from tests.lab.iis import ACCESS, ANONYMOUS, BASIC, WINDOWS
from tests.lab.model import ModelBackend
from tests.lab.model.machine import TEMP

SERVER = "server1"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
SOFTWARE = r"HKLM\SOFTWARE"
# Every value that a fix of the collection may write.
REGISTRY = (
    (RPC_PROXY, "ValidPorts"),
    (CONFIGURATOR, "PeriodicPollingMinutes"),
    (rf"{SERVICES}\MSExchangeSA\Parameters", "Do Not Refer HTTP to DSProxy"),
    (rf"{SERVICES}\MSExchangeSA\Parameters", "NSPI Target Server"),
    (rf"{SERVICES}\NTDS\Parameters", "NSPI interface protocol sequences"),
    (rf"{SERVICES}\Tcpip6\Parameters", "DisabledComponents"),
    (rf"{SERVICES}\Tcpip6\Linkage", "Bind"),
)
RPC = "Default Web Site/Rpc"
IIS = (
    ("", WINDOWS, "useKernelMode"),
    (RPC, WINDOWS, "useKernelMode"),
    (RPC, WINDOWS, "enabled"),
    (RPC, BASIC, "enabled"),
    (RPC, ANONYMOUS, "enabled"),
    (RPC, ACCESS, "sslFlags"),
)
OURS = "exchange_ops"
FAILED = ("failed", "unreachable")
NOT_MADE = "the task did not make this request"

# What becomes of the line: dropped once; gone until the rerun, while the server's commands wait for the rest of their
# input; or gone, and they see the end of their input and run to their ends; or it stays, and loses input unseen.
Line = Literal["dropped", "gone", "hung up", "lossy"]
LINES: tuple[Line, ...] = ("dropped", "gone", "hung up", "lossy")
# These strike every request.
EVERYWHERE = ("dropped", "gone")
# Only between these a command waits for input, so that its end makes a difference.
WAIT_FOR_INPUT = ("command", "send")

# The controller's memory of a server, as docs/snapshots.md describes it.
JOURNAL = "pending.json"
LOCKS = (".lock", ".pending.lock")
SNAPSHOT = re.compile(r"[0-9]{6}-[0-9]{8}T[0-9]{6}Z-[a-z0-9_]+\.json(\.restored|\.unused)*")
SNAPSHOT_FIELDS = frozenset(
    {
        *("schema_version", "host", "module", "collection_version", "controller_time", "server_time"),
        *("settings", "journal", "retired", "sha256"),
    }
)

State = Mapping[str, object]


@dataclass(frozen=True)
class Order:
    """A task: a module of the collection and its options."""

    module: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """What is cut, and the server that it is cut on.

    C(before) runs uncut first. C(once) is a task that does its work on every run, so that no run finds nothing to do.
    C(restores) says that the module restore must bring the first state back, C(undoes) that the task itself does.
    """

    order: Order
    host: Mapping[str, Any]
    before: tuple[Order, ...] = ()
    once: bool = False
    restores: bool = False
    undoes: bool = False


@dataclass(frozen=True)
class Cut:
    """A request, counted from 1 among those of its kind, cut before or after the server acted on it.

    A lossy line cuts nothing: before stands for input that is lost, after for half of it that has arrived.
    """

    operation: str
    nth: int
    acted: bool
    line: Line = "dropped"

    def __str__(self) -> str:
        if self.line == "lossy":
            return f"send {self.nth} answered, {'half' if self.acted else 'none'} of its input arrived"
        kind = "handshake" if self.operation == HANDSHAKE else "request"
        return f"{kind} {self.nth} cut {'after' if self.acted else 'before'} the server acted, line {self.line}"


@dataclass(frozen=True)
class Report:
    """How many requests the task makes, what each cut broke, and how many cuts were tried twice."""

    name: str
    requests: int
    broken: Mapping[Cut, Sequence[str]]
    twice: int = 0

    def __str__(self) -> str:
        cuts = len(self.broken)
        survived = sum(not promises for promises in self.broken.values())
        twice = f", {self.twice} of them tried twice" if self.twice else ""
        return f"survived {survived} of {cuts} cuts ({self.requests} requests) of {self.name}{twice}"

    @property
    def struck(self) -> int:
        """How many cuts the lab has made, by its own word."""
        return sum(NOT_MADE not in promises for promises in self.broken.values())

    @property
    def complaints(self) -> list[str]:
        """One line for each promise that a cut broke."""
        return [f"{cut}: {promise}" for cut, promises in self.broken.items() for promise in promises]


class Stand:
    """A fresh server, and a controller that has never met it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.host: Host = lab[SERVER]
        self.snapshots = folder / "snapshots"
        self.inventory = folder / "inventory.yml"
        lab.write_inventory(self.inventory)
        self.untouched = self.settings()
        self._ran = [service.name for service in self.host.state.services() if service.running]

    def run(self, order: Order) -> dict[str, Any]:
        """Run a task."""
        remembering = Order(order.module, {**order.options, "snapshot_dir": str(self.snapshots)})
        return run(remembering, self.inventory, inventory_hostname=SERVER)

    def settings(self) -> State:
        """Every setting that the collection may change; those of IIS by what counts, whoever wrote it."""
        state: dict[str, object] = {f"{key}\\{name}": self.host.registry.get(key, name) for key, name in REGISTRY}
        iis = self.host.state.iis
        if iis.installed:
            state |= {f"{path} {section} {name}": iis.effective(path, section, name) for path, section, name in IIS}
        state[HOSTS] = self.host.files.read(HOSTS)
        return state

    def stopped(self) -> list[str]:
        """The services that ran at first and do not now."""
        return [name for name in self._ran if not self.host.state.service(name).running]

    def left_behind(self) -> list[str]:
        """What is ours on the server: files, and keys for a trial."""
        backend: Any = self.host.backend
        if isinstance(backend, ModelBackend):
            files = [name for folder in (DRIVERS_ETC, TEMP) for name in self.host.files.list(folder) if OURS in name]
        else:
            files = [path.name for path in backend.drive.rglob(f"*{OURS}*")]
        return [*files, *(name for name in self.host.registry.subkeys(SOFTWARE) if OURS in name.lower())]

    def unreadable(self) -> list[str]:
        """The files of the controller's memory that are not whole."""
        return [str(path) for path in self._memory() if path.name not in LOCKS and not _is_whole(path)]

    def strange(self) -> list[str]:
        """The files of the controller that are no part of its memory."""
        return [str(path) for path in self._memory(known=False)]

    def _memory(self, known: bool = True) -> list[Path]:
        files = [path for path in self.snapshots.rglob("*") if path.is_file()]
        ours = [path for path in files if path.name in (JOURNAL, *LOCKS) or SNAPSHOT.fullmatch(path.name)]
        return ours if known else [path for path in files if path not in ours]


def run(order: Order, inventory: Path | None, **variables: Any) -> dict[str, Any]:
    """Run a task as ansible-core does, with the closing of its connection; on the controller without an inventory."""
    connection = connection_loader.get("winrm" if inventory else "local", PlayContext(), os.devnull)
    if inventory:
        hosts = yaml.safe_load(inventory.read_text(encoding="utf-8"))["all"]["hosts"]
        connection.set_options(var_options={**hosts[SERVER], "_extras": {}})
    task = Task()
    task.action = order.module
    task.args = dict(order.options)
    module = importlib.import_module(f"plugins.action.{order.module}")
    action = module.ActionModule(task, connection, PlayContext(), None, None, None)
    try:
        return dict(plain(action.run(task_vars=variables)))
    finally:
        # Core does not mind a connection that cannot be closed either.
        with suppress(Exception):
            connection.close()


@contextmanager
def as_a_task_with(**keywords: Any) -> Iterator[None]:
    """Tasks have these keywords meanwhile, as with check_mode or become."""
    with ExitStack() as patched:
        for name, value in keywords.items():
            patched.enter_context(mock.patch.object(Task, name, value))
        yield


def predicted(on: Stand, order: Order) -> dict[str, Any]:
    """What a task says in check mode."""
    with as_a_task_with(check_mode=True):
        return on.run(order)


def _is_whole(path: Path) -> bool:
    """By what the documentation says, not by the collection's own reader."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    if path.name == JOURNAL:
        return content.keys() == {"schema_version", "host", "pending"} and content["host"] == SERVER
    if content.keys() != SNAPSHOT_FIELDS or content["host"] != SERVER or not content["settings"]:
        return False
    unsealed = {name: value for name, value in content.items() if name != "sha256"}
    text = json.dumps(unsealed, sort_keys=True).encode("ascii")
    return bool(content["sha256"] == hashlib.sha256(text).hexdigest())


@contextmanager
def stand(subject: Subject, backend: str) -> Iterator[Stand]:
    """A server of the subject, in the state in which its task begins."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab({"hosts": {SERVER: dict(subject.host)}}, backend=backend) as lab,
    ):
        ready = Stand(lab, Path(folder))
        for order in subject.before:
            result = ready.run(order)
            assert not _failure(result), result
        # Otherwise the number of Receives, and so of requests, depends on how fast the machine is.
        ready.host.faults.append(Fault("whole", times=0))
        ready.host.clear_requests()
        yield ready


@dataclass(frozen=True)
class Course:
    """A run that nobody cuts: its requests in order, and the settings before and after.

    C(due) is what it says that these wait for, C(still_due) what the run behind it still says.
    """

    operations: tuple[str, ...]
    first: State
    wanted: State
    due: frozenset[str]
    still_due: frozenset[str]

    @property
    def requests(self) -> list[tuple[str, int]]:
        """Each request as handshake or not, and its number among these."""
        seen: Counter[str] = Counter()
        found = []
        for operation in self.operations:
            kind = HANDSHAKE if operation == HANDSHAKE else "any"
            seen[kind] += 1
            found.append((kind, seen[kind]))
        return found


def course(subject: Subject, backend: str) -> Course:
    """Run the task without a cut; it must be one that changes something and is done then."""
    with stand(subject, backend) as whole:
        first = whole.settings()
        result = whole.run(subject.order)
        assert result["changed"], result
        requests = tuple(request.operation for request in whole.host.requests)
        wanted = whole.settings()
        uncut = Course(requests, first, wanted, due_by(result), due_by(whole.run(subject.order)))
        assert subject.once or uncut.wanted != first
        assert uncut.wanted == whole.untouched or not subject.undoes
        broken = promises_after_a_rerun(whole, subject, uncut, result)
        assert not broken, broken
        return uncut


def due_by(*results: Mapping[str, Any]) -> frozenset[str]:
    """What some results say that the settings wait for."""
    restarts = [name for result in results for name in result.get("restart_required", ())]
    reboots = ["a reboot" for result in results if result.get("reboot_required")]
    return frozenset((*restarts, *reboots))


def cuts_of(course: Course, line: Line = "dropped") -> list[Cut]:
    """Each request once before and once after the server acted; with some lines those that it makes a difference to."""
    if line == "lossy":
        sends = range(course.operations.count("send"))
        return [Cut("send", nth + 1, acted, line) for nth in sends for acted in (False, True)]
    return [
        Cut(kind, nth, acted, line)
        for operation, (kind, nth) in zip(course.operations, course.requests, strict=True)
        for acted in (False, True)
        if line != "hung up" or operation in WAIT_FOR_INPUT
    ]


def survey(name: str, subject: Subject, backend: str, line: Line = "dropped", every: int = 1) -> Report:
    """Cut every request, or every so-manieth cut, on a fresh server each time."""
    whole = course(subject, backend)
    broken = {cut: broken_promises(subject, backend, whole, cut) for cut in cuts_of(whole, line)[::every]}
    # Wine now and then does not start a program.
    again = [cut for cut in broken if broken[cut] and backend == "wine"]
    broken |= {cut: broken_promises(subject, backend, whole, cut) for cut in again}
    return Report(f"{name} on {backend}, line {line}", len(whole.operations), broken, len(again))


def broken_promises(subject: Subject, backend: str, whole: Course, cut: Cut) -> list[str]:
    """Cut one request of the task and run it again: what is lost."""
    with stand(subject, backend) as cut_short:
        struck: list[Cut] = []
        order_cut(cut_short.host, cut, partial(struck.append, cut))
        result = cut_short.run(subject.order)
        if not struck:
            return [NOT_MADE]
        if cut.line == "hung up":
            cut_short.host.hang_up()
        cut_short.host.faults.clear()
        return [
            *promises_after_a_cut(cut_short, whole),
            *promises_after_a_rerun(cut_short, subject, whole, result),
        ]


def order_cut(host: Host, cut: Cut, when_cut: Any) -> None:
    """Have the lab cut this request and, where the line is gone, each behind it; before any other fault."""
    others = list(host.faults)
    host.faults.clear()
    if cut.line == "lossy":
        host.faults.append(Fault("lose", cut.operation, cut.nth, arrives=0.5 if cut.acted else 0, when_cut=when_cut))
    else:
        kind = "cut_after" if cut.acted else "cut_before"
        host.faults.append(Fault(kind, cut.operation, cut.nth, when_cut=when_cut))
    if cut.line in ("gone", "hung up"):
        host.faults.append(Fault("cut_before", cut.operation, cut.nth + 1, times=0))
    for fault in others:
        host.faults.append(fault)


def promises_after_a_cut(cut_short: Stand, whole: Course) -> list[str]:
    """Those that hold at once."""
    now = cut_short.settings()
    neither = [place for place in now if now[place] not in (whole.first[place], whole.wanted[place])]
    return [
        *(f"{place} is neither as at first nor as wanted: {now[place]!r}" for place in neither),
        *(f"{path} cannot be read" for path in cut_short.unreadable()),
    ]


def promises_after_a_rerun(
    cut_short: Stand, subject: Subject, whole: Course, result: Mapping[str, Any] | None = None
) -> list[str]:
    """Those that hold when the same task has run again; C(result) is what the first run said, if it came to that."""
    again = cut_short.run(subject.order)
    broken = [f"the rerun failed: {_failure(again)}"] if _failure(again) else []
    now = cut_short.settings()
    other = [place for place in now if now[place] != whole.wanted[place]]
    broken += [f"{place} is not as wanted after the rerun: {now[place]!r}" for place in other]
    broken += [f"{what} is due, and that is not said" for what in sorted(_unsaid(whole, result, again))]
    broken += [f"{what} is not due, and said to be" for what in sorted(due_by(again) - whole.due)]
    broken += [f"{name} does not run after the rerun" for name in cut_short.stopped()]
    broken += [f"{name} is left behind after the rerun" for name in cut_short.left_behind()]
    broken += [f"{path} is left on the controller after the rerun" for path in cut_short.strange()]
    broken += [f"{path} cannot be read after the rerun" for path in cut_short.unreadable()]
    if not subject.once:
        third = cut_short.run(subject.order)
        if _failure(third) or third["changed"]:
            broken.append(f"the run behind the rerun did not find everything done: {third}")
    if subject.restores:
        broken += _not_restored(cut_short, whole.first)
    return broken


def _unsaid(whole: Course, result: Mapping[str, Any] | None, again: Mapping[str, Any]) -> frozenset[str]:
    """What the settings wait for, and neither run said; the rerun alone says what any run must say."""
    either = whole.due - due_by(result, again) if result is not None else frozenset()
    return either | (whole.still_due - due_by(again))


def _not_restored(cut_short: Stand, first: State) -> list[str]:
    result = cut_short.run(Order("restore"))
    now = cut_short.settings()
    return [
        *([f"restore failed: {_failure(result)}"] if _failure(result) else []),
        *(f"{place} is not restored: {now[place]!r}" for place in now if now[place] != first[place]),
    ]


def _failure(result: Mapping[str, Any]) -> str:
    return str(result.get("msg", result)) if any(result.get(key) for key in FAILED) else ""
