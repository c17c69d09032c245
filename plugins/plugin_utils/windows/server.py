# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows server as converge sees it: read these keys, make these changes and read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..changes import Change, ReplaceFile, SetIisAttribute
from ..reads import Link, Observed, Read, ReadFile, ReadLink, State
from . import files, iis, registry
from .command_line import Batch, Frames, Step, fits
from .reading import interpret, read_steps
from .shell import Shell
from .writing import END, Part, check_whole, lines_of, steps_of


@dataclass(frozen=True)
class Reading:
    """What was asked for, and whether a cut run left a file of its own behind."""

    observed: Observed
    left_behind: bool


@dataclass(frozen=True)
class Applied:
    """Which changes the server accepted, what it said to the first that it did not, and the state read afterwards."""

    accepted: tuple[Change, ...]
    rejected: Change | None
    answer: str
    observed: Observed
    next_step: str | None = None
    warnings: tuple[str, ...] = ()


def _part(change: Change) -> Part:
    if isinstance(change, ReplaceFile):
        return files.part(change)
    return iis.part(change) if isinstance(change, SetIisAttribute) else registry.part(change)


class Server:
    """A server behind its shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def open(self) -> None:
        """Connect; raises Unreachable."""
        self._shell.open()

    @property
    def shell_name(self) -> str:
        """What the server calls its shell."""
        return self._shell.name

    def end_shell(self, name: str) -> None:
        """End the shell of a run that was cut, so that nothing in it holds a file of ours open."""
        self._shell.end_other(name)

    def leave(self) -> None:
        """Give the shell back as far as the server answers; open() then connects anew."""
        self._shell.leave()

    def read(self, reads: Sequence[Read]) -> Reading:
        """Read by one command, or by as many as the lines need; raises FarSideError."""
        return self._read(reads, _left_behind_steps)

    def look(self, reads: Sequence[Read]) -> Observed:
        """Read without asking what a cut run left behind; raises FarSideError."""
        return self._read(reads, lambda _part: []).observed

    def _read(self, reads: Sequence[Read], and_also: Callable[[Sequence[Read]], list[Step]]) -> Reading:
        states: dict[Read, State] = {}
        left_behind = False
        for part in parts_of_a_line(reads, and_also):
            frames = self.run([*read_steps(part), *and_also(part)])
            states |= interpret(frames, part, self._link(part)).states
            left_behind = left_behind or bool(_left_behind(frames))
        return Reading(Observed(states), left_behind)

    def remove_left_behind(self, reads: Sequence[Read]) -> tuple[str, ...]:
        """Delete what a cut run left beside what these reads see: the names that are still there.

        Raises FarSideError. The exit code of DEL says nothing, so it is looked for afterwards.
        """
        removals = [step for folder, name in _files(reads) for step in files.remove_steps(folder, name)]
        steps = [registry.remove_step(), *removals, *_left_behind_steps(reads)]
        frames = self.run(steps)
        check_whole(frames, steps)
        return _left_behind(frames)

    def apply(self, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Read]) -> Applied:
        """Make the changes in order up to the first that is rejected, then read; raises FarSideError.

        New bytes of files are brought first, into copies, so that all changes are one command where they fit one line.
        The reads go into the last command of the changes where they fit.
        """
        replaced = [change for change in changes if isinstance(change, ReplaceFile)]
        cleanup = files.cleanup(replaced)
        warnings: list[str] = []
        for change in replaced:
            problem, warning = files.stage(self.run, change)
            warnings += [warning] if warning else []
            if problem is not None:
                observed = self._read(reads, lambda _part: cleanup).observed
                return Applied((), change, problem.answer, observed, problem.next_step, tuple(warnings))
        lines = lines_of([_part(change) for change in changes])
        settle = registry.settle_steps(settle_seconds)
        ending = [*settle, *cleanup, *read_steps(reads)]
        if not fits([*steps_of(lines[-1]), *ending]):
            lines.append([])
        accepted: list[Change] = []
        for parts in lines:
            last = parts is lines[-1]
            # What does not fit a line even alone is read by several.
            reads_too = last and fits([*steps_of(parts), *ending])
            tail = ending if reads_too else [*(settle if last else []), END]
            frames = self._run_line(parts, tail, settle_seconds if last else 0)
            refused = next((part for part in parts if not part.accepted(frames)), None)
            good = parts if refused is None else parts[: parts.index(refused)]
            accepted += [part.change for part in good]
            if refused is not None:
                break
        if reads_too:
            observed = interpret(frames, reads, self._link(reads))
        else:
            observed = self._read(reads, lambda _part: cleanup).observed
        dressed = [files.undressed(observed, change) for change in accepted if isinstance(change, ReplaceFile)]
        told = (*warnings, *(text for text in dressed if text))
        if refused is None:
            return Applied(tuple(accepted), None, "", observed, None, told)
        answer = refused.answer(frames)
        return Applied(tuple(accepted), refused.change, answer, observed, refused.next_step(answer), told)

    def _run_line(self, parts: Sequence[Part], tail: Sequence[Step], waits: int) -> Frames:
        steps = [*steps_of(parts), *tail]
        stdin = next((part.stdin for part in parts if part.stdin is not None), None)
        frames = self.run(steps, stdin, waits)
        check_whole(frames, steps)
        return frames

    def run(self, steps: Sequence[Step], stdin: bytes | None = None, waits: int = 0) -> Frames:
        """Run steps as one command; raises FarSideError."""
        batch = Batch(steps)
        completed = self._shell.run(batch.line, stdin, waits)
        return batch.split(completed.stdout, completed.stderr)

    def _link(self, reads: Sequence[Read]) -> Link:
        return Link(ReadLink() in reads and self._shell.runs_over_ipv6())


def parts_of_a_line(reads: Sequence[Read], and_also: Callable[[Sequence[Read]], list[Step]]) -> list[tuple[Read, ...]]:
    """The reads in their order, in parts whose steps, with those that go along, fit one line each."""

    def is_one_line(part: Sequence[Read]) -> bool:
        return fits([*read_steps(part), *and_also(part)])

    if is_one_line(reads):
        return [tuple(reads)]
    parts: list[tuple[Read, ...]] = []
    for read in reads:
        if parts and is_one_line([*parts[-1], read]):
            parts[-1] = (*parts[-1], read)
        else:
            parts.append((read,))
    return parts


def _files(reads: Sequence[Read]) -> list[tuple[str, str]]:
    return [(read.folder, read.name) for read in reads if isinstance(read, ReadFile)]


def _left_behind_steps(reads: Sequence[Read]) -> list[Step]:
    beside = [step for folder, name in _files(reads) for step in files.left_behind_steps(folder, name)]
    return [registry.left_behind_step(), *beside]


def _left_behind(frames: Frames) -> tuple[str, ...]:
    imported = (registry.IMPORT_FILE,) if registry.is_left_behind(frames) else ()
    return (*imported, *files.left_behind(frames))
