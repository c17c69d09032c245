# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis for people, on screen and as Markdown; both are made of the record that diagnosis.json holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..formats.text import printable
from ..problems.answer import STATES
from .drift_md import escaped
from .words import words

Record = Mapping[str, Any]
# How the summary names what keeps an answer from being clean.
_COUNTED = {
    "present": ("problem is present", "problems are present"),
    "possible": ("problem is possible", "problems are possible"),
    "unknown": ("problem could not be judged", "problems could not be judged"),
    "fleet_problems": ("fleet finding is a problem", "fleet findings are problems"),
    "rpcping_not_proved": ("rpcping did not come to its end", "rpcpings did not come to their end"),
    "not_read": ("server was not read", "servers were not read"),
}
# So many servers are named beside a problem; diagnosis.json names all.
_FEW = 10
_ASIDE = {True: "seen", False: "worth knowing"}


def outcome(record: Record) -> str:
    """The answer in a sentence."""
    if record["clean"]:
        return "none of the article's problems is present, and nothing that decides is unknown"
    told = [f"{count} {_COUNTED[word][count != 1]}" for word, count in record["summary"].items() if count]
    return "; ".join(told) or "nothing was judged"


def screen(record: Record) -> list[str]:
    """The lines that an operator reads."""
    lines = [outcome(record), ""]
    lines += [f"{item['name']:<2}  {words(item['state']):<11}  {_title(item)}" for item in record["problems"]]
    for title, items in _sections(record):
        lines += ["", title, *(f"  {item}" for item in items)]
    return [printable(line) for line in lines]


def markdown(record: Record) -> str:
    """The same for a ticket; what servers and inventories say stays text."""
    lines = ["# Outlook Anywhere: diagnosis", "", f"{escaped(record['generated'])}: {escaped(outcome(record))}.", ""]
    lines += ["| problem | state | what | servers |", "|---|---|---|---|"]
    for item in record["problems"]:
        cells = (item["name"], words(item["state"]), item["title"], _some(item["hosts"]) or "-")
        lines.append(f"| {' | '.join(escaped(cell) for cell in cells)} |")
    for title, items in _sections(record):
        lines += ["", f"## {escaped(title)}", "", *(f"- {escaped(item)}" for item in items)]
    return "\n".join([*lines, ""])


def _title(item: Record) -> str:
    hosts = _some(item["hosts"])
    return f"{item['title']}{f' ({hosts})' if hosts else ''}"


def _some(hosts: Sequence[str]) -> str:
    return ", ".join(hosts[:_FEW]) + (f" and {len(hosts) - _FEW} more" if len(hosts) > _FEW else "")


def _sections(record: Record) -> Iterator[tuple[str, list[str]]]:
    """Everything behind the table, as headings and their lines; an empty one is left out."""
    for item in sorted(record["problems"], key=lambda item: STATES.index(item["state"])):
        yield f"Problem {item['name']}, {words(item['state'])}: {item['title']}", list(_problem(item))
    sections: tuple[tuple[str, Iterable[str]], ...] = (
        ("What no single server shows", (line for item in record["fleet"] for line in _fleet(item))),
        ("rpcping", (line for item in record["rpcping"] for line in _ladder(item))),
        ("Servers that were not read", (_unread(item) for item in record["unread"])),
        ("From the comments of the article", (_remark(item) for item in record["comments"])),
        ("Parts that could not be read", record["not_known"]),
    )
    for title, lines in sections:
        if found := list(lines):
            yield title, found


def _problem(item: Record) -> Iterator[str]:
    if item["state"] != "not_present":
        yield f"users notice: {item['notice']}"
    yield from (f"seen: {line}" for line in item["evidence"])
    yield from (f"done, and pending: {line}" for line in item["pending"])
    yield from (f"not known: {line}" for line in item["unknown"])
    if item["state"] != "not_present":
        yield from (f"fix: {line}" for line in item["fix"])
    yield f"source: {item['reference']}"


def _fleet(item: Record) -> Iterator[str]:
    yield f"{item['level']}: {item['summary']} (see {item['page']})"
    yield from (f"seen: {line}" for line in item["evidence"])
    yield f"fix: {item['fix']}"


def _ladder(item: Record) -> Iterator[str]:
    end = "proved" if item["proved"] else f"stopped at {item['stopped_at']}" if item["stopped_at"] else item["trouble"]
    yield f"from {item['host']} {item['target']}: {end}"
    for step in item["steps"]:
        told = f" ({step['told']})" if step["told"] else ""
        yield f"step {step['name']}: {words(step['state'])}{told}: {step['meaning']}"
    yield from (f"look at: {line}" for line in item["look_at"])
    yield from item["fits"]


def _unread(item: Record) -> str:
    attested = " (attested: port 6004)" if item["attested"] else ""
    return f"{item['host']}: {words(item['state'])}{attested}: {item['why']}"


def _remark(item: Record) -> str:
    evidence = f" [{'; '.join(item['evidence'])}]" if item["seen"] and item["evidence"] else ""
    return f"{_ASIDE[item['seen']]}: {item['text']}{evidence} ({item['reference']})"
