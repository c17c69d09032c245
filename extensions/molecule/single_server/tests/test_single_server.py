# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What site leaves on a server with both roles. What is called left_alone is so before it as well."""

from __future__ import annotations

RPC_PROXY = r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"
CONFIGURATOR = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeServiceHost\RpcHttpConfigurator"
TCPIP6 = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters"
SYSTEM_ATTENDANT = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeSA\Parameters"
TARGETS = "all1:6001-6002;all1:6004;all1.contoso.com:6001-6002;all1.contoso.com:6004"


def test_the_server_finds_itself_by_ipv4(server, listeners):
    # Only an adapter's own address has port 139.
    (address,) = (found.removesuffix(":139") for found in listeners("all1", 139))
    done = server("all1").run(r"type %windir%\system32\drivers\etc\hosts")
    assert done.stdout.splitlines() == [
        "127.0.0.1       localhost",
        "#::1             localhost",
        f"{address} all1",
        f"{address} all1.contoso.com",
    ]


def test_windows_authentication_of_iis_is_not_in_kernel_mode(kernel_mode):
    assert kernel_mode("all1") == "false"


def test_left_alone_ipv6(registry, listeners):
    assert registry("all1", TCPIP6, "DisabledComponents") is None
    assert listeners("all1", 6001) == {"0.0.0.0:6001", "[::]:6001"}


def test_left_alone_the_list_that_exchange_made(registry):
    assert registry("all1", RPC_PROXY, "ValidPorts") == ("REG_SZ", TARGETS)
    assert registry("all1", CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", "0xf")


def test_left_alone_the_referral_to_dsproxy(registry):
    assert registry("all1", SYSTEM_ATTENDANT, "Do Not Refer HTTP to DSProxy") is None
