# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a list of the RPC proxy allows, wildcards and all.

Source: MicrosoftDocs/win32, desktop-src/Rpc/rpc-over-http-security.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from .formats.valid_ports import Entry, Targets, parse_value


class AllowedPorts:
    """One text of ValidPorts by its meaning."""

    def __init__(self, text: str) -> None:
        self.entries = parse_value(text).entries
        self._targets = Targets(self.entries)
        self._wildcards = any(entry.name.endswith("*") for entry in self.entries)

    def lacks(self, wanted: Iterable[Entry]) -> list[str]:
        """The wanted entries that it does not allow in full."""
        return [entry.text for entry in wanted if not self._targets.covers(entry) and not self._by_wildcard(entry)]

    def only_here(self, other: AllowedPorts) -> list[str]:
        """What it allows and the other does not, in lower case."""
        return sorted(entry.text.lower() for entry in self._targets.without(other._targets))

    def _by_wildcard(self, entry: Entry) -> bool:
        """Whether entries of its name and wildcards that begin it allow all of its ports together."""
        name, ports = entry.name.lower(), 0
        for each in self.entries if self._wildcards else ():
            spelt = each.name.lower()
            if spelt == name or (spelt.endswith("*") and name.startswith(spelt[:-1])):
                ports |= each.ports
        return not entry.ports & ~ports
