# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry files (.reg) as reg import reads them: lines that make no sense are skipped without a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.lab.backend import RegistryData
from tests.lab.model.registry import Tree, Value

UNICODE_HEADER = "Windows Registry Editor Version 5.00"
ANSI_HEADER = "REGEDIT4"
HEX_KINDS = {
    0: "REG_NONE",
    1: "REG_SZ",
    2: "REG_EXPAND_SZ",
    3: "REG_BINARY",
    4: "REG_DWORD",
    7: "REG_MULTI_SZ",
    11: "REG_QWORD",
}

Change = Callable[[Tree], object]


def parse(data: bytes, by_header: bool = True) -> list[Change] | None:
    """The changes in order; None for what is no registry file. by_header False: texts are of the ANSI code page."""
    lines = iter(_decode(data).split("\n"))
    header = next(lines).strip()
    if header not in (UNICODE_HEADER, ANSI_HEADER):
        return None
    text_codec = "utf-16-le" if header == UNICODE_HEADER and by_header else "cp1252"
    return list(_changes(lines, text_codec))


def _decode(data: bytes) -> str:
    if data.startswith(b"\xff\xfe"):
        text = data[2:].decode("utf-16-le", "replace")
    elif data.startswith(b"\xef\xbb\xbf"):
        text = data[3:].decode("utf-8", "replace")
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n")


def _changes(lines: Iterator[str], text_codec: str) -> Iterator[Change]:
    key = ""
    for line in _logical(lines):
        section = re.fullmatch(r"\[(-?)(.+)\]", line)
        if section is not None:
            key = "" if section[1] else section[2]
            yield _remove_key(section[2]) if section[1] else _create(section[2])
            continue
        value = re.fullmatch(r'(?:@|"((?:[^"\\]|\\.)*)")\s*=\s*(.*)', line)
        if value is None or not key:
            continue
        change = _value(key, _unescape(value[1] or ""), value[2].strip(), text_codec)
        if change is not None:
            yield change


def _logical(lines: Iterator[str]) -> Iterator[str]:
    """Lines with their continuations."""
    for first in lines:
        line = first.strip()
        while line.endswith("\\") and not line.startswith(("[", ";")):
            line = line[:-1] + next(lines, "").strip()
        yield line


def _value(key: str, name: str, text: str, text_codec: str) -> Change | None:
    if text == "-":
        return lambda tree: tree.remove_value(key, name, as_user=True)
    string = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text)
    if string is not None:
        return _write(key, Value(name, "REG_SZ", _unescape(string[1])))
    number = re.fullmatch(r"dword:([0-9A-Fa-f]{1,8})", text)
    if number is not None:
        return _write(key, Value(name, "REG_DWORD", int(number[1], 16)))
    raw = re.fullmatch(r"hex(?:\(([0-9A-Fa-f]+)\))?:((?:[0-9A-Fa-f]{2}(?:,\s*|$))*)", text)
    if raw is None:
        return None
    kind = HEX_KINDS.get(int(raw[1], 16) if raw[1] else 3)
    if kind is None:
        return None
    data = bytes.fromhex(re.sub(r"[,\s]", "", raw[2]))
    return _write(key, Value(name, kind, _typed(kind, data, text_codec)))


def _typed(kind: str, data: bytes, text_codec: str) -> RegistryData:
    if kind in ("REG_SZ", "REG_EXPAND_SZ"):
        return data.decode(text_codec, "replace").partition("\0")[0]
    if kind == "REG_MULTI_SZ":
        return [part for part in data.decode(text_codec, "replace").split("\0") if part]
    if kind in ("REG_DWORD", "REG_QWORD"):
        return int.from_bytes(data, "little")
    return data


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _create(key: str) -> Change:
    return lambda tree: tree.create(key, as_user=True)


def _remove_key(key: str) -> Change:
    return lambda tree: tree.remove_key(key, as_user=True)


def _write(key: str, value: Value) -> Change:
    return lambda tree: tree.write(key, value, as_user=True)
