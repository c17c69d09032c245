# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text that must be shown nowhere, and its removal from texts that others have made."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

HIDDEN = "********"
_CODECS = ("utf-8", "utf-16-le")
# Shorter ones may stand in an innocent text by chance.
_LEAST_BASE64 = 8


class Secret:
    """Holds a text; neither printing it nor a traceback shows what it is."""

    __slots__ = ("_pattern", "_text")

    def __init__(self, text: str, within: Sequence[str] = ()) -> None:
        """C(within) are longer texts that hold this one, and are encoded as a whole on the way."""
        self._text = text
        forms = sorted(_forms(text, within), key=len, reverse=True) if text else []
        self._pattern = re.compile("|".join([*map(re.escape, forms), *_inside_base64(text)])) if forms else None

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def hide(self, text: str) -> str:
        """The text without this one in any of the forms that it may have been given on the way."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)


def _forms(text: str, within: Sequence[str]) -> set[str]:
    """The text as it is, escaped for Python, JSON, XML, a URL or a program, of two bytes a character, and in base64."""
    plain = {
        text,
        repr(text)[1:-1],
        json.dumps(text)[1:-1],
        escape(text),
        html.escape(text),
        escape(text, {'"': "&quot;", "'": "&apos;"}),
        escape(text, {'"': "&#34;", "'": "&#39;"}),
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
        text.replace("\\", "\\\\"),
    }
    wide = {"\0".join(form) for form in plain} | {r"\x00".join(form) for form in plain}
    coded = {base64.b64encode(whole.encode(codec)).decode() for whole in (text, *within) for codec in _CODECS}
    return {form for form in plain | wide | coded if form}


def _inside_base64(text: str) -> Iterator[str]:
    """Patterns of the text inside of a longer one in base64: what it alone decides, and the letters that it shares."""
    for data in (text.encode(codec) for codec in _CODECS):
        for before in range(3):
            bits = 8 * (before + len(data))
            middle = base64.b64encode(b"\0" * before + data).decode()[-(-8 * before // 6) : bits // 6]
            if len(middle) >= _LEAST_BASE64:
                first, last = "[A-Za-z0-9+/]?" * (before > 0), "[A-Za-z0-9+/]?" * (bits % 6 > 0)
                yield f"{first}{re.escape(middle)}{last}"
