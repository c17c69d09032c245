# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight asks a server, and how an answer becomes a row: data, and the few words that judges share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..formats.registry import Key
from ..formats.text import printable, shortened
from ..reads import Link, Observed, Read
from ..windows.command_line import Frame, Frames, Step
from ..windows.reading import interpret, read_steps

Result = Literal["proved", "differs", "not_testable"]

# One name of each for every run, so that the next run finds and removes what a cut one left behind.
SCRATCH = "exchange_ops_outlook_anywhere_preflight"
SCRATCH_KEY = Key(rf"HKLM\SOFTWARE\{SCRATCH}")
FILE, SECOND, ENCODED = f"{SCRATCH}.txt", f"{SCRATCH}.two", f"{SCRATCH}.b64"
# Neither a file nor a service nor a site has this name.
ABSENT = f"{SCRATCH}_absent"
# What must be right before any command of the collection can be understood.
FRAME = ("echo", "line_as_it_is", "cmd", "if", "call", "set", "line_length")
# What nearly every row stands on.
FOUNDATION = ("shell", *FRAME, "reg_query")
_SHOWN = 400


@dataclass(frozen=True)
class Ask:
    """One command. C(line) goes as it is; C(steps) are framed as every module's are.

    C(program), of the folder system32, is started with these arguments and without cmd.exe. C(beside) is a line that
    waits for input meanwhile.
    C(fresh) gives it a shell of its own, whose name the controller keeps: what waits there for input holds a file.
    Without the rows that it C(needs) it is not sent.
    """

    name: str
    line: str | None = None
    program: str | None = None
    beside: str | None = None
    steps: tuple[Step, ...] = ()
    reads: tuple[Read, ...] = ()
    stdin: bytes | None = None
    waits: int = 0
    fresh: bool = False
    needs: tuple[str, ...] = ()

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """Those of its own, then those of its reads."""
        return (*self.steps, *read_steps(self.reads)) if self.reads else self.steps


@dataclass(frozen=True)
class Answer:
    """What came back: of a line one frame without a name; C(trouble) says why nothing did.

    C(beside_ended) is whether the line beside it had ended before its end.
    """

    frames: Frames
    seconds: float = 0.0
    trouble: str | None = None
    beside_ended: bool = False


@dataclass(frozen=True)
class Verdict:
    """A row's result without its id."""

    result: Result
    seen: str


class Odd(Exception):
    """An answer that is not as its row says."""


class Untestable(Exception):
    """Why a row cannot be judged on this server."""


@dataclass(frozen=True)
class Answers:
    """The answers so far by the names of their asks, and the rows that were judged.

    C(renewals) and C(refusals) say when a shell that had used up its operations was made anew, as the collection knows
    how to, and when a server's fault was another one.
    """

    answers: Mapping[str, Answer]
    verdicts: Mapping[str, Verdict]
    renewals: Sequence[str] = ()
    refusals: Sequence[str] = ()
    check_mode: bool = False

    def proved(self, row: str) -> bool:
        """Whether a row was judged to be as documented."""
        return row in self.verdicts and self.verdicts[row].result == "proved"

    def asked(self, ask: Ask) -> bool:
        """Whether an ask has an answer."""
        return ask.name in self.answers and self.answers[ask.name].trouble is None

    def answer(self, ask: Ask) -> Answer:
        """The answer to an ask; raises Odd where there is none."""
        answer = self.answers[ask.name]
        if answer.trouble is not None:
            raise Odd(answer.trouble)
        return answer

    def line(self, ask: Ask) -> Frame:
        """The answer to an ask of one line; raises Odd."""
        return self.answer(ask).frames[""]

    def frame(self, ask: Ask, step: str) -> Frame:
        """What one step printed; raises Odd where its end is missing."""
        frames = self.answer(ask).frames
        frame = frames.get(step)
        if frame is None or frame.exit_code is None:
            said = frames.outside if frame is None else frame.text
            raise Odd(f"{step}: no whole answer; the server said '{printable(said)}'")
        return frame

    def ran(self, ask: Ask, step: str) -> bool:
        """Whether a step ran at all."""
        return step in self.answer(ask).frames

    def observed(self, ask: Ask) -> Observed:
        """What the reads of an ask came to."""
        return interpret(self.answer(ask).frames, ask.reads, Link(ipv6=False))

    def lacks(self, row: str) -> str:
        """Why nothing that stands on a row can be judged; empty where it is proved."""
        if self.proved(row):
            return ""
        verdict = self.verdicts[row]
        why = "differs" if verdict.result == "differs" else f"could not be tested ({verdict.seen})"
        return f"because {row} {why}"

    def need(self, rows: Sequence[str], seen: str) -> None:
        """Raise Untestable where the rows that show what a row is about are not proved."""
        if lacking := chain(*map(self.lacks, rows)):
            raise Untestable(chain(lacking, seen))

    def said(self, ask: Ask, *reads: Read) -> str:
        """Everything that an ask brought, or what some of its reads did, for people: a read is told by its command."""
        answer = self.answers.get(ask.name)
        if answer is None:
            return "not asked"
        if answer.trouble is not None:
            return answer.trouble
        told = {step.name: step.line.replace(" <nul", "") for step in read_steps(ask.reads)}
        wanted = {step.name for step in read_steps(reads)} if reads else set(answer.frames)
        frames = [(told.get(name, name), frame) for name, frame in answer.frames.items() if name in wanted]
        return "; ".join(f"{name}: {shown(frame)}" if name else shown(frame) for name, frame in frames)


Judge = Callable[[Answers], str]


@dataclass(frozen=True)
class Probe:
    """How one row is proved. The judge returns what was seen, or raises Odd or Untestable.

    C(needs) are rows without which this one cannot be judged; C(writes) is whether its asks write the scratch key or
    file; those in C(also) do so too, and are left out where nothing may be written. C(used_by) says what relies on the
    row.
    """

    row: str
    judge: Judge
    asks: tuple[Ask, ...] = ()
    needs: tuple[str, ...] = ()
    writes: bool = False
    also: tuple[Ask, ...] = ()
    used_by: str = "every module that asks a server"


def never(row: str, why: str) -> Probe:
    """A row that no look at a server proves."""

    def judge(_answers: Answers) -> str:
        raise Untestable(why)

    return Probe(row, judge)


def shown(frame: Frame) -> str:
    """A frame for people: what is not printable is escaped, what is long is shortened."""
    parts = [f"'{text(frame.stdout)}'"]
    if frame.stderr.strip():
        parts.append(f"on standard error '{text(frame.stderr)}'")
    return f"{', '.join(parts)}, exit code {frame.exit_code}"


def text(data: bytes) -> str:
    """Bytes for people."""
    return shortened(printable(data.decode("utf-8", "backslashreplace")), _SHOWN)


def lines(frame: Frame) -> list[str]:
    """What a command printed, by lines, without the blanks at their ends."""
    return [line.rstrip() for line in frame.stdout.decode("utf-8", "backslashreplace").splitlines()]


def expect(right: bool, seen: str) -> None:
    """Raise Odd where it is not as it should be."""
    if not right:
        raise Odd(seen)


def chain(*parts: str | Sequence[str]) -> str:
    """Parts of what was seen as one text."""
    return "; ".join(part if isinstance(part, str) else ", ".join(part) for part in parts if part)
