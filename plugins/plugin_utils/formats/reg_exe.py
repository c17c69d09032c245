# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reg.exe prints of a key, and the .reg files that it imports."""

from __future__ import annotations

import re

from .registry import Data, Key, KeyContent, KeyTree, SetData, SetText, SetTexts, Value


class NotParsed(ValueError):
    """reg.exe printed something that is not of its documented shape."""


# Names hold blanks and parentheses: only the type token between its separators is a safe anchor. Windows Server 2008
# and later separate by four blanks, Windows Server 2003 by tabs. Empty data may leave nothing after the type.
_VALUE = re.compile(r"^(?: {4}|\t)(?P<name>\S.*?|)(?: {4}|\t)(?P<kind>REG_[A-Z_]+)(?:(?: {4}|\t)(?P<data>.*))?$")
_BANNER = re.compile(r"^! REG\.EXE VERSION \d+\.\d+$")
_LINE_END = re.compile(r"(\r?\n)")
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,16}")
_OCTETS = re.compile(r"(?:[0-9a-fA-F]{2})*")
_TEXT_KINDS = ("REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ")


def parse_query(text: str, key: Key) -> KeyContent:
    """What C(reg query KEY) printed. Raises NotParsed with the first line that does not fit.

    A text value may hold line breaks, which reg.exe prints as they are: lines behind a text value that are no value and
    no key belong to it. Source of the shapes: public transcripts of Windows Server 2003 and 2008.
    """
    values: list[tuple[str, str, str]] = []
    subkeys: list[str] = []
    own, below = key.long_path.lower(), key.long_path.lower() + "\\"
    pieces = _LINE_END.split(text.removesuffix("\n").removesuffix("\r"))
    for line, before in zip(pieces[0::2], ["", *pieces[1::2]], strict=True):
        lowered = line.rstrip().lower()
        if lowered.startswith(below) and "\\" not in lowered[len(below) :]:
            subkeys.append(line.rstrip()[len(below) :])
        elif value := _VALUE.match(line):
            if subkeys:
                raise NotParsed(f"a value behind the subkeys: {line!r}")
            values.append((value["name"], value["kind"], value["data"] or ""))
        elif values and not subkeys and values[-1][1] in _TEXT_KINDS:
            name, kind, data = values[-1]
            values[-1] = (name, kind, f"{data}{before}{line}")
        elif line.strip() and lowered != own and not _BANNER.match(line):
            raise NotParsed(f"a line that is no value and no key: {line!r}")
    # The one blank line that reg.exe puts behind the values is not part of the last of them.
    if values and values[-1][1] in _TEXT_KINDS:
        name, kind, data = values[-1]
        values[-1] = (name, kind, data.removesuffix("\n").removesuffix("\r"))
    names = [name.lower() for name, _kind, _data in values]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise NotParsed(f"the value {twice!r} stands there twice")
    return KeyContent(tuple(Value(n, k, _typed(k, d), d) for n, k, d in values), tuple(subkeys))


def parse_tree(text: str, key: Key) -> KeyTree:
    """What C(reg query KEY /s) printed: each key by its full path, with its values behind it. Raises NotParsed."""
    sections: list[tuple[Key, list[str]]] = []
    own = key.long_path.lower()
    for line in text.splitlines():
        path = line.rstrip()
        if path.lower() == own or path.lower().startswith(own + "\\"):
            sections.append((Key(key.path + path[len(own) :]), []))
        elif sections:
            sections[-1][1].append(line)
        elif path and not _BANNER.match(path):
            raise NotParsed(f"a line before the first key: {line!r}")
    return KeyTree(tuple((found, parse_query("\n".join(lines).rstrip("\n"), found)) for found, lines in sections))


def _typed(kind: str, raw: str) -> Data:
    if any("\udc80" <= char <= "\udcff" for char in raw):
        return None
    if kind in ("REG_SZ", "REG_EXPAND_SZ"):
        return raw
    if kind == "REG_MULTI_SZ":
        return tuple(part for part in raw.split("\\0") if part)
    if kind in ("REG_DWORD", "REG_QWORD"):
        return int(raw, 16) if _NUMBER.fullmatch(raw.strip()) else None
    if kind in ("REG_BINARY", "REG_NONE"):
        return bytes.fromhex(raw) if _OCTETS.fullmatch(raw) else None
    return None


_HEX_PER_LINE = 1000


# The numbers of winnt.h.
_KIND_NUMBERS = {
    "REG_NONE": 0,
    "REG_SZ": 1,
    "REG_EXPAND_SZ": 2,
    "REG_BINARY": 3,
    "REG_DWORD": 4,
    "REG_MULTI_SZ": 7,
    "REG_QWORD": 11,
}


def octets_of(kind: str, data: Data) -> bytes:
    """How the registry holds data of a type; raises ValueError for a type or data that nobody could write back."""
    if kind not in _KIND_NUMBERS:
        raise ValueError(f"values of type {kind} cannot be written")
    if kind in ("REG_SZ", "REG_EXPAND_SZ") and isinstance(data, str):
        return f"{data}\0".encode("utf-16-le", "surrogatepass")
    if kind == "REG_MULTI_SZ" and isinstance(data, tuple):
        return ("".join(f"{item}\0" for item in data) + "\0").encode("utf-16-le", "surrogatepass")
    if kind in ("REG_DWORD", "REG_QWORD") and isinstance(data, int):
        return data.to_bytes(4 if kind == "REG_DWORD" else 8, "little")
    if kind in ("REG_BINARY", "REG_NONE") and isinstance(data, bytes):
        return data
    raise ValueError(f"the data of a {kind} was not understood")


def format_import(change: SetText | SetTexts | SetData) -> str:
    """A .reg file that sets one value, whatever its length and characters.

    A text goes as hexadecimal UTF-16 over continuation lines: lines stay short enough for findstr, and nothing in
    the text can be taken for syntax. The file itself is ASCII with CR LF.
    """
    name = change.name
    if not name.isascii() or any(char in name for char in '"\\\r\n'):
        raise ValueError(f"the value name {name!r} cannot stand in a .reg file")
    if isinstance(change, SetText):
        kind, data = "REG_SZ", octets_of("REG_SZ", change.text)
    elif isinstance(change, SetTexts):
        kind, data = "REG_MULTI_SZ", octets_of("REG_MULTI_SZ", change.texts)
    else:
        kind, data = change.kind, octets_of(change.kind, change.data)
    octets = [f"{octet:02x}" for octet in data]
    rows = [",".join(octets[at : at + _HEX_PER_LINE]) for at in range(0, len(octets), _HEX_PER_LINE)]
    body = ",\\\r\n  ".join(rows)
    line = f'"{name}"=hex({_KIND_NUMBERS[kind]:x}):{body}'
    return f"Windows Registry Editor Version 5.00\r\n\r\n[{change.key.long_path}]\r\n{line}\r\n\r\n"
