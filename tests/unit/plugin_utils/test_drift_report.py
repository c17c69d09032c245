# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drift_report leaves on the controller's disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from plugins.plugin_utils import drift_report, registered
from plugins.plugin_utils.drift_report import write_report
from plugins.plugin_utils.registered import UNFINISHED
from plugins.plugin_utils.reports import files
from plugins.plugin_utils.reports.run import PARTS, PLAYBOOKS, Run
from tests.evidence import REPOSITORY
from tests.unit.plugin_utils.reports import records

NAMES = {
    "json": "drift.json",
    "html": "drift.html",
    "junit": "drift.junit.xml",
    "prom": "drift.prom",
    "md": "drift.md",
}


def test_five_files_and_nothing_else_and_only_the_metrics_are_for_everybody(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "when absent"
    paths = write_report(folder, records.everything())
    assert paths == {form: str(folder / name) for form, name in NAMES.items()}
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {name: 0o644 if name == "drift.prom" else 0o600 for name in NAMES.values()}


def test_a_second_report_takes_the_place_of_the_first(tmp_path: Path) -> None:
    write_report(tmp_path, records.everything())
    write_report(tmp_path, records.clean())
    assert json.loads((tmp_path / "drift.json").read_text(encoding="utf-8")) == records.clean().as_dict()
    assert "outlook_anywhere_clean 1" in (tmp_path / "drift.prom").read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == len(NAMES)


def test_the_record_is_there_whatever_happens_to_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_record: object) -> str:
        raise OSError("no template")

    monkeypatch.setitem(files._RENDERERS, "html", ("html", broken))
    with pytest.raises(OSError, match="no template"):
        write_report(tmp_path, records.clean())
    assert (tmp_path / "drift.json").exists()


def test_a_run_over_a_part_of_the_fleet_leaves_the_metrics_as_they_were(tmp_path: Path) -> None:
    write_report(tmp_path, records.everything())
    assert "prom" not in write_report(tmp_path, replace(records.clean(), run=Run("drift", outside=("mbx1",))))
    write_report(tmp_path, records.part_of_the_fleet())
    assert "outlook_anywhere_clean 0" in (tmp_path / "drift.prom").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "repin.json").read_text(encoding="utf-8"))["run"]["playbook"] == "repin"


def test_in_the_middle_of_a_run_the_record_alone_is_written(tmp_path: Path) -> None:
    paths = write_report(tmp_path, records.everything(), interim=True)
    assert paths == {"json": str(tmp_path / "drift.json")}
    assert [path.name for path in tmp_path.iterdir()] == ["drift.json"]


GROUPS = {"client_access": ["cas1", "all1"], "mailbox": ["mbx1", "all1"], "all": ["other"]}


def test_what_the_inventory_has_and_the_run_has_not_is_outside() -> None:
    assert drift_report._run("repin", ["pin"], {"cas1": []}, GROUPS) == Run("repin", ("pin",), ("all1", "mbx1"))
    assert drift_report._run("drift", [], dict.fromkeys(("cas1", "mbx1", "all1")), GROUPS) == Run()


def test_the_parts_of_a_report_are_those_of_the_playbooks() -> None:
    assert {*PARTS, UNFINISHED} == set(registered.PARTS)


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_every_play_that_reports_names_its_playbook(name: str) -> None:
    """Where none is named it is drift."""
    folder = REPOSITORY / "playbooks"
    for play in yaml.safe_load((folder / f"{name}.yml").read_text(encoding="utf-8")):
        variables = dict(play.get("vars") or {})
        for file in play.get("vars_files", ()):
            variables |= yaml.safe_load((folder / file).read_text(encoding="utf-8"))
        for task in play["tasks"]:
            file = next((str(task[key]) for key in task if key.endswith(("import_tasks", "include_tasks"))), "")
            if file.endswith(("report.yml", "server.yml", "finish.yml", "stand_before.yml", "all_can_be_read.yml")):
                given = {**variables, **(task.get("vars") or {})}
                assert given.get("outlook_anywhere_playbook", "drift") == name, play["name"]


def test_every_setting_that_a_role_looks_after_is_known() -> None:
    assert sorted(drift_report._known_settings()) == sorted(records.KNOWN)
