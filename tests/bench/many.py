# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All settings of many servers, read by baseline in check mode, beside a task that does nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import DEBUG, READ_ALL
from tests.bench.run import Bench, Sample
from tests.bench.servers import FULL, baseline, compliant
from tests.lab import Lab

TASKS = {DEBUG: {"ansible.builtin.debug": {"msg": "nothing"}}, READ_ALL: baseline(FULL)}


def compare(size: int, repeats: int, forks: int) -> Iterator[Sample]:
    """Runs of both in turn, the one first and then the other."""
    names = [f"cas{count:04}" for count in range(size)]
    hosts = {name: compliant(f"{name}.contoso.com") for name in names}
    with tempfile.TemporaryDirectory() as folder, Lab({"hosts": hosts}) as lab:
        bench = Bench(lab, Path(folder), forks)
        for turn in range(repeats):
            for what in (DEBUG, READ_ALL) if turn % 2 == 0 else (READ_ALL, DEBUG):
                yield bench.run(what, [TASKS[what]], "--check")
