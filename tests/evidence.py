# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes into docs/evidence.md how Wine differs from documented Windows, as the lab's list has it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "evidence.md"
DIFFERENCES = REPOSITORY / "tests" / "lab" / "wine" / "differences.yml"
BEGIN = "<!-- written by python -m tests.evidence -->\n"
END = "<!-- end -->\n"
COMMAND = f"{sys.executable} -m tests.evidence"


def _cell(text: object) -> str:
    return re.sub(r"\s+", " ", str(text)).strip().replace("|", "\\|")


def differences() -> str:
    """The list as a Markdown table."""
    rows = [
        (entry["what"], entry["windows"], entry["wine"], "tried in every run" if "line" in entry else "seen by hand")
        for entry in yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8"))
    ]
    head = ["| what | Windows, as documented | Wine 8.0 | how known |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]) + "\n"


def page() -> str:
    """docs/evidence.md as it should be."""
    before, _begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{differences()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
