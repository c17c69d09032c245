# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report. Each is made of the record alone, so drift.json is enough to make all of them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import drift_html, drift_junit, drift_md, drift_prom
from .words import Record


@dataclass(frozen=True)
class ReportFile:
    """One file: which form of the report it is, its name, its whole content."""

    form: str
    name: str
    content: str


def _json(record: Record) -> str:
    return json.dumps(record, indent=2, ensure_ascii=True) + "\n"


# The record comes first: whatever happens to the others, they can be made of it.
_RENDERERS: dict[str, tuple[str, Callable[[Record], str]]] = {
    "json": ("drift.json", _json),
    "html": ("drift.html", drift_html.render),
    "junit": ("drift.junit.xml", drift_junit.render),
    "prom": ("drift.prom", drift_prom.render),
    "md": ("drift.md", drift_md.render),
}


def render(record: Record) -> Iterator[ReportFile]:
    """Every file, one after the other."""
    for form, (name, renderer) in _RENDERERS.items():
        yield ReportFile(form, name, renderer(record))
