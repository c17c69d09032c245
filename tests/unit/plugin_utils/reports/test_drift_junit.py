# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.junit.xml, checked against the part that the public schemas have in common."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given

from plugins.plugin_utils.formats.text import printable
from plugins.plugin_utils.reports import drift_junit
from plugins.plugin_utils.reports.fleet import FleetReport
from plugins.plugin_utils.reports.words import lines
from tests.evidence import REPOSITORY
from tests.unit.plugin_utils.reports import records

SCHEMA = xmlschema.XMLSchema11(str(REPOSITORY / "tests" / "data" / "junit.xsd"))


def parsed(report: FleetReport) -> ElementTree.Element:
    text = drift_junit.render(report.as_dict())
    root = ElementTree.fromstring(text.encode("utf-8"))
    SCHEMA.validate(root)
    return root


@pytest.mark.parametrize(
    "report",
    [records.everything(), records.clean(), records.of(), records.large(20)],
    ids=["all", "clean", "none", "20"],
)
def test_it_is_valid_and_its_counts_are_right(report: FleetReport) -> None:
    root = parsed(report)
    assert len(root) == len(report.hosts) + 1
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        for count, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[count]) == len(suite.findall(f"testcase/{outcome}"))


def test_a_case_a_server_and_setting_with_its_outcome() -> None:
    found = {
        (case.attrib["classname"], case.attrib["name"]): case[0].tag if len(case) else "passed"
        for case in parsed(records.everything()).iter("testcase")
    }
    ssl = "rpc_virtual_directory.Default Web Site/Rpc access sslFlags"
    assert found == {
        ("cas1.contoso.com", "valid_ports.ValidPorts"): "failure",
        ("cas1.contoso.com", "valid_ports.PeriodicPollingMinutes"): "passed",
        ("cas1.contoso.com", "ipv6_components.DisabledComponents"): "skipped",
        ("cas1.contoso.com", "hosts_ipv4.hosts ::1"): "skipped",
        ("cas1.contoso.com", ssl): "failure",
        ("cas2", "server"): "error",
        ("cas2", "valid_ports.PeriodicPollingMinutes"): "error",
        ("cas2", "valid_ports.ValidPorts"): "error",
        ("mbx1", "server"): "error",
        ("gc1", "nspi_endpoint.NSPI interface protocol sequences"): "passed",
        ("gc2", "server"): "error",
        ("fleet", "valid_ports_lack_a_server"): "failure",
        ("fleet", "default_app_pool_recycles"): "passed",
        ("fleet", "run"): "error",
    }


def test_a_failure_says_what_was_found_and_what_to_do_and_what_waits_is_told() -> None:
    root = parsed(records.everything())
    failure = root[0].find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"] == "mbx2:6001-6002 and mbx2:6004 are missing"
    assert "before: mbx1:6001-6002;mbx1:6004\n" in (failure.text or "")
    assert "what to do: Playbook site" in (failure.text or "")
    assert "PeriodicPollingMinutes: pending" in (root[0].findtext("system-out") or "")
    message = root.find("testsuite[@name='mbx1']/testcase/error")
    assert message is not None
    assert message.attrib["message"] == "mbx1: connection refused"


def test_a_fleet_that_was_not_judged_is_no_fleet_without_problems() -> None:
    *_servers, fleet = parsed(replace(records.clean(), fleet_not_judged="the task was given no inventory"))
    (case,) = fleet.iter("testcase")
    (skipped,) = case
    assert (case.attrib["name"], skipped.tag) == ("findings about the fleet", "skipped")
    assert skipped.attrib["message"] == "the task was given no inventory"


def test_the_suite_of_the_fleet_says_what_was_looked_at() -> None:
    *_servers, fleet = parsed(records.part_of_the_fleet())
    assert fleet.findtext("system-out") == "1 of 3 servers, parts: pin: every setting looked at is as it should be."


def test_long_values_are_shortened() -> None:
    report = records.long_values(10)
    assert len(drift_junit.render(report.as_dict())) < 10 * 20_000
    failure = parsed(report)[0].find("testcase/failure")
    assert failure is not None
    assert "characters)\nafter: mbx0.contoso.com:6001-6002;mbx1" in (failure.text or "")


def test_all_that_is_not_clean_fails_or_errs_and_nothing_else() -> None:
    for report in (records.everything(), records.clean(), records.of(), records.large(9)):
        root = parsed(report)
        wrong = [*root.iter("failure"), *root.iter("error")]
        assert (not wrong) is report.clean


@given(records.hostile_texts)
def test_any_text_stays_text(text: str) -> None:
    suite, fleet = parsed(records.hostile(text))
    name = printable(text).strip() or "(no name)"
    assert suite.attrib["name"] == name
    assert [item.attrib["value"] for item in suite.iter("property")] == [printable(text)]
    (failure,) = suite.iter("failure")
    assert failure.attrib["message"] == printable(text)
    assert f"before: {lines(text)}\n" in (failure.text or "")
    (problem,) = fleet.iter("failure")
    assert (problem.text or "").startswith(lines(text))
