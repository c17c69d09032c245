# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page stands in the contents, every link leads to something, and the site has what the pages link to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tools.docs
from plugins.plugin_utils.baseline import FIXES
from tests.evidence import REPOSITORY
from tests.markdown import leads_nowhere, links_of
from tools.docs import as_on_the_site, sections
from tools.lint import checkout

MARKDOWN = [name for name in checkout() if name.endswith(".md")]


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(name: str) -> None:
    page = REPOSITORY / name
    assert not [link for link in links_of(page) if leads_nowhere(link, page)]


def test_a_link_that_leads_nowhere_would_be_seen() -> None:
    page = REPOSITORY / "docs" / "fixes.md"
    good = ("servers.md", "../README.md#use-it", "#the-binding-of-ipv6", "https://example.com/x")
    assert not [link for link in good if leads_nowhere(link, page)]
    bad = ("server.md", "../README.md#use", "#the-binding", "findings", "../plugins/modules/valid_port.py")
    assert all(leads_nowhere(link, page) for link in bad)


def test_every_page_stands_in_the_contents_once() -> None:
    contents = (REPOSITORY / "docs" / "README.md").read_text(encoding="utf-8")
    linked = [page for _title, links in sections(contents, "docs") for _words, page in links]
    pages = {f"/{name}" for name in MARKDOWN if re.match(r"\w+\.md$|docs/[^/]+$|docs/findings/README|roles/", name)}
    assert sorted(linked) == sorted(pages - {"/README.md"})


def test_every_fix_has_its_section() -> None:
    text = (REPOSITORY / "docs" / "fixes.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(\.\./plugins/modules/(\w+)\.py\)", text)) == {fix.name for fix in FIXES} | {
        "baseline",
        "restore",
    }
    told = re.findall(r"^\*\*(What|Why|Undo)\.\*\*", text, re.MULTILINE)
    assert told == ["What", "Why", "Undo"] * len(FIXES)


def test_links_lead_to_the_pages_of_the_site() -> None:
    for link, on_the_site in (
        ("[x](../README.md)", "[x](../index.md)"),
        ("[x](findings/README.md#about)", "[x](findings/index.md#about)"),
        ("Contents </docs/README.md>", "Contents </docs/index.md>"),
        ("[x](../plugins/modules/restore.py)", "[x](../reference/restore_module.rst)"),
        ("[x](plugins/modules/restore.py)", "[x](reference/restore_module.rst)"),
        ("[x](https://example.com/README.md)", "[x](https://example.com/README.md)"),
        ("[x](servers.md) `README.md`", "[x](servers.md) `README.md`"),
    ):
        assert as_on_the_site(link) == on_the_site


def test_a_line_of_a_modules_file_has_no_page_on_the_site() -> None:
    with pytest.raises(tools.docs.Failure, match=r"restore\.py#L20"):
        as_on_the_site("[x](../plugins/modules/restore.py#L20)")


def test_a_tree_that_git_does_not_know_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an archive of the repository is; git must not find a repository above it."""
    monkeypatch.setattr("tools.lint.ROOT", tmp_path)
    monkeypatch.setattr("tools.docs.SITE", tmp_path / "site")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert tools.docs.main() == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "clone" in told[0]


def test_the_readme_names_every_module() -> None:
    named = set(re.findall(r"`(\w+)`", (REPOSITORY / "README.md").read_text(encoding="utf-8")))
    assert not {path.stem for path in (REPOSITORY / "plugins" / "modules").glob("*.py")} - named
