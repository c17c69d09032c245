# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a server begins with: the hosts file of its release, and what the fleet file lays over it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DRIVERS_ETC = r"C:\Windows\system32\drivers\etc"
HOSTS = DRIVERS_ETC + r"\hosts"
ATTRIBUTES = frozenset("RHSA")
ARCHIVE = frozenset("A")
# Facts of the collection, section 9: one active line in 2003, two in 2008, none later.
_TWO_COMMENTS = b"#\t127.0.0.1       localhost\r\n#\t::1             localhost\r\n"
HOSTS_FILES = {
    "2003": b"127.0.0.1       localhost\r\n",
    "2008": b"127.0.0.1       localhost\r\n::1             localhost\r\n",
    "2008r2": _TWO_COMMENTS,
    "2012": _TWO_COMMENTS,
}


@dataclass(frozen=True)
class FileSpec:
    """One file. in_use: another program has it open and shares it with nobody; denied: it cannot be read or written."""

    data: bytes
    attributes: frozenset[str] = ARCHIVE
    in_use: bool = False
    denied: bool = False


def of_fleet_file(raw: Mapping[str, Any]) -> dict[str, FileSpec | None]:
    """The files that a host of the fleet file names, None for a hosts file that is absent."""
    files: dict[str, FileSpec | None] = {}
    if "hosts_file" in raw:
        content = raw["hosts_file"]
        files[HOSTS] = None if content is None else FileSpec(_bytes(content))
    for path, entry in raw.get("files", {}).items():
        attributes = frozenset(entry.get("attributes", ())) | ARCHIVE
        in_use, denied = entry.get("in_use", False), entry.get("denied", False)
        files[_spelled(path, files)] = FileSpec(_bytes(entry), attributes, in_use, denied)
    return files


def initial(windows: str, named: Mapping[str, FileSpec | None]) -> dict[str, FileSpec]:
    """All files that a server of that release begins with."""
    files: dict[str, FileSpec | None] = {HOSTS: FileSpec(HOSTS_FILES[windows])}
    for path, file in named.items():
        files[_spelled(path, files)] = file
    return {path: file for path, file in files.items() if file is not None}


def _spelled(path: str, files: Mapping[str, object]) -> str:
    """A path as it is spelled there already: case does not matter."""
    return next((known for known in files if known.lower() == path.lower()), path)


def _bytes(content: str | Mapping[str, str]) -> bytes:
    """Text gets the line ends of Windows; base64 stands for bytes as they are."""
    if isinstance(content, str):
        return content.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    return base64.b64decode(content["base64"]) if "base64" in content else _bytes(content["text"])
