# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what must change changes, and an undo gives the very bytes back that were there."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugins.plugin_utils.formats.hosts_file import (
    BOM,
    Edit,
    Undo,
    absent,
    absent_by_rule,
    is_utf16,
    line_end,
    lines_of,
    loopback_lines,
    misprinted_lines,
    present,
    shown,
)

ADDRESS = "10.0.0.1"
NAMES = ("cas1", "cas1.contoso.com")
OWN = b"10.0.0.1 cas1\r\n10.0.0.1 cas1.contoso.com\r\n"
STOCK = b"127.0.0.1       localhost\r\n::1             localhost\r\n"

TOKENS = [
    *(b"::1", b":::1", b"#::1", b"# ::1", b"0:0:0:0:0:0:0:1", b"::0001", b"::1%1", b"::2", b"fe80::1", b"127.0.0.1"),
    *(b"10.0.0.1", b"10.0.0.2", b"10.0.0.01", b"010.0.0.1", b"10.0.0.1.", b"2001:db8::1"),
    *(
        b"cas1",
        b"CAS1",
        b"cas1.contoso.com",
        b"Cas1.Contoso.Com",
        b"cas1.",
        b"cas",
        b"cas11",
        b"xcas1",
        b"cas1.contoso",
    ),
    *(b"localhost", b"other", b"#", b"# comment cas1", b" ", b"  ", b"\t", b"\r", b"\n", b"\r\n", b"\r\r\n", b"\x00"),
    *(b"\xff", b"\xe4", BOM, b"10.0.0.1 cas1", b"#10.0.0.1 cas1", b"10.0.0.2 cas1 other", b"\r\n::1 localhost\r\n"),
]
FILES = st.one_of(
    st.lists(st.sampled_from(TOKENS), max_size=30).map(b"".join),
    st.lists(st.sampled_from(TOKENS), max_size=30).map(b" ".join),
    st.lists(st.lists(st.sampled_from(TOKENS), max_size=4).map(b" ".join), max_size=10).map(b"\r\n".join),
    st.binary(max_size=60),
)
MANY = settings(max_examples=300, deadline=None)


def made(data: bytes, undo: Undo | None = None) -> Edit:
    return present(data, ADDRESS, NAMES, undo)


@MANY
@given(FILES)
@example(b"#::1 localhost\r\n::1 localhost\r\n#::1 localhost")
@example(b"10.0.0.2 cas1 cas1 other\r cas1")
@example(b"\r")
@example(b"abc\r\r")
@example(BOM + b"::1 localhost")
def test_an_undo_gives_the_file_back(data: bytes) -> None:
    edit = made(data)
    assert absent(edit.data, Undo.parse(edit.undo.to_text())).data == data


@MANY
@given(FILES)
def test_afterwards_each_name_is_on_one_line_and_a_second_run_finds_nothing_to_do(data: bytes) -> None:
    edit = made(data)
    assert not loopback_lines(edit.data)
    for name in NAMES:
        (line,) = lines_of(edit.data, [name])
        assert line.split()[0] == ADDRESS
    assert made(edit.data).data == edit.data
    assert made(edit.data, edit.undo) == edit
    assert edit.data.endswith(b"\n") == (not data or data == BOM or data.endswith(b"\n"))


@MANY
@given(FILES)
def test_an_undo_of_what_was_never_done_or_is_done_already_does_nothing(data: bytes) -> None:
    undo = made(data).undo
    assert shown(data, undo) == 0
    assert absent(data, undo).data == data


@MANY
@given(FILES)
def test_another_address_later_is_undone_to_the_first_file(data: bytes) -> None:
    first = made(data)
    second = present(first.data, "10.0.0.2", NAMES, first.undo)
    assert absent(second.data, second.undo).data == data


@MANY
@given(FILES)
def test_what_is_no_line_of_ours_keeps_its_bytes(data: bytes) -> None:
    edit = made(data)
    changed = {trace.old for trace in edit.undo.traces}
    ends = b"\r\n"
    lines = data.removeprefix(BOM).split(b"\n")
    kept = [line.rstrip(ends) for line in lines if line.rstrip(ends) not in changed]
    left = [line.rstrip(ends) for line in edit.data.removeprefix(BOM).split(b"\n")]
    for line in kept:
        assert line in left
    for trace in edit.undo.traces:
        if trace.old is not None:
            assert trace.new.endswith(trace.old) or len(trace.new) <= len(trace.old) + len(ADDRESS)


@MANY
@given(FILES)
def test_the_rule_leaves_nothing_of_the_fix_and_is_done_after_one_run(data: bytes) -> None:
    once = absent_by_rule(made(data).data, ADDRESS, NAMES, restore_loopback=True)
    assert absent_by_rule(once.data, ADDRESS, NAMES, restore_loopback=True) == once
    for line in lines_of(once.data, NAMES):
        address, *names = line.partition("#")[0].lower().split()
        assert address != ADDRESS or set(names) - set(NAMES)


@given(st.text())
def test_a_note_is_parsed_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert Undo.parse(Undo.parse(text).to_text()) == Undo.parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Expecting"),
        ("[]", "no list"),
        ("{}", "no list"),
        ('{"lines": 1}', "no list"),
        ('{"lines": [1]}', "no line's record"),
        ('{"lines": [["a", "b", 1]]}', "no line's record"),
        ('{"lines": [["a", "b", -1, 0]]}', "no numbers"),
        ('{"lines": [["a", null, 0, 0]]}', "no text"),
        ('{"lines": [["a", "\\u20ac", 0, 0]]}', "latin-1"),
        ('{"lines": [[null, "b", true, 0]]}', "no numbers"),
        ('{"lines": [], "more": 1}', "no list"),
    ],
)
def test_a_damaged_note_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Undo.parse(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STOCK, STOCK.replace(b"::1", b"#::1") + OWN),
        (b"", OWN),
        (BOM, BOM + OWN),
        (BOM + b"::1 localhost\r\n", BOM + b"#::1 localhost\r\n" + OWN),
        (b"# a\n# b\n", b"# a\n# b\n" + OWN.replace(b"\r\n", b"\n")),
        (b"# a\n# b\r\n", b"# a\n# b\r\n" + OWN),
        (b"# a\n# b", b"# a\n# b\n" + OWN.replace(b"\r\n", b"\n")[:-1]),
        (b" \t0:0:0:0:0:0:0:1 localhost\r\n" + OWN, b"# \t0:0:0:0:0:0:0:1 localhost\r\n" + OWN),
        (b":::1 localhost\r\n" + OWN, b":::1 localhost\r\n" + OWN),
        (b"10.0.0.1\tCAS1 cas1.Contoso.com # both\r\n", b"10.0.0.1\tCAS1 cas1.Contoso.com # both\r\n"),
        (b"10.9.9.9\tcas1\tcas1.contoso.com # x\r\n", b"10.0.0.1\tcas1\tcas1.contoso.com # x\r\n"),
        (b"127.0.0.1 cas1\r\n", OWN),
        (b"127.0.0.1  localhost cas1\tother#cas1\r\n", b"127.0.0.1  localhost\tother#cas1\r\n" + OWN),
        (OWN + b"10.0.0.1 cas1\r\n", OWN + b"#10.0.0.1 cas1\r\n"),
        (OWN + b"fe80::1 cas1 other\r\n", OWN + b"fe80::1 other\r\n"),
        (b"# cas1\r\n10.0.0.3 xcas1 cas1x\r\n" + OWN, b"# cas1\r\n10.0.0.3 xcas1 cas1x\r\n" + OWN),
        (b"010.0.0.1 cas1\r\n" + OWN[15:], OWN),
        (b"words of cas1 here\r\n" + OWN, b"words of cas1 here\r\n" + OWN),
    ],
)
def test_what_becomes_of_a_file(before: bytes, after: bytes) -> None:
    assert made(before).data == after


def test_a_line_that_somebody_has_changed_since_stays() -> None:
    edit = made(STOCK)
    changed = edit.data.replace(b"10.0.0.1 cas1\r\n", b"10.0.0.1 cas1 # do not touch\r\n")
    assert absent(changed, edit.undo).data == STOCK + b"10.0.0.1 cas1 # do not touch\r\n"
    assert shown(changed, edit.undo) == 2


def test_what_others_add_stays() -> None:
    edit = made(STOCK)
    more = b"# Added by another product\r\n10.0.0.9 other\r\n"
    assert absent(more + edit.data + more, edit.undo).data == more + STOCK + more


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STOCK.replace(b"::1", b"#::1") + OWN, STOCK),
        (b"#::1 localhost\n#::1 localhost\n", b"::1 localhost\n#::1 localhost\n"),
        (b"::1 localhost\r\n#::1 localhost\r\n", b"::1 localhost\r\n#::1 localhost\r\n"),
        (b"#::1 localhost # mine\r\n", b"#::1 localhost # mine\r\n"),
        (b"10.0.0.1 cas1 other\r\n10.0.0.2 cas1\r\n", b"10.0.0.1 cas1 other\r\n10.0.0.2 cas1\r\n"),
        (b"# a\r\n10.0.0.1 cas1", b"# a"),
    ],
)
def test_without_a_note_the_rule_decides(before: bytes, after: bytes) -> None:
    assert absent_by_rule(before, ADDRESS, NAMES, restore_loopback=True).data == after


def test_the_rule_restores_no_loopback_where_windows_ships_none() -> None:
    assert absent_by_rule(b"#::1 localhost\r\n", ADDRESS, NAMES, restore_loopback=False).data == b"#::1 localhost\r\n"


def test_a_large_file_takes_no_time() -> None:
    for line in (b"::1 localhost\r\n", b"10.0.0.9 cas1 other\r\n", b"\r" * 3 + b"x", b"10.0.0.1 cas1\n"):
        data = line * (300_000 // len(line))
        edit = made(data)
        assert absent(edit.data, edit.undo).data == data


def test_texts_for_people() -> None:
    data = b":::1 localhost\r\n::1\t localhost\r\n10.0.0.1   cas1 \xe4\r\n"
    assert misprinted_lines(data) == (":::1 localhost",)
    assert loopback_lines(data) == ("::1 localhost",)
    assert lines_of(data, NAMES) == ("10.0.0.1 cas1 \\xe4",)
    assert line_end(b"") == b"\r\n"


@pytest.mark.parametrize(
    ("data", "utf16"),
    [
        (b"", False),
        (STOCK, False),
        (b"a" * 40 + b"\0", False),
        (STOCK.decode().encode("utf-16"), True),
        (STOCK.decode().encode("utf-16-be"), True),
        (b"\xfe\xff", True),
    ],
)
def test_utf16_is_seen(data: bytes, utf16: bool) -> None:
    assert is_utf16(data) is utf16
