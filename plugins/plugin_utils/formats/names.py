# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Computer names as types: what a task's option or a server's registry says, parsed before it is used."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

# Underscores are no DNS host name characters, but Active Directory accepts them in computer and domain names.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}")
# The cut at 15 characters may leave a name that ends in '-'.
_NETBIOS = re.compile(r"(?!-)[A-Za-z0-9_-]{1,15}")
MAX_NAME = 255
NETBIOS_LENGTH = 15


def is_ipv4(text: str) -> bool:
    """Whether the text is a dotted IPv4 address."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def check_labels(text: str) -> None:
    """Raise ValueError unless the text is one or more DNS labels joined by single dots."""
    if not text:
        raise ValueError("the name is empty")
    if len(text) > MAX_NAME:
        raise ValueError(f"the name has {len(text)} characters, more than {MAX_NAME}")
    for label in text.split("."):
        if not label:
            raise ValueError(f"{text!r} has an empty label (a dot too many)")
        if len(label) > 63:
            raise ValueError(f"the label {label!r} has {len(label)} characters, more than 63")
        if not _LABEL.fullmatch(label):
            raise ValueError(
                f"the label {label!r} is not made of the letters A-Z, digits, '-' and '_', and no '-' comes first"
            )


def parse_fqdn(text: str) -> str:
    """A fully qualified domain name of two labels or more; raises ValueError with the reason."""
    check_labels(text)
    if is_ipv4(text):
        raise ValueError(f"{text!r} is an IPv4 address, not an FQDN")
    if "." not in text:
        raise ValueError(f"{text!r} has no dot: it is not an FQDN")
    return text


def parse_netbios(text: str) -> str:
    """A NetBIOS computer name of 1 to 15 characters; raises ValueError with the reason."""
    if len(text) > NETBIOS_LENGTH:
        raise ValueError(f"the NetBIOS name {text!r} has {len(text)} characters, more than {NETBIOS_LENGTH}")
    if not _NETBIOS.fullmatch(text):
        raise ValueError(f"{text!r} is not a NetBIOS name: letters A-Z, digits, '-' and '_', and no '-' comes first")
    return text


def netbios_of(fqdn: str) -> str:
    """The NetBIOS name that Windows derives of an FQDN: its first label, cut at 15 characters."""
    return fqdn.split(".", 1)[0][:NETBIOS_LENGTH]


@dataclass(frozen=True)
class ServerName:
    """The two names under which a server is known."""

    fqdn: str
    netbios: str

    @classmethod
    def parse(cls, value: object) -> ServerName:
        """From an FQDN, or a dict of fqdn and (optional) netbios; raises ValueError with the reason.

        A dict with C(unknown) stands for a server whose FQDN nobody knows; its text is the reason that is raised.
        """
        if isinstance(value, str):
            return cls(fqdn=parse_fqdn(value), netbios=parse_netbios(netbios_of(value)))
        if not isinstance(value, dict):
            raise ValueError(f"{value!r} is neither an FQDN nor a dict with fqdn and netbios")
        if value.get("unknown"):
            raise ValueError(str(value["unknown"]))
        if unknown := sorted(str(key) for key in set(value) - {"fqdn", "netbios"}):
            raise ValueError(f"unknown key {', '.join(unknown)}: fqdn and netbios are known")
        fqdn, netbios = value.get("fqdn"), value.get("netbios")
        if not isinstance(fqdn, str):
            raise ValueError(f"{value!r} has no fqdn")
        if netbios is None:
            return cls.parse(fqdn)
        if not isinstance(netbios, str):
            raise ValueError(f"the netbios {netbios!r} is not a text")
        return cls(fqdn=parse_fqdn(fqdn), netbios=parse_netbios(netbios))
