# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration suite can fail: faults sown into the parsers turn it red, and without them it is green."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.fleet import REPOSITORY
from tests.lab.wine.cannot import missing_programs

PARTS = ("galaxy.yml", "meta", "playbooks", "plugins", "roles")
FORMS = "tests/integration/test_valid_ports.py::test_values_are_compared_by_meaning_and_written_in_clean_form"
MINUTES = "tests/integration/test_valid_ports.py::test_polling_is_a_number_of_minutes"
MISSING = "tests/integration/test_bad_days.py::test_a_missing_key_is_told_and_nothing_is_written"
DENIED = "tests/integration/test_bad_days.py::test_a_denied_key_is_unknown_and_never_absent_compliant_or_written"
SUITE = (FORMS, MINUTES, MISSING, DENIED)
SUITE_SECONDS = 600
# In CI the suite itself fails without Wine, and with it these tests.
NOT_HERE = "" if os.environ.get("CI") else ", ".join(missing_programs())
TESTS_FAILED = 1


@dataclass(frozen=True)
class Fault:
    """A piece of our code, the wrong one that takes its place, and the tests that must notice."""

    file: str
    right: str
    wrong: str
    noticed_by: tuple[str, ...]


FAULTS = {
    "a lost \\0 between the strings of a REG_MULTI_SZ": Fault(
        "formats/reg_exe.py", 'raw.split("\\\\0")', 'raw.split("\\0")', (FORMS,)
    ),
    "a tab for blanks": Fault("formats/reg_exe.py", r"(?: {4}|\t)(?P<kind>", r"(?:\t)(?P<kind>", (FORMS, MINUTES)),
    "an English 'unable to find' for absent": Fault(
        "windows/registry.py",
        "if listing.has_subkey(below.name) else",
        'if "unable to find" not in frame.text.lower() else',
        (MISSING, DENIED),
    ),
    "0xFFFFFFFF = 255": Fault(
        "formats/reg_exe.py", "return int(raw, 16) if", "return int(raw, 16) & 0xFF if", (MINUTES,)
    ),
    "a range that ends one port early": Fault(
        "formats/valid_ports.py",
        "(1 << (self.high + 1)) - (1 << self.low)",
        "(1 << self.high) - (1 << self.low)",
        (FORMS,),
    ),
}


def run_suite(folder: Path, backend: str, fault: Fault | None = None) -> subprocess.CompletedProcess[str]:
    """On a back end and a copy of the collection: the tests that must notice the fault, or all of them without one."""
    collection = folder / "ansible_collections" / "exchange_ops" / "outlook_anywhere"
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, collection / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            collection.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, collection / part)
    if fault is not None:
        path = collection / "plugins" / "plugin_utils" / fault.file
        code = path.read_text(encoding="utf-8")
        assert code.count(fault.right) == 1, f"{fault.right!r} is no longer there: sow the fault anew"
        path.write_text(code.replace(fault.right, fault.wrong), encoding="utf-8")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
            *(f"{test}[{backend}]" for test in (SUITE if fault is None else fault.noticed_by)),
        ],
        cwd=REPOSITORY,
        env=os.environ | {"TESTED_COLLECTIONS_PATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SUITE_SECONDS,
        check=False,
    )


BACKENDS = pytest.mark.parametrize(
    "backend",
    [
        "model",
        pytest.param(
            "wine", marks=[pytest.mark.wine, pytest.mark.skipif(bool(NOT_HERE), reason=f"not installed: {NOT_HERE}")]
        ),
    ],
)


@BACKENDS
def test_without_a_fault_the_suite_is_green(tmp_path: Path, backend: str) -> None:
    done = run_suite(tmp_path, backend)
    assert done.returncode == 0, done.stdout
    assert f"{len(SUITE)} passed" in done.stdout


@BACKENDS
@pytest.mark.parametrize("name", FAULTS)
def test_a_seeded_fault_turns_the_suite_red(tmp_path: Path, name: str, backend: str) -> None:
    fault = FAULTS[name]
    done = run_suite(tmp_path, backend, fault)
    assert done.returncode == TESTS_FAILED, done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("FAILED ")], done.stdout
    assert " error" not in done.stdout.splitlines()[-1]
