# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page stands in the contents, every link leads to something, and the site has what the pages link to."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from plugins.plugin_utils.baseline import FIXES
from tests.evidence import REPOSITORY
from tools.docs import as_on_the_site, sections

MARKDOWN = MarkdownIt("commonmark").enable("table")


def listed() -> list[str]:
    """The Markdown files that git knows or would take."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "*.md"]
    names = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if (REPOSITORY / name).is_file()]


def inlines(text: str) -> Iterator[tuple[Token, Token]]:
    """The texts of a page, each behind what it stands in."""
    tokens = MARKDOWN.parse(text)
    for holder, token in pairwise(tokens):
        if token.type == "inline":
            yield holder, token


@cache
def anchors(path: Path) -> set[str]:
    """The anchors that the forges give a page's headings."""
    titles = [
        "".join(child.content for child in token.children or ())
        for holder, token in inlines(path.read_text(encoding="utf-8"))
        if holder.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def leads_nowhere(link: str, page: Path) -> bool:
    """Whether a link of a page names a file or a heading that is not there; other sites are not asked."""
    if re.match(r"[a-z]+:", link):
        return False
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return not target.is_file() or bool(anchor and anchor not in anchors(target))


@pytest.mark.parametrize("name", listed())
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(name: str) -> None:
    page = REPOSITORY / name
    children = [child for _, token in inlines(page.read_text(encoding="utf-8")) for child in token.children or ()]
    links = [str(child.attrGet("href") or child.attrGet("src") or "") for child in children]
    assert not [link for link in links if link and leads_nowhere(link, page)]


def test_a_link_that_leads_nowhere_would_be_seen() -> None:
    page = REPOSITORY / "docs" / "fixes.md"
    good = ("servers.md", "../README.md#use-it", "#the-binding-of-ipv6", "https://example.com/x")
    assert not [link for link in good if leads_nowhere(link, page)]
    bad = ("server.md", "../README.md#use", "#the-binding", "findings", "../plugins/modules/valid_port.py")
    assert all(leads_nowhere(link, page) for link in bad)


def test_every_page_stands_in_the_contents_once() -> None:
    contents = (REPOSITORY / "docs" / "README.md").read_text(encoding="utf-8")
    linked = [page for _, links in sections(contents, "docs") for _, page in links]
    pages = {f"/{name}" for name in listed() if re.match(r"\w+\.md$|docs/[^/]+$|docs/findings/README|roles/", name)}
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
        ("[x](https://example.com/README.md)", "[x](https://example.com/README.md)"),
        ("[x](servers.md) `README.md`", "[x](servers.md) `README.md`"),
    ):
        assert as_on_the_site(link) == on_the_site
