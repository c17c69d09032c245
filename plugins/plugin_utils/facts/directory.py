# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's site in Active Directory, and what its directory service offers to Outlook.

Sources: Microsoft's documentation of Netlogon's parameters; TechNet bb124159; KB 949469.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..fixes.nspi_endpoint import NTDS, SEQUENCES, SESSIONS
from ..formats.registry import Key, KeyContent
from ..reads import Observed, Read, ReadKey
from .part import Part, content_of, data_of, why_not

NETLOGON = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\Netlogon\Parameters")
# What somebody has set beats what Netlogon has found.
SITE_NAMES = ("SiteName", "DynamicSiteName")
OF_SEQUENCES, OF_SESSIONS = "nspi_protocol_sequences", "nspi_max_sessions_per_user"
READS: tuple[Read, ...] = (ReadKey(NETLOGON), ReadKey(NTDS))


@dataclass(frozen=True)
class Directory(Part):
    """Typed facts; the NSPI values are also empty or None where they are absent, without a reason."""

    directory_site: str | None = None
    nspi_protocol_sequences: tuple[str, ...] | None = None
    nspi_max_sessions_per_user: int | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, observed: Observed) -> Directory:
        """From the answers to READS."""
        unknown: dict[str, str] = {}
        site = _site(observed, unknown)
        ntds = content_of(observed, NTDS, (OF_SEQUENCES, OF_SESSIONS), unknown)
        sequences = data_of(ntds, SEQUENCES, tuple, OF_SEQUENCES, unknown)
        sessions = data_of(ntds, SESSIONS, int, OF_SESSIONS, unknown)
        return cls(site, () if sequences is None and OF_SEQUENCES not in unknown else sequences, sessions, unknown)


def _site(observed: Observed, unknown: dict[str, str]) -> str | None:
    state = observed.key(NETLOGON)
    if not isinstance(state, KeyContent):
        unknown["directory_site"] = why_not(NETLOGON, state)
        return None
    values = [value.data for name in SITE_NAMES if (value := state.value(name)) is not None]
    found = next((data for data in values if isinstance(data, str) and data), None)
    if found is None:
        unknown["directory_site"] = f"{NETLOGON.path} has no text value {' or '.join(SITE_NAMES)}"
    return found
