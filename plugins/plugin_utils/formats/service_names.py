# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of services, from a task's options or from a server, parsed before they stand on a command line."""

from __future__ import annotations

import re

_WORD = r"[A-Za-z0-9_.$-]+"
_NAME = re.compile(rf"(?!-){_WORD}(?: {_WORD})*")
MAX_NAME = 256


def parse_service_name(text: str) -> str:
    """The name; raises ValueError with the reason."""
    if len(text) > MAX_NAME:
        raise ValueError(f"the service name has {len(text)} characters, more than {MAX_NAME}")
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a service name that can be used: letters A-Z, digits, '_', '.', '$', '-' and single "
            "blanks between them, and no '-' comes first"
        )
    return text
