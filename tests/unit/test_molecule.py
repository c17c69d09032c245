# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/molecule.py takes no scenario for proved that would pass without its converge."""

from __future__ import annotations

import pytest
import yaml

from tools.molecule import LEFT_ALONE, SCENARIOS, Verified, complaints, read

REPORT = """<testsuites><testsuite>
<testcase name="test_a[cas1]"/>
<testcase name="test_b"><failure message="x"/></testcase>
<testcase name="test_c"><error/></testcase>
<testcase name="test_d"><skipped/></testcase>
</testsuite></testsuites>"""
NAMES = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))


def test_a_report_tells_which_tests_passed() -> None:
    assert [(test.name, test.passed) for test in read(REPORT)] == [
        ("test_a[cas1]", True),
        ("test_b", False),
        ("test_c", False),
        ("test_d", False),
    ]


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        ([Verified("test_a", False), Verified("test_left_alone_b", True)], []),
        ([Verified("test_a", False), Verified("test_b", True)], ["test_b passes without converge"]),
        ([Verified("test_left_alone_b", True)], ["no test failed"]),
        ([], ["no test failed"]),
    ],
)
def test_every_test_of_a_change_has_to_fail_without_converge(tests: list[Verified], found: list[str]) -> None:
    assert complaints(tests) == found


def test_a_server_that_cannot_be_read_proves_nothing() -> None:
    (found,) = complaints([Verified("test_a", False), Verified("test_left_alone_b", False)])
    assert found.startswith("test_left_alone_b fails without converge")


def test_there_are_three_scenarios() -> None:
    assert NAMES == ["default", "single_server", "wine"]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_has_servers_and_tests_of_both_kinds(name: str) -> None:
    """Without a test of what is left alone, servers that do not answer would pass for an emptied converge."""
    assert yaml.safe_load((SCENARIOS / name / "lab" / "fleet.yml").read_text(encoding="utf-8"))["hosts"]
    tests = "".join(path.read_text(encoding="utf-8") for path in (SCENARIOS / name / "tests").glob("test_*.py"))
    changes = tests.count("\ndef test_") - tests.count(f"\ndef {LEFT_ALONE}")
    assert changes
    assert LEFT_ALONE in tests


def test_verify_uses_nothing_of_the_collection_or_the_lab() -> None:
    for path in [SCENARIOS / "conftest.py", *SCENARIOS.glob("*/tests/*.py")]:
        text = path.read_text(encoding="utf-8")
        assert "plugins" not in text
        assert "import tests" not in text
        assert "from tests" not in text
