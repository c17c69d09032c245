# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What crosses the border from ansible-core into our code is plain data, and options that nobody knows are named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from plugins.plugin_utils.action_base import ControllerAction, plain


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


class Nested(ControllerAction):
    """A module whose options have options."""

    name: ClassVar[str] = "nested"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "ports": {
            "type": "dict",
            "options": {
                "servers": {"type": "list", "elements": "str"},
                "more": {"type": "list", "elements": "dict", "options": {"deep": {"type": "str"}}},
            },
        },
        "binding": {"type": "dict", "options": {"state": {"type": "str"}}},
    }

    def __init__(self, **options: Any) -> None:
        self._task = SimpleNamespace(args=options)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError(options)


@pytest.mark.parametrize(
    ("options", "unknown", "expected"),
    [
        ({"port": {}}, "port", "nested: binding, ports"),
        ({"ports": {"server": ["x"], "servers": ["y"]}}, "ports.server", "ports: more, servers"),
        ({"ports": {"more": [{"deep": "x"}, {"dep": "x"}]}}, "ports.more.dep", "ports.more: deep"),
        (
            {"binding": {"b": 1, "a": 2}, "ports": {"server": "x"}, "x": 1},
            "binding.a, binding.b, ports.server, x",
            "binding: state; ports: more, servers; nested: binding, ports",
        ),
    ],
)
def test_an_unknown_option_is_named_with_those_that_stand_where_it_stands(
    options: dict[str, Any], unknown: str, expected: str
) -> None:
    action = Nested(**options)
    failure = action._not_of_the_spec(ArgumentSpecValidator(action.argument_spec).validate(options))
    assert failure.setting == unknown
    assert failure.found == f"unknown options: {unknown}"
    assert failure.expected == f"options of {expected}, as ansible-doc shows them"
