# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that the lab knows, and the processes they run in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceKind:
    """A service; process is its image, with /GROUP where several services share one. needs: what it depends on."""

    name: str
    display: str
    process: str
    needs: tuple[str, ...] = ()

    @property
    def image(self) -> str:
        """The program it runs in."""
        return self.process.partition("/")[0]

    @property
    def shared(self) -> bool:
        """Whether other services may run in the same process."""
        return "/" in self.process


WINDOWS = (
    ServiceKind("SamSs", "Security Accounts Manager", "lsass.exe/"),
    ServiceKind("RpcSs", "Remote Procedure Call (RPC)", "svchost.exe/rpcss"),
    ServiceKind("EventLog", "Windows Event Log", "svchost.exe/local"),
    ServiceKind("Dhcp", "DHCP Client", "svchost.exe/local"),
    ServiceKind("Dnscache", "DNS Client", "svchost.exe/network"),
    ServiceKind("LanmanWorkstation", "Workstation", "svchost.exe/network"),
    ServiceKind("LanmanServer", "Server", "svchost.exe/netsvcs"),
    ServiceKind("Schedule", "Task Scheduler", "svchost.exe/netsvcs", ("RpcSs",)),
    ServiceKind("W32Time", "Windows Time", "svchost.exe/local"),
    ServiceKind("Spooler", "Print Spooler", "spoolsv.exe", ("RpcSs",)),
    ServiceKind("Netlogon", "Netlogon", "lsass.exe/", ("LanmanWorkstation",)),
    ServiceKind("WinRM", "Windows Remote Management (WS-Management)", "svchost.exe/network", ("RpcSs",)),
)
DOMAIN_CONTROLLER = (
    ServiceKind("NTDS", "Active Directory Domain Services", "lsass.exe/"),
    ServiceKind("kdc", "Kerberos Key Distribution Center", "lsass.exe/", ("NTDS",)),
)
TOPOLOGY = ServiceKind(
    "MSExchangeADTopology", "Microsoft Exchange Active Directory Topology", "MSExchangeADTopologyService.exe"
)
SERVICE_HOST = ServiceKind(
    "MSExchangeServiceHost",
    "Microsoft Exchange Service Host",
    "Microsoft.Exchange.ServiceHost.exe",
    ("MSExchangeADTopology",),
)
CLIENT_ACCESS = (
    ServiceKind("IISADMIN", "IIS Admin Service", "inetinfo.exe"),
    ServiceKind("WAS", "Windows Process Activation Service", "svchost.exe/iissvcs"),
    ServiceKind("W3SVC", "World Wide Web Publishing Service", "svchost.exe/iissvcs", ("WAS",)),
)
# Nothing of Exchange 2007 depends on the System Attendant (it is said so of 2007, in 2003 the Information Store did).
MAILBOX = (
    ServiceKind("MSExchangeIS", "Microsoft Exchange Information Store", "store.exe"),
    ServiceKind("MSExchangeSA", "Microsoft Exchange System Attendant", "mad.exe"),
)
FURTHER = (
    ServiceKind("ClusSvc", "Cluster Service", "clussvc.exe"),
    ServiceKind("RemoteAccess", "Routing and Remote Access", "svchost.exe/netsvcs", ("RpcSs",)),
)


def exchange_services(roles: Collection[str]) -> tuple[ServiceKind, ...]:
    """What Exchange 2007 installs for some of its roles: client_access, mailbox."""
    if not roles:
        return ()
    own = (*(CLIENT_ACCESS if "client_access" in roles else ()), *(MAILBOX if "mailbox" in roles else ()))
    return (TOPOLOGY, *own, SERVICE_HOST)


def known(name: str) -> ServiceKind:
    """A service by its name; one that nobody knows runs in a process of its own."""
    for kind in (*WINDOWS, *DOMAIN_CONTROLLER, TOPOLOGY, SERVICE_HOST, *CLIENT_ACCESS, *MAILBOX, *FURTHER):
        if kind.name.lower() == name.lower():
            return kind
    return ServiceKind(name, name, f"{name.lower()}.exe")
