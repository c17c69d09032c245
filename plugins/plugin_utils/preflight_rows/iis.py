# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of IIS's configuration, as far as a look at it goes."""

from __future__ import annotations

import re

from ..facts.roles import WINDOWS, WINDOWS_2003
from ..fixes.iis import DEFAULT_SITE, RPC, WEB_SITE, WINDOWS_AUTHENTICATION
from ..fixes.kernel_mode_authentication import KERNEL_MODE, OFF, ON
from ..fixes.valid_ports import RPC_PROXY
from ..formats.registry import KeyContent, Unreadable
from ..reads import IisAbsent, IisPlaces, IisSection, ProbeKey, ReadIisSection, ReadService, SearchIis, Service
from ..windows.command_line import Step, command
from ..windows.iis import APPCMD
from .probe import ABSENT, FRAME, Answers, Ask, Probe, Untestable, chain, expect, lines

_SERVER = ReadIisSection(None, WINDOWS_AUTHENTICATION)
_SITE = ReadIisSection(DEFAULT_SITE.text, WINDOWS_AUTHENTICATION)
_AT_RPC = ReadIisSection(DEFAULT_SITE.below(RPC).text, WINDOWS_AUTHENTICATION)
_NO_SITE = ReadIisSection(ABSENT, WINDOWS_AUTHENTICATION)
_SEARCHES = (
    ON,
    OFF,
    SearchIis(WINDOWS_AUTHENTICATION, "enabled", "true"),
    SearchIis(WINDOWS_AUTHENTICATION, "enabled", "false"),
)
_VDIRS = "virtual directories"
_VDIR = re.compile(r'VDIR "([^"]*)"')

THERE = Ask("appcmd", reads=(_SERVER, _SITE, _AT_RPC, _NO_SITE))
SEARCHED = Ask("appcmd search", reads=_SEARCHES)
SIGNS = Ask("signs of IIS", reads=(ReadService("W3SVC"), ProbeKey(WINDOWS), ProbeKey(RPC_PROXY)))
DIRECTORIES = Ask("appcmd list vdir", steps=(Step(_VDIRS, command(APPCMD, "list", "vdir"), may_fail=True),))


def _has_appcmd(answers: Answers) -> bool:
    return not isinstance(answers.observed(THERE).states[_SERVER], IisAbsent)


def _need_iis(answers: Answers) -> None:
    if not _has_appcmd(answers):
        raise Untestable("no IIS 7 here")


def _is_there(answers: Answers) -> str:
    observed = answers.observed(SIGNS)
    service, content = observed.states[ReadService("W3SVC")], observed.key(WINDOWS)
    version = content.value("CurrentVersion") if isinstance(content, KeyContent) else None
    is_2003 = version is not None and version.data == WINDOWS_2003
    has_service = isinstance(service, Service) and service.state is not None
    seen = (
        f"{APPCMD} is {'there' if _has_appcmd(answers) else 'not there'}, the service W3SVC is "
        f"{'there' if has_service else 'absent'}, Windows is {'unknown' if version is None else version.shown}; "
        + chain(answers.said(THERE, _SERVER), answers.said(SIGNS, ReadService("W3SVC")))
    )
    if is_2003 or has_service:
        expect(_has_appcmd(answers) != is_2003, seen)
    _need_iis_or_2003(answers, is_2003)
    return seen


def _need_iis_or_2003(answers: Answers, is_2003: bool) -> None:
    if not is_2003:
        _need_iis(answers)


def _list(answers: Answers) -> str:
    _need_iis(answers)
    observed, seen = answers.observed(THERE), answers.said(THERE)
    state, absent = observed.states[_SERVER], observed.states[_NO_SITE]
    right = isinstance(state, IisSection) and {KERNEL_MODE, "enabled"} <= set(state.attributes)
    expect(right and isinstance(absent, Unreadable), chain(state.why if isinstance(state, Unreadable) else "", seen))
    return seen


def _search(answers: Answers) -> str:
    _need_iis(answers)
    states = [answers.observed(SEARCHED).states[read] for read in _SEARCHES]
    why = [state.why for state in states if isinstance(state, Unreadable)]
    expect(all(isinstance(state, IisPlaces) for state in states), chain(*why, answers.said(SEARCHED)))
    return answers.said(SEARCHED)


def _default(answers: Answers) -> str:
    _need_iis(answers)
    observed = answers.observed(SEARCHED)
    places: dict[str, str] = {}
    for search in (ON, OFF):
        found = observed.states[search]
        if isinstance(found, IisPlaces):
            places |= dict.fromkeys((path.lower() for path in found.paths), search.value)
    seen = [f"set at {path or 'the server'}: {value}" for path, value in places.items()] or ["set nowhere"]
    for read in (_SERVER, _SITE, _AT_RPC):
        section = answers.observed(THERE).states[read]
        if not isinstance(section, IisSection):
            continue
        counts = section.attributes.get(KERNEL_MODE, "absent").lower()
        seen.append(f"at {read.path or 'the server'} it is {counts}")
        expect(counts == _explained(places, read.path or ""), chain(*seen, answers.said(THERE)))
    return chain(*seen)


def _explained(places: dict[str, str], path: str) -> str:
    """What counts at a path: what is set nearest to it."""
    steps = path.lower().split("/") if path else []
    for length in range(len(steps), -1, -1):
        found = places.get("/".join(steps[:length]))
        if found is not None:
            return found
    return "true"


def _web_site(answers: Answers) -> str:
    _need_iis(answers)
    content = answers.observed(SIGNS).key(RPC_PROXY)
    if not isinstance(content, KeyContent):
        raise Untestable(f"{RPC_PROXY.path} is not there: no RPC proxy here")
    value = content.value(WEB_SITE)
    site = value.data if value is not None and isinstance(value.data, str) else DEFAULT_SITE.text
    frame = answers.frame(DIRECTORIES, _VDIRS)
    listed = [match[1] for line in lines(frame) if (match := _VDIR.match(line))]
    seen = chain(answers.said(SIGNS, ProbeKey(RPC_PROXY)), answers.said(DIRECTORIES))
    if not frame.succeeded or not listed:
        raise Untestable(chain("the virtual directories are not listed", seen))
    of_rpc = [name for name in listed if name.rstrip("/").lower().endswith("/rpc")]
    if not of_rpc:
        raise Untestable(chain("no site has /Rpc", seen))
    expect(f"{site}/{RPC}".lower() in [name.rstrip("/").lower() for name in of_rpc], seen)
    return seen


_USED_BY = "kernel_mode_authentication and rpc_virtual_directory"
PROBES = (
    Probe("appcmd_is_there", _is_there, (THERE, SIGNS), (*FRAME, "reg_query", "sc_query"), used_by=_USED_BY),
    # A filtered token keeps appcmd from reading.
    Probe("appcmd_list", _list, (THERE,), (*FRAME, "rights"), used_by=_USED_BY),
    Probe("appcmd_search", _search, (THERE, SEARCHED), (*FRAME, "rights"), used_by="kernel_mode_authentication"),
    Probe(
        "kernel_mode_default",
        _default,
        (THERE, SEARCHED),
        ("appcmd_list", "appcmd_search"),
        used_by="kernel_mode_authentication",
    ),
    Probe("rpc_web_site", _web_site, (THERE, SIGNS, DIRECTORIES), ("reg_query", "rights"), used_by=_USED_BY),
)
