# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report. Each is made of the record alone, so drift.json is enough to make all of them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import drift_html, drift_junit, drift_md, drift_prom
from .words import Record, is_of_the_fleet, stem


@dataclass(frozen=True)
class ReportFile:
    """One file: which form of the report it is, its name, its whole content."""

    form: str
    name: str
    content: str


def _json(record: Record) -> str:
    return json.dumps(record, indent=2, ensure_ascii=True) + "\n"


# How each ends. The record comes first: whatever happens to the others, they can be made of it.
_RENDERERS: dict[str, tuple[str, Callable[[Record], str]]] = {
    "json": ("json", _json),
    "html": ("html", drift_html.render),
    "junit": ("junit.xml", drift_junit.render),
    "prom": ("prom", drift_prom.render),
    "md": ("md", drift_md.render),
}


def render(record: Record, interim: bool = False) -> Iterator[ReportFile]:
    """Every file, one after the other; in the middle of a run the record alone.

    Metrics are of the whole fleet: what looked at less of it must not clear the alerts of the rest.
    """
    for form, (ending, renderer) in _RENDERERS.items():
        if form == "json" or not (interim or (form == "prom" and not is_of_the_fleet(record))):
            yield ReportFile(form, f"{stem(record)}.{ending}", renderer(record))
