# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry keys, values, what a read of a key can come to, and changes, as types."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

# REG_SZ, REG_EXPAND_SZ: str; REG_DWORD, REG_QWORD: int; REG_MULTI_SZ: tuple of str; REG_BINARY: bytes;
# None: a type we do not read, or data that is not of its type.
Data = str | int | tuple[str, ...] | bytes | None

_LONG_HIVES = {"HKLM": "HKEY_LOCAL_MACHINE"}


@dataclass(frozen=True)
class Key:
    """A registry key, written C(HKLM\\...). Equal whatever its case."""

    path: str

    def __post_init__(self) -> None:
        hive, *parts = self.path.split("\\")
        if hive not in _LONG_HIVES or not all(parts):
            raise ValueError(f"{self.path!r} is not a key below {', '.join(_LONG_HIVES)}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.path.lower() == other.path.lower()

    def __hash__(self) -> int:
        return hash(self.path.lower())

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("\\")[2]

    @cached_property
    def parent(self) -> Key | None:
        """The key above; None for a hive."""
        above = self.path.rpartition("\\")[0]
        return Key(above) if above else None

    @property
    def long_path(self) -> str:
        """The path as reg.exe prints it."""
        hive, backslash, rest = self.path.partition("\\")
        return _LONG_HIVES[hive] + backslash + rest


@dataclass(frozen=True)
class Value:
    """One registry value: its type's name, its typed data and the text that reg.exe printed for the data."""

    name: str
    kind: str
    data: Data
    raw: str

    @property
    def shown(self) -> str:
        """The value for people; the type is named unless it is a plain text or number."""
        if self.kind == "REG_SZ" and isinstance(self.data, str):
            return self.data
        if self.kind == "REG_DWORD" and isinstance(self.data, int):
            return str(self.data)
        return f"{self.kind}: {self.raw}"

    def shown_as(self, kind: str) -> str:
        """The value for people, its type named where it is not the one expected."""
        return self.shown if self.kind == kind else f"{self.kind}: {self.raw}"


@dataclass(frozen=True)
class KeyContent:
    """A key that was read: its values and the names of its subkeys, in the server's order."""

    values: tuple[Value, ...]
    subkeys: tuple[str, ...]

    def value(self, name: str) -> Value | None:
        """The value of that name, whatever its case; None when the key has none."""
        return next((value for value in self.values if value.name.lower() == name.lower()), None)

    def has_subkey(self, name: str) -> bool:
        """Whether the key has a subkey of that name, whatever its case."""
        return any(subkey.lower() == name.lower() for subkey in self.subkeys)


@dataclass(frozen=True)
class KeyAbsent:
    """The key does not exist: C(missing) is the topmost key on its path that does not."""

    missing: Key


@dataclass(frozen=True)
class KeyDenied:
    """The key exists, or may exist, and the server did not let us read C(denied), the key itself or one above it."""

    denied: Key
    answer: str


@dataclass(frozen=True)
class Unreadable:
    """The server's answer could not be understood; C(answer) is all of it."""

    why: str
    answer: str


@dataclass(frozen=True)
class KeyTree:
    """A key with all keys below it, each by its path; those that refuse access are missing."""

    keys: tuple[tuple[Key, KeyContent], ...]


KeyState = KeyContent | KeyAbsent | KeyDenied | Unreadable


@dataclass(frozen=True)
class SetText:
    """Write a REG_SZ value, making its key where it is absent."""

    key: Key
    name: str
    text: str


@dataclass(frozen=True)
class SetNumber:
    """Write a REG_DWORD value, making its key where it is absent."""

    key: Key
    name: str
    number: int


@dataclass(frozen=True)
class SetTexts:
    """Write a REG_MULTI_SZ value, making its key where it is absent."""

    key: Key
    name: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class SetData:
    """Write a value of any type that Value has data of, making its key where it is absent."""

    key: Key
    name: str
    kind: str
    data: Data


@dataclass(frozen=True)
class DeleteValue:
    """Remove a value."""

    key: Key
    name: str


RegistryChange = SetText | SetNumber | SetTexts | SetData | DeleteValue
