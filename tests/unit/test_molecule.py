# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No Molecule scenario is taken for proved that would pass without its converge."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from extensions.molecule.conftest import LEFT_ALONE
from tools.molecule import SCENARIOS

CONFTEST = SCENARIOS / "conftest.py"
NAMES = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))


TESTS = """
def test_it_sees_the_change(): assert False
def test_it_sees_it_now(): pass
def test_it_cannot_look(): raise OSError
def test_left_alone_is_so(): pass
def test_left_alone_is_not_so(): assert False
"""


def verify(folder: Path) -> dict[str, str]:
    """What pytest says of each of the tests in a scenario."""
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--rootdir", folder, folder],
        cwd=folder,
        env=os.environ | {"MOLECULE_EPHEMERAL_DIRECTORY": str(folder), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return {name: word for word, name in re.findall(r"^([A-Z]+) test_it\.py::(\w+)", done.stdout, re.MULTILINE)}


def test_behind_the_check_every_test_of_a_change_has_to_fail_by_its_assertion(tmp_path: Path) -> None:
    (tmp_path / "nothing_converged").touch()
    assert verify(tmp_path) == {
        "test_it_sees_the_change": "XFAIL",
        "test_it_sees_it_now": "FAILED",
        "test_it_cannot_look": "FAILED",
        "test_left_alone_is_so": "PASSED",
        "test_left_alone_is_not_so": "FAILED",
    }


def test_every_other_verify_is_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "nothing_converged").touch()
    verify(tmp_path)
    assert verify(tmp_path) == {
        "test_it_sees_the_change": "FAILED",
        "test_it_sees_it_now": "PASSED",
        "test_it_cannot_look": "FAILED",
        "test_left_alone_is_so": "PASSED",
        "test_left_alone_is_not_so": "FAILED",
    }


def test_verify_runs_before_converge_behind_the_check_and_twice_after_it() -> None:
    sequence = yaml.safe_load((SCENARIOS / "config.yml").read_text(encoding="utf-8"))["scenario"]["test_sequence"]
    assert sequence[sequence.index("create") : -1] == [
        "create",
        "prepare",
        "side_effect",
        "verify",
        "converge",
        "verify",
        "idempotence",
        "verify",
        "cleanup",
    ]


def test_there_are_three_scenarios() -> None:
    assert NAMES == ["default", "single_server", "wine"]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_has_servers_and_tests_of_both_kinds(name: str) -> None:
    """Without a test of what is left alone, servers that answer nonsense would pass for those before converge."""
    assert yaml.safe_load((SCENARIOS / name / "lab" / "fleet.yml").read_text(encoding="utf-8"))["hosts"]
    tests = "".join(path.read_text(encoding="utf-8") for path in (SCENARIOS / name / "tests").glob("test_*.py"))
    changes = tests.count("\ndef test_") - tests.count(f"\ndef {LEFT_ALONE}")
    assert changes
    assert LEFT_ALONE in tests


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_keeps_to_the_shared_playbooks_and_sequence(name: str) -> None:
    """A scenario that named another playbook or sequence would not be the one that the pages describe."""
    own = yaml.safe_load((SCENARIOS / name / "molecule.yml").read_text(encoding="utf-8"))
    assert list(own) == ["provisioner"]


def test_verify_uses_nothing_of_the_collection_or_the_lab() -> None:
    for path in [CONFTEST, *SCENARIOS.glob("*/tests/*.py")]:
        text = path.read_text(encoding="utf-8")
        assert "plugins" not in text
        assert "import tests" not in text
        assert "from tests" not in text
