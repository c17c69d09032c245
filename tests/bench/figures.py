# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the samples come to: medians, ratios, and whether each is as promised. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.requests import Count
from tests.bench.run import Sample

DEBUG, READ_ALL = "debug", "baseline --check"
BASELINE, WIN_REGEDIT, RAW = "baseline", "win_regedit", "raw"
REQUESTS_COMPLIANT = 4
REQUESTS_CHANGED = 10
RATIO_TO_DEBUG = 1.8
GROWTH_PER_HOST = 1.15
CPU_OF_PEER = 4.0
BYTES_OF_PEER = 50.0

Value = Callable[[Sample], float]


@dataclass(frozen=True)
class Verdict:
    """A figure beside its target; a floor that is missed fails the bench."""

    figure: str
    value: float
    target: float
    at_least: bool = False
    floor: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of its target."""
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def row(self) -> list[str]:
        """For the table of verdicts."""
        bound = "at least" if self.at_least else "at most"
        outcome = "met" if self.met else "MISSED"
        return [self.figure, f"{self.value:.4g}", f"{bound} {self.target:g}", outcome, "yes" if self.floor else "no"]


def cpu(sample: Sample) -> float:
    """CPU seconds of the controller."""
    return sample.cpu_seconds


def wall(sample: Sample) -> float:
    """Seconds by the clock."""
    return sample.wall_seconds


def peak(sample: Sample) -> float:
    """Peak memory of the main process in KiB."""
    return float(sample.peak_kib)


def size(sample: Sample) -> float:
    """Bytes in both directions."""
    return float(sample.bytes)


def middle(samples: Iterable[Sample], what: str, servers: int, value: Value) -> float:
    """The median of a value over the runs of one kind."""
    return median(value(sample) for sample in samples if (sample.what, sample.servers) == (what, servers))


def ratio(samples: Sequence[Sample], over: str, under: str, servers: int, value: Value) -> float:
    """The median of the ratios of runs that were made side by side."""
    one, other = (
        [value(sample) for sample in samples if (sample.what, sample.servers) == (what, servers)]
        for what in (over, under)
    )
    return median(high / low for high, low in zip(one, other, strict=True))


def sizes_of(samples: Iterable[Sample]) -> list[int]:
    """The sizes of fleet that were measured, in order."""
    return sorted({sample.servers for sample in samples})


def verdict_on(count: Count) -> Verdict:
    """The requests of one task beside what is promised."""
    state = "changed" if count.changed else "compliant"
    return Verdict(
        f"requests: {count.scope}, {count.mailbox_servers} Mailbox servers, {count.transport}, {state}",
        count.beside_receives,
        REQUESTS_CHANGED if count.changed else REQUESTS_COMPLIANT,
        floor=True,
    )


def verdicts_on_many(samples: Sequence[Sample]) -> list[Verdict]:
    """Time beside the task that does nothing, and time a server as the fleet grows."""
    sizes = sizes_of(samples)
    verdicts = [
        Verdict(
            f"{name} of {servers} servers beside debug", ratio(samples, READ_ALL, DEBUG, servers, value), RATIO_TO_DEBUG
        )
        for servers in sizes
        for name, value in (("wall time", wall), ("CPU time", cpu))
    ]
    if len(sizes) > 1:
        small, large = sizes[0], sizes[-1]
        growth = (middle(samples, READ_ALL, large, wall) / large) / (middle(samples, READ_ALL, small, wall) / small)
        verdicts.append(Verdict(f"wall time a server at {large} beside {small}", growth, GROWTH_PER_HOST))
    return verdicts


def verdicts_on_peer(samples: Sequence[Sample]) -> list[Verdict]:
    """How many times more the peer takes."""
    (servers,) = sizes_of(samples)
    seconds, sent = (ratio(samples, WIN_REGEDIT, BASELINE, servers, value) for value in (cpu, size))
    return [
        Verdict("win_regedit's CPU seconds beside ours", seconds, CPU_OF_PEER, at_least=True),
        Verdict("win_regedit's bytes beside ours", sent, BYTES_OF_PEER, at_least=True, floor=True),
    ]


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """1 when a floor is missed."""
    return int(any(verdict.floor and not verdict.met for verdict in verdicts))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Markdown."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def table_of_counts(counts: Iterable[Count]) -> list[str]:
    """Requests and bytes."""
    head = [
        "baseline",
        "mailbox servers",
        "transport",
        "server is",
        "requests beside receives",
        "receives",
        "handshake",
    ]
    rows = [
        [
            count.scope,
            str(count.mailbox_servers),
            count.transport,
            "changed" if count.changed else "compliant",
            str(count.beside_receives),
            str(count.operations.get("receive", 0)),
            str(count.operations.get("auth", 0)),
            f"{count.bytes_up:,}",
            f"{count.bytes_down:,}",
        ]
        for count in counts
    ]
    return table([*head, "up", "down"], rows)


def table_of_samples(samples: Sequence[Sample]) -> list[str]:
    """Medians of every kind of run."""
    head = ["servers", "task", "runs", "wall s", "CPU s", "CPU ms a server", "lab's CPU s", "peak MiB", "requests"]
    rows = []
    for servers in sizes_of(samples):
        for what in dict.fromkeys(sample.what for sample in samples):
            runs = [sample for sample in samples if (sample.what, sample.servers) == (what, servers)]
            seconds = middle(runs, what, servers, cpu)
            rows.append(
                [
                    f"{servers:,}",
                    what,
                    str(len(runs)),
                    f"{middle(runs, what, servers, wall):.2f}",
                    f"{seconds:.2f}",
                    f"{1000 * seconds / servers:.1f}",
                    f"{median(sample.lab_cpu_seconds for sample in runs):.2f}",
                    f"{middle(runs, what, servers, peak) / 1024:.1f}",
                    f"{median(sample.requests for sample in runs):,.0f}",
                    f"{middle(runs, what, servers, size):,.0f}",
                ]
            )
    return table([*head, "bytes"], rows)


def table_of_verdicts(verdicts: Iterable[Verdict]) -> list[str]:
    """Every figure beside its target."""
    return table(["figure", "value", "target", "", "fails the bench"], [verdict.row for verdict in verdicts])
