# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which names a server knows itself, read from its registry.

Source: HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters, values Hostname, NV Domain and Domain.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..formats.names import netbios_of, parse_fqdn, parse_netbios
from ..formats.registry import Key, KeyContent, KeyState
from .part import Part, why_not

TCPIP = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters")


@dataclass(frozen=True)
class Identity(Part):
    """A server's names; None where it is not known, with the reason in C(unknown) under the part's name."""

    hostname: str | None = None
    dns_domain: str | None = None
    fqdn: str | None = None
    netbios: str | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, state: KeyState) -> Identity:
        """From the state of the key C(TCPIP)."""
        return _from_values(state) if isinstance(state, KeyContent) else cls.not_read(why_not(TCPIP, state))


def _from_values(content: KeyContent) -> Identity:
    hostname = _text(content, "Hostname")
    domain = _text(content, "NV Domain") or _text(content, "Domain")
    unknown = {}
    if hostname is None:
        unknown["hostname"] = f"{TCPIP.path} has no text value Hostname"
    if domain is None:
        unknown["dns_domain"] = f"{TCPIP.path} has no text value NV Domain or Domain: not a member of a domain?"
    if hostname is None or domain is None:
        unknown |= dict.fromkeys(("fqdn", "netbios"), "; ".join(unknown.values()))
        return Identity(hostname, domain, None, None, unknown)
    try:
        fqdn = parse_fqdn(f"{hostname}.{domain}")
        return Identity(hostname, domain, fqdn, parse_netbios(netbios_of(fqdn)))
    except ValueError as error:
        unknown |= dict.fromkeys(("fqdn", "netbios"), str(error))
        return Identity(hostname, domain, None, None, unknown)


def _text(content: KeyContent, name: str) -> str | None:
    value = content.value(name)
    return value.data if value is not None and isinstance(value.data, str) and value.data else None
