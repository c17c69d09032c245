# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How /Rpc authenticates and whether it wants SSL, against what somebody expects.

Findings only: Active Directory is their home (Set-OutlookAnywhere), and RpcHttpConfigurator stamps them from there.

Sources: Exchange team blog, 2008-06-20; Exchange 2007 help, RpcHttpConfigurator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..formats.appcmd import ConfigPath, NotParsed, parse_boolean, parse_flags
from ..formats.registry import KeyAbsent, KeyContent, Unreadable
from ..journal import Memory
from ..reads import IisSection, Observed, Read, ReadIisSection, ReadKey
from .iis import (
    AUTHENTICATION,
    DEFAULT_SITE,
    IIS_6,
    OF_REGISTRY,
    RPC,
    WINDOWS_AUTHENTICATION,
    has_iis_6,
    iis_is_missing,
    missing_failure,
    rpc_site,
    section_failure,
)
from .options import OptionReader
from .plan import Configured, Failure, Finding, Fix, Plan
from .unread import unread_setting
from .valid_ports import CONFIGURATOR, POLLING, POLLING_DEFAULT

HOME = "AD: Set-OutlookAnywhere"
_SOURCE = "Exchange team blog, 2008-06-20; Exchange 2007 help, RpcHttpConfigurator"
SSL_FLAG = "ssl"


@dataclass(frozen=True)
class Aspect:
    """An attribute of a section, and the option that it is compared with."""

    section: str
    attribute: str
    option: str

    @property
    def is_ssl(self) -> bool:
        """Whether its text is a list of flags, one of which is what counts; else it is true or false."""
        return self.attribute == "sslFlags"

    def read(self, site: ConfigPath) -> ReadIisSection:
        """The read that shows it."""
        return ReadIisSection(site.below(RPC).text, self.section)

    def setting(self, site: ConfigPath) -> str:
        """The name of its finding."""
        return f"{site.below(RPC).text} {self.section.rpartition('/')[2]} {self.attribute}"

    def parse(self, text: str) -> bool:
        """Whether it is on; raises NotParsed."""
        return SSL_FLAG in parse_flags(text) if self.is_ssl else parse_boolean(text)

    def expected(self, wanted: bool) -> str:
        """What is wanted, for people."""
        if self.is_ssl:
            return "Ssl among them" if wanted else "Ssl not among them, as with SSL offloading,"
        return str(wanted).lower()


ASPECTS = (
    Aspect(f"{AUTHENTICATION}/basicAuthentication", "enabled", "authentication"),
    Aspect(WINDOWS_AUTHENTICATION, "enabled", "authentication"),
    Aspect(f"{AUTHENTICATION}/anonymousAuthentication", "enabled", "anonymous"),
    Aspect("system.webServer/security/access", "sslFlags", "require_ssl"),
)
BASIC, WINDOWS, ANONYMOUS, SSL = ASPECTS
# Outlook's NTLM is a provider of IIS's Windows authentication.
METHODS = {"basic": BASIC, "ntlm": WINDOWS}


@dataclass(frozen=True)
class RpcVirtualDirectory(Fix):
    """What is expected of each aspect; one that is missing is shown and not compared."""

    wanted: Mapping[Aspect, bool]

    name: ClassVar[str] = "rpc_virtual_directory"
    reads: ClassVar[tuple[Read, ...]] = (
        *OF_REGISTRY,
        ReadKey(CONFIGURATOR),
        *(aspect.read(DEFAULT_SITE) for aspect in ASPECTS),
    )
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "authentication": {"type": "list", "elements": "str", "choices": ["basic", "ntlm"]},
        "anonymous": {"type": "bool"},
        "require_ssl": {"type": "bool"},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> RpcVirtualDirectory:
        """From a task's options, typed by the argument spec."""
        reader = OptionReader()
        methods = options.get("authentication")
        if methods is not None and not methods:
            reader.problem("authentication", methods, "nobody could log on; leave the option out to compare nothing")
        reader.raise_problems()
        wanted = {} if methods is None else {aspect: name in methods for name, aspect in METHODS.items()}
        single = {ANONYMOUS: options.get("anonymous"), SSL: options.get("require_ssl")}
        return cls(wanted | {aspect: value for aspect, value in single.items() if value is not None})

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """Every aspect, unread; another site than the default one only the server knows."""
        return tuple(cls._unread(aspect.setting(DEFAULT_SITE), reason) for aspect in ASPECTS)

    @classmethod
    def _unread(cls, setting: str, reason: str) -> Finding:
        return Finding(cls.name, setting, "unknown", None, None, reason, _SOURCE, "unknown")

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """Every aspect, and who writes it."""
        missing = iis_is_missing(observed, BASIC.read(DEFAULT_SITE))
        site = missing_failure(observed, f"/{RPC}") if missing else rpc_site(observed, f"/{RPC}")
        if isinstance(site, Failure):
            return tuple(unread_setting(aspect.setting(DEFAULT_SITE), site) for aspect in ASPECTS)
        return tuple(_configured(aspect, site, observed) for aspect in ASPECTS)

    @classmethod
    def further_reads(cls, observed: Observed) -> tuple[Read, ...]:
        """The same of /Rpc in another site."""
        site = rpc_site(observed, RPC)
        if isinstance(site, Failure) or site == DEFAULT_SITE or iis_is_missing(observed, BASIC.read(DEFAULT_SITE)):
            return ()
        return tuple(aspect.read(site) for aspect in ASPECTS)

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Compare what is asked for; nothing is changed here."""
        if iis_is_missing(observed, BASIC.read(DEFAULT_SITE)):
            return self._without_iis(observed)
        site = rpc_site(observed, f"/{RPC}")
        if isinstance(site, Failure):
            return Plan(self.unknown(f"{site.problem}: {site.found}"), failure=site)
        stamped = _stamped(observed)
        looked = [self._look(aspect, site, observed, stamped) for aspect in ASPECTS]
        return Plan(
            findings=tuple(finding for finding, _failure in looked),
            failure=next((failure for _finding, failure in looked if failure is not None), None),
        )

    def _without_iis(self, observed: Observed) -> Plan:
        if has_iis_6(observed):
            return Plan(tuple(replace(finding, status="not_applicable") for finding in self.unknown(IIS_6)))
        failure = missing_failure(observed, f"/{RPC}")
        return Plan(self.unknown(f"{failure.problem}: {failure.found}"), failure=failure)

    def _look(
        self, aspect: Aspect, site: ConfigPath, observed: Observed, stamped: str
    ) -> tuple[Finding, Failure | None]:
        setting = aspect.setting(site)
        found = _value(aspect, site, observed)
        if isinstance(found, Failure):
            return self._unread(setting, f"{found.problem}: {found.found}"), found
        text, on = found
        finding = Finding(self.name, setting, "compliant", text, text, f"as wanted; {stamped}", _SOURCE, "unknown")
        wanted = self.wanted.get(aspect)
        if wanted is None:
            reason = f"shown, not compared: option {aspect.option} is not set; {stamped}"
            return replace(finding, status="not_managed", reason=reason), None
        if on == wanted:
            return finding, None
        reason = f"{aspect.expected(wanted)} is wanted; {stamped}"
        return replace(finding, status="drifted", reason=reason, effective="no", blocked_by=HOME), None


def _configured(aspect: Aspect, site: ConfigPath, observed: Observed) -> Configured:
    found = _value(aspect, site, observed)
    if isinstance(found, Failure):
        return unread_setting(aspect.setting(site), found)
    return Configured(aspect.setting(site), found[0], "unknown", _stamped(observed))


def _value(aspect: Aspect, site: ConfigPath, observed: Observed) -> tuple[str, bool] | Failure:
    """The attribute's text, and whether it is on."""
    found = value_of(aspect, observed.get(aspect.read(site), IisSection))
    if isinstance(found, Unreadable):
        return section_failure(aspect.setting(site), found, f"{aspect.attribute} of {aspect.section}")
    return found


def value_of(aspect: Aspect, section: IisSection | Unreadable) -> tuple[str, bool] | Unreadable:
    """The attribute's text in what was read of its section, and whether it is on."""
    if isinstance(section, Unreadable):
        return section
    text = section.attributes.get(aspect.attribute)
    if text is None:
        return Unreadable(f"the section has no {aspect.attribute}", str(dict(section.attributes)))
    try:
        return text, aspect.parse(text)
    except NotParsed as error:
        return Unreadable(str(error), str(dict(section.attributes)))


def _stamped(observed: Observed) -> str:
    """Who writes these, and how often."""
    home = "their home is Active Directory (Set-OutlookAnywhere), from where RpcHttpConfigurator stamps them"
    state = observed.key(CONFIGURATOR)
    if not isinstance(state, (KeyContent, KeyAbsent)):
        return f"{home}; how often could not be read"
    value = state.value(POLLING) if isinstance(state, KeyContent) else None
    if value is None:
        return f"{home} every {POLLING_DEFAULT} minutes, as {POLLING} is absent"
    if value.kind != "REG_DWORD" or not isinstance(value.data, int):
        return f"{home}; {POLLING} is {value.shown_as('REG_DWORD')}, so how often is not known"
    if value.data == 0:
        return (
            f"{home}, but {POLLING} is 0, so nobody stamps them any more: a change in Active Directory comes here only "
            "once polling runs again"
        )
    return f"{home} every {value.data} minutes"
