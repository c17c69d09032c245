# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ids of docs/evidence.md: the last column of its tables of programs and of behaviours."""

from __future__ import annotations

import re

from tests.evidence import BEGIN, PAGE

ID = re.compile(r"\| `([a-z0-9_]+)` \|$", re.MULTILINE)


def ids() -> list[str]:
    """All of them, in the order of the page."""
    return ID.findall(PAGE.read_text(encoding="utf-8").partition(BEGIN)[0])
