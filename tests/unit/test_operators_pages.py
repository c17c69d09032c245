# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages for operators name is there: messages, variables, playbooks, files and links."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.evidence import REPOSITORY

TROUBLESHOOTING = REPOSITORY / "docs" / "troubleshooting.md"
PAGES = (
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "docs/fixes.md",
    "docs/getting-started.md",
    "docs/limits.md",
    "docs/operating.md",
    "docs/servers.md",
    "docs/troubleshooting.md",
    "docs/variables.md",
)
GAP = "\0"
SOURCES = ("plugins", "playbooks", "roles")


def texts_of(tree: ast.AST) -> Iterator[str]:
    """Every text of a source file, as the code joins it; what is formatted into it is a gap."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)


@cache
def texts() -> tuple[str, ...]:
    """All texts of the plugins."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (REPOSITORY / "plugins").rglob("*.py")]
    return tuple(text for tree in trees for text in texts_of(tree))


def messages() -> list[str]:
    """The first column of the page's tables."""
    return re.findall(r"^\| `([^`]+)` \|", TROUBLESHOOTING.read_text(encoding="utf-8"), re.MULTILINE)


def is_said(message: str) -> bool:
    """Whether one text of ours has the parts of the message in their order, with something formatted in between."""
    pattern = re.compile(f"[^.]*?{GAP}[^.]*?".join(re.escape(part) for part in message.split("...")), re.DOTALL)
    return any(pattern.search(text) for text in texts())


@pytest.mark.parametrize("message", messages())
def test_a_message_that_is_explained_is_one_that_the_code_says(message: str) -> None:
    assert is_said(message)


def test_a_message_that_nobody_says_would_be_seen() -> None:
    assert len(messages()) > 40
    assert not is_said("the server could not be written")
    assert not is_said("the registry key does not exist: ... by nobody")


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_that_a_page_names_is_used(page: str) -> None:
    files = [path for folder in SOURCES for path in (REPOSITORY / folder).rglob("*") if path.suffix in (".py", ".yml")]
    used = set(re.findall(r"\b\w+\b", " ".join(path.read_text(encoding="utf-8") for path in files)))
    named = set(re.findall(r"\b(?:outlook_anywhere|client_access|mailbox|global_catalog)_[a-z0-9_]+", text_of(page)))
    assert not named - used


@pytest.mark.parametrize("page", PAGES)
def test_every_playbook_that_a_page_runs_is_there(page: str) -> None:
    for name in re.findall(
        r"(?:ansible-playbook .*|import_playbook: )exchange_ops\.outlook_anywhere\.(\w+)", text_of(page)
    ):
        assert (REPOSITORY / "playbooks" / f"{name}.yml").is_file()


def test_every_file_that_a_new_fix_touches_is_where_it_is_said_to_be() -> None:
    """The five steps, tried with the fix that they name."""
    steps = text_of("CONTRIBUTING.md").partition("## A new fix in five steps")[2].partition("\n## ")[0]
    named = {
        name for name in re.findall(r"`([^`\s]+/[^`\s]*|[a-z_]+\.py)`", steps) if name != "meta/argument_specs.yml"
    }
    assert len(named) > 10
    for name in named:
        path = name.replace("NAME", "ipv6_binding").replace("SETTING", "ipv6_binding").replace("ROLE", "client_access")
        assert any((folder / path).exists() for folder in folders()), name


def folders() -> tuple[Path, ...]:
    """From where the steps name files."""
    return REPOSITORY, REPOSITORY / "plugins" / "plugin_utils"


def text_of(page: str) -> str:
    """A page."""
    return (REPOSITORY / page).read_text(encoding="utf-8")
