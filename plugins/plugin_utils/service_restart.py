# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop a service and start it again, with everything that ran and needed it; nothing is forgotten by a cut."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from .action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR, ServerAction
from .converge import NOTHING, Stop, no_memory, not_read
from .deed import Deed
from .far_side import FarSide
from .fixes.plan import Failure
from .formats.registry import Unreadable
from .formats.sc import RUNNING, START_PENDING, STOP_PENDING, STOPPED
from .journal import FileJournal, Journal, JournalUnusable, Memory
from .patience import Patience
from .reads import DependentsTooMany, Observed, ReadDependents, ReadService, Service, all_reads
from .restart_note import Note, restarted
from .restart_order import (
    ALL_DEPENDENTS,
    NotNow,
    Order,
    Work,
    check_cluster,
    check_may_start,
    check_may_stop,
    read_noted,
    read_start,
    work_of,
)
from .service_words import start_advice, told
from .windows import services
from .windows.services import Seen
from .windows.shell import FarSideError, Unreachable


class Restart:
    """One restart on one server."""

    def __init__(
        self,
        order: Order,
        server: FarSide,
        journal: Journal,
        check_mode: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._order = order
        self._name = order.name
        self._server = server
        self._journal = journal
        self._check_mode = check_mode
        self._clock = clock
        self._began = clock()
        self._waits: list[Patience] = []
        self._done: list[str] = []
        self._warnings: list[str] = []
        self._memory_lost: JournalUnusable | None = None

    def run(self) -> Deed:
        """Look, judge, and outside check mode restart; never raises for what a server does or says."""
        try:
            work = self._look()
        except JournalUnusable as error:
            return self._refused(no_memory(self._name, error))
        except FarSideError as error:
            return self._refused(not_read(self._name, error))
        except NotNow as refusal:
            return self._refused(Stop(refusal.failure))
        if self._check_mode:
            return self._deed(work)
        try:
            self._carry_out(work)
        except JournalUnusable as error:
            return self._refused(no_memory(self._name, error))
        except FarSideError as error:
            return self._deed(work, self._lost(work, error))
        except NotNow as halt:
            return self._deed(work, Stop(halt.failure, "; ".join(self._done) or NOTHING))
        return self._deed(work)

    # -- looking

    def _look(self) -> Work:
        memory = self._journal.read()
        note = Note.of(memory, self._name)
        self._server.open()
        observed = self._read(note)
        check_cluster(observed, self._order)
        service = observed.get(ReadService(self._name), Service)
        if isinstance(service, Service) and service.state in (START_PENDING, STOP_PENDING):
            services.settled(self._server.run, self._name, self._patience())
            observed = self._read(note)
        work = self._allowed(observed, note, memory)
        if note is not None:
            how = "it is restarted as a whole" if work.stop else "what is down is started, and nothing is stopped"
            self._warnings.append(f"a restart of {self._name} at {note.at.isoformat()} was cut short: {how}")
        self._warnings += [
            f"{name} ran before that restart and is {found}: it is not waited for any more, and not started"
            for name, found in work.given_up
        ]
        return work

    def _allowed(self, observed: Observed, note: Note | None, memory: Memory) -> Work:
        """What is to do and may be done: what is down is started even where the service must not be stopped."""
        work = work_of(observed, self._order, note, memory)
        try:
            if work.stop:
                check_may_stop(observed, self._order, work)
            if work.stop and work.dependents:
                starts = self._server.read([read_start(name) for name in work.dependents]).observed
                check_may_start(starts, work.dependents)
        except NotNow as refusal:
            rest = work_of(observed, self._order, note, memory, may_stop=False)
            if note is None or not rest.is_any:
                raise
            failure = refusal.failure
            self._warnings.append(
                f"{self._name} is still due for a restart as a whole: {failure.setting}: {failure.problem} (found "
                f"{failure.found}). {failure.next_step}"
            )
            return rest
        return work

    def _read(self, note: Note | None) -> Observed:
        observed = self._server.read(all_reads([self._order.reads, read_noted(note)])).observed
        usual, largest = ReadDependents(self._name), ReadDependents(self._name, ALL_DEPENDENTS)
        if not isinstance(observed.states[usual], DependentsTooMany):
            return observed
        return Observed({**observed.states, usual: self._server.read([largest]).observed.states[largest]})

    # -- doing

    def _carry_out(self, work: Work) -> None:
        note = Note(self._name, work.dependents, work.stopped, work.at)
        if work.stop:
            # The last chance to stop without harm: from here on the service is down until it is started.
            self._journal.remember([note.record])
            note = Note(self._name, work.dependents, stopped=True, at=self._stop(note))
            self._remember([note])
        if work.start:
            self._start(note)
        failure = self._start_dependents(note)
        if failure is None and self._memory_lost is not None:
            failure = no_memory(self._name, self._memory_lost).failure
        if failure is not None:
            raise NotNow(failure)

    def _stop(self, note: Note) -> datetime.datetime:
        """Stop the service; the server's time at which it was seen stopped."""
        patience = self._patience()
        seen = services.stop(self._server.run, self._name, patience)
        if seen.state == STOPPED:
            self._done.append(f"{self._name} was stopped")
            return note.at if isinstance(seen.clock, Unreadable) else seen.clock.now
        every = ", ".join([self._name, *note.dependents])
        self._done.append(f"{every} told to stop")
        found = f"{self._name} is {told(seen.service)}; net stop said {seen.said!r}"
        then = f"Let it stop, or end its process by hand, then run again: {every} are remembered and are started."
        if seen.state == RUNNING:
            further = self._start_dependents(note)
            found += f"; {further.found}" if further is not None else ""
            then = "Mend that, and run again."
        raise NotNow(
            Failure(
                setting=self._name,
                problem=f"the service did not stop: {self._figures(patience)}",
                found=found,
                expected=f"{self._name} in state 1 (stopped)",
                next_step=f"Look at the System log for why {self._name} does not stop. {then}",
            )
        )

    def _start(self, note: Note) -> None:
        patience = self._patience()
        seen = services.start(self._server.run, self._name, patience)
        if seen.state == RUNNING:
            self._done.append(f"{self._name} runs again")
            return
        down = ", ".join([self._name, *note.dependents])
        raise NotNow(
            Failure(
                setting=self._name,
                problem=f"the service did not start again: {self._figures(patience)}",
                found=f"{_start_told(self._name, seen)}. Down: {down}",
                expected=f"{self._name} in state 4 (running)",
                next_step=f"{start_advice(seen.service, seen.said)} Then run again: it starts {down}.",
            )
        )

    def _start_dependents(self, note: Note) -> Failure | None:
        """Start what needs the service, going on where one does not start; the note is kept for what is left."""
        failed: list[tuple[str, Seen]] = []
        for dependent in reversed(note.dependents):
            seen = services.start(self._server.run, dependent, self._patience())
            if seen.state == RUNNING:
                self._done.append(f"{dependent} runs again")
            else:
                failed.insert(0, (dependent, seen))
        left = tuple(dependent for dependent, _seen in failed)
        self._remember([Note(self._name, left, note.stopped, note.at)] if left else [], note)
        if not left:
            return None
        advice = dict.fromkeys(start_advice(seen.service, seen.said) for _name, seen in failed)
        return Failure(
            setting=", ".join(left),
            problem=f"what needs {self._name} and ran did not start again within {self._order.timeout} seconds each",
            found="; ".join(_start_told(dependent, seen) for dependent, seen in failed),
            expected=f"{', '.join(left)} in state 4 (running)",
            next_step=f"{' '.join(advice)} Then run again: it starts {', '.join(left)}, and does not stop {self._name} "
            "again.",
        )

    def _remember(self, notes: Sequence[Note], done: Note | None = None) -> None:
        """What cannot be remembered is told at the end: a stopped service is started all the same."""
        records = [restarted(self._name, done.at)] if done is not None and done.stopped else []
        try:
            forget = [done.name] if done is not None and not notes else []
            self._journal.remember([*records, *(note.record for note in notes)], forget)
        except JournalUnusable as error:
            self._memory_lost = error

    # -- telling

    def _patience(self) -> Patience:
        patience = Patience(self._order.timeout, self._clock)
        self._waits.append(patience)
        return patience

    def _figures(self, patience: Patience) -> str:
        return f"waited {round(patience.spent)} of {self._order.timeout} seconds"

    def _deed(self, work: Work, stop: Stop | None = None) -> Deed:
        behind = f", and behind it {', '.join(reversed(work.dependents))}" if work.dependents else ""
        return Deed(
            changed=work.is_any,
            before=f"{self._name}: {'running' if work.stop else 'a restart was cut short'}",
            after=f"{self._name}: {'restarted' if work.stop else 'running'}{behind}",
            seconds=self._seconds,
            warnings=tuple(self._warnings),
            stop=stop,
        )

    def _refused(self, stop: Stop) -> Deed:
        line = f"{self._name}: as it was"
        return Deed(False, line, line, self._seconds, tuple(self._warnings), stop)

    @property
    def _seconds(self) -> float:
        return max(self._clock() - self._began, float(sum(patience.paused for patience in self._waits)))

    def _lost(self, work: Work, error: FarSideError) -> Stop:
        every = ", ".join([self._name, *work.dependents])
        failure = Failure(
            setting=self._name,
            problem="during the restart the line was lost, a deadline passed or the answer was damaged",
            found=str(error),
            expected=f"{every} running",
            next_step=f"Run again: what ran before ({every}) is remembered here, and what is stopped is started.",
        )
        done = "".join(f"{item}; " for item in self._done)
        return Stop(failure, f"{done}not known; under way: a restart of {every}", isinstance(error, Unreachable))


class ServiceRestartAction(ServerAction):
    """Restart one service."""

    name = "service_restart"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {**Order.argument_spec, **COMMAND_TIMEOUT, **SNAPSHOT_DIR}

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Restart, or in check mode say what would be restarted."""
        order = Order.parse(options)
        refused = self.refused(options)
        if refused is not None:
            return refused
        journal = FileJournal(Path(options["snapshot_dir"]), self.host)
        restart = Restart(order, self.server(options), journal, bool(self._task.check_mode))
        return restart.run().as_result(self.host, self.name)


def _start_told(name: str, seen: Seen) -> str:
    return f"{name} is {told(seen.service)}; net start said {seen.said!r}"
