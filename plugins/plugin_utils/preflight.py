# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of preflight: ask a server for every behaviour that docs/evidence.md lists, and leave it as it was."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from .action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR, ServerAction
from .converge import Stop, no_memory, not_read, stop_result
from .fixes.options import InvalidOptions, OptionProblem
from .fixes.plan import Failure
from .formats.text import shortened
from .journal import Busy, FileJournal, JournalUnusable, Record
from .preflight_rows.probe import FRAME, Answer, Answers, Ask, Odd, Probe, Untestable, Verdict
from .preflight_rows.rows import ROWS
from .preflight_rows.scratch import left, look_steps, remove_steps
from .preflight_rows.win_rs import system32
from .windows.command_line import Frame, Frames
from .windows.server import Server
from .windows.shell import Completed, FarSideError, Shell, TimedOut, Unreachable

# Under what name the journal has the shell in which a command waits for input.
SHELL = ("preflight", "shell")
_SHOWN = 3000
# How long a program that does nearly nothing may take, in seconds.
_AT_ONCE = 30


class PreflightAction(ServerAction):
    """Every row has its result, whatever the server does or says."""

    name = "preflight"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "leave_out": {"type": "list", "elements": "str", "default": []},
        **COMMAND_TIMEOUT,
        **SNAPSHOT_DIR,
    }

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Ask, judge, and remove what was made for it."""
        leave_out = tuple(options["leave_out"])
        if unknown := sorted(set(leave_out) - {probe.row for probe in ROWS}):
            raise InvalidOptions((OptionProblem("leave_out", ", ".join(unknown), "no such row in docs/evidence.md"),))
        refused = self.refused(options)
        if refused is not None:
            return refused
        journal = FileJournal(Path(options["snapshot_dir"]), self.host)
        shell = Shell(self._connection, deadline=options["command_timeout"])
        run = PreflightRun(shell, journal, leave_out, bool(self._task.check_mode))
        try:
            with nullcontext() if self._task.check_mode else journal.alone():
                run.all()
        except Busy as error:
            return self.stopped(_busy(error))
        except JournalUnusable as error:
            return {"changed": False, **stop_result(self.host, self.name, no_memory("the name of a shell", error))}
        return self._result(run)

    def _result(self, run: PreflightRun) -> dict[str, Any]:
        verdicts = run.verdicts
        results = [verdict.result for verdict in verdicts.values()]
        result = {
            "changed": False,
            "rows": [{"id": row, "result": verdict.result, "seen": verdict.seen} for row, verdict in verdicts.items()],
            "summary": {name: results.count(name) for name in ("proved", "differs", "not_testable")},
            "left_out": [row for row in verdicts if row in run.leave_out],
            "warnings": [f"{self.host}: {warning}" for warning in run.warnings],
        }
        stop = run.stop()
        return result if stop is None else {**result, **stop_result(self.host, self.name, stop)}


class PreflightRun:
    """One server on its way through the rows."""

    def __init__(self, shell: Shell, journal: FileJournal, leave_out: Sequence[str], check_mode: bool) -> None:
        self._shell = shell
        self._server = Server(shell)
        self._journal = journal
        self.leave_out = leave_out
        self._check_mode = check_mode
        self._answers: dict[str, Answer] = {}
        self._renewals: list[str] = []
        self._refusals: list[str] = []
        self._in_this_shell = 0
        self._lost: FarSideError | None = None
        self._looked = False
        self._left: tuple[str, ...] = ()
        self.verdicts: dict[str, Verdict] = {}
        self.warnings: list[str] = []

    def all(self) -> None:
        """Judge every row; raises JournalUnusable. What was made on the server is removed on every way out."""
        memory = self._journal.read()
        try:
            self._server.open()
            if SHELL in memory and not self._check_mode:
                # It is a cut run's, and holds our files open while something in it waits for input.
                self._server.end_shell(memory[SHELL].value or "")
        except FarSideError as error:
            self._lost = error
        try:
            for probe in ROWS:
                self.verdicts[probe.row] = self._judge(probe)
        finally:
            self._clean_up()

    def stop(self) -> Stop | None:
        """Why the task fails; None where nothing differs."""
        if self._lost is not None:
            return not_read("preflight", self._lost)
        if differing := {row: verdict for row, verdict in self.verdicts.items() if verdict.result == "differs"}:
            return Stop(_differs(differing))
        if self._left and not self._check_mode:
            return Stop(_not_removed(self._left))
        return None

    def _judge(self, probe: Probe) -> Verdict:
        if probe.row in self.leave_out:
            return Verdict("not_testable", "left out by the task")
        if (silent := self._silent()) is not None:
            return silent
        if probe.writes and self._check_mode:
            return Verdict("not_testable", "check mode: nothing is written")
        for need in probe.needs:
            if lacking := self._so_far().lacks(need):
                return Verdict("not_testable", shortened(lacking, _SHOWN))
        for ask in probe.asks:
            self._send(ask, writes=probe.writes)
        for ask in () if self._check_mode else probe.also:
            self._send(ask, writes=True)
        if (silent := self._silent()) is not None:
            return silent
        try:
            return Verdict("proved", shortened(probe.judge(self._so_far()), _SHOWN))
        except Odd as odd:
            return Verdict("differs", shortened(str(odd), _SHOWN))
        except Untestable as why:
            return Verdict("not_testable", shortened(str(why), _SHOWN))

    def _silent(self) -> Verdict | None:
        return None if self._lost is None else Verdict("not_testable", f"the server does not answer: {self._lost}")

    def _so_far(self) -> Answers:
        return Answers(self._answers, self.verdicts, self._renewals, self._refusals, self._check_mode)

    def _proved(self, rows: Sequence[str]) -> bool:
        return all(self._so_far().proved(row) for row in rows)

    def _send(self, ask: Ask, writes: bool) -> None:
        """Ask once; a server that refuses is asked again in a new shell, as every answer but the last one is lost."""
        if ask.name in self._answers or not self._proved(ask.needs) or self._lost is not None:
            return
        if writes:
            self._begin()
        self._answers[ask.name] = self._asked(ask, again=True)

    def _asked(self, ask: Ask, again: bool) -> Answer:
        began = time.monotonic()
        try:
            answer = self._run(ask)
        except (Odd, Untestable):
            # Its judge says so again.
            return Answer(Frames({}, ""))
        except Unreachable as error:
            if not self._reopened(error):
                return Answer(Frames({}, ""), trouble=str(error))
            if not again:
                return Answer(Frames({}, ""), trouble=str(error))
            commands = self._in_this_shell
            answer = self._asked(ask, again=False)
            if answer.trouble is None and _is_refusal(error):
                self._refusals.append(f"after {commands} commands in a shell, and in a new one no more: {error}")
            return answer
        except FarSideError as error:
            return Answer(Frames({}, ""), trouble=str(error))
        return replace(answer, seconds=time.monotonic() - began)

    def _reopened(self, error: Unreachable) -> bool:
        self._server.leave()
        try:
            self._server.open()
        except FarSideError:
            self._lost = error
            return False
        return True

    def _run(self, ask: Ask) -> Answer:
        if ask.fresh or ask.beside is not None:
            self._fresh_shell(remember=ask.fresh)
        shell = self._shell.name
        answer = self._answer(ask)
        if self._shell.name != shell:
            self._renewals.append(f"after {self._in_this_shell} commands a new shell was needed, and ran the next")
            self._in_this_shell = 0
        self._in_this_shell += 1
        return answer

    def _answer(self, ask: Ask) -> Answer:
        if ask.line is None:
            return Answer(self._server.run(ask.all_steps, ask.stdin, ask.waits))
        if ask.program is not None:
            with self._shell.program(f"{system32(self._so_far())}\\{ask.program}", ask.line) as command_id:
                return _of_line(self._shell.wait(command_id, _AT_ONCE))
        if ask.beside is None:
            return _of_line(self._shell.run(ask.line, ask.stdin, ask.waits))
        with self._shell.started(ask.beside) as command_id:
            answer = _of_line(self._shell.run(ask.line))
            return replace(answer, beside_ended=self._ends(command_id))

    def _ends(self, command_id: str) -> bool:
        """Whether a command that should wait has ended."""
        try:
            self._shell.wait(command_id, 1)
        except TimedOut:
            return False
        return True

    def _fresh_shell(self, remember: bool) -> None:
        """Its name is on the controller before anything waits in it; no quota can take it away from us."""
        self._server.leave()
        self._server.open()
        self._in_this_shell = 0
        if remember:
            self._journal.remember([Record(*SHELL, self._shell.name, datetime.datetime.now(datetime.UTC))])

    def _begin(self) -> None:
        """Remove what a cut run left, before anything is made."""
        if self._looked:
            return
        self._looked = True
        found = self._remove()
        if found:
            self.warnings.append(
                f"a run that was cut left {', '.join(found)} on the server; "
                + (f"{', '.join(self._left)} could not be removed" if self._left else "it has been removed")
            )

    def _remove(self) -> tuple[str, ...]:
        """Remove all that is ours: what was there. What is still there is kept for the result."""
        try:
            frames = self._server.run([*look_steps("before"), *remove_steps(), *look_steps("behind")])
        except FarSideError as error:
            self._left = (f"what was made for the test, perhaps ({error})",)
            return ()
        self._left = left(frames, "behind")
        return left(frames, "before")

    def _clean_up(self) -> None:
        """As far as the server answers; a rerun does the rest."""
        if self._check_mode:
            self._warn_of_left()
        elif self._looked:
            if self._lost is not None:
                with suppress(FarSideError):
                    self._server.open()
            self._remove()
            if self._left:
                self.warnings.append(f"left on the server: {', '.join(self._left)}; the next run removes it")
            else:
                with suppress(JournalUnusable):
                    self._journal.remember([], [SHELL])

    def _warn_of_left(self) -> None:
        if self._lost is not None or not self._proved(FRAME):
            return
        with suppress(FarSideError):
            found = left(self._server.run(look_steps("before")), "before")
            if found:
                self.warnings.append(f"a run that was cut left {', '.join(found)} on the server; a run removes it")


def _is_refusal(error: Unreachable) -> bool:
    """Whether it is the server's own answer to a command that was to be started."""
    return hasattr(error.__cause__, "wsman_fault_code") and str(error).startswith("could not start a command")


def _of_line(done: Completed) -> Answer:
    return Answer(Frames({"": Frame(done.stdout, done.stderr, done.exit_code)}, ""))


def _differs(differing: dict[str, Verdict]) -> Failure:
    used_by = {probe.row: probe.used_by for probe in ROWS}
    return Failure(
        setting=", ".join(differing),
        problem="the server does not do as docs/evidence.md says",
        found="; ".join(f"{row}: {shortened(verdict.seen, 400)}" for row, verdict in differing.items()),
        expected="what the rows of these ids say in docs/evidence.md",
        next_step="Until it is known why, do not run what relies on it on this server. "
        + "; ".join(f"{row}: {used_by[row]}" for row in differing),
    )


def _not_removed(names: Sequence[str]) -> Failure:
    return Failure(
        setting="what was made for the test",
        problem="it could not be removed",
        found=", ".join(names),
        expected="a server as it was before",
        next_step="Run again, which removes it first, or delete it by hand.",
    )


def _busy(error: Busy) -> Failure:
    return Failure(
        setting="preflight",
        problem="another task is at work on this server",
        found=str(error),
        expected="one task at a time that may write on a server",
        next_step="Wait until that one has ended, and run again. Nothing was sent to the server.",
    )
