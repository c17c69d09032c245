# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a server or an inventory, made fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with what could move the cursor of a terminal written as an escape."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def shortened(text: str, most: int) -> str:
    """The text, or its first characters and how many there are."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"
