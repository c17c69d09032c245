# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the Molecule scenarios at the same time, all or those named: python tools/molecule.py [SCENARIO ...]

Prints what a scenario said when it has ended, and those that failed last.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "extensions" / "molecule"
BIN = Path(sys.executable).parent
LOGS = ROOT / "tests" / "output" / "molecule"
NEEDS = {"wine": ("wine", "x86_64-w64-mingw32-gcc")}
INTERRUPTED = 130
# Molecule colours a failed step whatever it is told.
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def start(command: str, scenario: str) -> subprocess.Popen[bytes]:
    """Molecule in a process group of its own, so that an interruption reaches it by us alone."""
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        # Molecule names its folders after the checkout's last folder alone; two checkouts may share that name.
        "ANSIBLE_HOME": str(ROOT / ".venv" / "home" / ".ansible"),
        "LC_ALL": "C.UTF-8",
        # No frame that breaks the lines of a log.
        "NO_COLOR": "1",
        "MOLECULE_COMMAND_BORDERS": "0",
    }
    with log_of(scenario).open("ab") as log:
        return subprocess.Popen(
            [BIN / "molecule", command, "-s", scenario],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def log_of(scenario: str) -> Path:
    return LOGS / f"{scenario}.log"


@dataclass
class Run:
    """One scenario, tested in the background."""

    scenario: str
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        log_of(self.scenario).unlink(missing_ok=True)
        self.process = start("test", self.scenario)

    def said(self) -> str:
        return COLOURS.sub("", log_of(self.scenario).read_text(encoding="utf-8", errors="replace"))

    def show(self) -> None:
        print(f"\n===== {self.scenario}\n{self.said()}", flush=True)
        servers = LOGS / f"{self.scenario}.lab.log"  # where create lets the lab write
        if self.process.returncode and servers.exists():
            print(f"----- the servers of {self.scenario}\n{servers.read_text(encoding='utf-8')}", flush=True)

    def outcome(self) -> str:
        code = self.process.returncode
        end = "ok" if code == 0 else f"FAILED at {self.failed_step()}: molecule test ended with {code}"
        return f"{self.scenario:<13} {time.monotonic() - self.began:5.1f} s  {end}"

    def failed_step(self) -> str:
        """The first: what Molecule does behind it may fail as well."""
        steps = re.findall(r"> (\w+)\] .*Executed: Failed", self.said())
        return steps[0] if steps else "an unknown step"

    def stop(self) -> None:
        """End it, and its servers too."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()
        start("destroy", self.scenario).wait()


def ended(runs: list[Run]) -> Iterator[Run]:
    """Each as it ends."""
    left = list(runs)
    while left:
        for run in [run for run in left if run.process.poll() is not None]:
            left.remove(run)
            yield run
        time.sleep(0.2)


def test(scenarios: list[str]) -> list[Run]:
    """Those that failed. An interruption leaves no servers behind."""
    runs: list[Run] = []
    lines: list[str] = []
    failed: list[Run] = []
    try:
        for scenario in scenarios:
            runs.append(Run(scenario))
        for run in ended(runs):
            lines.append(run.outcome())
            if run.process.returncode:
                failed.append(run)
                # Molecule does not destroy where its cleanup fails too.
                start("destroy", run.scenario).wait()
            else:
                run.show()
    except BaseException:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for run in runs:
            run.stop()
        raise
    for run in failed:
        run.show()
    print("\n".join(lines))
    return failed


def lacking(scenario: str) -> str:
    """Which programs it needs and this machine has not."""
    return " and no ".join(program for program in NEEDS.get(scenario, ()) if not shutil.which(program))


def main() -> int:
    known = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))
    names = list(dict.fromkeys(sys.argv[1:])) or known
    if unknown := [name for name in names if name not in known]:
        print(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    # What is named, and everything in CI, runs whatever the machine lacks, and fails then.
    left_out = [] if sys.argv[1:] or os.environ.get("CI") else [name for name in names if lacking(name)]
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        failed = test([name for name in names if name not in left_out])
    except KeyboardInterrupt:
        print("interrupted; the servers of the scenarios are stopped", file=sys.stderr)
        return INTERRUPTED
    for name in left_out:
        print(f"{name:<13} did not run: there is no {lacking(name)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
