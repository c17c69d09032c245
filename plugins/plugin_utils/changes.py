# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be changed on a server. Data only: fixes name changes, windows/ carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from .formats.registry import RegistryChange


@dataclass(frozen=True)
class ReplaceFile:
    """New bytes for a file whose content and attributes were read.

    C(old) is what was read, None for a file that did not exist: the file is replaced only while it still has that.
    C(settings) are the settings that the new bytes change.
    """

    settings: tuple[str, ...]
    folder: str
    file: str
    old: bytes | None
    new: bytes
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SetIisAttribute:
    """Give an attribute of a section of IIS's configuration a value; path None is the server's level.

    C(old) is the value that counted before; it may be the default.
    """

    setting: str
    path: str | None
    section: str
    attribute: str
    value: str
    old: str


Change = RegistryChange | ReplaceFile | SetIisAttribute


def settings_of(change: Change) -> tuple[str, ...]:
    """The settings, by the names of their findings, that a change changes."""
    if isinstance(change, ReplaceFile):
        return change.settings
    return (change.setting,) if isinstance(change, SetIisAttribute) else (change.name,)


def place_of(change: Change) -> str:
    """Where on the server a change is made, for people."""
    if isinstance(change, ReplaceFile):
        return f"{change.folder}\\{change.file}"
    if isinstance(change, SetIisAttribute):
        return f"{change.section} of {change.path or 'the whole server'} in IIS's configuration"
    return change.key.path
