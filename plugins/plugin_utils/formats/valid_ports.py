# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ValidPorts grammar: text <-> entries, and the targets that they mean.

Grammar: C(name:port) or C(name:low-high) joined by semicolons, the name possibly ending in a wildcard C(*).
Source: MicrosoftDocs/win32, desktop-src/Rpc/rpc-over-http-security.md.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .names import check_labels

MAX_PORT = 65535
# The default of Windows Server 2003 is <server>:100-5000 (KB 826382).
WINDOWS_DEFAULT_WIDTH = 4901
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_UNTIDY = {
    "blanks": re.compile(r"[^\S\r\n]"),
    "quotes": re.compile(r"[\"']"),
    "line breaks": re.compile(r"[\r\n]"),
}


@dataclass(frozen=True)
class Entry:
    """One target of the RPC proxy: a name as spelt and an inclusive range of ports."""

    name: str
    low: int
    high: int

    @property
    def text(self) -> str:
        """The entry as Exchange writes it."""
        return f"{self.name}:{self.low}" if self.low == self.high else f"{self.name}:{self.low}-{self.high}"

    @property
    def ports(self) -> int:
        """The ports as a set of bits, bit N for port N."""
        return (1 << (self.high + 1)) - (1 << self.low)

    @property
    def is_as_wide_as_the_windows_default(self) -> bool:
        """Whether the range covers as many ports as the default of Windows Server 2003 or more."""
        return self.high - self.low + 1 >= WINDOWS_DEFAULT_WIDTH


def parse_entry(text: str) -> Entry:
    """One entry in clean form; raises ValueError with the reason."""
    name, colon, ports = text.rpartition(":")
    if not colon:
        raise ValueError(f"{text!r} has no ':' between name and port")
    if names_ipv6(text):
        raise ValueError(f"{text!r} names an IPv6 address, which the RPC proxy does not support")
    # What a wildcard stands for begins with the text before it, whatever that ends in.
    check_labels(name[:-1] + "x" if name.endswith("*") else name)
    match = _PORTS.fullmatch(ports)
    if not match:
        raise ValueError(f"{ports!r} is neither a port nor a range of ports low-high")
    low, high = (_port(digits) for digits in (match[1], match[2] or match[1]))
    if low > high:
        raise ValueError(f"the range {low}-{high} runs backwards")
    return Entry(name, low, high)


def _port(digits: str) -> int:
    port = int(digits)
    if not 1 <= port <= MAX_PORT:
        raise ValueError(f"port {port} is not between 1 and {MAX_PORT}")
    if str(port) != digits:
        raise ValueError(f"port {digits} is written with a leading zero")
    return port


def names_ipv6(text: str) -> bool:
    """Whether the text is an IPv6 address, with or without brackets, and a port."""
    address = text.rpartition(":")[0].strip("[]")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class ParsedValue:
    """What a ValidPorts text says, and how untidily it says it."""

    entries: tuple[Entry, ...]
    unparsed: tuple[str, ...]
    empty_entries: int
    untidy: tuple[str, ...]

    @property
    def ipv6(self) -> tuple[str, ...]:
        """Entries that do not parse and look like an IPv6 address with a port."""
        return tuple(text for text in self.unparsed if names_ipv6(text))


def parse_value(text: str) -> ParsedValue:
    """A whole value as found on a server. Never raises: what is no entry is kept in C(unparsed).

    Blanks, quotes and line breaks around names and ports are read over, and said in C(untidy).
    """
    entries: list[Entry] = []
    unparsed: list[str] = []
    untidy: list[str] = []
    empty = 0
    for piece in text.split(";") if text else ():
        clean = _tidy(piece)
        if clean != piece:
            untidy.append(piece)
        if not clean:
            empty += 1
            continue
        try:
            entries.append(parse_entry(clean))
        except ValueError:
            unparsed.append(clean)
    found = tuple(what for what, pattern in _UNTIDY.items() if any(pattern.search(piece) for piece in untidy))
    return ParsedValue(tuple(entries), tuple(unparsed), empty, found)


def _tidy(piece: str) -> str:
    """The entry without blanks, quotes and line breaks around its name and its ports."""
    stripped = _trim(piece)
    name, colon, ports = stripped.rpartition(":")
    candidate = _trim(name) + colon + re.sub(r"\s*-\s*", "-", _trim(ports))
    try:
        parse_entry(candidate)
    except ValueError:
        return stripped
    return candidate


def _trim(text: str) -> str:
    return re.sub(r"^[\s\"']+|[\s\"']+$", "", text)


class Targets:
    """The meaning of entries: which ports are open for which name. Case, order and ranges do not matter."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._spelling: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Open the entry's ports for its name; wildcards are names like any other."""
        key = entry.name.lower()
        self._spelling.setdefault(key, entry.name)
        self._ports[key] = self._ports.get(key, 0) | entry.ports

    def covers(self, entry: Entry) -> bool:
        """Whether every port of the entry is open for its name."""
        return not entry.ports & ~self._ports.get(entry.name.lower(), 0)

    def without(self, other: Targets) -> list[Entry]:
        """What is here and not in the other, as entries with the longest possible ranges."""
        return [
            Entry(self._spelling[key], low, high)
            for key, ports in self._ports.items()
            for low, high in _ranges(ports & ~other._ports.get(key, 0))
        ]


def _ranges(ports: int) -> Iterator[tuple[int, int]]:
    while ports:
        low = (ports & -ports).bit_length() - 1
        run = ports >> low
        length = (run ^ (run + 1)).bit_length() - 1
        yield low, low + length - 1
        ports = run >> length << (low + length)


def without_repeats(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries in order, less those that earlier ones cover wholly."""
    seen = Targets()
    kept: list[Entry] = []
    for entry in entries:
        if not seen.covers(entry):
            kept.append(entry)
            seen.add(entry)
    return tuple(kept)


def format_value(entries: Iterable[Entry], verbatim: Iterable[str] = ()) -> str:
    """The clean form: entries in the order given, then texts kept as they are; no semicolon at the end."""
    return ";".join([*(entry.text for entry in entries), *verbatim])
