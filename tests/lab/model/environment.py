# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment variables: names ignore case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Environment(Mapping[str, str]):
    """Variables, keyed by upper case for reading, listed as set; the directory that cd went to; whether echo is on."""

    def __init__(self, variables: Mapping[str, str], directory: str = "") -> None:
        self.directory = directory
        self.echo = True
        self._variables = {name.upper(): (name, value) for name, value in variables.items()}

    def __getitem__(self, name: str) -> str:
        return self._variables[name.upper()][1]

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _value in self._variables.values()])

    def __len__(self) -> int:
        return len(self._variables)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.upper() in self._variables

    def set(self, name: str, value: str) -> None:
        """Set, or with an empty value remove."""
        if value:
            self._variables[name.upper()] = (name, value)
        else:
            self._variables.pop(name.upper(), None)

    def copy(self) -> Environment:
        """One that a child changes for itself."""
        return Environment(dict(self), self.directory)
