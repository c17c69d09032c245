# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of differences between Wine and Windows is true of this Wine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab import wine
from tests.unit.lab_wine.server import Servers

FILE = Path(wine.__file__).with_name("differences.yml")
DIFFERENCES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def as_bytes(pattern: str) -> bytes:
    """A pattern of the file, in which one character stands for one byte."""
    return pattern.encode("latin-1")


@pytest.mark.parametrize("entry", DIFFERENCES, ids=lambda entry: entry["what"])
def test_every_difference_names_both_sides(entry: dict[str, Any]) -> None:
    assert entry["windows"]
    assert entry["wine"]
    assert ("line" in entry) is not ("wine_seen_by" in entry)


@pytest.mark.wine
@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["what"]) for entry in DIFFERENCES if "line" in entry])
def test_wine_differs_as_listed(server: Servers, entry: dict[str, Any]) -> None:
    output = server.run(entry["line"], [entry.get("stdin", "").encode()])
    assert re.fullmatch(as_bytes(entry.get("stdout", "")), output.stdout, re.DOTALL), output
    assert re.fullmatch(as_bytes(entry.get("stderr", "")), output.stderr, re.DOTALL), output
    assert output.exit_code == entry.get("exit_code", 0)
