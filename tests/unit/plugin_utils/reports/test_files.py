# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report: one record behind all of them, by a published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from plugins.plugin_utils.reports.files import render
from plugins.plugin_utils.reports.fleet import FleetReport
from plugins.plugin_utils.reports.run import Run
from tests.evidence import REPOSITORY
from tests.unit.plugin_utils.reports import records

SCHEMA = json.loads((REPOSITORY / "docs" / "schemas" / "drift.schema.json").read_text(encoding="utf-8"))


def files(record: dict[str, Any]) -> dict[str, str]:
    return {file.name: file.content for file in render(record)}


@pytest.mark.parametrize(
    "report",
    [records.everything(), records.clean(), records.of(), records.large(30), records.part_of_the_fleet()],
    ids=["all", "clean", "none", "30", "part"],
)
def test_the_record_is_as_its_schema_says(report: FleetReport) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(report.as_dict())


def test_the_schema_describes_every_member() -> None:
    """A member that is not described would be no part of the promise."""

    def described(value: Any, schema: dict[str, Any], path: str) -> None:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if isinstance(value, dict) and "properties" in schema:
            assert set(value) == set(schema["required"]), path
            if "additionalProperties" not in schema:
                assert set(value) == set(schema["properties"]), path
            for name, item in value.items():
                described(item, schema["properties"].get(name, {}), f"{path}.{name}")
        for item in value if isinstance(value, list) else ():
            described(item, schema["items"], f"{path}[]")

    described(records.everything().as_dict(), SCHEMA, "")


def test_there_are_five_files_and_all_can_be_made_again_of_one() -> None:
    written = files(records.everything().as_dict())
    assert list(written) == ["drift.json", "drift.html", "drift.junit.xml", "drift.prom", "drift.md"]
    assert files(json.loads(written["drift.json"])) == written


@pytest.mark.parametrize(
    ("run", "stem", "metrics"),
    [
        (Run("drift"), "drift", True),
        (Run("site"), "drift", True),
        (Run("site", outside=("cas2",)), "drift", False),
        (Run("drift", ("pin", "mailbox")), "drift", False),
        (Run("repin", ("pin",)), "repin", False),
        (Run("repin"), "repin", False),
        (Run("rollback"), "rollback", False),
    ],
)
def test_metrics_are_of_the_whole_fleet_and_other_playbooks_have_files_of_their_own(
    run: Run, stem: str, metrics: bool
) -> None:
    names = set(files(replace(records.everything(), run=run).as_dict()))
    forms = ["json", "html", "junit.xml", "md", *(["prom"] if metrics else [])]
    assert names == {f"{stem}.{form}" for form in forms}


@given(records.hostile_texts)
def test_any_text_comes_back_from_the_json(text: str) -> None:
    record = records.hostile(text).as_dict()
    written = files(record)
    assert json.loads(written["drift.json"]) == record
    assert written["drift.json"].isascii()
    for name, content in written.items():
        assert content.encode("utf-8"), name
