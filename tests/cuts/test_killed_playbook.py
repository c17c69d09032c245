# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that dies at any request: ansible-playbook and its workers end by SIGKILL, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cuts.harness import (
    SERVER,
    Course,
    Cut,
    Stand,
    course,
    order_cut,
    promises_after_a_cut,
    promises_after_a_rerun,
    stand,
)
from tests.cuts.subjects import BASELINE
from tests.integration.fleet import COLLECTION, RUN_SECONDS, collections_path

POSITIONS = 6


@pytest.fixture(scope="module")
def whole() -> Course:
    return course(BASELINE, "model")


@pytest.mark.parametrize("position", range(POSITIONS))
def test_a_killed_playbook_loses_nothing(whole: Course, position: int) -> None:
    number = 1 + position * (len(whole.operations) - 1) // (POSITIONS - 1)
    cut = Cut("any", number, acted=position % 2 == 1, line="gone")
    with stand(BASELINE, "model") as killed:
        assert run_until_killed(killed, cut) == -signal.SIGKILL
        killed.host.faults.clear()
        broken = [
            *promises_after_a_cut(killed, whole.first, whole.wanted),
            *promises_after_a_rerun(killed, BASELINE, whole.wanted, whole.first),
        ]
    assert not broken, "\n".join(broken)


def run_until_killed(killed: Stand, cut: Cut) -> int:
    """Run a playbook of the task; everything that it started dies with the request that is cut. Its exit code."""
    folder = killed.inventory.parent
    playbook = folder / "playbook.yml"
    options = {**BASELINE.order.options, "snapshot_dir": str(killed.snapshots)}
    task = {f"{COLLECTION}.{BASELINE.order.module}": options}
    playbook.write_text(yaml.safe_dump([{"hosts": SERVER, "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    started: list[int] = []
    order_cut(killed.host, cut, lambda: kill_with_all_below(started[0]))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    with subprocess.Popen(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", killed.inventory, playbook],
        cwd=folder,
        env=inherited
        | {
            "ANSIBLE_COLLECTIONS_PATH": collections_path(),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "LC_ALL": "C.UTF-8",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        started.append(process.pid)
        return process.wait(RUN_SECONDS)


def kill_with_all_below(pid: int) -> None:
    """The process first, so that it starts no more; its workers have sessions of their own."""
    below = children(pid)
    os.kill(pid, signal.SIGKILL)
    for child in below:
        kill_with_all_below(child)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found
