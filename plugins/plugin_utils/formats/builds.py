# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange builds, compared as numbers: C(8.1.0240.006) is C(8.1.240.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BUILD = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,4})\.(\d{1,5})\.(\d{1,5})(?![\d.])")


@dataclass(frozen=True, order=True)
class Build:
    """The four numbers of a build."""

    major: int
    minor: int
    build: int
    revision: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.build}.{self.revision}"

    @classmethod
    def parse(cls, text: str) -> Build:
        """From text that is a build and nothing else; raises ValueError."""
        match = _BUILD.fullmatch(text.strip())
        if not match:
            raise ValueError(f"{text!r} is no build like 8.1.240.6")
        return cls(*map(int, match.groups()))

    @classmethod
    def last_in(cls, text: str) -> Build | None:
        """The last build that a text names, as an update rollup's display name ends in one; None without."""
        found = list(_BUILD.finditer(text))
        return cls(*map(int, found[-1].groups())) if found else None
