# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.md: what is not as it should be, for a ticket."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jinja2

from ..formats.text import printable, shortened
from .words import NOT_READ, Record, notable, outcome, pending_words, setting_of, stem, value, words

# A ticket is read by people: a longer table, list, value or other text points to the record, or says how long it is.
MOST_ROWS = 300
_MOST_OF_A_VALUE = 300
_MOST_OF_A_TEXT = 1000
# What Markdown could take for markup in a line; letters, digits and what only reads well stay as they are.
_MARKUP = re.compile(r"[\\`*\[\]{}|~$@]|_(?![^\W_])|(?<![^\W_])_|:(?=//)|(?<=www)\.|^[-+#]")
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render(record: Record) -> str:
    """The whole file; the cells of the table are escaped, so that no text of a server or an inventory is markup."""
    return (
        _environment()
        .get_template("drift.md.j2")
        .render(
            record=record,
            outcome=outcome(record),
            stem=stem(record),
            most=MOST_ROWS,
            rows=list(notable(record)),
            unread=[host for host in record["hosts"] if host["state"] in NOT_READ or host["unfinished"]],
            waiting=[(host, item) for host in record["hosts"] for item in host["pending"]],
            warnings=[(host, line) for host in record["hosts"] for line in host["warnings"]],
        )
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda told: (
            told if isinstance(told, (int, jinja2.Undefined)) else escaped(shortened(str(told), _MOST_OF_A_TEXT))
        ),
    )
    environment.filters |= {"words": words, "pending_words": pending_words, "setting": setting_of, "value": _value}
    return environment


def _value(found: object, state: str) -> str:
    return shortened(value(found, state), _MOST_OF_A_VALUE)


def escaped(told: object) -> str:
    """Any text as one line that Markdown shows as that text and nothing else."""
    text = _MARKUP.sub(r"\\\g<0>", printable(str(told)).strip())
    return "".join(_ENTITIES.get(char, char) for char in _NUMBERED.sub(r"\1\\\2", text))
