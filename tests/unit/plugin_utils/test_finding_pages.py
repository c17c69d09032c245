# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every finding of the reports has a page that says all of it, and the index knows every page."""

from __future__ import annotations

import re

import pytest

from plugins.plugin_utils.baseline import FIXES
from plugins.plugin_utils.finding_pages import FOLDER, SETTING_PAGES, page_of
from plugins.plugin_utils.findings.fleet import Kind
from plugins.plugin_utils.fleet_findings import FINDINGS, NAMES
from tests.evidence import REPOSITORY

FOLDER_PATH = REPOSITORY / FOLDER
SETTINGS = [(fix.name, finding.setting) for fix in FIXES for finding in fix.unknown("")]
SECTIONS = ["Meaning", "Why it matters", "How it was seen", "Fix", "Undo", "Source"]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("fix", "setting"), SETTINGS)
def test_every_setting_that_a_fix_reports_has_a_page(fix: str, setting: str) -> None:
    page = page_of(fix, setting)
    assert page is not None
    assert (REPOSITORY / page).is_file()


def test_every_setting_has_a_page_of_its_own() -> None:
    pages = [page_of(fix, setting) for fix, setting in SETTINGS]
    assert len(set(pages)) == len(pages) == len(SETTING_PAGES)


def test_a_place_of_iis_has_the_page_of_its_setting_and_a_stranger_has_none() -> None:
    kernel_mode = page_of("kernel_mode_authentication", "server useKernelMode")
    assert page_of("kernel_mode_authentication", "Default Web Site/Rpc useKernelMode") == kernel_mode
    site = page_of("rpc_virtual_directory", "Another Site/Rpc access sslFlags")
    assert site == page_of("rpc_virtual_directory", "Default Web Site/Rpc access sslFlags")
    assert page_of("valid_ports", "useKernelMode") is None
    assert page_of("valid_ports", "NotValidPorts") is None


@pytest.mark.parametrize("kind", FINDINGS, ids=NAMES)
def test_a_page_says_of_a_finding_about_the_fleet_what_the_finding_says(kind: Kind) -> None:
    text = words((FOLDER_PATH / f"{kind.name}.md").read_text(encoding="utf-8"))
    for told in (kind.why, kind.fix, kind.undo, kind.reference):
        assert words(told) in text


@pytest.mark.parametrize("name", [*NAMES, *SETTING_PAGES])
def test_every_page_has_every_section_with_something_in_it(name: str) -> None:
    text = (FOLDER_PATH / f"{name}.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    assert parts[1::2] == SECTIONS
    assert all(part.strip() for part in parts[2::2])


def test_the_index_knows_every_page_and_no_other() -> None:
    index = (FOLDER_PATH / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([a-z0-9_]+)\.md\)", index)
    assert sorted(linked) == sorted([*NAMES, *SETTING_PAGES])
    assert sorted(path.stem for path in FOLDER_PATH.glob("*.md")) == sorted(["README", *linked])
