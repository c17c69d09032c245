# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server is: Windows version, Exchange roles and build, domain controller, cluster node.

Sources: the registry keys of Exchange 2007 and of the Windows Installer as public tools read them; Microsoft's
documentation of Windows versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..fixes.nspi_endpoint import PROMOTED
from ..formats.builds import Build
from ..formats.netstat import Listener
from ..formats.registry import Key, KeyAbsent, KeyContent, KeyTree, Unreadable
from ..reads import (
    Listeners,
    Observed,
    Processes,
    Read,
    ReadKey,
    ReadListeners,
    ReadProcesses,
    ReadTree,
)
from .part import Part, content_of, said, switch_of, why_not

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
# Whoever else listens on 6004 says nothing of the directory service.
OWNERS = ReadProcesses(("mad.exe", "lsass.exe"))
LATER_VERSIONS = ("v14", "v15")
WINDOWS_2003 = "5.2"

READS: tuple[Read, ...] = (
    ReadKey(WINDOWS),
    ReadKey(EXCHANGE),
    ReadTree(EXCHANGE),
    ReadKey(EXCHANGE_LATER),
    ReadTree(PATCHES),
    ReadKey(NTDS),
    ReadKey(CLUSTER),
    OWNERS,
    ReadListeners(),
)


@dataclass(frozen=True)
class ServerRoles(Part):
    """Typed facts; None where a part is not known, with the reason in C(unknown) under its name.

    C(exchange_rollup) is also None where none is installed.
    """

    windows_version: str | None = None
    exchange_roles: tuple[str, ...] | None = None
    exchange_build: str | None = None
    exchange_rollup: str | None = None
    exchange_2010_or_later: bool | None = None
    domain_controller: bool | None = None
    global_catalog: bool | None = None
    cluster_node: bool | None = None
    directory_stacks: tuple[str, ...] | None = None
    unknown: dict[str, str] = field(default_factory=dict)

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
        roles, build, rollup = _exchange(observed, unknown)
        ntds = content_of(observed, NTDS, ("domain_controller", "global_catalog"), unknown)
        later = content_of(observed, EXCHANGE_LATER, ("exchange_2010_or_later",), unknown)
        cluster = content_of(observed, CLUSTER, ("cluster_node",), unknown)
        return cls(
            windows_version=_windows(observed, unknown),
            exchange_roles=roles,
            exchange_build=build,
            exchange_rollup=rollup,
            exchange_2010_or_later=None if later is None else any(later.has_subkey(name) for name in LATER_VERSIONS),
            domain_controller=None if ntds is None else bool(ntds.values),
            global_catalog=None if ntds is None else switch_of(ntds, PROMOTED, "global_catalog", unknown),
            cluster_node=None if cluster is None else bool(cluster.values or cluster.subkeys),
            directory_stacks=_stacks(observed, unknown),
            unknown=unknown,
        )


def _windows(observed: Observed, unknown: dict[str, str]) -> str | None:
    state = observed.key(WINDOWS)
    value = state.value("CurrentVersion") if isinstance(state, KeyContent) else None
    if value is not None and isinstance(value.data, str) and re.fullmatch(r"\d+\.\d+", value.data):
        return value.data
    has_none = f"{WINDOWS.path} has no readable CurrentVersion"
    unknown["windows_version"] = has_none if isinstance(state, KeyContent) else why_not(WINDOWS, state)
    return None


def _exchange(observed: Observed, unknown: dict[str, str]) -> tuple[tuple[str, ...] | None, str | None, str | None]:
    """Roles, the highest of their builds and of the installed rollups, and the name of the highest rollup.

    A role's build stays at the service pack. A role whose own key is denied is listed all the same.
    """
    listed = content_of(observed, EXCHANGE, ("exchange_roles", "exchange_build", "exchange_rollup"), unknown)
    if listed is None:
        return None, None, None
    roles = tuple(role for role in ROLES if listed.has_subkey(role))
    builds = _builds(observed, roles)
    if isinstance(builds, str):
        unknown |= dict.fromkeys(("exchange_build", "exchange_rollup"), builds)
        return roles, None, None
    patches = observed.get(ReadTree(PATCHES), KeyTree)
    if isinstance(patches, Unreadable) or not patches.keys:
        why = said(patches) if isinstance(patches, Unreadable) else "nothing was printed of it"
        told = f"the build may be a later one than {max(builds)}: {PATCHES.path}: {why}"
        unknown |= dict.fromkeys(("exchange_rollups", "exchange_rollup"), told)
        patches = KeyTree(())
    build, rollup = max([*((build, "") for build in builds), *_rollups(patches, max(builds))])
    return roles, str(build), rollup or None


def _builds(observed: Observed, roles: Iterable[str]) -> list[Build] | str:
    """The builds of the roles, or why the highest of them is not known."""
    if isinstance(state := observed.key(EXCHANGE), KeyAbsent):
        return why_not(EXCHANGE, state)
    keys = [Key(rf"{EXCHANGE.path}\{role}") for role in roles]
    tree = observed.get(ReadTree(EXCHANGE), KeyTree)
    if keys and isinstance(tree, Unreadable):
        return f"what is below {EXCHANGE.path}: {said(tree)}"
    found = {} if isinstance(tree, Unreadable) else dict(tree.keys)
    if unread := [key.path for key in keys if key not in found]:
        return f"{', '.join(unread)} exists, and nothing could be read of it"
    builds = [build for key in keys if (build := _configured(found[key])) is not None]
    return builds or f"no role below {EXCHANGE.path} has a readable ConfiguredVersion"


def _configured(content: KeyContent) -> Build | None:
    value = content.value("ConfiguredVersion")
    try:
        return Build.parse(value.data) if value is not None and isinstance(value.data, str) else None
    except ValueError:
        return None


def _rollups(patches: KeyTree, service_pack: Build) -> list[tuple[Build, str]]:
    """Builds and names of the update rollups for the service pack that is there."""
    names = [value.data for _key, content in patches.keys if (value := content.value("DisplayName"))]
    builds = [(Build.last_in(name), name) for name in names if isinstance(name, str)]
    return [
        (build, name)
        for build, name in builds
        if build is not None and (build.major, build.minor) == (service_pack.major, service_pack.minor)
    ]


def _stacks(observed: Observed, unknown: dict[str, str]) -> tuple[str, ...] | None:
    listeners, owners = observed.get(ReadListeners(), Listeners), observed.get(OWNERS, Processes)
    for answer in (listeners, owners):
        if isinstance(answer, Unreadable):
            unknown["directory_stacks"] = f"the listeners or their owners were not understood: {said(answer)}"
            return None
    on: tuple[Listener, ...] = ()
    if isinstance(listeners, Listeners) and isinstance(owners, Processes):
        on = listeners.owned_by(DIRECTORY_PORT, owners.running)
    return tuple(sorted({listener.stack for listener in on}))
