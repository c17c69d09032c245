# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""findstr: lines that match, from standard input or files, as bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab import argv
from tests.lab.model.call import Call
from tests.lab.model.files import FileError
from tests.lab.model.parser import NotModelled

# Longer lines are cut (findings of users of Windows up to 7 and 2008 R2).
LINE_LIMIT = 8191
META = re.compile(rb"[.*^$\[\\]")


@dataclass(frozen=True)
class _Options:
    patterns: list[re.Pattern[bytes]]
    files: list[str]
    invert: bool


async def run(call: Call) -> int:
    """Exit code 0 when a line matched, else 1."""
    options = _parse(call)
    if not options.files:
        return 0 if _filter(call, await call.read(), options, piped=True) else 1
    found = False
    for name in options.files:
        try:
            data = call.machine.files.load(call.path(name))
        except FileError as error:
            call.complain(error.message, name=name)
            continue
        found = _filter(call, data, options, piped=False) or found
    return 0 if found else 1


def _filter(call: Call, data: bytes, options: _Options, piped: bool) -> bool:
    found = False
    for content, end in _lines(data, piped):
        if any(pattern.search(content) for pattern in options.patterns) != options.invert:
            found = True
            call.write(content + end)
    return found


def _lines(data: bytes, piped: bool) -> Iterator[tuple[bytes, bytes]]:
    """Lines and what ends them; a piped last line without its line feed gets CR LF."""
    for content, end in re.findall(rb"([^\n]*?)(\r?\n|\Z)", data):
        if content or end:
            yield content[:LINE_LIMIT], end or (b"\r\n" if piped else b"")


def _parse(call: Call) -> _Options:
    literals: list[bytes] = []
    expressions: list[bytes] = []
    rest: list[str] = []
    switches = set()
    for argument in argv.split(call.text)[1:]:
        if argument.lower().startswith("/c:"):
            literals.append(call.encode(argument[3:]))
        elif re.fullmatch(r"/[A-Za-z]+", argument):
            switches |= set(argument[1:].lower())
        elif argument.startswith("/"):
            raise NotModelled(f"findstr {argument}")
        else:
            rest.append(argument)
    if switches - set("ivlrbex"):
        raise NotModelled(f"findstr /{''.join(sorted(switches))}")
    if not literals:
        words = [call.encode(word) for word in rest.pop(0).split(" ") if word] if rest else []
        target = expressions if "l" not in switches and any(META.search(word) for word in words) else literals
        target += words
    elif "r" in switches:
        expressions, literals = literals, []
    texts = [re.escape(literal) for literal in literals] + [_translate(expression) for expression in expressions]
    before = b"^(?:" if switches & set("bx") else b"(?:"
    after = b")$" if switches & set("ex") else b")"
    flags = re.IGNORECASE if "i" in switches else 0
    return _Options([re.compile(before + text + after, flags) for text in texts], rest, "v" in switches)


def _translate(expression: bytes) -> bytes:
    """findstr's expressions know . * ^ $ [class] and the backslash."""
    out = []
    for token in re.findall(rb"\\.|\[[^\]]+\]|.", expression, re.DOTALL):
        if token in (b"\\<", b"\\>"):
            out.append(rb"\b")
        elif len(token) > 1 and token.startswith(b"["):
            out.append(token.replace(b"\\", rb"\\"))
        elif token.startswith(b"\\") and len(token) == 2:
            out.append(re.escape(token[1:]))
        else:
            out.append(token if token in b".*^$" else re.escape(token))
    return b"".join(out)
