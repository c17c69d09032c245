# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test's hand in the files of a Wine server: drive C: as this machine sees it.

Read-only is the mode of the file, hidden and system are an extended attribute of Linux that Wine keeps them in, archive
is always there.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

from tests.lab.backend import FileSystem, Names
from tests.lab.host_files import ARCHIVE, ATTRIBUTES
from tests.lab.wine.cannot import WineCannot

DOS_ATTRIBUTES = "user.DOSATTRIB"
BITS = {"H": 2, "S": 4}
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class WineFiles(FileSystem):
    """The files below a directory of Linux; names ignore case."""

    def __init__(self, drive: Callable[[], Path]) -> None:
        self._drive = drive

    def read(self, path: str) -> bytes | None:
        place = self._place(path)
        return place.read_bytes() if place.is_file() else None

    def write(self, path: str, data: bytes) -> None:
        place = self._place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        mode = place.stat().st_mode if place.exists() else None
        if mode is not None:
            place.chmod(mode | stat.S_IWUSR)
        place.write_bytes(data)
        if mode is not None:
            place.chmod(mode)

    def delete(self, path: str) -> None:
        self._place(path).unlink(missing_ok=True)

    def list(self, directory: str) -> Names:
        place = self._place(directory)
        return sorted(entry.name for entry in place.iterdir() if entry.is_file()) if place.is_dir() else []

    def attributes(self, path: str) -> frozenset[str]:
        place = self._place(path)
        read_only = frozenset() if place.stat().st_mode & WRITABLE else frozenset("R")
        bits = _dos_attributes(place)
        return ARCHIVE | read_only | {letter for letter, bit in BITS.items() if bits & bit}

    def set_attributes(self, path: str, attributes: frozenset[str]) -> None:
        if attributes - ATTRIBUTES:
            raise ValueError(f"unknown attributes {sorted(attributes - ATTRIBUTES)}")
        place = self._place(path)
        mode = place.stat().st_mode
        place.chmod(mode | stat.S_IWUSR)
        bits = sum(bit for letter, bit in BITS.items() if letter in attributes)
        if bits or _dos_attributes(place):
            _set_dos_attributes(place, bits)
        place.chmod(mode & ~WRITABLE if "R" in attributes else mode | stat.S_IWUSR)

    def _place(self, path: str) -> Path:
        place = self._drive()
        for name in PureWindowsPath(path).parts[1:]:
            there = place.iterdir() if place.is_dir() else ()
            place /= next((entry.name for entry in there if entry.name.lower() == name.lower()), name)
        return place


def _dos_attributes(place: Path) -> int:
    try:
        return int(os.getxattr(place, DOS_ATTRIBUTES), 16)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return 0
        raise


def _set_dos_attributes(place: Path, bits: int) -> None:
    try:
        os.setxattr(place, DOS_ATTRIBUTES, f"{bits:#x}".encode())
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            raise WineCannot("right to keep extended attributes in this file system is missing") from error
        raise
