# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places of a server that can be changed, and what can be there, as types."""

from __future__ import annotations

from dataclasses import dataclass

from .changes import Change, ReplaceFile, SetIisAttribute
from .formats.registry import Data, Key


@dataclass(frozen=True)
class RegistryPlace:
    """A value of a registry key."""

    key: Key
    name: str


@dataclass(frozen=True)
class FilePlace:
    """A file in a folder."""

    folder: str
    file: str


@dataclass(frozen=True)
class IisPlace:
    """An attribute of a section of IIS's configuration; path None is the server's level."""

    path: str | None
    section: str
    attribute: str


Place = RegistryPlace | FilePlace | IisPlace


@dataclass(frozen=True)
class Typed:
    """A registry value without its name."""

    kind: str
    data: Data


# A registry value, the bytes of a file, the text of an attribute; None where there was none.
State = Typed | bytes | str | None


def place_of_change(change: Change) -> Place:
    """Where a change is made."""
    if isinstance(change, ReplaceFile):
        return FilePlace(change.folder, change.file)
    if isinstance(change, SetIisAttribute):
        return IisPlace(change.path, change.section, change.attribute)
    return RegistryPlace(change.key, change.name)
