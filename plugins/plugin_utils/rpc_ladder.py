# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps by which the way of a client is tried: what each proves, and where to look when it fails."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rung:
    """One step of the ladder; port None asks the RPC proxy alone."""

    name: str
    port: int | None
    meaning: str
    look_at: tuple[str, ...]


_VALID_PORTS = (
    "ValidPorts on the Client Access server (module valid_ports): it must list this very name with this port; NetBIOS "
    "name and FQDN are two entries, and RPCProxy reads the list again about every 5 minutes"
)
LADDER = (
    Rung(
        "proxy",
        None,
        "The RPC proxy can be reached by this name over SSL, its certificate is accepted by this server, IIS takes "
        "these credentials with this way to authenticate, and RPCProxy answers.",
        (
            "the name of the RPC proxy: what it resolves to on this server, and whether port 443 answers there",
            "the certificate: issued for this name, within its dates, by an issuer that this server trusts",
            "the user, domain and password, and whether the account is locked out",
            "IIS on the Client Access server: W3SVC runs, /rpc is there, and the way to authenticate (Basic or "
            "Windows) is on for it",
            "with NTLM: IIS 7 kernel-mode authentication (module kernel_mode_authentication); Basic is the fallback",
            "Enabled = 1 in the RpcProxy key of the Client Access server",
        ),
    ),
    Rung(
        "6001",
        6001,
        "RPCProxy lets the client through to this server on port 6001, the Information Store listens there, and it "
        "takes these credentials: mail works.",
        (
            _VALID_PORTS,
            "the Information Store (MSExchangeIS): it runs, and store.exe listens on 6001",
            "the name of the Mailbox server, and port 6001, as the Client Access server sees them",
            "the mailbox_server of the task: a server that is a Global Catalog alone has no port 6001",
        ),
    ),
    Rung(
        "6002",
        6002,
        "The System Attendant's referral answers on port 6002: a client learns which directory to use.",
        (
            _VALID_PORTS,
            "the System Attendant (MSExchangeSA): it runs, and mad.exe listens on 6002",
            "port 6002 between the Client Access server and the Mailbox server",
        ),
    ),
    Rung(
        "6004",
        6004,
        "The directory answers on port 6004, by DSProxy of a Mailbox server or by a Global Catalog itself: the address "
        "book works.",
        (
            _VALID_PORTS,
            "netstat -ano on the Mailbox server: one listener on 6004, on IPv4 alone, is the fault of mad.exe before "
            "build 8.1.311.3, and a Client Access server that prefers IPv6 then fails (modules ipv6_components and "
            "ipv6_binding; hosts_ipv4 where one server has both roles)",
            "a load balancer: without source-IP affinity the two halves of a connection reach different Client Access "
            "servers, and 6004 alone fails (modules dsproxy_referral, nspi_endpoint, valid_ports)",
            "a Global Catalog: lsass.exe listens on 6004 only after NSPI interface protocol sequences was set and it "
            "was booted",
            "Exchange 2010 or later on the Mailbox server: it has no DSProxy",
        ),
    ),
)
