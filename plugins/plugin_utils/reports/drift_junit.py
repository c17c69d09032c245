# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.junit.xml: a suite a server, a case a setting, for the systems that collect test results.

Drift is a failure, what is not known an error, and what nobody has asked for is skipped. The form is the part that the
schemas of Jenkins and of Ant have in common.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree import ElementTree

from ..formats.text import printable, shortened
from .words import NOT_READ, Record, lines, outcome, setting_of, value, words

# The server itself is a case too where it could not be read, and so are the findings about the whole fleet.
_SERVER = "server"
_FLEET = "fleet"
# A list of names can have 48 KB; who needs all of a text finds it in the record.
_MOST = 1000
_OUTCOMES: dict[str, Literal["failure", "error", "skipped"]] = {
    "drifted": "failure",
    "unknown": "error",
    "not_applicable": "skipped",
    "not_managed": "skipped",
}


@dataclass(frozen=True)
class _Case:
    name: str
    outcome: Literal["passed", "failure", "error", "skipped"] = "passed"
    kind: str = ""
    message: str = ""
    text: str = ""


def render(record: Record) -> str:
    """The whole file."""
    root = ElementTree.Element("testsuites")
    when = datetime.datetime.fromisoformat(record["generated"]).astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suites = [(host["name"], _cases(host), host["groups"], _told(host)) for host in record["hosts"]]
    suites.append((_FLEET, _fleet(record), [], [outcome(record)]))
    for place, (name, cases, groups, told) in enumerate(suites):
        root.append(_suite(place, name, cases, when, groups, told))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False).join((_HEAD, "\n"))


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _cases(host: Mapping[str, Any]) -> list[_Case]:
    cases = []
    if host["state"] in NOT_READ or host["unfinished"]:
        said = [*host["messages"], *host["unfinished"], *host["what_to_do"]]
        text = "\n".join(shortened(line, _MOST) for line in said)
        message = next(iter([*host["messages"], *host["unfinished"]]), words(host["state"]))
        cases.append(_Case(_SERVER, "error", host["state"], message, text))
    return cases + [_case(finding) for finding in host["findings"]]


def _case(finding: Mapping[str, Any]) -> _Case:
    found = _OUTCOMES.get(finding["state"])
    if found is None:
        return _Case(setting_of(finding))
    parts = {
        "before": value(finding["before"], finding["state"]),
        "after": value(finding["after"], finding["state"]),
        "in force": finding["effective"],
        "held back by": finding["blocked_by"],
        "what to do": finding["what_to_do"],
        "source": finding["reference"],
    }
    text = "\n".join(f"{name}: {shortened(told, _MOST)}" for name, told in parts.items() if told)
    return _Case(setting_of(finding), found, finding["state"], str(finding["reason"] or words(found)), text)


def _told(host: Mapping[str, Any]) -> list[str]:
    """What is no outcome of a case: warnings, and settings that are set and not in force yet."""
    waiting = [f"{setting_of(item)}: pending: {item['what_to_do']}" for item in host["findings"] if item["pending"]]
    return [shortened(line, _MOST) for line in [*host["warnings"], *waiting]]


def _fleet(record: Record) -> list[_Case]:
    cases = [
        _Case(
            finding["name"],
            "failure" if finding["level"] == "problem" else "passed",
            finding["level"],
            finding["summary"],
            "\n".join(
                [*finding["evidence"], finding["why"], f"fix: {finding['fix']}", f"source: {finding['reference']}"]
            ),
        )
        for finding in record["fleet"]
    ]
    if record["fleet_not_judged"]:
        cases.append(_Case("findings about the fleet", "skipped", "not_judged", record["fleet_not_judged"]))
    if record["stopped"]:
        cases.append(_Case("run", "error", "stopped", "the run stopped before its end", "\n".join(record["stopped"])))
    if not record["settings"]:
        cases.append(_Case("run", "error", "empty", "nothing was compared"))
    return cases


def _suite(
    place: int, name: str, cases: list[_Case], when: str, groups: Iterable[str], told: Iterable[str]
) -> ElementTree.Element:
    outcomes = [case.outcome for case in cases]
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": _name(name),
            "package": "exchange_ops.outlook_anywhere",
            "id": str(place),
            "timestamp": when,
            "hostname": _name(name),
            "tests": str(len(cases)),
            "failures": str(outcomes.count("failure")),
            "errors": str(outcomes.count("error")),
            "skipped": str(outcomes.count("skipped")),
            "time": "0",
        },
    )
    properties = ElementTree.SubElement(suite, "properties")
    for group in groups:
        ElementTree.SubElement(properties, "property", {"name": "role", "value": printable(group)})
    for case in cases:
        attributes = {"classname": _name(name), "name": _name(case.name), "time": "0"}
        element = ElementTree.SubElement(suite, "testcase", attributes)
        if case.outcome != "passed":
            attributes = {"message": printable(shortened(case.message, _MOST)), "type": printable(case.kind)}
            ElementTree.SubElement(element, case.outcome, attributes).text = lines(case.text)
    ElementTree.SubElement(suite, "system-out").text = lines("\n".join(told))
    ElementTree.SubElement(suite, "system-err")
    return suite


def _name(text: str) -> str:
    """A name that the schemas take: none may be empty."""
    return printable(text).strip() or "(no name)"
