# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drift_report leaves on the controller's disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.plugin_utils import drift_report
from plugins.plugin_utils.drift_report import write_report
from plugins.plugin_utils.reports import files
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

    monkeypatch.setitem(files._RENDERERS, "html", ("drift.html", broken))
    with pytest.raises(OSError, match="no template"):
        write_report(tmp_path, records.clean())
    assert (tmp_path / "drift.json").exists()


def test_every_setting_that_a_role_looks_after_is_known() -> None:
    assert sorted(drift_report._known_settings()) == sorted(records.KNOWN)
