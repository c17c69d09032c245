# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of Windows' system errors: their numbers are the same in every language."""

from __future__ import annotations

from tests.lab.samples import message


def text(code: int, language: str) -> str:
    """The sentence for an error code."""
    for line in message("system-errors", language).splitlines():
        number, _blank, words = line.partition(" ")
        if int(number) == code:
            return words
    raise LookupError(f"system-errors-{language}: no error {code}")
