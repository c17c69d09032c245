# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fixes of IIS's configuration have in common: Outlook Anywhere's site, and why nothing could be read."""

from __future__ import annotations

from ..facts.roles import WINDOWS, WINDOWS_2003
from ..formats.appcmd import ConfigPath, advice
from ..formats.registry import KeyAbsent, KeyContent, Unreadable
from ..reads import IisAbsent, Observed, Read, ReadKey
from .plan import Failure
from .unread import unread_failure
from .valid_ports import RPC_PROXY

AUTHENTICATION = "system.webServer/security/authentication"
WINDOWS_AUTHENTICATION = f"{AUTHENTICATION}/windowsAuthentication"
DEFAULT_SITE = ConfigPath("Default Web Site")
RPC = "Rpc"
WEB_SITE = "WebSite"
# What every fix of IIS's configuration must see of the registry.
OF_REGISTRY: tuple[Read, ...] = (ReadKey(WINDOWS), ReadKey(RPC_PROXY))
IIS_6 = "Windows Server 2003 has IIS 6, whose configuration is another one"


def iis_is_missing(observed: Observed, read: Read) -> bool:
    """Whether a read of IIS's configuration found no IIS 7."""
    return isinstance(observed.states[read], IisAbsent)


def has_iis_6(observed: Observed) -> bool:
    """Whether Windows is too old for IIS 7."""
    state = observed.key(WINDOWS)
    value = state.value("CurrentVersion") if isinstance(state, KeyContent) else None
    return value is not None and value.data == WINDOWS_2003


def missing_failure(observed: Observed, setting: str) -> Failure:
    """A server without IIS 7 that should have it."""
    state = observed.key(WINDOWS)
    if not isinstance(state, KeyContent):
        return unread_failure(setting, WINDOWS, state, "this is no Windows that is known")
    version = state.value("CurrentVersion")
    return Failure(
        setting=setting,
        problem="IIS 7 is not installed",
        found=rf"no %windir%\system32\inetsrv\appcmd.exe; Windows {'unknown' if version is None else version.shown}",
        expected="a Client Access server with IIS 7",
        next_step="Install the Web Server role, or take this server out of the inventory group, and run again.",
    )


def rpc_site(observed: Observed, setting: str) -> ConfigPath | Failure:
    """The site that holds /Rpc: WebSite of RpcProxy, Default Web Site without it."""
    state = observed.key(RPC_PROXY)
    if isinstance(state, KeyAbsent):
        return DEFAULT_SITE
    if not isinstance(state, KeyContent):
        return unread_failure(setting, RPC_PROXY, state, "the RPC over HTTP proxy is not installed")
    value = state.value(WEB_SITE)
    if value is None:
        return DEFAULT_SITE
    try:
        if value.kind != "REG_SZ" or not isinstance(value.data, str) or "/" in value.data:
            raise ValueError(f"{value.shown_as('REG_SZ')} is no name of a site")
        return ConfigPath.parse(value.data)
    except ValueError as error:
        return Failure(
            setting=f"{RPC_PROXY.path} {WEB_SITE}",
            problem=f"the name of Outlook Anywhere's site cannot be used: {error}",
            found=value.shown_as("REG_SZ") or "an empty text",
            expected="the name of a site of IIS, as a REG_SZ of letters that cmd.exe takes as they are",
            next_step="Correct the value or rename the site, and run again.",
        )


def section_failure(setting: str, state: Unreadable, what: str) -> Failure:
    """An answer of appcmd that gives no value; what it printed is kept as it is."""
    return Failure(
        setting=setting,
        problem=f"IIS's configuration could not be read: {state.why}",
        found=state.answer or "nothing was printed",
        expected=what,
        next_step=advice(state.answer),
    )
