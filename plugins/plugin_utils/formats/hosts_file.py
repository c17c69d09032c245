# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows hosts file, edited byte by byte: what is not to be changed stays as it is, whatever it is.

A line is an address and names behind it, separated by blanks and tabs; C(#) begins a comment. Source: the text at the
top of the file that Windows ships.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

BOM = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# The loopback address as the article of 2008 misprints it.
MISPRINT = b":::1"
_WORD = re.compile(rb"[^ \t\r]+")
# What the resolver of Windows may take for an address and Python does not, as 10.0.0.010.
_OLD_NOTATION = re.compile(rb"[0-9][0-9A-Fa-fxX]*(?:\.[0-9A-Fa-fxX]+){1,3}")
_STOCK_LOOPBACK = re.compile(rb"#::1[ \t]+localhost[ \t]*")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address | bytes


@dataclass(frozen=True)
class Trace:
    """A line that we changed, C(old) into C(new), or added, C(old) being None.

    C(nth) counts it among the equal lines of the result; C(others) is how many of these are none of ours.
    """

    old: bytes | None
    new: bytes
    nth: int
    others: int


@dataclass(frozen=True)
class Undo:
    """Exactly what was done to a file, so that it can be undone: bytes alone do not tell our C(#) from another's."""

    traces: tuple[Trace, ...] = ()

    def to_text(self) -> str:
        """For the journal: JSON, each byte as the character of the same number."""
        rows = [[_characters(trace.old), _characters(trace.new), trace.nth, trace.others] for trace in self.traces]
        return json.dumps({"lines": rows})

    @classmethod
    def parse(cls, text: str) -> Undo:
        """The way back; raises ValueError with the reason."""
        content = json.loads(text)
        if not isinstance(content, dict) or set(content) != {"lines"} or not isinstance(content["lines"], list):
            raise ValueError("no list of lines")
        return cls(tuple(_trace(row) for row in content["lines"]))


@dataclass(frozen=True)
class Edit:
    """A file's new bytes, and how they are undone."""

    data: bytes
    undo: Undo


@dataclass(frozen=True)
class _Line:
    """A line without its line end, and what stood there before us: None for a line that we added."""

    body: bytes
    end: bytes
    origin: bytes | None

    @property
    def complete(self) -> bool:
        return self.end.endswith(b"\n")


@dataclass(frozen=True)
class _Entry:
    """An active line's address and names, each with its place."""

    address: Address
    words: tuple[re.Match[bytes], ...]

    @property
    def names(self) -> tuple[bytes, ...]:
        return tuple(word[0].lower() for word in self.words[1:])


def present(data: bytes, address: str, names: Sequence[str], undo: Undo | None = None) -> Edit:
    """No active ::1 line, and each name on exactly one active line, behind the address.

    C(undo) is what is remembered of earlier changes; of these the result remembers those that the file still shows.
    """
    mark, lines = _split(data)
    wanted = ipaddress.IPv4Address(address)
    ours = [name.lower().encode("ascii") for name in names]
    lines = [_commented(line) if _is_loopback(line.body) else line for line in _recalled(lines, undo or Undo())]
    entries = {place: entry for place, line in enumerate(lines) if (entry := _entry(line.body))}
    keepers = {name: _keeper(entries, name, wanted, ours) for name in ours}
    for place, entry in entries.items():
        lost = {name for name in ours if name in entry.names and keepers[name] != place}
        kept = {name for name in ours if keepers[name] == place}
        lines[place] = _corrected(lines[place], entry, lost, wanted if kept else entry.address)
    missing = [name for name in names if keepers[name.lower().encode("ascii")] is None]
    lines = _with_added(lines, [f"{wanted} {name}".encode("ascii") for name in missing], line_end(data))
    return Edit(_joined(mark, lines), _undo(lines))


def absent(data: bytes, undo: Undo) -> Edit:
    """The file as it was before C(undo) was done; what has been changed since by others stays as they left it."""
    mark, lines = _split(data)
    return Edit(_joined(mark, _without_ours(_recalled(lines, undo))), Undo())


def absent_by_rule(data: bytes, address: str, names: Sequence[str], restore_loopback: bool) -> Edit:
    """Without a record of what was done: lines that hold nothing but the address and the names go.

    With C(restore_loopback) the line that Windows Server 2008 ships is made active again, unless another ::1 line is.
    """
    mark, lines = _split(data)
    wanted, ours = ipaddress.IPv4Address(address), {name.lower().encode("ascii") for name in names}
    lines = [replace(line, origin=None) if _holds_only(line.body, wanted, ours) else line for line in lines]
    if restore_loopback and not any(_is_loopback(line.body) for line in lines):
        stock = next((place for place, line in enumerate(lines) if _STOCK_LOOPBACK.fullmatch(line.body)), None)
        if stock is not None:
            lines[stock] = replace(lines[stock], origin=lines[stock].body[1:])
    return Edit(_joined(mark, _without_ours(lines)), Undo())


def shown(data: bytes, undo: Undo) -> int:
    """How many of the changed lines the file still shows."""
    return sum(line.origin != line.body for line in _recalled(_split(data)[1], undo))


def loopback_lines(data: bytes) -> tuple[str, ...]:
    """The active ::1 lines, for people."""
    return tuple(_text(line.body) for line in _split(data)[1] if _is_loopback(line.body))


def misprinted_lines(data: bytes) -> tuple[str, ...]:
    """The lines that begin with :::1, for people."""
    return tuple(_text(line.body) for line in _split(data)[1] if _first_word(line.body) == MISPRINT)


def lines_of(data: bytes, names: Iterable[str]) -> tuple[str, ...]:
    """The active lines, ::1 lines apart, that hold any of the names, for people."""
    ours = {name.lower().encode("ascii") for name in names}
    bodies = [line.body for line in _split(data)[1] if not _is_loopback(line.body)]
    return tuple(_text(body) for body in bodies if (entry := _entry(body)) and ours & set(entry.names))


def line_end(data: bytes) -> bytes:
    """The line end of most lines; CR LF where there are as many of both."""
    windows = data.count(b"\r\n")
    return b"\n" if data.count(b"\n") - windows > windows else b"\r\n"


def is_utf16(data: bytes) -> bool:
    """Whether the file is UTF-16, by its mark or by its many NULs."""
    return data.startswith(UTF16_MARKS) or data.count(0) * 4 >= len(data) > 0


def _split(data: bytes) -> tuple[bytes, list[_Line]]:
    """The byte order mark and the lines; carriage returns at the end of a line belong to its line end."""
    mark = BOM if data.startswith(BOM) else b""
    *pieces, last = data[len(mark) :].split(b"\n")
    whole = [piece + b"\n" for piece in pieces] + ([last] if last else [])
    bodies = [line.rstrip(b"\r\n") for line in whole]
    return mark, [_Line(body, line[len(body) :], body) for body, line in zip(bodies, whole, strict=True)]


def _joined(mark: bytes, lines: Iterable[_Line]) -> bytes:
    return mark + b"".join(line.body + line.end for line in lines)


def _first_word(body: bytes) -> bytes:
    word = _WORD.match(body.partition(b"#")[0].lstrip(b" \t\r"))
    return word[0] if word else b""


def _address(word: bytes) -> Address | None:
    try:
        return ipaddress.ip_address(word.decode("ascii"))
    except ValueError:
        return word if _OLD_NOTATION.fullmatch(word) else None


def _is_loopback(body: bytes) -> bool:
    address = _address(_first_word(body))
    return isinstance(address, ipaddress.IPv6Address) and address.is_loopback


def _entry(body: bytes) -> _Entry | None:
    """What an active line says; None for one that says nothing to Windows."""
    address = _address(_first_word(body))
    return None if address is None else _Entry(address, tuple(_WORD.finditer(body.partition(b"#")[0])))


def _holds_only(body: bytes, address: ipaddress.IPv4Address, names: set[bytes]) -> bool:
    entry = _entry(body)
    return entry is not None and entry.address == address and bool(entry.names) and set(entry.names) <= names


def _keeper(
    entries: dict[int, _Entry], name: bytes, wanted: ipaddress.IPv4Address, ours: Sequence[bytes]
) -> int | None:
    """The line that is to hold the name: one that is right, else one without names of others; None: one to be added."""
    holding = [(place, entry) for place, entry in entries.items() if name in entry.names]
    right = [place for place, entry in holding if entry.address == wanted]
    own = [place for place, entry in holding if set(entry.names) <= set(ours)]
    return next(iter(right + own), None)


def _commented(line: _Line) -> _Line:
    return replace(line, body=b"#" + line.body)


def _corrected(line: _Line, entry: _Entry, lost: set[bytes], address: Address) -> _Line:
    """The line without some names, each with the blanks before it, and with that address; a comment when none is left.

    Edited from its end, so that the places of the words before stay.
    """
    if lost and lost >= set(entry.names):
        return _commented(line)
    body = line.body
    for before, word in reversed(list(zip(entry.words, entry.words[1:], strict=False))):
        if word[0].lower() in lost:
            body = body[: before.end()] + body[word.end() :]
    if address != entry.address:
        body = body[: entry.words[0].start()] + str(address).encode("ascii") + body[entry.words[0].end() :]
    return replace(line, body=body)


def _with_added(lines: Sequence[_Line], bodies: Sequence[bytes], end: bytes) -> list[_Line]:
    """More lines at the end; where the last line lacked its line end, the new last one does."""
    if not bodies:
        return list(lines)
    added = [_Line(body, end, None) for body in bodies]
    if not lines or lines[-1].complete:
        return [*lines, *added]
    return [*lines[:-1], replace(lines[-1], end=end), *added[:-1], replace(added[-1], end=lines[-1].end)]


def _without_ours(lines: Sequence[_Line]) -> list[_Line]:
    """Every line as it was before us; a line end that the last line lacks is lacking afterwards too."""
    kept = [replace(line, body=line.origin) for line in lines if line.origin is not None]
    if kept and lines[-1].origin is None and not lines[-1].complete:
        kept[-1] = replace(kept[-1], end=lines[-1].end)
    return kept


def _undo(lines: Sequence[_Line]) -> Undo:
    others = Counter(line.body for line in lines if line.origin == line.body)
    seen: Counter[bytes] = Counter()
    traces = []
    for line in lines:
        if line.origin != line.body:
            traces.append(Trace(line.origin, line.body, seen[line.body], others[line.body]))
        seen[line.body] += 1
    return Undo(tuple(traces))


def _recalled(lines: Sequence[_Line], undo: Undo) -> list[_Line]:
    """The lines with what stood there before us, as far as the file shows what is remembered.

    A change may have been remembered and never made, or undone since: only lines beyond the others are ours.
    """
    recalled = list(lines)
    traces: dict[bytes, list[Trace]] = {}
    for trace in undo.traces:
        traces.setdefault(trace.new, []).append(trace)
    places: dict[bytes, list[int]] = {}
    for place, line in enumerate(lines):
        if line.body in traces:
            places.setdefault(line.body, []).append(place)
    for body, equal in places.items():
        free = dict.fromkeys(equal)
        for trace in traces[body][: max(0, len(equal) - traces[body][0].others)]:
            place = equal[trace.nth] if trace.nth < len(equal) and equal[trace.nth] in free else next(reversed(free))
            del free[place]
            recalled[place] = replace(lines[place], origin=trace.old)
    return recalled


def _text(body: bytes) -> str:
    return " ".join(body.decode("utf-8", "backslashreplace").split())


def _characters(data: bytes | None) -> str | None:
    return None if data is None else data.decode("latin-1")


def _trace(row: object) -> Trace:
    if not isinstance(row, list) or len(row) != 4:
        raise ValueError(f"{row!r} is no line's record")
    old, new, nth, others = row
    if not (old is None or isinstance(old, str)) or not isinstance(new, str):
        raise ValueError(f"{row!r} holds no text where one is expected")
    if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in (nth, others)):
        raise ValueError(f"{row!r} holds no numbers where they are expected")
    return Trace(None if old is None else old.encode("latin-1"), new.encode("latin-1"), nth, others)
