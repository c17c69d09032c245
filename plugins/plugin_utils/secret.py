# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text that must be shown nowhere, and its removal from texts that others have made."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

HIDDEN = "********"


class Secret:
    """Holds a text; neither printing it nor a traceback shows what it is."""

    __slots__ = ("_pattern", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        forms = sorted(_forms(text), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def hide(self, text: str) -> str:
        """The text without this one in any of the forms that it may have been given on the way."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)

    def hide_in(self, value: Any) -> Any:
        """The same for every text of a result."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {key: self.hide_in(item) for key, item in value.items()}
        return [self.hide_in(item) for item in value] if isinstance(value, (list, tuple)) else value


def _forms(text: str) -> set[str]:
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
    coded = {base64.b64encode(text.encode(codec)).decode() for codec in ("utf-8", "utf-16-le")}
    return {form for form in plain | wide | coded if form}
