# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure, print, keep the samples: behind C(make bench); docs/performance.md keeps the figures.

The exit code is 1 when a floor is missed: a task needs more requests than promised, or the peer fewer bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench import figures, many, peer
from tests.bench.figures import Verdict
from tests.bench.machine import machine
from tests.bench.requests import count_all
from tests.bench.run import Sample
from tests.integration.fleet import REPOSITORY

SAMPLES = REPOSITORY / "docs" / "bench.json"
SIZES = "100,300,1000"
# A median of fewer runs where each takes minutes.
LARGE = 1000
REPEATS, REPEATS_LARGE = 5, 3
FORKS = 5


def collect(runs: Iterable[Sample]) -> list[Sample]:
    """All of them, each told as it comes."""
    samples = []
    for sample in runs:
        line = f"{sample.servers} servers, {sample.what}: {sample.wall_seconds:.1f} s, CPU {sample.cpu_seconds:.1f} s"
        print(line, file=sys.stderr, flush=True)
        samples.append(sample)
    return samples


def show(title: str, lines: Sequence[str]) -> None:
    """One section of the output."""
    print(f"\n## {title}\n", *lines, sep="\n", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Everything, or fewer sizes of fleet."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help=f"numbers of servers, default {SIZES}")
    parser.add_argument("--forks", type=int, default=FORKS, help=f"Ansible's forks, default {FORKS}")
    parser.add_argument("--json", type=Path, default=SAMPLES, help="where the samples go, default docs/bench.json")
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.sizes.split(",")]
    ran_on = machine()
    show("Machine", figures.table(list(ran_on), [[str(value) for value in ran_on.values()]]))

    counts = list(count_all())
    show("Requests and bytes of a task", figures.table_of_counts(counts))
    verdicts: list[Verdict] = [figures.verdict_on(count) for count in counts]

    beside_peer = collect(peer.compare(REPEATS, options.forks))
    show("The registry settings of a Client Access server, ours and the peer's", figures.table_of_samples(beside_peer))
    verdicts += figures.verdicts_on_peer(beside_peer)

    runs = [
        sample
        for size in sizes
        for sample in collect(many.compare(size, REPEATS_LARGE if size >= LARGE else REPEATS, options.forks))
    ]
    show("All settings of many servers, beside a task that does nothing", figures.table_of_samples(runs))
    verdicts += figures.verdicts_on_many(runs)

    show("Targets", figures.table_of_verdicts(verdicts))
    kept = {
        "machine": ran_on,
        "forks": options.forks,
        "requests": [asdict(count) for count in counts],
        "peer": [asdict(sample) for sample in beside_peer],
        "many": [asdict(sample) for sample in runs],
    }
    options.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return figures.exit_code(verdicts)


if __name__ == "__main__":
    sys.exit(main())
