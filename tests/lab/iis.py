# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fleet file says of a server's IIS."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_SITE = "Default Web Site"
AUTHENTICATION = "system.webServer/security/authentication"
WINDOWS = f"{AUTHENTICATION}/windowsAuthentication"
BASIC = f"{AUTHENTICATION}/basicAuthentication"
ANONYMOUS = f"{AUTHENTICATION}/anonymousAuthentication"
ACCESS = "system.webServer/security/access"
# Server 2003 has IIS 6, which knows neither appcmd nor these sections.
WITHOUT_IIS_7 = ("2003",)
INETSRV = r"C:\Windows\system32\inetsrv"
APPCMD = INETSRV + r"\appcmd.exe"
# short form -> section and attribute
SHORT_FORMS = {
    "useKernelMode": (WINDOWS, "useKernelMode"),
    "useAppPoolCredentials": (WINDOWS, "useAppPoolCredentials"),
    "windows": (WINDOWS, "enabled"),
    "basic": (BASIC, "enabled"),
    "anonymous": (ANONYMOUS, "enabled"),
    "sslFlags": (ACCESS, "sslFlags"),
}


@dataclass(frozen=True)
class IisSetting:
    """One explicit value; the path "" is the server's level."""

    path: str
    section: str
    attribute: str
    value: str


@dataclass(frozen=True)
class IisSpec:
    """An IIS 7. config None is how Exchange 2007 sets a Client Access server up; settings are laid over it."""

    site: str = DEFAULT_SITE
    config: str | None = None
    settings: tuple[IisSetting, ...] = ()
    elevated: bool = True
    reachable: bool = True
    locked: bool = False
    recycles_after: str | None = None


def installed(raw: Mapping[str, Any]) -> bool:
    """Whether a host of the fleet file has it.

    A Client Access server does; another one when the fleet file says anything of it but that it is not there.
    """
    client_access = "client_access" in raw.get("exchange", {}).get("roles", ())
    wanted = raw["iis"].get("installed", True) if "iis" in raw else client_access
    return bool(wanted) and raw.get("windows") not in WITHOUT_IIS_7


def iis(raw: Mapping[str, Any]) -> IisSpec | None:
    """The IIS of a host of the fleet file; None where there is none. ParseError for a config that is no XML."""
    if not installed(raw):
        return None
    own: Mapping[str, Any] = raw.get("iis", {})
    if "config" in own:
        ET.fromstring(own["config"].strip())
    return IisSpec(
        site=own.get("site", DEFAULT_SITE),
        config=own.get("config"),
        settings=tuple(_settings(own)),
        elevated=own.get("elevated", True),
        reachable=own.get("shared", False) != "unreachable",
        locked=own.get("locked", False),
        recycles_after=own.get("recycles_after"),
    )


def _settings(own: Mapping[str, Any]) -> Iterator[IisSetting]:
    if "use_app_pool_credentials" in own:
        yield _setting("", "useAppPoolCredentials", own["use_app_pool_credentials"])
    for path, attributes in own.get("locations", {}).items():
        for name, value in attributes.items():
            yield _setting(path, name, value)


def _setting(path: str, name: str, value: bool | str) -> IisSetting:
    section, attribute = SHORT_FORMS[name]
    return IisSetting(path, section, attribute, str(value).lower() if isinstance(value, bool) else value)
