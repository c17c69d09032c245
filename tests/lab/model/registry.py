# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry: keys in a tree that ignores and keeps case, typed values, keys that refuse access."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.lab.backend import Registry, RegistryData

ROOTS = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
# A symbolic link in the registry of every server.
LINK = (r"HKEY_LOCAL_MACHINE\SYSTEM", "CurrentControlSet", "ControlSet001")

Listener = Callable[[str, str], None]


class KeyMissing(Exception):
    """There is no such key."""


class BadKeyName(KeyMissing):
    """The name does not begin with a root key."""


class AccessDenied(Exception):
    """The key, or one above it, refuses access."""


@dataclass(frozen=True)
class Value:
    """A value with its name as it was first written; the name of the default value is empty."""

    name: str
    kind: str
    data: RegistryData


@dataclass
class Key:
    """One key; names are looked up in lower case."""

    denied: bool = False
    write_denied: bool = False
    values: dict[str, Value] = field(default_factory=dict)
    subkeys: dict[str, tuple[str, Key]] = field(default_factory=dict)

    def sorted_subkeys(self) -> list[tuple[str, Key]]:
        """Subkeys as the registry enumerates them: by name."""
        return [self.subkeys[name] for name in sorted(self.subkeys)]


def split(path: str) -> tuple[str, list[str]]:
    """The root's long name and the names below it."""
    first, *names = path.rstrip("\\").split("\\")
    upper = first.upper()
    root = ROOTS.get(upper, upper)
    if root not in ROOTS.values():
        raise BadKeyName(path)
    return root, names


class Tree:
    """All keys of one server, shared by its programs and the test: hold lock around more than one step."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._roots = {root: Key() for root in ROOTS.values()}
        self._listeners: list[Listener] = []
        parent, link, target = LINK
        control_set = self.create(f"{parent}\\{target}")
        self.create(parent).subkeys[link.lower()] = (link, control_set)

    def listen(self, listener: Listener) -> None:
        """Call listener(key, value name) after each change of a value."""
        self._listeners.append(listener)

    def open(self, path: str) -> Key:
        """Find a key with the rights of the WinRM user."""
        with self.lock:
            for key in self._walk(path):
                if key.denied:
                    raise AccessDenied(path)
            return key

    def _open_to_write(self, path: str) -> Key:
        key = self.open(path)
        if any(step.write_denied for step in self._walk(path)):
            raise AccessDenied(path)
        return key

    def find(self, path: str) -> Key | None:
        """Find a key whatever its rights."""
        try:
            with self.lock:
                *_above, key = self._walk(path)
        except KeyMissing:
            return None
        return key

    def create(self, path: str, as_user: bool = False) -> Key:
        """Find or make a key; as_user minds the rights."""
        root, names = split(path)
        with self.lock:
            key = self._roots[root]
            for name in names:
                if as_user and (key.denied or key.write_denied):
                    raise AccessDenied(path)
                _name, key = key.subkeys.setdefault(name.lower(), (name, Key()))
            if as_user and (key.denied or key.write_denied):
                raise AccessDenied(path)
            return key

    def write(self, path: str, value: Value, as_user: bool = False) -> None:
        """Set a value; one that exists keeps its place and the spelling of its name."""
        with self.lock:
            values = self.create(path, as_user).values
            old = values.get(value.name.lower())
            values[value.name.lower()] = Value(old.name, value.kind, value.data) if old else value
        self._tell(path, value.name)

    def remove_value(self, path: str, name: str, as_user: bool = False) -> bool:
        """Delete a value; whether it was there."""
        with self.lock:
            key = self._open_to_write(path) if as_user else self.find(path)
            found = key is not None and key.values.pop(name.lower(), None) is not None
        if found:
            self._tell(path, name)
        return found

    def remove_key(self, path: str, as_user: bool = False) -> bool:
        """Delete a key with all below it; whether it was there."""
        parent, _backslash, name = path.rstrip("\\").rpartition("\\")
        with self.lock:
            if as_user:
                self._open_to_write(path)
            key = self.find(parent)
            return key is not None and key.subkeys.pop(name.lower(), None) is not None

    def _walk(self, path: str) -> Iterator[Key]:
        """The keys from the root to path."""
        root, names = split(path)
        key = self._roots[root]
        yield key
        for name in names:
            entry = key.subkeys.get(name.lower())
            if entry is None:
                raise KeyMissing(path)
            key = entry[1]
            yield key

    def _tell(self, path: str, name: str) -> None:
        for listener in self._listeners:
            listener(path, name)


class ModelRegistry(Registry):
    """The test's hand: no rights, and everything that is due has happened."""

    def __init__(self, tree: Tree, tick: Callable[[], None]) -> None:
        self._tree = tree
        self._tick = tick

    def get(self, key: str, name: str) -> tuple[str, RegistryData] | None:
        """Type and data."""
        self._tick()
        with self._tree.lock:
            found = self._tree.find(key)
            value = found.values.get(name.lower()) if found else None
        return (value.kind, value.data) if value else None

    def set(self, key: str, name: str, kind: str, data: RegistryData) -> None:
        """Write a value."""
        self._tick()
        self._tree.write(key, Value(name, kind, data))

    def create(self, key: str) -> None:
        """Make a key."""
        self._tree.create(key)

    def delete(self, key: str, name: str | None = None) -> None:
        """Remove a value or a key."""
        self._tick()
        if name is None:
            self._tree.remove_key(key)
        else:
            self._tree.remove_value(key, name)

    def subkeys(self, key: str) -> list[str]:
        """Names in the registry's order."""
        self._tick()
        with self._tree.lock:
            found = self._tree.find(key)
            return [name for name, _key in found.sorted_subkeys()] if found else []
