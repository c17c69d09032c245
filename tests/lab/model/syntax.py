# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree that a line of cmd.exe is parsed into. Texts keep their quotes; carets are already resolved."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Redirection:
    """mode is <, >, >> or & (handle becomes a copy of the handle that target names)."""

    handle: int
    mode: str
    target: str


@dataclass(frozen=True)
class Simple:
    """A program or internal command with its arguments, as one text."""

    text: str
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class Block:
    """Commands in parentheses."""

    body: Node
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Two commands joined by &, &&, || or |."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Condition:
    """kind is errorlevel, exist, defined, or a comparison: ==, equ, neq, lss, leq, gtr, geq."""

    kind: str
    left: str
    right: str = ""
    negated: bool = False
    ignore_case: bool = False


@dataclass(frozen=True)
class If:
    """IF with its bodies."""

    condition: Condition
    then: Node
    otherwise: Node | None


@dataclass(frozen=True)
class For:
    """FOR %variable IN (items) DO body; items is the raw text between the parentheses.

    echoed is the body's text, which cmd.exe prints behind its prompt on every round; empty where it begins with @.
    """

    variable: str
    items: str
    body: Node
    echoed: str = field(default="", compare=False)


Node = Simple | Block | Pair | If | For
