# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the Molecule scenarios, all or those named: python tools/molecule.py [SCENARIO ...]

Each runs whole, and then once more with an empty converge: verify has to fail there, or it would prove nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "extensions" / "molecule"
BIN = Path(sys.executable).parent
# What verify writes, a file for each scenario (config.yml).
VERIFIED = ROOT / "tests" / "output" / "molecule"
EMPTY = {"SCENARIO_CONVERGE": "../shared/empty.yml"}
# A test of this name looks at what site must not change; it passes without converge too.
LEFT_ALONE = "test_left_alone_"
ON_WINE = {"wine": ("wine", "x86_64-w64-mingw32-gcc")}


class Failure(Exception):
    """A scenario did not end as it should."""


@dataclass(frozen=True)
class Verified:
    """One test of a verify."""

    name: str
    passed: bool


def read(report: str) -> list[Verified]:
    """The tests of a JUnit report."""
    cases = ElementTree.fromstring(report).iter("testcase")
    return [
        Verified(case.get("name", ""), not any(child.tag in ("failure", "error", "skipped") for child in case))
        for case in cases
    ]


def complaints(tests: Iterable[Verified]) -> list[str]:
    """What is wrong with a verify behind an empty converge."""
    tests = list(tests)
    found = [
        f"{test.name} passes without converge"
        if test.passed
        else f"{test.name} fails without converge, though it is about what site leaves alone"
        for test in tests
        if test.passed != test.name.startswith(LEFT_ALONE)
    ]
    return found if any(not test.passed for test in tests) else [*found, "no test failed"]


def molecule(command: str, scenario: str, **more: str) -> int:
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        # Molecule names its folders after the checkout's last folder alone; two checkouts may share that name.
        "ANSIBLE_HOME": str(ROOT / ".venv" / "home" / ".ansible"),
        "LC_ALL": "C.UTF-8",
    }
    line = [str(BIN / "molecule"), command, "-s", scenario]
    return subprocess.run(line, cwd=ROOT, env=environment | more, stdin=subprocess.DEVNULL, check=False).returncode


def verified(scenario: str) -> list[Verified]:
    report = VERIFIED / f"{scenario}.xml"
    return read(report.read_text(encoding="utf-8")) if report.is_file() else []


def forget(scenario: str) -> None:
    (VERIFIED / f"{scenario}.xml").unlink(missing_ok=True)


def whole(scenario: str) -> str:
    """The scenario as it is meant."""
    forget(scenario)
    if code := molecule("test", scenario):
        raise Failure(f"molecule test ended with {code}")
    tests = verified(scenario)
    if not tests or not all(test.passed for test in tests):
        raise Failure("verify proved nothing")
    return f"{len(tests)} tests passed"


def emptied(scenario: str) -> str:
    """The scenario without its converge."""
    try:
        if molecule("destroy", scenario, **EMPTY) or molecule("converge", scenario, **EMPTY):
            raise Failure("an empty converge did not run")
        forget(scenario)
        code = molecule("verify", scenario, **EMPTY)
    finally:
        molecule("destroy", scenario, **EMPTY)
    tests = verified(scenario)
    wrong = complaints(tests) if code else ["verify passed"]
    forget(scenario)  # what is left there is of no use to a reader
    if wrong:
        raise Failure(f"with an empty converge: {'; '.join(wrong)}")
    return f"{sum(not test.passed for test in tests)} of {len(tests)} fail when converge is empty, as they should"


def main() -> int:
    known = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))
    names = sys.argv[1:] or known
    if unknown := [name for name in names if name not in known]:
        print(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    lines: list[str] = []
    failed = False
    for name in names:
        start = time.monotonic()
        lacks = [program for program in ON_WINE.get(name, ()) if not shutil.which(program)]
        try:
            if lacks and not sys.argv[1:] and not os.environ.get("CI"):
                outcome = f"did not run: there is no {' and no '.join(lacks)}"
            else:
                outcome = f"ok: {whole(name)}; {emptied(name)}"
        except Failure as error:
            failed = True
            outcome = f"FAILED: {error}"
        lines.append(f"{name:<13} {time.monotonic() - start:5.1f} s  {outcome}")
    print("\n".join(["", *lines]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
