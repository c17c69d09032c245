# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of a server in work comes back as it was, and a damaged note is no note of anything."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.journal import JournalUnusable, Record
from plugins.plugin_utils.work_note import NAME, WorkNote

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.UTC)


@given(
    st.dictionaries(st.text(), st.integers(1, 7)),
    st.dictionaries(st.text(), st.lists(st.sampled_from(["IPv4", "IPv6"]))),
)
def test_a_note_comes_back_as_it_was(services: dict[str, int], ports: dict[str, list[str]]) -> None:
    note = WorkNote(services, ports, NOON)
    assert WorkNote.of({NAME: note.record}) == note
    assert note.before == {"server": {"services": services, "ports": ports}}


def test_without_a_record_nothing_is_in_work() -> None:
    assert WorkNote.of({}) is None


@pytest.mark.parametrize(
    "value", [None, "", "[]", "{}", '{"services": {"a": "x"}, "ports": {}}', '{"services": 1, "ports": 2}']
)
def test_a_damaged_note_is_told(value: str | None) -> None:
    with pytest.raises(JournalUnusable, match="in work is damaged"):
        WorkNote.of({NAME: Record(*NAME, value, NOON)})
