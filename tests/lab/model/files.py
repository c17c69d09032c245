# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file system: whole files in memory under paths that ignore case, as programs meet them and as a test does.

Programs ask by load, redirected, truncate, copy, move, remove and change_attributes, and meet attributes, other
programs and missing rights. A test's hand reaches past all that.
"""

from __future__ import annotations

import fnmatch
import ntpath
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab.backend import FileSystem, Names
from tests.lab.host_files import ARCHIVE, ATTRIBUTES

INHERITED = "inherited"
# A search that asks for no attributes does not find files with these.
UNSEEN = frozenset("HS")
# Opening a file anew (CREATE_ALWAYS), and CopyFile over it, fail where it has one of these.
GUARDED = frozenset("RHS")


class FileError(Exception):
    """The file system did not do it; message is what cmd.exe shows, number what Windows calls it."""

    message: str
    number: int


class PathMissing(FileError):
    """There is no such file, or no such directory to make it in."""

    message, number = "cmd-file-missing", 2


class AccessDenied(FileError):
    """An attribute or missing rights stand in the way."""

    message, number = "cmd-access-denied", 5


class SharingViolation(FileError):
    """Another program has the file open and does not share it for this."""

    message, number = "cmd-sharing-violation", 32


@dataclass
class File:
    """A file under the name it was made with. permissions is opaque: only where it comes from and goes to counts.

    in_use: a program has it open and shares it with nobody. redirected: a command has its output going into it, and
    shares it with readers alone.
    """

    path: str
    data: bytearray
    attributes: frozenset[str] = ARCHIVE
    permissions: str = INHERITED
    in_use: bool = False
    denied: bool = False
    redirected: bool = False


class Files(FileSystem):
    """Files and directories by their absolute paths."""

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

    # -- what anybody sees in the directory, whatever the file's rights

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

    def match(self, pattern: str, unseen: bool = True) -> Names:
        """Paths of the files that a path with * and ? in its last part names; hidden ones only where wanted."""
        directory, name = ntpath.split(_key(pattern))
        return [
            file.path
            for key, file in sorted(self._files.items())
            if ntpath.dirname(key) == directory
            and fnmatch.fnmatchcase(ntpath.basename(key), name)
            and (unseen or not file.attributes & UNSEEN)
        ]

    def list(self, directory: str) -> Names:
        return [ntpath.basename(path) for path in self.match(ntpath.join(directory, "*"))]

    # -- what programs do; each raises FileError

    def load(self, path: str) -> bytes:
        """Open for reading and read all."""
        return bytes(_readable(self._found(path)).data)

    def truncate(self, path: str) -> File:
        """Make a file, or empty the one that is there, which keeps its permissions."""
        if _key(path) not in self._files:
            return self._made(path)
        file = _opened(self._found(path), GUARDED)
        del file.data[:]
        file.attributes = ARCHIVE
        return file

    @contextmanager
    def redirected(self, path: str, append: bool) -> Iterator[File]:
        """As long as a command's output goes into it nobody else can write, move or delete it; seen on Wine."""
        if not append:
            file = self.truncate(path)
        elif _key(path) in self._files:
            file = _opened(self._found(path), frozenset("R"))
        else:
            file = self._made(path)
        file.redirected = True
        try:
            yield file
        finally:
            file.redirected = False

    def copy(self, source: str, target: str, with_permissions: bool = False) -> File:
        """As CopyFile: data and attributes, but not the permissions. A target that is there keeps its own."""
        data, attributes = self.load(source), self.attributes(source)
        file = self.truncate(target)
        file.data.extend(data)
        file.attributes = attributes | ARCHIVE
        if with_permissions:
            file.permissions = self.permissions(source)
        return file

    def move(self, source: str, target: str) -> None:
        """As MoveFileEx on one volume: the file itself, attributes and permissions included, takes the target's place.

        A target that somebody has open is denied (measured in fsnow/cst #705 and dotnet/runtime #79213).
        """
        file = _opened(self._found(source))
        there = self._files.get(_key(target))
        if (
            there is not None
            and there is not file
            and ("R" in there.attributes or there.in_use or there.redirected or there.denied)
        ):
            raise AccessDenied(target)
        if not self.is_directory(ntpath.dirname(target)):
            raise PathMissing(target)
        del self._files[_key(source)]
        file.path = ntpath.normpath(target)
        self._files[_key(target)] = file

    def remove(self, path: str, forced: bool = False) -> None:
        """Delete a file; forced also a read-only one."""
        _opened(self._found(path), frozenset() if forced else frozenset("R"))
        del self._files[_key(path)]

    def change_attributes(self, path: str, add: Collection[str], drop: Collection[str]) -> None:
        """Possible while others have the file open."""
        file = self._found(path)
        if file.denied:
            raise AccessDenied(path)
        file.attributes = (file.attributes - frozenset(drop)) | frozenset(add)

    # -- a test's hand

    def read(self, path: str) -> bytes | None:
        file = self._files.get(_key(path))
        return None if file is None else bytes(file.data)

    def paths(self) -> Names:
        """Every file of the server."""
        return [file.path for file in self._files.values()]

    def write(self, path: str, data: bytes) -> None:
        self.make_directory(ntpath.dirname(path))
        file = self._files.get(_key(path)) or self._made(path)
        file.data[:] = data

    def delete(self, path: str) -> None:
        self._files.pop(_key(path), None)

    def attributes(self, path: str) -> frozenset[str]:
        return self._found(path).attributes

    def set_attributes(self, path: str, attributes: frozenset[str]) -> None:
        if attributes - ATTRIBUTES:
            raise ValueError(f"unknown attributes {sorted(attributes - ATTRIBUTES)}")
        self._found(path).attributes = attributes

    def permissions(self, path: str) -> str:
        """What the file's permissions are called."""
        return self._found(path).permissions

    def set_permissions(self, path: str, permissions: str) -> None:
        """Give the file permissions of its own."""
        self._found(path).permissions = permissions

    def hold(self, path: str) -> None:
        """Another program opens the file and shares it with nobody."""
        self._found(path).in_use = True

    def release(self, path: str) -> None:
        """It closes the file."""
        self._found(path).in_use = False

    def deny(self, path: str) -> None:
        """Take the WinRM user's rights to the file away."""
        self._found(path).denied = True

    def allow(self, path: str) -> None:
        """Give them back."""
        self._found(path).denied = False

    def _found(self, path: str) -> File:
        file = self._files.get(_key(path))
        if file is None:
            raise PathMissing(path)
        return file

    def _made(self, path: str) -> File:
        key = _key(path)
        if ntpath.dirname(key) not in self._directories or key in self._directories:
            raise PathMissing(path)
        return self._files.setdefault(key, File(ntpath.normpath(path), bytearray()))


def _opened(file: File, obstacles: frozenset[str] = frozenset()) -> File:
    if file.attributes & obstacles:
        raise AccessDenied(file.path)
    if _readable(file).redirected:
        raise SharingViolation(file.path)
    return file


def _readable(file: File) -> File:
    if file.denied:
        raise AccessDenied(file.path)
    if file.in_use:
        raise SharingViolation(file.path)
    return file


def _key(path: str) -> str:
    return ntpath.normpath(path).lower()


def is_nul(path: str) -> bool:
    """Whether a path means the device that swallows everything."""
    return ntpath.splitext(ntpath.basename(path))[0].lower() == "nul"
