# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module that does something to a server, and keeps nothing as it should be, returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .converge import Stop, stop_result


@dataclass(frozen=True)
class Deed:
    """What was done, or would be; C(before) and C(after) are one line each."""

    changed: bool
    before: str
    after: str
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    stop: Stop | None = None

    def as_result(self, host: str, module: str) -> dict[str, Any]:
        """The result of a module."""
        result: dict[str, Any] = {
            "changed": self.changed,
            "diff": {
                "before_header": f"{host} {module}",
                "after_header": f"{host} {module}",
                "before": f"{self.before}\n",
                "after": f"{self.after}\n",
            },
            "seconds": round(self.seconds),
            "warnings": [f"{host}: {warning}" for warning in self.warnings],
        }
        if self.stop is not None:
            result.update(stop_result(host, module, self.stop))
        return result
