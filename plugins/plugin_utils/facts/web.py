# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How IIS 7 authenticates in the directories that Outlook uses, and when its default application pool recycles.

Sources: Microsoft's IIS documentation; Exchange team blog, 2008-06-20.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..fixes.iis import DEFAULT_SITE, OF_REGISTRY, iis_is_missing, rpc_site
from ..fixes.kernel_mode_authentication import KERNEL_MODE
from ..fixes.plan import Failure
from ..fixes.rpc_virtual_directory import BASIC, WINDOWS, Aspect, value_of
from ..formats.appcmd import ConfigPath
from ..formats.registry import Unreadable
from ..reads import IisSection, Observed, PoolText, Read, ReadIisSection, ReadPool
from .part import Part, said

# As the virtual directories of Exchange 2007 are called, which IIS compares whatever its case.
DIRECTORIES = {"rpc": "Rpc", "oab": "OAB", "autodiscover": "Autodiscover", "ews": "EWS"}
ASPECTS = {"windows": WINDOWS, "basic": BASIC, "kernel_mode": Aspect(WINDOWS.section, KERNEL_MODE, "enabled")}
POOL = ReadPool("DefaultAppPool", "recycling.periodicRestart.time")


def _section(site: ConfigPath, directory: str, aspect: Aspect) -> ReadIisSection:
    return ReadIisSection(site.below(directory).text, aspect.section)


def _sections(site: ConfigPath) -> tuple[Read, ...]:
    return tuple(_section(site, name, aspect) for name in DIRECTORIES.values() for aspect in (BASIC, WINDOWS))


READS: tuple[Read, ...] = (*OF_REGISTRY, POOL, *_sections(DEFAULT_SITE))


def further_reads(observed: Observed) -> tuple[Read, ...]:
    """The same of another site, where the RPC proxy has one."""
    site = rpc_site(observed, "iis_authentication")
    if isinstance(site, Failure) or site == DEFAULT_SITE or iis_is_missing(observed, POOL):
        return ()
    return _sections(site)


@dataclass(frozen=True)
class Web(Part):
    """Typed facts; None without a reason where there is no IIS 7."""

    iis_authentication: dict[str, Any] | None = None
    default_app_pool_recycles_after: str | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, observed: Observed) -> Web:
        """From the answers to READS, and to further_reads where there are any."""
        if iis_is_missing(observed, POOL):
            return cls()
        unknown: dict[str, str] = {}
        pool = observed.get(POOL, PoolText)
        if isinstance(pool, Unreadable):
            unknown["default_app_pool_recycles_after"] = said(pool)
        site = rpc_site(observed, "iis_authentication")
        if isinstance(site, Failure):
            unknown["iis_authentication"] = f"{site.problem}: {site.found}"
        return cls(
            None if isinstance(site, Failure) else _authentication(site, observed, unknown),
            None if isinstance(pool, Unreadable) else pool.text,
            unknown,
        )


def _authentication(site: ConfigPath, observed: Observed, unknown: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, directory in DIRECTORIES.items():
        told[key] = {"path": site.below(directory).text}
        for name, aspect in ASPECTS.items():
            found = value_of(aspect, observed.get(_section(site, directory, aspect), IisSection))
            if isinstance(found, Unreadable):
                unknown[f"iis_authentication.{key}.{name}"] = said(found)
            told[key][name] = None if isinstance(found, Unreadable) else found[1]
    return told
