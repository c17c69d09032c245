# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ValidPorts means a set of (name, port), however it is written."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats.valid_ports import (
    Entry,
    Targets,
    format_value,
    parse_entry,
    parse_value,
    without_repeats,
)

NAME = st.from_regex(r"[A-Za-z0-9]{1,8}(\.[a-z]{1,5}){0,2}\*?", fullmatch=True)
PORTS = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(sorted)
ENTRY = st.builds(lambda name, ports: Entry(name, ports[0], ports[1]), NAME, PORTS)


def meaning(entries: list[Entry] | tuple[Entry, ...]) -> set[tuple[str, int]]:
    return {(entry.name.lower(), port) for entry in entries for port in range(entry.low, entry.high + 1)}


@given(ENTRY)
def test_an_entry_reads_back_as_it_was_written(entry: Entry) -> None:
    assert parse_entry(entry.text) == entry


@given(st.lists(ENTRY, max_size=8))
def test_a_value_reads_back_as_it_was_written(entries: list[Entry]) -> None:
    parsed = parse_value(format_value(entries))
    assert parsed.entries == tuple(entries)
    assert (parsed.unparsed, parsed.empty_entries, parsed.untidy) == ((), 0, ())


@given(st.text(max_size=60))
def test_any_text_is_read_and_nothing_of_it_is_lost(text: str) -> None:
    parsed = parse_value(text)
    pieces = text.split(";") if text else []
    assert len(parsed.entries) + len(parsed.unparsed) + parsed.empty_entries == len(pieces)
    again = parse_value(format_value(parsed.entries, parsed.unparsed))
    assert again.entries == parsed.entries
    assert again.unparsed == parsed.unparsed
    assert not again.untidy


SMALL = st.builds(
    lambda name, low, width: Entry(name, low, low + width), st.sampled_from(["a", "A", "b", "a*"]), st.integers(1, 40),
    st.integers(0, 9),
)  # fmt: skip


@given(st.lists(SMALL, max_size=8), st.lists(SMALL, max_size=8))
def test_targets_are_sets_of_name_and_port(left: list[Entry], right: list[Entry]) -> None:
    difference = Targets(left).without(Targets(right))
    assert meaning(difference) == meaning(left) - meaning(right)


@given(st.lists(SMALL, max_size=8))
def test_leaving_out_repeats_keeps_the_meaning(entries: list[Entry]) -> None:
    kept = without_repeats(entries)
    assert meaning(kept) == meaning(entries)
    assert [entry for entry in entries if entry in kept][: len(kept)] or not entries


def test_case_order_and_split_ranges_do_not_matter() -> None:
    one = Targets(parse_value("MBX1:6001-6002;mbx1:6004").entries)
    other = Targets(parse_value("mbx1:6004;mbx1:6002;MBX1:6001;mbx1:6001").entries)
    assert one.without(other) == other.without(one) == []


def test_a_wildcard_is_a_name_like_any_other() -> None:
    wild, plain = Targets(parse_value("mbx*:6004").entries), Targets(parse_value("mbx1:6004").entries)
    assert [entry.text for entry in plain.without(wild)] == ["mbx1:6004"]


@pytest.mark.parametrize(
    ("text", "untidy"),
    [
        (" mbx1:6004", ("blanks",)),
        ("mbx1:6004; mbx2:6004", ("blanks",)),
        ("mbx1 : 6001 - 6002", ("blanks",)),
        ('"mbx1:6004"', ("quotes",)),
        ("'mbx1':6004", ("quotes",)),
        ("mbx1:6004;\r\nmbx2:6004", ("line breaks",)),
        ("mbx1:6004\t", ("blanks",)),
        ("mbx1:6004; ;mbx2:6004", ("blanks",)),
        ("mbx1:6004;", ()),
    ],
)
def test_blanks_quotes_and_line_breaks_are_noticed(text: str, untidy: tuple[str, ...]) -> None:
    assert parse_value(text).untidy == untidy


def test_blanks_are_read_over_and_the_target_is_known() -> None:
    assert parse_value(' "mbx1 : 6001 - 6002" ').entries == (Entry("mbx1", 6001, 6002),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mbx1", "no ':'"),
        ("mbx1:", "neither a port"),
        ("mbx1:0", "port 0"),
        ("mbx1:65536", "port 65536"),
        ("mbx1:6002-6001", "backwards"),
        ("mbx1:6001-", "neither a port"),
        ("mbx1:06001", "leading zero"),
        ("mbx1:6oo1", "neither a port"),
        (":6004", "empty"),
        ("m bx1:6004", "m bx1"),
        ("mbx1..contoso.com:6004", "empty label"),
        ("mbx%1:6004", "mbx%1"),
        ("[::1]:6004", "IPv6"),
        ("fe80::1:6004", "IPv6"),
        ("mbx1:\u0666004", "neither a port"),
    ],
)
def test_what_is_no_entry_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        parse_entry(text)
    assert reason in str(error.value)
    assert parse_value(text).unparsed == (text,)


def test_ipv6_entries_and_wide_ranges_are_told() -> None:
    parsed = parse_value("[::1]:6004;mbx1:100-5000;mbx1:100-4999;a:b")
    assert parsed.ipv6 == ("[::1]:6004",)
    assert [entry.is_as_wide_as_the_windows_default for entry in parsed.entries] == [True, False]
    assert parsed.unparsed == ("[::1]:6004", "a:b")


def test_thousand_servers_are_compared_without_listing_their_ports() -> None:
    entries = [Entry(f"mbx{number}.contoso.com", 1, 65535) for number in range(1000)]
    shuffled = random.Random(0).sample(entries, len(entries))
    assert Targets(entries).without(Targets(shuffled)) == []
