# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What site leaves on Wine's own registry, and on the Mailbox server beside it.

What is called left_alone is so before it as well.
"""

from __future__ import annotations

import pytest

RPC_PROXY = r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"
CONFIGURATOR = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeServiceHost\RpcHttpConfigurator"
TCPIP6 = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters"
SYSTEM_ATTENDANT = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeSA\Parameters"
NTDS = r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters"
TARGETS = "mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004;gc1:6004;gc1.contoso.com:6004"


@pytest.mark.parametrize(
    ("name", "key", "value", "expected"),
    [
        ("cas1", RPC_PROXY, "ValidPorts", ("REG_SZ", TARGETS)),
        ("cas1", CONFIGURATOR, "PeriodicPollingMinutes", ("REG_DWORD", "0x0")),
        ("cas1", TCPIP6, "DisabledComponents", ("REG_DWORD", "0xff")),
        ("gc1", NTDS, "NSPI interface protocol sequences", ("REG_MULTI_SZ", "ncacn_http:6004")),
        ("mbx1", SYSTEM_ATTENDANT, "Do Not Refer HTTP to DSProxy", ("REG_DWORD", "0x1")),
        ("mbx1", SYSTEM_ATTENDANT, "NSPI Target Server", ("REG_SZ", "gc1.contoso.com")),
    ],
)
def test_the_registry_has(registry, name, key, value, expected):
    assert registry(name, key, value) == expected


def test_the_global_catalog_listens_for_the_directory_over_http(listeners):
    assert listeners("gc1", 6004) == {"0.0.0.0:6004", "[::]:6004"}


@pytest.mark.parametrize("name", ["mbx1", "gc1"])
def test_left_alone_ipv6_of_the_others(registry, name):
    assert registry(name, TCPIP6, "DisabledComponents") is None
