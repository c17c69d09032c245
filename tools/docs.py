# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the site of all pages and of the reference: python -m tools.docs

The pages are those of the checkout, in a copy: README.md becomes index.md there, and a link to a module's file leads to
its page in the reference. The contents of docs/README.md are the navigation. Every warning is an error.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.lint import Failure, copy_checkout, galaxy, run

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / "docs"
PAGES = ("*.md", "docs/**/*.md", "roles/*/*.md")
CONTENTS, FINDINGS = "docs/README.md", "docs/findings/README.md"


def sections(text: str, folder: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The sections of a page, each with the words and the pages of its links, as paths from the root."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        links = re.findall(r"\[([^\]]+)\]\(([^):#]+\.md)\)", section)
        yield section.partition("\n")[0], [(words, posixpath.normpath(f"/{folder}/{page}")) for words, page in links]


def toctree(entries: Iterable[str], *options: str) -> str:
    """A part of the navigation."""
    return "\n".join(["", "```{toctree}", ":hidden:", *options, "", *entries, "```", ""])


def captioned(title: str, links: Iterable[tuple[str, str]]) -> str:
    """A section of the contents in the navigation."""
    return toctree([f"{words} <{page}>" for words, page in links], f":caption: {title}")


def as_on_the_site(text: str) -> str:
    """A page's links: the index of a folder, and the reference of a module, which has no lines to lead to."""
    if anchored := re.search(r"\]\([^):]*plugins/modules/\w+\.py#[^)]*\)", text):
        raise Failure(f"a link into a module's file leads nowhere on the site: {anchored[0]}")
    text = re.sub(r"(\]\([^):]*?|<[\w/]*/)README\.md", r"\1index.md", text)
    return re.sub(r"(\]\([^):]*?)plugins/modules/(\w+)\.py\)", r"\1reference/\2_module.rst)", text)


def write_pages(source: Path) -> None:
    """Turn the pages of a copy of the checkout into those of the site."""
    contents, findings = ((source / name).read_text(encoding="utf-8") for name in (CONTENTS, FINDINGS))
    parts = [*sections(contents, "docs"), ("Reference", [("Modules, roles, filters", "/reference/index")])]
    more = {
        "README.md": "".join(captioned(title, links) for title, links in parts),
        FINDINGS: toctree(page for _title, links in sections(findings, "docs/findings") for _words, page in links),
    }
    for path in [path for pattern in PAGES for path in source.glob(pattern)]:
        text = path.read_text(encoding="utf-8") + more.get(path.relative_to(source).as_posix(), "")
        path.write_text(as_on_the_site(text), encoding="utf-8")
        if path.name == "README.md":
            path.rename(path.with_name("index.md"))


def in_the_theme(page: str) -> str:
    """A page of the reference: the theme has contents of its own, and room for short names in its navigation."""
    page = page.replace(".. contents::\n   :local:\n   :depth: 1\n", "")
    return re.sub(r"^    (\w+)_(module|role|filter)$", r"    \1 <\1_\2>", page, flags=re.MULTILINE)


def write_reference(source: Path, scratch: str) -> None:
    """Have antsibull-docs write a page for each module, role and filter."""
    (source / "reference").mkdir(mode=0o700)
    options = ("--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", "reference")
    name = "{namespace}.{name}".format(**galaxy())
    run("antsibull-docs", "collection", *options, name, cwd=source, ANSIBLE_COLLECTIONS_PATH=scratch)
    for path in (source / "reference").glob("*.rst"):
        path.write_text(in_the_theme(path.read_text(encoding="utf-8")), encoding="utf-8")


def build(scratch: str) -> None:
    source = copy_checkout(Path(scratch))
    write_pages(source)
    write_reference(source, scratch)
    options = ("--conf-dir", "tools/sphinx", "--doctree-dir", f"{scratch}/doctrees", "--jobs", "auto")
    strict = ("--fail-on-warning", "--nitpicky", "--quiet")
    run("sphinx-build", "--builder", "html", *options, *strict, ".", str(SITE), cwd=source)


def main() -> int:
    start = time.monotonic()
    shutil.rmtree(SITE, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="outlook_anywhere-docs-") as scratch:
        try:
            build(scratch)
        except Failure as error:
            print(f"docs: {error}", file=sys.stderr)
            return 1
    pages = [path for path in SITE.rglob("*.html") if path.name != "search.html"]
    print(f"docs: {len(pages)} pages in {time.monotonic() - start:.0f} s, without a warning: {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
