# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guesses about rpcping's text: a number counts as an error only where it does not measure something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats.rpcping import explain_exit_code, recognise


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Exception 1722 (0x000006BA)", 1722),
        ("failed: 0x6ba", 1722),
        ("The RPC server is unavailable.", 1722),
        ("error=1753.", 1753),
        ("HTTP status 401\r\n", 401),
        ("(401)", 401),
        ("Exception 5 (0x00000005)", 5),
        ("Access is denied.", 5),
        ("error code: 5", 5),
        ("0x80072EE7", 12007),
        ("The referenced account is currently locked out", 1909),
    ],
)
def test_what_is_recognised(text: str, number: int) -> None:
    assert [int(words.partition(":")[0]) for words in recognise(text)] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Completed 1 calls in 401 ms",
        "66 T/S or 401.000 ms/T",
        "1722 T/S",
        "in 1753 milliseconds",
        "port 14011, 4010, 17220",
        "mbx401.contoso.com",
        "10.0.0.401",
        "v5 5 errors",
    ],
)
def test_a_measure_a_name_or_a_longer_number_is_none(text: str) -> None:
    assert recognise(text) == ()


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert all(":" in words for words in recognise(text))


@given(st.text(st.characters(exclude_categories=("N", "L")), max_size=20))
def test_a_number_is_found_between_anything_that_is_no_part_of_it(around: str) -> None:
    text = f"{around} 1722 {around}"
    assert recognise(text), text


def test_exit_codes_of_windows() -> None:
    assert explain_exit_code(5) == "access is denied"
    assert explain_exit_code(1722) == "the RPC server is unavailable"
    assert explain_exit_code(3) is None
