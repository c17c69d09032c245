# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which page of the documentation explains a setting that the fixes report."""

from __future__ import annotations

FOLDER = "docs/findings"
# By the fix and how the name of its setting ends: a place of IIS's configuration may stand before it.
_PAGES: dict[tuple[str, str], str] = {
    ("valid_ports", "ValidPorts"): "valid_ports",
    ("valid_ports", "PeriodicPollingMinutes"): "periodic_polling_minutes",
    ("dsproxy_referral", "Do Not Refer HTTP to DSProxy"): "do_not_refer_http_to_dsproxy",
    ("dsproxy_referral", "NSPI Target Server"): "nspi_target_server",
    ("nspi_endpoint", "NSPI interface protocol sequences"): "nspi_interface_protocol_sequences",
    ("ipv6_components", "DisabledComponents"): "disabled_components",
    ("ipv6_binding", "IPv6 binding"): "ipv6_binding",
    ("hosts_ipv4", "hosts ::1"): "hosts_loopback",
    ("hosts_ipv4", "hosts own names"): "hosts_own_names",
    ("kernel_mode_authentication", "useKernelMode"): "use_kernel_mode",
    ("rpc_virtual_directory", "basicAuthentication enabled"): "rpc_basic_authentication",
    ("rpc_virtual_directory", "windowsAuthentication enabled"): "rpc_windows_authentication",
    ("rpc_virtual_directory", "anonymousAuthentication enabled"): "rpc_anonymous_authentication",
    ("rpc_virtual_directory", "access sslFlags"): "rpc_ssl_flags",
}
SETTING_PAGES: tuple[str, ...] = tuple(_PAGES.values())


def page_of(fix: str, setting: str) -> str | None:
    """The page of a setting's finding; None for one that no page explains."""
    for (of_fix, ending), page in _PAGES.items():
        if fix == of_fix and (setting == ending or setting.endswith(f" {ending}")):
            return f"{FOLDER}/{page}.md"
    return None
