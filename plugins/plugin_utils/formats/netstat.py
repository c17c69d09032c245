# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(netstat -ano) prints of TCP listeners. The state's word is localised and not looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_LISTENER = re.compile(
    r"\s*TCP\s+(?:(?P<v4>\d+(?:\.\d+){3})|\[(?P<v6>[0-9A-Fa-f:.%]+)\]):(?P<port>\d{1,5})"
    r"\s+(?:0\.0\.0\.0:0|\[::\]:0)\s.*?\s(?P<pid>\d+)\s*"
)


class NotParsed(ValueError):
    """netstat printed something that is not of its documented shape."""


@dataclass(frozen=True)
class Listener:
    """A TCP port that a process listens on, on one stack."""

    port: int
    stack: Literal["IPv4", "IPv6"]
    address: str
    pid: int


def parse_listeners(text: str) -> tuple[Listener, ...]:
    """The listeners among lines that the server has filtered to those; raises NotParsed with a line that is none."""
    listeners = []
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LISTENER.fullmatch(line)
        if not match:
            raise NotParsed(f"a line that is no listener: {line!r}")
        stack: Literal["IPv4", "IPv6"] = "IPv4" if match["v4"] else "IPv6"
        listeners.append(Listener(int(match["port"]), stack, match["v4"] or match["v6"], int(match["pid"])))
    return tuple(listeners)
