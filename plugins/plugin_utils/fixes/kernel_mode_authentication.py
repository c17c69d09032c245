# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether IIS 7 authenticates in kernel mode: useKernelMode of the server and of the places that set it for themselves.

Sources: Exchange team blog, 2008-06-20; Microsoft's IIS documentation of windowsAuthentication and of ASP.NET's
breaking changes.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ..changes import SetIisAttribute
from ..formats.appcmd import ConfigPath, NotParsed, parse_boolean
from ..formats.registry import Unreadable
from ..journal import Memory
from ..reads import IisPlaces, IisSection, Observed, Read, ReadClock, ReadIisSection, SearchIis
from .iis import (
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
from .plan import Configured, Effective, Failure, Finding, Fix, Plan
from .proof import boot_time, clock_failure, proof_of, restarts_of
from .unread import unread_setting

KERNEL_MODE = "useKernelMode"
OWN_CREDENTIALS = "useAppPoolCredentials"
SERVICE = "W3SVC"
SERVER = "server"
# The texts of IIS for what is wanted.
TEXTS = {True: "true", False: "false"}
SERVER_SECTION = ReadIisSection(None, WINDOWS_AUTHENTICATION)
ON = SearchIis(WINDOWS_AUTHENTICATION, KERNEL_MODE, TEXTS[True])
OFF = SearchIis(WINDOWS_AUTHENTICATION, KERNEL_MODE, TEXTS[False])
OWN = SearchIis(WINDOWS_AUTHENTICATION, OWN_CREDENTIALS, TEXTS[True])
# Exchange 2007 makes these in one site, and some only with their role.
EXCHANGE_DIRECTORIES = frozenset(
    {
        "rpc",
        "rpcwithcert",
        "oab",
        "autodiscover",
        "ews",
        "owa",
        "ecp",
        "exchange",
        "exchweb",
        "public",
        "microsoft-server-activesync",
        "unifiedmessaging",
    }
)
Scope = Literal["server", "exchange", "all"]
_SOURCE = "Exchange team blog, 2008-06-20; Microsoft's IIS documentation, windowsAuthentication"
_UNSENT = "its path has characters that are not sent to cmd.exe"


def rpc_section(site: ConfigPath) -> ReadIisSection:
    """What counts at /Rpc of a site."""
    return ReadIisSection(site.below(RPC).text, WINDOWS_AUTHENTICATION)


def setting_of(path: str) -> str:
    """The name of a place's finding; "" is the server's level, and a site may be called server."""
    return f"{f'./{path}' if path == SERVER else path or SERVER} {KERNEL_MODE}"


@dataclass(frozen=True)
class _Place:
    """A place with a value; of the server's level C(text) is None where the default stands for it."""

    path: str
    value: bool
    text: str | None


@dataclass(frozen=True)
class _Seen:
    """What IIS's configuration says: the server's own level, and the places below that differ from what is above."""

    site: ConfigPath
    server: _Place
    below: tuple[_Place, ...]
    # Of the server and of /Rpc, those that let application pools use their own accounts.
    own_credentials: tuple[str, ...]


@dataclass(frozen=True)
class KernelModeAuthentication(Fix):
    """The desired state, and how far below the server's level it is brought about."""

    enabled: bool = False
    scope: Scope = "exchange"

    name: ClassVar[str] = "kernel_mode_authentication"
    reads: ClassVar[tuple[Read, ...]] = (
        *OF_REGISTRY,
        ON,
        OFF,
        OWN,
        SERVER_SECTION,
        rpc_section(DEFAULT_SITE),
        ReadClock(),
    )
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "enabled": {"type": "bool", "default": False},
        "scope": {"type": "str", "choices": ["server", "exchange", "all"], "default": "exchange"},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> KernelModeAuthentication:
        """From a task's options, typed by the argument spec."""
        return cls(options["enabled"], options["scope"])

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """The server's level, unread; which places set it for themselves only the server knows."""
        return (Finding(cls.name, setting_of(""), "unknown", None, None, reason, _SOURCE, "unknown"),)

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """Every place that sets the attribute, and whether IIS has been started anew with it."""
        missing = iis_is_missing(observed, SERVER_SECTION)
        seen = missing_failure(observed, setting_of("")) if missing else _see(observed)
        if isinstance(seen, Failure):
            return (unread_setting(setting_of(""), seen),)
        started = _last_start(observed, memory)
        return tuple(
            Configured.read(setting, place.text, *_effective(memory, setting, place.text, started))
            for place in (seen.server, *seen.below)
            for setting in (setting_of(place.path),)
        )

    @classmethod
    def further_reads(cls, observed: Observed) -> tuple[Read, ...]:
        """What counts at /Rpc where that is in another site."""
        site = rpc_site(observed, setting_of(""))
        if isinstance(site, Failure) or site == DEFAULT_SITE or iis_is_missing(observed, SERVER_SECTION):
            return ()
        return (rpc_section(site),)

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Compare every place that sets the attribute, and say whether IIS has been started anew with it."""
        if iis_is_missing(observed, SERVER_SECTION):
            return self._without_iis(observed)
        seen = _see(observed)
        if isinstance(seen, Failure):
            return Plan(self.unknown(f"{seen.problem}: {seen.found}"), failure=seen)
        places = (seen.server, *seen.below)
        findings = tuple(self._finding(place, seen.site, observed, memory) for place in places)
        changes = tuple(
            SetIisAttribute(
                finding.setting,
                place.path or None,
                WINDOWS_AUTHENTICATION,
                KERNEL_MODE,
                TEXTS[self.enabled],
                TEXTS[place.value],
            )
            for finding, place in zip(findings, places, strict=True)
            if finding.status == "drifted" and finding.blocked_by is None
        )
        started = _last_start(observed, memory)
        pending = [
            finding
            for finding in findings
            if finding.status == "compliant"
            and proof_of(memory, self.name, finding.setting, finding.before, started) == "pending"
        ]
        return Plan(
            findings=findings,
            changes=changes,
            warnings=_warnings(seen, observed.get(OWN, IisPlaces), self.enabled),
            restart_required=(SERVICE,) if changes or pending else (),
            failure=clock_failure(observed, changes[0].setting) if changes else None,
            to_be_proved=tuple(change.setting for change in changes),
        )

    def _without_iis(self, observed: Observed) -> Plan:
        if has_iis_6(observed):
            reason = f"{IIS_6}: it has no kernel-mode authentication"
            return Plan(tuple(replace(finding, status="not_applicable") for finding in self.unknown(reason)))
        failure = missing_failure(observed, setting_of(""))
        return Plan(self.unknown(f"{failure.problem}: {failure.found}"), failure=failure)

    def _finding(self, place: _Place, site: ConfigPath, observed: Observed, memory: Memory) -> Finding:
        setting, wanted = setting_of(place.path), TEXTS[self.enabled]
        finding = Finding(self.name, setting, "drifted", place.text, wanted, "", _SOURCE, "no")
        if place.value == self.enabled:
            effective, evidence = _effective(memory, setting, place.text, _last_start(observed, memory))
            reason = f"{'absent, which means true' if place.text is None else 'as wanted'}; {evidence}"
            return replace(finding, status="compliant", after=place.text, reason=reason, effective=effective)
        found = f"absent, which means true; {wanted} is wanted" if place.text is None else f"{wanted} is wanted"
        if place.path:
            found = f"{place.text} is set for this place, which beats the server's own value; {wanted} is wanted"
        needed = _scope_of(place.path, site)
        if not self._reaches(needed):
            reason = f"{found}; outside of scope {self.scope}, scope {needed} would change it"
            return replace(finding, status="not_managed", after=place.text, reason=reason, effective="unknown")
        if place.path and not _is_sent(place.path):
            return replace(finding, after=place.text, reason=found, blocked_by=_UNSENT)
        return replace(finding, reason=found)

    def _reaches(self, needed: Scope) -> bool:
        order: tuple[Scope, ...] = ("server", "exchange", "all")
        return order.index(needed) <= order.index(self.scope)


def _scope_of(path: str, site: ConfigPath) -> Scope:
    """The smallest scope that a place belongs to."""
    if not path:
        return "server"
    first, *further = path.lower().split("/")
    exchange = first == site.text.lower() and (not further or further[0] in EXCHANGE_DIRECTORIES)
    return "exchange" if exchange else "all"


def _is_sent(path: str) -> bool:
    try:
        return bool(ConfigPath.parse(path))
    except ValueError:
        return False


def _see(observed: Observed) -> _Seen | Failure:
    """The answers as one picture; where they contradict each other nothing is believed."""
    site = rpc_site(observed, setting_of(""))
    if isinstance(site, Failure):
        return site
    server = observed.get(SERVER_SECTION, IisSection)
    if isinstance(server, Unreadable):
        return section_failure(setting_of(""), server, f"{KERNEL_MODE} of {WINDOWS_AUTHENTICATION}")
    rpc = observed.get(rpc_section(site), IisSection)
    if isinstance(rpc, Unreadable):
        path = site.below(RPC).text
        return section_failure(setting_of(path), rpc, f"{KERNEL_MODE} as it counts at {path}")
    found: list[_Place] = []
    for search, value in ((ON, True), (OFF, False)):
        places = observed.get(search, IisPlaces)
        if isinstance(places, Unreadable):
            return section_failure(setting_of(""), places, f"the places where {KERNEL_MODE} is {TEXTS[value]}")
        found += [_Place(path, value, TEXTS[value]) for path in places.paths]
    try:
        return _picture(site, server, rpc, found)
    except NotParsed as error:
        return _contradiction(str(error), server, rpc)


def _picture(site: ConfigPath, server: IisSection, rpc: IisSection, found: list[_Place]) -> _Seen:
    """Raises NotParsed."""
    explicit: dict[str, _Place] = {}
    for place in found:
        known = explicit.setdefault(place.path.lower(), place)
        if known.value != place.value:
            raise NotParsed(f"{place.path or 'the server'} has {KERNEL_MODE} true and false")
    counts = parse_boolean(server.attributes.get(KERNEL_MODE, TEXTS[True]))
    own = explicit.pop("", None)
    if own is not None and own.value != counts:
        raise NotParsed(f"the server's own {KERNEL_MODE} is {TEXTS[own.value]} and {TEXTS[counts]}")
    below = list(explicit.values())
    at_rpc, path = parse_boolean(rpc.attributes.get(KERNEL_MODE, TEXTS[True])), site.below(RPC).text
    nearest = explicit.get(path.lower()) or explicit.get(site.text.lower())
    if at_rpc != (nearest.value if nearest else counts):
        # IIS answers otherwise than the search explains: a place that the search did not show sets it.
        below = [place for place in below if place.path.lower() != path.lower()]
        below.append(_Place(path, at_rpc, TEXTS[at_rpc]))
    default = own is None and counts
    return _Seen(
        site=site,
        server=_Place("", counts, None if default else TEXTS[counts]),
        below=tuple(below),
        own_credentials=tuple(
            name
            for name, section in ((SERVER, server), (path, rpc))
            if parse_boolean(section.attributes.get(OWN_CREDENTIALS, TEXTS[False]))
        ),
    )


def _contradiction(why: str, server: IisSection, rpc: IisSection) -> Failure:
    return Failure(
        setting=setting_of(""),
        problem="what appcmd says of IIS's configuration does not fit together; somebody may be changing it",
        found=f"{why}; the section of the server has {dict(server.attributes)}, that of {RPC} {dict(rpc.attributes)}",
        expected=f"one value of {KERNEL_MODE}, true or false, for each place",
        next_step="Run again. If it stays so, compare with appcmd list config and search config on the server.",
    )


def _last_start(observed: Observed, memory: Memory) -> datetime.datetime | None:
    """When IIS was last seen to start anew: by service_restart, or with the server."""
    boot = boot_time(observed)
    return max([*restarts_of(memory, SERVICE), *([] if boot is None else [boot])], default=None)


def _effective(
    memory: Memory, setting: str, text: str | None, started: datetime.datetime | None
) -> tuple[Effective, str]:
    proof = proof_of(memory, KernelModeAuthentication.name, setting, text, started)
    if proof == "proved":
        return "yes", f"{SERVICE} has been started anew since it was written"
    if proof == "pending":
        evidence = f"{SERVICE} has not been seen restarted since it was written"
        return "unknown", f"{evidence}; whether IIS takes it up before is not documented"
    return "unknown", f"whether {SERVICE} has been started anew since it was written is not known"


def _warnings(seen: _Seen, found: IisPlaces | Unreadable, enabled: bool) -> tuple[str, ...]:
    """Kerberos depends on who decrypts its tickets; the pools' accounts themselves are not seen here."""
    unseen: tuple[str, ...] = ()
    if isinstance(found, Unreadable):
        unseen = (
            f"which places have {OWN_CREDENTIALS} is not known but for the server and {RPC}: {found.why}; the server "
            f"said {found.answer!r}",
        )
        found = IisPlaces(())
    names = [*seen.own_credentials, *(path or SERVER for path in found.paths)]
    places = {name.lower(): name for name in reversed(names)}
    if not places:
        return unseen
    effect = (
        "with kernel mode on, Kerberos works only where the HTTP names are registered for that account"
        if enabled
        else "without kernel mode the accounts of the pools decrypt Kerberos tickets in every case"
    )
    return (
        *unseen,
        f"{OWN_CREDENTIALS} is on at {', '.join(reversed(places.values()))}: Kerberos may be used with the account of "
        f"an application pool. Whether that is so cannot be seen here; {effect}. Check the accounts and their names",
    )
