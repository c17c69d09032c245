# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Client Access servers, and the tasks of baseline that are measured on them."""

from __future__ import annotations

import base64
from typing import Any

from tests.integration.fleet import COLLECTION, client_access, number, text

TCPIP6_PARAMETERS = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters"
MAILBOX_SERVERS = ("mbx1.contoso.com", "mbx2.contoso.com")
REGISTRY_ONLY = ("valid_ports", "ipv6_components", "ipv6_binding")
FULL = (*REGISTRY_ONLY, "hosts_ipv4", "kernel_mode_authentication", "rpc_virtual_directory")
SCOPES = {"registry only": REGISTRY_ONLY, "full": FULL}
_ADDRESS = "10.0.0.17"


def valid_ports_text() -> str:
    """What the servicelet writes for the two Mailbox servers, and what they need."""
    names = [form for fqdn in MAILBOX_SERVERS for form in (fqdn.partition(".")[0], fqdn)]
    return ";".join(f"{name}:{ports}" for name in names for ports in ("6001-6002", "6004"))


def drifted(fqdn: str, **more: Any) -> dict[str, Any]:
    """A server with both roles on which every fix has something to change."""
    return client_access(text("mbx1:6004"), number(15), **_both_roles(fqdn), **more)


def compliant(fqdn: str, **more: Any) -> dict[str, Any]:
    """The same with nothing left to change."""
    hosts = f"127.0.0.1 localhost\r\n#::1 localhost\r\n{_ADDRESS} {fqdn.partition('.')[0]}\r\n{_ADDRESS} {fqdn}\r\n"
    server = client_access(text(valid_ports_text()), number(0), **_both_roles(fqdn), **more)
    server["registry"][TCPIP6_PARAMETERS] = {"DisabledComponents": number(0xFF)}
    server["hosts_file"] = {"base64": base64.b64encode(hosts.encode()).decode()}
    server["iis"] = {"locations": {"": {"useKernelMode": False}}}
    return server


def _both_roles(fqdn: str) -> dict[str, Any]:
    return {
        "fqdn": fqdn,
        "exchange": {"roles": ["client_access", "mailbox"]},
        "addresses": {"ipv4": [_ADDRESS]},
    }


def baseline(fixes: tuple[str, ...], mailbox_servers: tuple[str, ...] = MAILBOX_SERVERS) -> dict[str, Any]:
    """A task that manages these fixes."""
    options: dict[str, dict[str, Any]] = {fix: {} for fix in fixes}
    options["valid_ports"] = {"mailbox_servers": list(mailbox_servers), "unknown_entries": "remove"}
    return {f"{COLLECTION}.baseline": options}
