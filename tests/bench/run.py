# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ansible-playbook run against a running lab, with what it took."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.integration.fleet import collections_path
from tests.lab import Lab

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Sample:
    """One run. CPU seconds are those of ansible-playbook and its workers; the lab's own are apart."""

    what: str
    servers: int
    wall_seconds: float
    cpu_seconds: float
    lab_cpu_seconds: float
    peak_kib: int
    requests: int
    bytes: int


class Bench:
    """A running lab, and playbooks that run against all of its servers."""

    def __init__(self, lab: Lab, folder: Path, forks: int, collections: Sequence[str] = ()) -> None:
        self._lab = lab
        self._folder = folder
        self._forks = forks
        self._collections = os.pathsep.join([collections_path(), *collections])
        self._inventory = folder / "inventory.yml"
        lab.write_inventory(self._inventory)

    def run(self, what: str, tasks: Sequence[dict[str, Any]], *arguments: str) -> Sample:
        """Run the tasks on every server; RuntimeError unless all of it goes well."""
        playbook = self._folder / "playbook.yml"
        playbook.write_text(
            yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": list(tasks)}]), encoding="utf-8"
        )
        for host in self._lab.hosts.values():
            host.clear_requests()
        program = Path(sys.executable).with_name("ansible-playbook")
        command = [str(program), "-i", str(self._inventory), str(playbook), *arguments]
        screen = self._folder / "screen.txt"
        lab_before, before, started = time.process_time(), _children_cpu(), time.monotonic()
        with screen.open("wb") as stream:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
            with _peak_of(process.pid) as peak:
                exit_code = process.wait()
        wall = time.monotonic() - started
        cpu, lab_cpu = _children_cpu() - before, time.process_time() - lab_before
        if exit_code != 0:
            raise RuntimeError(f"{what} ended with {exit_code}:\n{screen.read_text(encoding='utf-8')[-2000:]}")
        requests = [request for host in self._lab.hosts.values() for request in host.requests]
        if refused := [request for request in requests if request.operation == "invalid"]:
            raise RuntimeError(f"the lab refused {len(refused)} requests of {what}")
        size = sum(request.body_bytes_in + request.body_bytes_out for request in requests)
        return Sample(what, len(self._lab.hosts), wall, cpu, lab_cpu, peak[-1], len(requests), size)

    def _environment(self) -> dict[str, str]:
        # Nothing of the caller's: the HTTP client looks through all of it for proxies at every request.
        return {
            "PATH": os.environ["PATH"],
            "ANSIBLE_COLLECTIONS_PATH": self._collections,
            "ANSIBLE_FORKS": str(self._forks),
            "ANSIBLE_HOME": str(self._folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self._folder / "tmp"),
            "LC_ALL": "C.UTF-8",
        }


def _children_cpu() -> float:
    """CPU seconds of all children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _peak_of(pid: int) -> Iterator[list[int]]:
    """Peaks of a process's resident memory in KiB, up to now and growing; its children's are not in them."""
    peaks = [0]
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            peaks.append(max(peaks[-1], _high_water_mark(pid)))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield peaks
    finally:
        ended.set()
        sampler.join()


def _high_water_mark(pid: int) -> int:
    """0 once the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
