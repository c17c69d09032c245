# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of Markdown pages, and whether they lead anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKDOWN = MarkdownIt("commonmark").enable("table")


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


def links_of(page: Path) -> list[str]:
    """What a page links to and shows."""
    children = [child for _holder, token in inlines(page.read_text(encoding="utf-8")) for child in token.children or ()]
    return [str(link) for child in children if (link := child.attrGet("href") or child.attrGet("src"))]


def leads_nowhere(link: str, page: Path) -> bool:
    """Whether a link of a page names a file or a heading that is not there; other sites are not asked."""
    if re.match(r"[a-z]+:", link):
        return False
    name, _hash, anchor = link.partition("#")
    target = page.parent / name if name else page
    return not target.is_file() or bool(anchor and anchor not in anchors(target))
