# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.md, read by a Markdown parser with tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from plugins.plugin_utils.formats.text import printable
from plugins.plugin_utils.reports import drift_md
from plugins.plugin_utils.reports.fleet import FleetReport
from tests.unit.plugin_utils.reports import records

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PLAIN = {"text", "text_special"}


def tokens(report: FleetReport) -> list[Token]:
    return PARSER.parse(drift_md.render(report.as_dict()))


def tables(parsed: list[Token]) -> Iterator[list[list[str]]]:
    """Each table's rows, as the texts of their cells; nothing in a cell may be more than text."""
    rows: list[list[str]] = []
    inside = False
    for token in parsed:
        if token.type == "table_open":
            rows, inside = [], True
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "table_close":
            inside = False
            yield rows
        elif token.type == "inline" and inside:
            assert {child.type for child in token.children or ()} <= PLAIN, token.content
            rows[-1].append("".join(child.content for child in token.children or ()))


def headings(parsed: list[Token]) -> list[str]:
    return [parsed[at + 1].content for at, token in enumerate(parsed) if token.type == "heading_open"]


def test_it_tells_what_a_ticket_needs() -> None:
    parsed = tokens(records.everything())
    assert headings(parsed) == [
        "Outlook Anywhere drift",
        "The run stopped before its end",
        "The fleet as a whole",
        "Gates",
        "Servers to see to",
        "Settings to see to",
        "Pending restarts and reboots",
        "Warnings",
    ]
    counts, gates, servers, settings, waiting = tables(parsed)
    assert dict(zip(*counts, strict=True))["drifted"] == "2"
    assert gates[1][:2] == ["global catalogs", "closed"]
    assert [row[:2] for row in servers[1:]] == [["cas2", "failed"], ["mbx1", "unreachable"], ["gc2", "not read"]]
    assert [row[1:3] for row in settings[1:]] == [
        ["valid_ports.ValidPorts", "drifted"],
        ["valid_ports.PeriodicPollingMinutes", "compliant, pending"],
        ["rpc_virtual_directory.Default Web Site/Rpc access sslFlags", "drifted"],
        ["valid_ports.PeriodicPollingMinutes", "unknown"],
        ["valid_ports.ValidPorts", "unknown"],
    ]
    assert [row[0] for row in waiting[1:]] == ["cas1.contoso.com", "gc1"]
    assert settings[4][3] == "not known"


def test_a_clean_fleet_needs_few_words() -> None:
    parsed = tokens(records.clean())
    assert headings(parsed) == ["Outlook Anywhere drift"]
    assert "**Clean.** 1 server: every setting is as it should be." in drift_md.render(records.clean().as_dict())


def test_a_run_over_a_part_of_the_fleet_says_what_it_has_looked_at() -> None:
    text = drift_md.render(records.part_of_the_fleet().as_dict())
    assert "# Outlook Anywhere repin" in text
    assert "**Clean.** 1 of 3 servers, parts: pin: every setting looked at is as it should be." in text


def test_a_fleet_that_was_not_judged_has_no_count_of_problems() -> None:
    (counts,) = tables(tokens(replace(records.clean(), fleet_not_judged="no inventory")))
    assert dict(zip(*counts, strict=True))["fleet problems"] == "not judged"


def test_long_values_and_tables_of_any_length_fit_into_a_ticket() -> None:
    text = drift_md.render(records.long_values(400).as_dict())
    assert len(text) < 2_500_000
    *_others, settings, waiting = tables(PARSER.parse(text))
    assert len(settings) == len(waiting) == drift_md.MOST_ROWS + 1
    assert settings[1][3].endswith("characters)")
    assert text.count("100 more are in drift.json.") == 4, "servers, settings, restarts, warnings"


def test_a_long_table_ends_with_what_is_left_out() -> None:
    report = records.large(100)
    text = drift_md.render(report.as_dict())
    *_others, settings, _waiting = tables(PARSER.parse(text))
    assert len(settings) == drift_md.MOST_ROWS + 1
    notable = sum(
        item["pending"] or item["state"] in ("drifted", "unknown")
        for host in report.as_dict()["hosts"]
        for item in host["findings"]
    )
    assert f"{notable - drift_md.MOST_ROWS} more are in drift.json." in text


@given(records.hostile_texts)
def test_any_text_stays_text_in_its_cell(text: str) -> None:
    parsed = tokens(records.hostile(text))
    assert len(headings(parsed)) == 8
    shown = printable(text).strip()
    _counts, gates, servers, settings, waiting = tables(parsed)
    assert [row[2:] for row in gates[1:]] == [[shown] * 4]
    assert [row[0] for row in servers[1:]] == [shown]
    assert [(row[0], row[3], row[4], row[5], row[6]) for row in settings[1:2]] == [(shown,) * 5]
    assert len(settings) == 3
    assert {len(row) for table in (gates, servers, settings, waiting) for row in table} <= {4, 5, 6, 8}
    kinds = {token.type for token in parsed} | {child.type for token in parsed for child in token.children or ()}
    assert not kinds & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "code_inline",
        "fence",
        "hr",
        "ordered_list_open",
    }


@given(st.one_of(records.hostile_texts, st.text("#*_-+=~`>|[]()!\\<&;:.1@ \tab$", min_size=1)))
def test_any_text_stays_text_in_a_list(text: str) -> None:
    parsed = PARSER.parse(f"- x\n- {drift_md.escaped(text)}\n- y")
    children = [child for token in parsed if token.type == "inline" for child in token.children or ()]
    assert {child.type for child in children} <= PLAIN
    assert "".join(child.content for child in children) == f"x{printable(text).strip()}y"
    assert {token.type.removesuffix("_open") for token in parsed if token.nesting == 1} == {
        "bullet_list",
        "list_item",
        "paragraph",
    }
