# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells one Windows Server release from another here: what the registry says of it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.catalogue import WINDOWS
from tests.lab.hosts import RegistryValue

CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
PRODUCT_OPTIONS = r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
START_AT_BOOT = 2
WINE = r"HKCU\Software\Wine"

Keys = Mapping[str, Mapping[str, RegistryValue]]


def identity(windows: str) -> Keys:
    """The values that make Wine and its registry look like that release."""
    return _RELEASES[windows]


def services() -> Keys:
    """The services of Windows start at boot; those that Wine has too do so on demand there."""
    return {rf"{SERVICES}\{kind.name}": {"Start": RegistryValue("REG_DWORD", START_AT_BOOT)} for kind in WINDOWS}


def _release(wine: str, version: str, build: str, product: str, service_pack: str) -> Keys:
    current = {
        "CurrentVersion": version,
        "CurrentBuild": build,
        "CurrentBuildNumber": build,
        "ProductName": product,
        "CSDVersion": service_pack,
        "EditionID": "ServerStandard",
        "InstallationType": "Server",
    }
    return {
        WINE: {"Version": RegistryValue("REG_SZ", wine)},
        CURRENT_VERSION: {name: RegistryValue("REG_SZ", text) for name, text in current.items()},
        PRODUCT_OPTIONS: {"ProductType": RegistryValue("REG_SZ", "ServerNT")},
    }


_RELEASES: Mapping[str, Keys] = {
    "2008": _release("win2008", "6.0", "6002", "Windows Server (R) 2008 Standard", "Service Pack 2"),
    "2008r2": _release("win2008r2", "6.1", "7601", "Windows Server 2008 R2 Standard", "Service Pack 1"),
    "2012": _release("win8", "6.2", "9200", "Windows Server 2012 Standard", ""),
}
