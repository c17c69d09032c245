# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command line taken apart as Microsoft's C runtime does before main()."""

from __future__ import annotations

import ntpath

BLANKS = " \t"


def split(text: str) -> list[str]:
    """Program name and arguments."""
    name, rest = _name(text.strip(BLANKS))
    return [name, *_arguments(rest)]


def _name(text: str) -> tuple[str, str]:
    """The program's name knows no backslash escapes."""
    quoted = False
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character in BLANKS and not quoted:
            return text[:position].replace('"', ""), text[position:]
    return text.replace('"', ""), ""


def _arguments(text: str) -> list[str]:
    arguments: list[str] = []
    current: list[str] | None = None
    quoted = False
    position = 0
    while position < len(text):
        character = text[position]
        if character in BLANKS and not quoted:
            if current is not None:
                arguments.append("".join(current))
                current = None
            position += 1
            continue
        current = current if current is not None else []
        if character == "\\":
            position = _backslashes(text, position, current)
        elif character == '"':
            if quoted and text[position + 1 : position + 2] == '"':
                current.append('"')
                position += 1
            else:
                quoted = not quoted
            position += 1
        else:
            current.append(character)
            position += 1
    if current is not None:
        arguments.append("".join(current))
    return arguments


def _backslashes(text: str, position: int, current: list[str]) -> int:
    """Backslashes count double only before a quote; an odd one makes the quote a character."""
    end = position
    while text[end : end + 1] == "\\":
        end += 1
    count = end - position
    if text[end : end + 1] != '"':
        current.append("\\" * count)
        return end
    current.append("\\" * (count // 2))
    if count % 2:
        current.append('"')
        return end + 1
    return end


def program_name(text: str) -> str:
    """The name that a command line begins with, without directory and .exe."""
    name = ntpath.basename(split(text)[0])
    return name[:-4] if name.lower().endswith(".exe") else name
