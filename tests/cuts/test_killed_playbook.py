# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that dies by SIGKILL, at any request and at any rename of its own files, and nothing is lost."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from tests.cuts.harness import (
    SERVER,
    Course,
    Cut,
    Stand,
    Subject,
    course,
    order_cut,
    promises_after_a_cut,
    promises_after_a_rerun,
    stand,
)
from tests.cuts.subjects import BASELINE, PARTS, THREE_SNAPSHOTS
from tests.integration.fleet import COLLECTION, RUN_SECONDS, collections_path

POSITIONS = 6
# Of a snapshot, and of the journal before and after the change.
RENAMES = 3


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
            *promises_after_a_cut(killed, whole),
            *promises_after_a_rerun(killed, BASELINE, whole),
        ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("subject", "renames"),
    [
        pytest.param(BASELINE, RENAMES, id="baseline"),
        pytest.param(PARTS[THREE_SNAPSHOTS], RENAMES + 3, id="restore that retires three snapshots"),
    ],
)
def test_a_controller_that_dies_before_a_rename_loses_nothing(subject: Subject, renames: int) -> None:
    whole = course(subject, "model")
    deaths = 0
    for number in itertools.count(1):
        with stand(subject, "model") as killed:
            # Not by spawn, which costs a second each.
            process = multiprocessing.get_context("fork").Process(
                target=run_until_rename, args=(killed, subject, number), daemon=True
            )
            process.start()
            process.join(RUN_SECONDS)
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            deaths += 1
            # A restore says all until its snapshots are used up.
            said: dict[str, Any] | None = {} if subject.undoes else None
            broken = [*promises_after_a_cut(killed, whole), *promises_after_a_rerun(killed, subject, whole, said)]
        assert not broken, "\n".join([f"rename {number}", *broken])
    assert deaths >= renames


def run_until_rename(killed: Stand, subject: Subject, number: int) -> None:
    """Run the task in this process, which dies in place of one of the renames on the controller."""
    numbers = itertools.count(1)
    rename = Path.replace

    def rename_or_die(path: Path, target: Path) -> Path:
        if next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(path, target)

    with mock.patch.object(Path, "replace", rename_or_die):
        killed.run(subject.order)


def run_until_killed(killed: Stand, cut: Cut) -> int:
    """Run a playbook of the task; everything that it started dies with the request that is cut. Its exit code."""
    folder = killed.inventory.parent
    playbook = folder / "playbook.yml"
    options = {**BASELINE.order.options, "snapshot_dir": str(killed.snapshots)}
    task = {f"{COLLECTION}.{BASELINE.order.module}": options}
    playbook.write_text(yaml.safe_dump([{"hosts": SERVER, "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    started: list[int] = []
    dead = threading.Event()

    def kill() -> None:
        kill_with_all_below(started[0])
        dead.set()

    order_cut(killed.host, cut, kill)
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
        code = process.wait(RUN_SECONDS)
        assert dead.wait(RUN_SECONDS)
        return code


def kill_with_all_below(pid: int) -> None:
    """The process first, so that it starts no more; its workers have sessions of their own. They are dead then."""
    below = children(pid)
    with os.fdopen(os.pidfd_open(pid)) as ended:
        os.kill(pid, signal.SIGKILL)
        select.select([ended], [], [])
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
