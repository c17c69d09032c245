# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows and Exchange read in a server's registry; when they do so is another matter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.lab.backend import Registry
from tests.lab.roles import EXCHANGE, PATCHES, ROLE_KEYS, SERVICES

NTDS = SERVICES + r"\NTDS\Parameters"
SYSTEM_ATTENDANT = SERVICES + r"\MSExchangeSA\Parameters"
ROLES = {key.lower(): role for role, key in ROLE_KEYS.items()}
DISABLED = 4
HTTP_6004 = "ncacn_http:6004"
BUILD = re.compile(r"\d+(?:\.\d+){3}")


@dataclass(frozen=True)
class Boot:
    """What counts from a boot to the next."""

    roles: frozenset[str]
    domain_controller: bool
    global_catalog: bool
    nspi_over_http: bool
    disabled_components: int


@dataclass(frozen=True)
class Referral:
    """How the System Attendant sends clients to a directory: nspi_target None is whichever it picks."""

    refers: bool
    nspi_target: str | None


def boot(registry: Registry) -> Boot:
    """What a boot reads."""
    services = {name.lower() for name in registry.subkeys(SERVICES)}
    sequences = registry.get(NTDS, "NSPI interface protocol sequences")
    strings = sequences[1] if sequences and isinstance(sequences[1], list) else []
    return Boot(
        roles=frozenset(ROLES[name.lower()] for name in registry.subkeys(EXCHANGE) if name.lower() in ROLES),
        domain_controller="ntds" in services,
        global_catalog="ntds" in services and number(registry, NTDS, "Global Catalog Promotion Complete") == 1,
        nspi_over_http=any(text.lower() == HTTP_6004 for text in strings),
        disabled_components=number(registry, SERVICES + r"\Tcpip6\Parameters", "DisabledComponents"),
    )


def mailbox_build(registry: Registry) -> tuple[int, ...]:
    """The build of mad.exe: the service pack's, or that of the newest rollup."""
    version = text(registry, EXCHANGE + r"\MailboxRole", "ConfiguredVersion")
    names = [text(registry, f"{PATCHES}\\{patch}", "DisplayName") for patch in registry.subkeys(PATCHES)]
    words = [version, *(name.split()[-1] for name in names if name.split())]
    return max((tuple(int(part) for part in word.split(".")) for word in words if BUILD.fullmatch(word)), default=())


def referral(registry: Registry) -> Referral:
    """What the System Attendant reads when it starts."""
    return Referral(
        refers=number(registry, SYSTEM_ATTENDANT, "Do Not Refer HTTP to DSProxy") == 0,
        nspi_target=text(registry, SYSTEM_ATTENDANT, "NSPI Target Server") or None,
    )


def starts_at_boot(registry: Registry, service: str) -> bool:
    """Whether a service is started by the system; one without a key is."""
    start = registry.get(f"{SERVICES}\\{service}", "Start")
    return start is None or start[1] in (0, 1, 2)


def disabled(registry: Registry, service: str) -> bool:
    """Whether a service may not be started."""
    return number(registry, f"{SERVICES}\\{service}", "Start") == DISABLED


def bound(registry: Registry, protocol: str) -> frozenset[str]:
    """The adapters that Tcpip or Tcpip6 is bound to: their GUIDs in lower case."""
    value = registry.get(f"{SERVICES}\\{protocol}\\Linkage", "Bind")
    devices = value[1] if value and isinstance(value[1], list) else []
    return frozenset(device.rpartition("\\")[2].lower() for device in devices)


def number(registry: Registry, key: str, name: str) -> int:
    """A REG_DWORD; anything else is as good as 0."""
    value = registry.get(key, name)
    return value[1] if value and value[0] == "REG_DWORD" and isinstance(value[1], int) else 0


def text(registry: Registry, key: str, name: str) -> str:
    """A REG_SZ; anything else is as good as empty."""
    value = registry.get(key, name)
    return value[1] if value and value[0] == "REG_SZ" and isinstance(value[1], str) else ""
