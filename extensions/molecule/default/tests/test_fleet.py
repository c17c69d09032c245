# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What site leaves on the servers of the fleet. What is called left_alone is so before it as well."""

from __future__ import annotations

import pytest

RPC_PROXY = r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"
CONFIGURATOR = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeServiceHost\RpcHttpConfigurator"
TCPIP6 = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters"
SYSTEM_ATTENDANT = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeSA\Parameters"
NTDS = r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters"
TARGETS = "mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004;gc1:6004;gc1.contoso.com:6004"
# The same by meaning, in the order that somebody wrote by hand.
BY_HAND = "GC1:6004;gc1.contoso.com:6004;mbx1:6004;mbx1:6001-6002;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004"


def test_valid_ports_allows_every_mailbox_server_and_global_catalog_and_nobody_else(registry):
    assert registry("cas1", RPC_PROXY, "ValidPorts") == ("REG_SZ", TARGETS)


def test_the_servicelet_polls_no_more(registry):
    assert registry("cas1", CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", "0x0")


def test_ipv6_is_off_where_port_6004_of_a_mailbox_server_is_reached_from(registry):
    assert registry("cas1", TCPIP6, "DisabledComponents") == ("REG_DWORD", "0xff")


def test_windows_authentication_of_iis_is_not_in_kernel_mode(kernel_mode):
    assert kernel_mode("cas1") == "false"


def test_left_alone_the_server_that_was_as_it_should_be(registry, kernel_mode):
    assert registry("cas2", RPC_PROXY, "ValidPorts") == ("REG_SZ", BY_HAND)
    assert registry("cas2", CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", "0x0")
    assert registry("cas2", TCPIP6, "DisabledComponents") == ("REG_DWORD", "0xff")
    assert kernel_mode("cas2") == "false"


@pytest.mark.parametrize("name", ["mbx1", "gc1"])
def test_left_alone_ipv6_of_the_others(registry, name):
    assert registry(name, TCPIP6, "DisabledComponents") is None


@pytest.mark.parametrize("name", ["cas1", "cas2"])
def test_left_alone_the_hosts_file(server, name):
    done = server(name).run(r"type %windir%\system32\drivers\etc\hosts")
    assert done.stdout.splitlines() == ["127.0.0.1       localhost", "::1             localhost"]


def test_the_global_catalog_offers_the_directory_over_http(registry):
    value = registry("gc1", NTDS, "NSPI interface protocol sequences")
    assert value == ("REG_MULTI_SZ", "ncacn_http:6004")


def test_the_global_catalog_listens_for_the_directory_over_http(listeners):
    assert listeners("gc1", 6004) == {"0.0.0.0:6004", "[::]:6004"}


def test_the_mailbox_server_refers_no_more_to_dsproxy(registry):
    assert registry("mbx1", SYSTEM_ATTENDANT, "Do Not Refer HTTP to DSProxy") == ("REG_DWORD", "0x1")


def test_the_mailbox_server_names_the_global_catalog_to_new_profiles(registry):
    assert registry("mbx1", SYSTEM_ATTENDANT, "NSPI Target Server") == ("REG_SZ", "gc1.contoso.com")


def test_left_alone_the_ports_of_the_mailbox_server(listeners):
    found = [listeners("mbx1", port) for port in (6001, 6002, 6004)]
    both = [{f"0.0.0.0:{port}", f"[::]:{port}"} for port in (6001, 6002)]
    assert found == [*both, {"0.0.0.0:6004"}]
