# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file system: whole files in memory under paths that ignore case."""

from __future__ import annotations

import fnmatch
import ntpath
from dataclasses import dataclass


class PathMissing(Exception):
    """There is no such file, or no such directory to make it in."""


@dataclass
class File:
    """A file under the name it was made with."""

    path: str
    data: bytearray


class Files:
    """Files and directories; paths are absolute or relative to the directory given with them."""

    def __init__(self, directories: tuple[str, ...]) -> None:
        self._files: dict[str, File] = {}
        self._directories: set[str] = set()
        for directory in directories:
            self.make_directory(directory)

    def make_directory(self, path: str) -> None:
        """Make a directory and those above it."""
        key = _key(path)
        while key not in self._directories:
            self._directories.add(key)
            key = ntpath.dirname(key)

    def truncate(self, path: str) -> File:
        """Make a file, or empty the one that is there."""
        file = self._file(path)
        del file.data[:]
        return file

    def append(self, path: str) -> File:
        """Make a file, or find the one that is there."""
        return self._file(path)

    def read(self, path: str) -> bytes:
        """All bytes."""
        file = self._files.get(_key(path))
        if file is None:
            raise PathMissing(path)
        return bytes(file.data)

    def write(self, path: str, data: bytes) -> None:
        """Replace all bytes, making directories where absent."""
        self.make_directory(ntpath.dirname(path))
        self.truncate(path).data.extend(data)

    def size(self, path: str) -> int | None:
        """Bytes, None where there is no such file."""
        file = self._files.get(_key(path))
        return None if file is None else len(file.data)

    def is_directory(self, path: str) -> bool:
        """Whether there is such a directory."""
        return _key(path) in self._directories

    def exists(self, path: str) -> bool:
        """Whether there is a file or directory; * and ? match names."""
        return self.is_directory(path) or bool(self.match(path))

    def delete(self, path: str) -> None:
        """Remove one file."""
        if self._files.pop(_key(path), None) is None:
            raise PathMissing(path)

    def match(self, pattern: str) -> list[str]:
        """Paths of the files that a path with * and ? in its last part names."""
        directory, name = ntpath.split(_key(pattern))
        return [
            file.path
            for key, file in sorted(self._files.items())
            if ntpath.dirname(key) == directory and fnmatch.fnmatchcase(ntpath.basename(key), name)
        ]

    def _file(self, path: str) -> File:
        key = _key(path)
        if key not in self._files:
            if ntpath.dirname(key) not in self._directories or key in self._directories:
                raise PathMissing(path)
            self._files[key] = File(ntpath.normpath(path), bytearray())
        return self._files[key]


def _key(path: str) -> str:
    return ntpath.normpath(path).lower()


def is_nul(path: str) -> bool:
    """Whether a path means the device that swallows everything."""
    return ntpath.splitext(ntpath.basename(path))[0].lower() == "nul"
