# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which names a server knows itself, read from its registry.

Source: HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters, values Hostname, NV Domain and Domain.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..formats.names import netbios_of, parse_fqdn, parse_netbios
from ..formats.registry import Key, KeyAbsent, KeyContent, KeyDenied, KeyState

TCPIP = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters")


@dataclass(frozen=True)
class Identity:
    """A server's names; None where it is not known, with the reason in C(unknown) under the part's name."""

    hostname: str | None = None
    dns_domain: str | None = None
    fqdn: str | None = None
    netbios: str | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def not_read(cls, why: str) -> Identity:
        """Nothing is known, for one reason."""
        return cls(unknown=dict.fromkeys(("hostname", "dns_domain", "fqdn", "netbios"), why))

    @classmethod
    def of(cls, state: KeyState) -> Identity:
        """From the state of the key C(TCPIP)."""
        if isinstance(state, KeyContent):
            return _from_values(state)
        if isinstance(state, KeyAbsent):
            return cls.not_read(f"{state.missing.path} does not exist")
        if isinstance(state, KeyDenied):
            return cls.not_read(f"{state.denied.path} cannot be read; the server said {state.answer!r}")
        return cls.not_read(f"{TCPIP.path} was not understood: {state.why}; the server said {state.answer!r}")


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
