# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is cut: tasks, and the servers on which they have all of their work to do."""

from __future__ import annotations

from typing import Any

from tests.cuts.harness import RPC, Order, Subject
from tests.integration.fleet import CONFIGURATOR, RPC_PROXY, number, text

RESTARTED, NEEDS_IT = "MSExchangeSA", "MSExchangeIS"
# More than a command line takes, and more than one Send.
MANY = 260
NEEDS_CERTUTIL = "hosts_ipv4 of a file without a final line end"
LONG_LIST = "valid_ports with a list for a .reg file"
OVER_NTLM = "valid_ports over NTLM"
THREE_SNAPSHOTS = "restore of three tasks"
PORTS = {"mailbox_servers": ["mbx1.contoso.com"], "global_catalogs": ["gc1.contoso.com"], "settle_seconds": 0}
FIXES: dict[str, dict[str, Any]] = {
    "valid_ports": PORTS,
    "dsproxy_referral": {"refer_http_to_dsproxy": False, "nspi_target_server": "gc1.contoso.com"},
    "nspi_endpoint": {},
    "ipv6_components": {},
    "hosts_ipv4": {},
    "kernel_mode_authentication": {},
    "rpc_virtual_directory": {"authentication": ["ntlm"], "require_ssl": True},
}


def server(**more: Any) -> dict[str, Any]:
    """A Client Access and Mailbox server, on which nobody has applied any of the fixes."""
    return {
        "fqdn": "all1.contoso.com",
        "exchange": {"roles": ["client_access", "mailbox"]},
        "services": {NEEDS_IT: {"depends_on": [RESTARTED]}},
        "iis": {"locations": {RPC: {"useKernelMode": True, "windows": False, "sslFlags": "None"}}},
        "registry": {
            RPC_PROXY: {"Enabled": number(1), "ValidPorts": text("mbx1:6001-6002")},
            CONFIGURATOR: {"PeriodicPollingMinutes": number(15)},
        },
        **more,
    }


# The directory's endpoint is a fix for Global Catalogs. There the lines in hosts do not help, so they are taken back.
EVERY_ROLE = {
    "domain_controller": {"global_catalog": True},
    "hosts_file": "127.0.0.1 localhost\n#::1 localhost\n10.1.1.1 all1\n10.1.1.1 all1.contoso.com\n",
}
EVERY_FIX = {**FIXES, "hosts_ipv4": {"state": "absent"}}
NAMES = [f"mailbox{count:03}.exchange.contoso.com" for count in range(MANY)]
# Its last line has no line end, which only certutil can bring.
ENDLESS = "127.0.0.1 localhost\n::1 localhost\n10.1.1.1 printer"

# Later changes of what an earlier task has set.
THREE_TASKS = tuple(Order("valid_ports", {**PORTS, "polling_minutes": minutes}) for minutes in (30, 45, 60))

BASELINE = Subject(Order("baseline", EVERY_FIX), server(**EVERY_ROLE), restores=True)
MAIN = {
    "baseline": BASELINE,
    "restore": Subject(Order("restore"), BASELINE.host, before=(BASELINE.order,), undoes=True),
    "service_restart": Subject(
        Order("service_restart", {"name": RESTARTED, "mailbox_outage": True}), server(), once=True
    ),
}
PARTS = {
    "hosts_ipv4": Subject(Order("hosts_ipv4"), server(), restores=True),
    NEEDS_CERTUTIL: Subject(Order("hosts_ipv4"), server(hosts_file=ENDLESS), restores=True),
    THREE_SNAPSHOTS: Subject(Order("restore"), server(), before=THREE_TASKS, undoes=True),
    OVER_NTLM: Subject(Order("valid_ports", PORTS), server(transport="ntlm"), restores=True),
    LONG_LIST: Subject(
        Order("valid_ports", {**PORTS, "mailbox_servers": NAMES, "unknown_entries": "remove"}),
        server(),
        restores=True,
    ),
}
