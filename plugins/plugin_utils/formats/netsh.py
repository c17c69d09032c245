# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses C(netsh interface ipv6 show addresses) names, whatever its language and its columns."""

from __future__ import annotations

import ipaddress


def parse_ipv6_addresses(text: str) -> tuple[str, ...]:
    """Every IPv6 address that stands alone between blanks, less its zone, in the server's order."""
    found = []
    for word in text.split():
        try:
            found.append(str(ipaddress.IPv6Address(word.partition("%")[0])))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))
