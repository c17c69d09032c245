# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What crosses the border from ansible-core into our code is plain data."""

from __future__ import annotations

from typing import Any

from plugins.plugin_utils.action_base import plain


class Tagged(str):
    """As ansible-core tags the texts of a task."""

    __slots__ = ()


class TaggedDict(dict[str, Any]):
    """As ansible-core tags the mappings of a task."""


def types(value: Any) -> set[type]:
    if isinstance(value, dict):
        return {dict}.union(type(value) and {type(value)}, *(types(item) for pair in value.items() for item in pair))
    if isinstance(value, list):
        return {type(value)}.union(*(types(item) for item in value))
    return {type(value)}


def test_tags_are_taken_off_at_every_depth() -> None:
    given = TaggedDict({Tagged("a"): [Tagged("b"), (Tagged("c"), 1, None, True)], "d": TaggedDict({"e": Tagged("f")})})
    result = plain(given)
    assert result == {"a": ["b", ["c", 1, None, True]], "d": {"e": "f"}}
    assert types(result) == {dict, list, str, int, bool, type(None)}
