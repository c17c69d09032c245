# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test's hand in a Wine server's registry, through registry.exe that runs as long as the server does."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.lab.backend import Registry, RegistryData
from tests.lab.hosts import RegistryValue
from tests.lab.wine import registry_data

ROOTS = {
    "HKLM": "80000002",
    "HKEY_LOCAL_MACHINE": "80000002",
    "HKCU": "80000001",
    "HKEY_CURRENT_USER": "80000001",
}
NOT_FOUND = 2
END_SECONDS = 10


class RegistryError(OSError):
    """Windows refused what the test's hand asked of the registry."""


class WineRegistry(Registry):
    """The registry of one prefix; open before use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._program: subprocess.Popen[bytes] | None = None

    def open(self, program: Path, environment: Mapping[str, str]) -> None:
        """Start registry.exe, the prefix's first program: Wine's services inherit its streams, and no other's.

        They hold them open as long as they run, so nothing here ever waits for the end of its output.
        """
        self._program = subprocess.Popen(
            ["wine", str(program)],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """End registry.exe; with it goes the last program that keeps Wine's server up."""
        if self._program is None:
            return
        program, self._program = self._program, None
        for stream in (program.stdin, program.stdout):
            if stream is not None:
                stream.close()
        try:
            program.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()

    def get(self, key: str, name: str) -> tuple[str, RegistryData] | None:
        answer = self._ask("get", key, _hex(name))
        if answer is None:
            return None
        number, raw = answer
        return registry_data.decode(int(number), _bytes(raw))

    def set(self, key: str, name: str, kind: str, data: RegistryData) -> None:
        raw = registry_data.encode(kind, data)
        self._ask("set", key, _hex(name), str(registry_data.NUMBERS[kind]), raw.hex() or "-")

    def create(self, key: str) -> None:
        self._ask("create", key)

    def delete(self, key: str, name: str | None = None) -> None:
        if name is None:
            self._ask("delete", key)
        else:
            self._ask("unset", key, _hex(name))

    def subkeys(self, key: str) -> list[str]:
        return [_bytes(name).decode("utf-16-le") for name in self._ask("subkeys", key) or ()]

    def deny(self, key: str) -> None:
        """Make a key with all below it unreadable and unwritable for every program; only this hand still reaches it."""
        self._ask("deny", key)

    def allow(self, key: str) -> None:
        """Take a denial back."""
        self._ask("allow", key)

    def load(self, keys: Mapping[str, Mapping[str, RegistryValue]]) -> None:
        """Write many values; a key without any is made."""
        for key, values in keys.items():
            self.create(key)
            for name, value in values.items():
                self.set(key, name, value.kind, value.data)

    def _ask(self, verb: str, key: str, *words: str) -> list[str] | None:
        """The words of the answer; None where key or value is absent."""
        answer = self._exchange([verb, *_key(key), *words])
        if answer[:1] == ["ok"]:
            return answer[1:]
        code = int(answer[1]) if answer[:1] == ["error"] else None
        if code == NOT_FOUND:
            return None
        raise RegistryError(code, f"{verb} failed: {' '.join(answer) or 'registry.exe has ended'}", key)

    def _exchange(self, words: Iterable[str]) -> list[str]:
        with self._lock:
            if self._program is None or self._program.stdin is None or self._program.stdout is None:
                raise RegistryError("the server is not running")
            self._program.stdin.write(f"{' '.join(words)}\n".encode("ascii"))
            self._program.stdin.flush()
            return self._program.stdout.readline().decode("ascii").split()


def _key(key: str) -> tuple[str, str]:
    root, _backslash, path = key.partition("\\")
    if root.upper() not in ROOTS:
        raise ValueError(f"unknown root of a registry key: {key}")
    return ROOTS[root.upper()], _hex(path)


def _hex(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").hex() or "-"


def _bytes(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)
