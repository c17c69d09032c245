# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.html: the report as one file for a browser, which loads nothing and runs nothing but its own script.

The matrix is plain HTML. What the details show is carried as JSON: every text once, and numbers that point to it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from .words import NOT_READ, Record, lines, outcome, pending_words, stem, value, words

_FOLDER = Path(__file__).with_name("templates")
_BREAK = re.compile(r"(?<=[._/])(?=[^._/])|(?<=[a-z])(?=[A-Z])")
# What a finding's details hold after what it was and becomes, in the order in which the script reads it.
_DETAILS = ("effective", "blocked_by", "reason", "what_to_do", "reference", "page")


def render(record: Record) -> str:
    """The whole file."""
    style, script = (_own(name) for name in ("drift.css", "drift.js"))
    settings = record["settings"]
    return (
        _environment()
        .get_template("drift.html.j2")
        .render(
            record=record,
            outcome=outcome(record),
            stem=stem(record),
            columns=[setting.partition(".") for setting in settings],
            rows=[(host, _row(host, settings)) for host in record["hosts"]],
            roles=list(dict.fromkeys(group for host in record["hosts"] for group in host["groups"])),
            unread=[host for host in record["hosts"] if host["state"] in NOT_READ or host["unfinished"]],
            waiting=[(host, item) for host in record["hosts"] for item in host["pending"]],
            style=style,
            script=script,
            policy=_policy(style, script),
            data=Markup(_for_script(_data(record))),
        )
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda told: told if isinstance(told, (Markup, jinja2.Undefined, int)) else lines(told),
    )
    environment.filters |= {"words": words, "pending_words": pending_words, "breakable": _breakable}
    return environment


@cache
def _own(name: str) -> Markup:
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))


def _breakable(text: str) -> Markup:
    """A name that may go on in the next line behind a dot, a slash or an underscore, and within CamelCase."""
    return Markup("<wbr>").join(_BREAK.split(lines(text)))


def _policy(style: str, script: str) -> str:
    """Nothing is loaded from anywhere, and no other script or style than these runs."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _row(host: Mapping[str, Any], settings: Iterable[str]) -> list[tuple[str, bool]]:
    """The state of each setting, and whether it waits to take effect."""
    waits = {f"{finding['fix']}.{finding['setting']}" for finding in host["findings"] if finding["pending"]}
    return [(host["cells"].get(setting, ""), setting in waits) for setting in settings]


class _Texts:
    """Every text once; a place for each."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def place(self, text: object) -> int | None:
        return None if text is None else self.places.setdefault(lines(text), len(self.places))


def _data(record: Record) -> dict[str, Any]:
    texts = _Texts()
    columns = {setting: column for column, setting in enumerate(record["settings"])}
    hosts = [
        {
            "notes": [
                [texts.place(kind), [texts.place(text) for text in found]] for kind, found in _notes(host) if found
            ],
            "findings": [
                [
                    columns[f"{finding['fix']}.{finding['setting']}"],
                    texts.place(finding["state"]),
                    int(finding["pending"]),
                    *(texts.place(value(finding[name], finding["state"])) for name in ("before", "after")),
                    *(texts.place(finding[name]) for name in _DETAILS),
                ]
                for finding in host["findings"]
            ],
        }
        for host in record["hosts"]
    ]
    return {"texts": list(texts.places), "hosts": hosts}


def _notes(host: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    pending = [
        f"{pending_words(item)} {item['due']}; users notice: {item['users_notice']}; for {item['how_long']}; "
        f"{item['consent']}"
        for item in host["pending"]
    ]
    return [
        ("What to do", host["what_to_do"]),
        ("Messages", host["messages"]),
        ("Not finished", host["unfinished"]),
        ("Warnings", host["warnings"]),
        ("Pending", pending),
    ]


def _for_script(data: object) -> str:
    """JSON that no HTML parser takes for anything but text: it holds no <, > and &."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
