# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of reg query, laid out as the sample of the release is; line breaks of a text stay as they are."""

from __future__ import annotations

from tests.lab.backend import RegistryData
from tests.lab.model.call import Call
from tests.lab.model.query_shape import QueryShape, query_shape
from tests.lab.model.registry import Key, Value, split


def whole_key(path: str, key: Key, call: Call, recursive: bool) -> str:
    """Values and subkeys; recursive descends instead of listing, past what refuses access."""
    shape = query_shape(call.machine.spec.windows)
    return shape.head + _key(_long(path), key, call, shape, recursive)


def one_value(path: str, value: Value, call: Call) -> str:
    """The key and one value."""
    shape = query_shape(call.machine.spec.windows)
    return f"{shape.head}{shape.before_key}{_long(path)}\r\n{_line(value, call, shape)}{shape.before_subkeys}"


def _key(name: str, key: Key, call: Call, shape: QueryShape, recursive: bool) -> str:
    listed = call.machine.rules.lists_denied_keys
    subkeys = [(f"{name}\\{subkey}", below) for subkey, below in key.sorted_subkeys() if listed or not below.denied]
    text = _values(name, key, call, shape)
    if recursive:
        return text + "".join(_key(sub, below, call, shape, True) for sub, below in subkeys if not below.denied)
    if not text:
        text = shape.keys_only_before
    return text + "".join(f"{sub}\r\n" for sub, _below in subkeys)


def _values(name: str, key: Key, call: Call, shape: QueryShape) -> str:
    """The key's own part, which ends with what goes before subkeys; empty where it prints nothing of its own."""
    if not key.values and not shape.prints_key_without_values:
        return ""
    lines = "".join(_line(value, call, shape) for value in key.values.values())
    return f"{shape.before_key}{name}\r\n{lines}{shape.before_subkeys}"


def _line(value: Value, call: Call, shape: QueryShape) -> str:
    name = value.name or shape.default_name or call.localised("reg-default-name").strip()
    data = _data(value.data, shape)
    tail = f"{shape.before_data}{data}" if data else shape.empty_data
    return f"{shape.indent}{name}{shape.before_kind}{value.kind}{tail}\r\n"


def _data(data: RegistryData, shape: QueryShape) -> str:
    if isinstance(data, int):
        return f"{shape.hex_prefix}{data:x}"
    if isinstance(data, bytes):
        return data.hex().upper()
    if isinstance(data, list):
        return shape.multi_separator.join(data)
    return data


def _long(path: str) -> str:
    """As typed, but with the root's long name."""
    root, names = split(path)
    return "\\".join([root, *names])
