# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no single server shows: one finding about several servers of a fleet, in words that an operator can act on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

# A problem is what users suffer from now, or will with the next change; a notice is worth knowing and may be meant so.
Level = Literal["problem", "notice"]


@dataclass(frozen=True)
class FleetFinding:
    """One finding; its name is that of its page, docs/findings/NAME.md.

    C(evidence) has a line for each thing that was seen, with its server; C(why) says what users notice, C(fix) and
    C(undo) what to do, C(reference) the public source.
    """

    name: str
    level: Level
    hosts: tuple[str, ...]
    summary: str
    evidence: tuple[str, ...]
    why: str
    fix: str
    undo: str
    reference: str

    def as_dict(self) -> dict[str, Any]:
        """The finding as results and reports carry it."""
        plain = asdict(self)
        return {**plain, "hosts": list(self.hosts), "evidence": list(self.evidence), "page": self.page}

    @property
    def page(self) -> str:
        """Its page of the documentation."""
        return f"docs/findings/{self.name}.md"

    @property
    def line(self) -> str:
        """The finding in one line."""
        return f"fleet {self.level}: {self.summary} (see {self.page})"
