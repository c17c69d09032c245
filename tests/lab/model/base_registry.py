# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the registry of a server holds before Exchange: enough to look around in, no more."""

from __future__ import annotations

from tests.lab.model.registry import Tree, Value

WINDOWS_NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"

KEYS = (
    r"HKLM\HARDWARE\DESCRIPTION\System",
    r"HKLM\HARDWARE\DEVICEMAP",
    r"HKLM\HARDWARE\RESOURCEMAP",
    r"HKLM\SAM\SAM",
    r"HKLM\SECURITY\Policy",
    r"HKLM\SOFTWARE\Classes",
    r"HKLM\SOFTWARE\Clients",
    r"HKLM\SOFTWARE\Microsoft\.NETFramework",
    r"HKLM\SOFTWARE\Microsoft\Cryptography",
    r"HKLM\SOFTWARE\Microsoft\InetStp",
    r"HKLM\SOFTWARE\Microsoft\Ole",
    r"HKLM\SOFTWARE\Microsoft\Rpc",
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies",
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run",
    r"HKLM\SOFTWARE\Policies",
    r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName",
    r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa",
    r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions",
    r"HKLM\SYSTEM\CurrentControlSet\Enum",
    r"HKLM\SYSTEM\CurrentControlSet\Hardware Profiles",
    r"HKLM\SYSTEM\MountedDevices",
    r"HKLM\SYSTEM\Select",
    r"HKLM\SYSTEM\Setup",
    r"HKCU\Software\Microsoft",
    r"HKU\S-1-5-18",
)
SERVICE_NAMES = (
    "Dhcp",
    "Dnscache",
    "EventLog",
    "HTTP",
    "LanmanServer",
    "LanmanWorkstation",
    "Netlogon",
    "RpcSs",
    "SamSs",
    "Schedule",
    "Tcpip",
    "Tcpip6",
    "W32Time",
    "WinRM",
)
# Not even an administrator may look into these.
DENIED = (r"HKLM\SAM\SAM", r"HKLM\SECURITY")
VERSIONS = {
    "2003": ("Microsoft Windows Server 2003", "5.2", "3790", "Service Pack 2"),
    "2008": ("Windows Server (R) 2008 Standard", "6.0", "6002", "Service Pack 2"),
    "2008r2": ("Windows Server 2008 R2 Standard", "6.1", "7601", "Service Pack 1"),
    "2012": ("Windows Server 2012 Standard", "6.2", "9200", ""),
}


def fill(tree: Tree, windows: str, hostname: str) -> None:
    """Write it all."""
    for key in KEYS:
        tree.create(key)
    for service in SERVICE_NAMES:
        if service == "Tcpip6" and windows == "2003":
            continue  # IPv6 is there only where someone installed it
        tree.create(f"{SERVICES}\\{service}\\Parameters")
        tree.write(f"{SERVICES}\\{service}", Value("Start", "REG_DWORD", 2))
    for key in DENIED:
        tree.create(key).denied = True
    product, version, build, service_pack = VERSIONS[windows]
    for name, text in (
        ("ProductName", product),
        ("CurrentVersion", version),
        ("CurrentBuildNumber", build),
        ("CSDVersion", service_pack),
        ("SystemRoot", r"C:\Windows"),
    ):
        if text:
            tree.write(WINDOWS_NT, Value(name, "REG_SZ", text))
    for name, number in (("Current", 1), ("Default", 1), ("Failed", 0), ("LastKnownGood", 1)):
        tree.write(r"HKLM\SYSTEM\Select", Value(name, "REG_DWORD", number))
    tree.write(r"HKLM\SYSTEM\Setup", Value("SystemSetupInProgress", "REG_DWORD", 0))
    tree.write(r"HKLM\SYSTEM\MountedDevices", Value(r"\DosDevices\C:", "REG_BINARY", bytes(12)))
    options = r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions"
    tree.write(options, Value("ProductType", "REG_SZ", "ServerNT"))
    computer = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
    tree.write(computer, Value("ComputerName", "REG_SZ", hostname.upper()[:15]))
