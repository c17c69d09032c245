# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of a server's facts have in common: what is not known is None, and C(unknown) has the reason."""

from __future__ import annotations

from dataclasses import fields
from typing import Self, TypeVar

from ..formats.registry import Key, KeyAbsent, KeyContent, KeyDenied, Unreadable
from ..reads import Observed

Kind = TypeVar("Kind", str, int, tuple[str, ...])
_WORDS: dict[type, str] = {str: "text", int: "number", tuple: "list of texts"}


class Part:
    """A frozen dataclass whose last field is C(unknown), the reasons by the names of the other fields."""

    @classmethod
    def not_read(cls, why: str) -> Self:
        """Nothing is known, for one reason."""
        return cls(unknown=dict.fromkeys(names_of(cls), why))  # type: ignore[call-arg]


def names_of(part: type[Part]) -> list[str]:
    """The facts of a part."""
    return [item.name for item in fields(part) if item.name != "unknown"]  # type: ignore[arg-type]


def why_not(key: Key, state: KeyAbsent | KeyDenied | Unreadable) -> str:
    """Why a key has no content: it is absent, denied, or was not understood."""
    if isinstance(state, KeyAbsent):
        return f"{state.missing.path} does not exist"
    if isinstance(state, KeyDenied):
        return f"{state.denied.path} cannot be read; the server said {state.answer!r}"
    return f"{key.path} was not understood: {state.why}; the server said {state.answer!r}"


def said(unreadable: Unreadable) -> str:
    """Why another answer was not understood."""
    return f"{unreadable.why}; the server said {unreadable.answer!r}"


def data_of(content: KeyContent | None, name: str, kind: type[Kind], part: str, unknown: dict[str, str]) -> Kind | None:
    """A value's data; None where it is absent, and with a reason where it is of another kind."""
    value = None if content is None else content.value(name)
    if value is None or isinstance(value.data, kind):
        return None if value is None else value.data  # type: ignore[return-value]
    unknown[part] = f"{name} is {value.kind}: {value.raw!r}, which is no {_WORDS[kind]}"
    return None


def switch_of(content: KeyContent, name: str, part: str, unknown: dict[str, str]) -> bool | None:
    """Whether a number is there that is not 0; None, with a reason, where the value is no REG_DWORD."""
    value = content.value(name)
    if value is None or (value.kind == "REG_DWORD" and isinstance(value.data, int)):
        return value is not None and value.data != 0
    unknown[part] = f"{name} is {value.kind}: {value.raw!r}, which is no REG_DWORD"
    return None


def content_of(observed: Observed, key: Key, parts: tuple[str, ...], unknown: dict[str, str]) -> KeyContent | None:
    """The key's content, empty where it is absent; None, with the reason for each part, where it was not read."""
    state = observed.key(key)
    if isinstance(state, KeyContent):
        return state
    if isinstance(state, KeyAbsent):
        return KeyContent((), ())
    unknown |= dict.fromkeys(parts, why_not(key, state))
    return None
