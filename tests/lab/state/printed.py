# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program prints, as text, before it becomes bytes."""

from __future__ import annotations

from dataclasses import dataclass


class NotModelled(Exception):
    """A use of a program that the lab does not know."""


@dataclass(frozen=True)
class Printed:
    """Lines end in LF here and in line_end on the server."""

    stdout: str
    stderr: str = ""
    exit_code: int = 0
    line_end: str = "\r\n"
