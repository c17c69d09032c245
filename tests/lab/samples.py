# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs print, taken from the sample files of tests/data: change a sample and the lab's output changes."""

from __future__ import annotations

import functools
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
HEADER_END = "# ---\n"


@functools.cache
def sample(name: str) -> str:
    """A sample without its header, lines ending in LF."""
    text = (DATA / f"{name}.txt").read_text(encoding="utf-8")
    header, separator, body = text.partition(HEADER_END)
    if not separator or not header.startswith("# source: "):
        raise ValueError(f"{name}: a sample begins with '# source: ' lines and '{HEADER_END.strip()}'")
    return body


def message(sample_name: str, language: str, /, **fields: str) -> str:
    """A localised message, its {fields} filled in."""
    text = sample(f"{sample_name}-{language}")
    for field, value in fields.items():
        text = text.replace(f"{{{field}}}", value)
    return text
