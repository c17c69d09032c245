# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry data as Windows stores it: type numbers and raw bytes from and to what the lab's Registry hands over."""

from __future__ import annotations

import struct

from tests.lab.backend import RegistryData

NUMBERS = {
    "REG_NONE": 0,
    "REG_SZ": 1,
    "REG_EXPAND_SZ": 2,
    "REG_BINARY": 3,
    "REG_DWORD": 4,
    "REG_MULTI_SZ": 7,
    "REG_QWORD": 11,
}
_KINDS = {number: kind for kind, number in NUMBERS.items()}
_TEXTS = ("REG_SZ", "REG_EXPAND_SZ")
_BYTES = ("REG_BINARY", "REG_NONE")
_INTEGERS = {"REG_DWORD": "<I", "REG_QWORD": "<Q"}
_ENCODING = "utf-16-le"


def encode(kind: str, data: RegistryData) -> bytes:
    """The raw bytes of a value."""
    if kind in _TEXTS and isinstance(data, str):
        return _encode_text(data + "\0")
    if kind in _INTEGERS and isinstance(data, int):
        return struct.pack(_INTEGERS[kind], data)
    if kind == "REG_MULTI_SZ" and isinstance(data, list):
        return _encode_text("".join(f"{text}\0" for text in data) + "\0")
    if kind in _BYTES and isinstance(data, bytes):
        return data
    raise TypeError(f"{type(data).__name__} is no data for {kind}")


def decode(number: int, raw: bytes) -> tuple[str, RegistryData]:
    """Type name and data of raw bytes; types that the lab does not know come as bytes."""
    kind = _KINDS.get(number, f"REG_TYPE_{number}")
    if kind in _TEXTS:
        return kind, _decode_text(raw).removesuffix("\0")
    if kind in _INTEGERS and len(raw) == struct.calcsize(_INTEGERS[kind]):
        return kind, int.from_bytes(raw, "little")
    if kind == "REG_MULTI_SZ":
        return kind, _strings(_decode_text(raw))
    return kind, raw


def _strings(joined: str) -> list[str]:
    """The strings of a REG_MULTI_SZ: each ends with a NUL, and one more NUL ends the list."""
    return joined.removesuffix("\0").split("\0")[:-1]


def _encode_text(text: str) -> bytes:
    return text.encode(_ENCODING, "surrogatepass")


def _decode_text(raw: bytes) -> str:
    return raw.decode(_ENCODING, "surrogatepass")
