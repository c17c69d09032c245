# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server is: Windows version, Exchange roles and build, domain controller, cluster node.

Sources: the registry keys of Exchange 2007 and of the Windows Installer as public tools read them; Microsoft's
documentation of Windows versions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields

from ..formats.builds import Build
from ..formats.netstat import Listener
from ..formats.registry import Key, KeyContent, KeyTree, Unreadable
from ..reads import (
    Listeners,
    Observed,
    ProbeKey,
    Read,
    ReadKey,
    ReadListeners,
    ReadTree,
)

WINDOWS = Key(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
EXCHANGE = Key(r"HKLM\SOFTWARE\Microsoft\Exchange\v8.0")
EXCHANGE_LATER = Key(r"HKLM\SOFTWARE\Microsoft\ExchangeServer")
PATCHES = Key(
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products"
    r"\461C2B4266EDEF444B864AD6D9E5B613\Patches"
)
NTDS = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters")
CLUSTER = Key(r"HKLM\Cluster")
ROLES = ("ClientAccessRole", "MailboxRole", "HubTransportRole", "UnifiedMessagingRole")
DIRECTORY_PORT = 6004
LATER_VERSIONS = ("v14", "v15")
WINDOWS_2003 = "5.2"

READS: tuple[Read, ...] = (
    ReadKey(WINDOWS),
    ReadTree(EXCHANGE),
    ProbeKey(EXCHANGE_LATER),
    ReadTree(PATCHES),
    ProbeKey(NTDS),
    ProbeKey(CLUSTER),
    ReadListeners(),
)


@dataclass(frozen=True)
class ServerRoles:
    """Typed facts; None where a part is not known, with the reason in C(unknown) under its name."""

    windows_version: str | None = None
    exchange_roles: tuple[str, ...] | None = None
    exchange_build: str | None = None
    exchange_2010_or_later: bool | None = None
    domain_controller: bool | None = None
    global_catalog: bool | None = None
    cluster_node: bool | None = None
    directory_stacks: tuple[str, ...] | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def not_read(cls, why: str) -> ServerRoles:
        """Nothing is known, for one reason."""
        return cls(unknown={part.name: why for part in fields(cls) if part.name != "unknown"})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator must know of a server to which not everything here applies."""
        warnings = []
        if self.cluster_node:
            warnings.append(
                "it is a cluster node: Exchange's services are cluster resources here, clients use the name of the "
                "clustered mailbox server (outlook_anywhere_mailbox_names), and a restart means a failover"
            )
        if self.exchange_2010_or_later:
            warnings.append(
                "Exchange 2010 or later is installed: DSProxy is gone there, and neither the IPv6 fix nor the "
                "split-connection fix applies"
            )
        if self.windows_version == WINDOWS_2003:
            warnings.append(
                "it runs Windows Server 2003: its RPC proxy does not prefer IPv6, so the IPv6 fix does not apply"
            )
        return tuple(warnings)

    @classmethod
    def of(cls, observed: Observed) -> ServerRoles:
        """From the answers to READS."""
        unknown: dict[str, str] = {}
        roles, build = _exchange(observed, unknown)
        ntds = observed.values(NTDS)
        later = observed.values(EXCHANGE_LATER)
        return cls(
            windows_version=_windows(observed, unknown),
            exchange_roles=roles,
            exchange_build=build,
            exchange_2010_or_later=any(later.has_subkey(version) for version in LATER_VERSIONS),
            domain_controller=bool(ntds.values),
            global_catalog=_is_one(ntds, "Global Catalog Promotion Complete"),
            cluster_node=isinstance(observed.key(CLUSTER), KeyContent),
            directory_stacks=_stacks(observed, unknown),
            unknown=unknown,
        )


def _is_one(content: KeyContent, name: str) -> bool:
    value = content.value(name)
    return value is not None and value.data == 1


def _windows(observed: Observed, unknown: dict[str, str]) -> str | None:
    state = observed.key(WINDOWS)
    value = state.value("CurrentVersion") if isinstance(state, KeyContent) else None
    if value is not None and isinstance(value.data, str) and re.fullmatch(r"\d+\.\d+", value.data):
        return value.data
    unknown["windows_version"] = f"{WINDOWS.path} has no readable CurrentVersion"
    return None


def _exchange(observed: Observed, unknown: dict[str, str]) -> tuple[tuple[str, ...] | None, str | None]:
    """Roles, and the highest of their builds and of the installed rollups: a role's build stays at the service pack."""
    tree = observed.get(ReadTree(EXCHANGE), KeyTree)
    if isinstance(tree, Unreadable):
        unknown |= dict.fromkeys(("exchange_roles", "exchange_build"), f"{EXCHANGE.path}: {tree.why}")
        return None, None
    found = {key.name.lower(): content for key, content in tree.keys}
    roles = tuple(role for role in ROLES if role.lower() in found)
    builds = [build for role in roles if (build := _configured(found[role.lower()])) is not None]
    if not builds:
        unknown["exchange_build"] = f"no role below {EXCHANGE.path} has a readable ConfiguredVersion"
        return roles, None
    patches = observed.get(ReadTree(PATCHES), KeyTree)
    if isinstance(patches, Unreadable):
        unknown["exchange_build"] = f"{PATCHES.path}: {patches.why}"
        return roles, None
    return roles, str(max([*builds, *_rollups(patches, max(builds))]))


def _configured(content: KeyContent) -> Build | None:
    value = content.value("ConfiguredVersion")
    try:
        return Build.parse(value.data) if value is not None and isinstance(value.data, str) else None
    except ValueError:
        return None


def _rollups(patches: KeyTree, service_pack: Build) -> list[Build]:
    """Builds of the update rollups for the service pack that is there."""
    names = [value.data for _key, content in patches.keys if (value := content.value("DisplayName"))]
    builds = [Build.last_in(name) for name in names if isinstance(name, str)]
    return [
        build
        for build in builds
        if build is not None and (build.major, build.minor) == (service_pack.major, service_pack.minor)
    ]


def _stacks(observed: Observed, unknown: dict[str, str]) -> tuple[str, ...] | None:
    listeners = observed.get(ReadListeners(), Listeners)
    if isinstance(listeners, Unreadable):
        unknown["directory_stacks"] = f"the listeners were not understood: {listeners.why}"
        return None
    on: tuple[Listener, ...] = listeners.on(DIRECTORY_PORT)
    return tuple(sorted({listener.stack for listener in on}))
