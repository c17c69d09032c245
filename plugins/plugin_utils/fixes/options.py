# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsing a task's options into types, with every problem said at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

Parsed = TypeVar("Parsed")
_SHOWN = 120


@dataclass(frozen=True)
class OptionProblem:
    """One option that does not parse: where, what it says, and why that will not do."""

    option: str
    found: str
    why: str


class InvalidOptions(ValueError):
    """A task's options do not parse; nothing has been sent to the server."""

    def __init__(self, problems: Iterable[OptionProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{item.option}: {item.why}" for item in self.problems))


class OptionReader:
    """Collects problems while options are parsed, and raises them together."""

    def __init__(self) -> None:
        self._problems: list[OptionProblem] = []

    def problem(self, option: str, found: object, why: str) -> None:
        """Note one problem."""
        shown = repr(found)
        self._problems.append(OptionProblem(option, shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}...", why))

    def each(self, option: str, values: Iterable[Any], parse: Callable[[Any], Parsed]) -> tuple[Parsed, ...]:
        """Every element that parses; the others are noted with their place in the list."""
        parsed: list[Parsed] = []
        for place, value in enumerate(values):
            try:
                parsed.append(parse(value))
            except ValueError as error:
                self.problem(f"{option}[{place}]", value, str(error))
        return tuple(parsed)

    def raise_problems(self) -> None:
        """Raise InvalidOptions when anything was noted."""
        if self._problems:
            raise InvalidOptions(self._problems)
