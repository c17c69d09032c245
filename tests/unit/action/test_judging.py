# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged on the controller: a closed gate fails, a report is on screen and on disk, and no doubt is clean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cuts.harness import Order, as_a_task_with, predicted
from tests.unit.action.conftest import Up, judge

GROUPS = {"client_access": ["cas1"], "mailbox": ["mbx1"], "global_catalog": ["gc1"]}
GC1 = {"host": "gc1", "fqdn": "gc1.contoso.com"}
LISTENS = {"gc1": {"server": {"directory_owners": ["lsass.exe"]}}}
SILENT = {"gc1": {"server": {"directory_owners": []}}}
PROVED = {"rows": [{"id": "echo", "result": "proved", "seen": "x"}]}
DIFFERS = {"rows": [{"id": "echo", "result": "differs", "seen": "y"}], "failure": {"setting": "echo"}}


def gate(name: str, snapshots: Path, **options: Any) -> dict[str, Any]:
    given = {"gate": name, "global_catalogs": [GC1], "readings": LISTENS, "snapshot_dir": str(snapshots), **options}
    return judge("fleet_gate", given)


def test_a_gate_opens_by_what_was_read(tmp_path: Path) -> None:
    result = gate("global_catalogs", tmp_path)
    assert (result["open"], result["proved"], result["missing"]) == (True, ["gc1"], [])
    assert not result.get("failed")


@pytest.mark.parametrize("readings", [SILENT, {}, {"gc1": {"failed": True, "msg": "Access is denied.", "server": {}}}])
def test_a_closed_gate_fails_with_the_server_that_keeps_it_closed(tmp_path: Path, readings: Any) -> None:
    result = gate("global_catalogs", tmp_path, readings=readings)
    assert result["failed"]
    assert (result["open"], result["changed"]) == (False, False)
    assert "gc1" in result["failure"]["found"]


def test_in_check_mode_a_closed_gate_is_told_and_what_the_run_would_bring_counts(tmp_path: Path) -> None:
    with as_a_task_with(check_mode=True):
        closed = gate("global_catalogs", tmp_path, readings=SILENT)
        opened = gate("global_catalogs", tmp_path, readings=SILENT, expected=["gc1"])
    assert (closed["open"], closed.get("failed")) == (False, None)
    assert (opened["open"], opened["expected"]) == (True, ["gc1"])
    assert gate("global_catalogs", tmp_path, readings=SILENT, expected=["gc1"])["failed"]


@pytest.mark.parametrize(
    ("name", "servers", "missing"),
    [
        ("client_access", {"client_access": ["cas1"]}, "cas1"),
        ("mailbox_undone", {"mailbox": ["mbx1"]}, "mbx1"),
        ("client_access_undone", {"client_access": ["cas1"]}, "cas1"),
    ],
)
def test_a_server_that_was_not_read_keeps_every_gate_closed(
    tmp_path: Path, name: str, servers: dict[str, Any], missing: str
) -> None:
    result = gate(name, tmp_path, **servers)
    assert result["failed"]
    assert missing in result["failure"]["found"]


def test_a_global_catalog_whose_name_is_not_known_keeps_the_gate_closed(tmp_path: Path) -> None:
    unknown = [{"host": "gc1", "unknown": "its name was not read"}]
    pinned = {"cas1": {"server": {"valid_ports": "gc1:6004", "polling_minutes": 0}}}
    result = gate("client_access", tmp_path, client_access=["cas1"], global_catalogs=unknown, readings=pinned)
    assert result["failed"]
    assert "its name was not read" in result["failure"]["found"]


def test_options_of_a_gate_that_do_not_parse_are_all_said(tmp_path: Path) -> None:
    wrong = {"global_catalogs": [{"fqdn": "no name"}], "settle_minutes": -1, "grace_hours": 9000}
    result = gate("client_access", tmp_path, **wrong)
    assert result["failed"]
    assert all(option in result["failure"]["setting"] for option in wrong)


def test_a_journal_that_cannot_be_read_is_no_settled_server(tmp_path: Path) -> None:
    memory = tmp_path / "cas1" / "pending.json"
    memory.parent.mkdir()
    memory.write_text("no journal", encoding="utf-8")
    result = gate("client_access", tmp_path, client_access=["cas1"])
    assert result["failed"]
    assert str(memory) in result["failure"]["found"]


def test_drift_is_on_screen_and_in_five_files_and_fails(
    up: Up, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drifted = predicted(up(), Order("dsproxy_referral", {"refer_http_to_dsproxy": False}))
    report = {"results": {"mbx1": [drifted]}, "report_dir": str(tmp_path)}
    result = judge("drift_report", report, groups={"mailbox": ["mbx1"]})
    assert result["failed"]
    assert "not clean" in result["msg"]
    assert set(result["reports"]) == {"json", "html", "junit", "prom", "md"}
    screen = capsys.readouterr().out
    assert all(line in screen for line in result["table"])
    assert "Do Not Refer HTTP to DSProxy" in screen
    assert result["reports"]["html"] in screen


def test_a_fleet_without_drift_is_clean(up: Up, tmp_path: Path) -> None:
    stock = predicted(up(), Order("dsproxy_referral", {"refer_http_to_dsproxy": True}))
    fleet = {"inventory": {"mailbox": ["mbx1"]}, "readings": {"mbx1": {"server": {"fqdn": "mbx1.contoso.com"}}}}
    report = {"results": {"mbx1": [stock]}, "report_dir": str(tmp_path), **fleet}
    result = judge("drift_report", report, groups={"mailbox": ["mbx1"]})
    assert (result["clean"], result.get("failed")) == (True, None)


def test_a_report_of_a_part_says_that_it_leaves_the_metrics_as_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {"results": {"mbx1": [{"findings": []}]}, "report_dir": str(tmp_path)}
    result = judge("drift_report", report, groups=GROUPS)
    assert "prom" not in result["reports"]
    assert "drift.prom is left as it was" in capsys.readouterr().out


def test_in_the_middle_of_a_run_the_record_alone_is_written_and_nothing_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {"results": {"mbx1": [{"failed": True, "msg": "x"}]}, "report_dir": str(tmp_path), "interim": True}
    result = judge("drift_report", report, groups={"mailbox": ["mbx1"]})
    assert (set(result["reports"]), result["clean"], result.get("failed")) == ({"json"}, False, None)
    assert capsys.readouterr().out == ""


def test_results_that_are_no_list_are_named(tmp_path: Path) -> None:
    result = judge("drift_report", {"results": {"mbx1": "Access is denied."}, "report_dir": str(tmp_path)})
    assert result["failed"]
    assert result["failure"]["setting"] == "results[mbx1]"
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("drift_report", {"results": {"mbx1": [{"findings": []}]}}),
        ("diagnosis", {"readings": {}, "inventory": {}}),
        ("preflight_report", {"results": {"mbx1": PROVED}}),
    ],
)
def test_a_report_that_cannot_be_written_fails_with_all_that_is_left_of_it(
    tmp_path: Path, module: str, options: dict[str, Any]
) -> None:
    (tmp_path / "file").touch()
    result = judge(module, {**options, "report_dir": str(tmp_path / "file" / "folder")})
    assert result["failed"]
    assert result["failure"]["setting"] == "report_dir"
    assert str(tmp_path / "file") in result["failure"]["found"]
    assert "summary" in result


def test_a_diagnosis_names_its_problems_and_their_servers(
    up: Up, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readings = {"all1": up().run(Order("server_info")), "cas2": {"unreachable": True, "msg": "no route", "server": {}}}
    inventory = {"client_access": ["all1", "cas2"], "mailbox": ["all1"]}
    result = judge("diagnosis", {"readings": readings, "inventory": inventory, "report_dir": str(tmp_path)})
    assert result["failed"]
    assert result["msg"] == f"not clean: {result['answer']}; details in {tmp_path / 'diagnosis.md'}"
    record = json.loads((tmp_path / "diagnosis.json").read_text(encoding="utf-8"))
    assert [problem["name"] for problem in record["problems"]] == [problem["name"] for problem in result["problems"]]
    screen = capsys.readouterr().out
    assert "cas2" in screen
    assert str(tmp_path / "diagnosis.md") in screen


@pytest.mark.parametrize(
    ("results", "says"),
    [({"mbx1": DIFFERS}, "1 differs"), ({"mbx1": {}}, "1 not run"), ({}, "no server was asked")],
)
def test_a_preflight_with_a_doubt_fails_and_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], results: dict[str, Any], says: str
) -> None:
    result = judge("preflight_report", {"results": results, "report_dir": str(tmp_path)})
    assert result["failed"]
    assert says in result["msg"]
    assert json.loads((tmp_path / "preflight.json").read_text(encoding="utf-8"))["clean"] is False
    assert str(tmp_path / "preflight.json") in capsys.readouterr().out


def test_a_preflight_without_a_doubt_is_clean(tmp_path: Path) -> None:
    result = judge("preflight_report", {"results": {"mbx1": PROVED}, "report_dir": str(tmp_path)})
    assert (result["clean"], result.get("failed")) == (True, None)
