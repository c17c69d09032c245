# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of what the server says of itself: clock, processes, services, listeners, addresses."""

from __future__ import annotations

from ..facts.roles import CLUSTER, EXCHANGE, NTDS, WINDOWS, WINDOWS_2003
from ..fixes.ipv6_components import COMPONENTS, PARAMETERS, SWITCHES_OFF
from ..fixes.nspi_endpoint import SEQUENCES
from ..formats.registry import KeyContent, Unreadable
from ..formats.sc import MORE_DATA, RUNNING
from ..reads import (
    Addresses,
    Clock,
    Dependents,
    DependentsTooMany,
    Listeners,
    Observed,
    ProbeKey,
    Processes,
    ReadClock,
    ReadDependents,
    ReadIPv6Addresses,
    ReadListeners,
    ReadProcesses,
    ReadService,
    Service,
)
from ..windows.command_line import Step, command
from .probe import ABSENT, FRAME, Answers, Ask, Probe, Untestable, chain, expect, shown

CLUSTER_SERVICE = "ClusSvc"
_SECONDS = 2
_RPC = "RpcSs"
_IMAGES = ("services.exe", "lsass.exe")
_TOO_LITTLE = 16
_LOOPBACK = "::1"
_ENDPOINT = "ncacn_http:6004"
_MOST = 262144

CLOCK = Ask("wmic os", reads=(ReadClock(),))
PINGED = Ask("ping", steps=(Step("ping", f"ping -n {_SECONDS + 1} 127.0.0.1 <nul >nul"),), waits=_SECONDS)
CLOCK_AGAIN = Ask("wmic os behind ping", reads=(ReadClock(),))
PROCESSES = Ask("wmic process", reads=(ReadProcesses(_IMAGES),))
LISTENERS = Ask("netstat", reads=(ReadListeners(),))
ABSENT_SERVICE = ReadService(ABSENT)
SERVICES = Ask("sc query", reads=(ReadService(_RPC), ABSENT_SERVICE))
DEPENDENTS = Ask(
    "sc enumdepend",
    steps=(Step("too little room", command("sc", "enumdepend", _RPC, str(_TOO_LITTLE)), may_fail=True),),
    reads=(ReadDependents(_RPC), ReadDependents(_RPC, _MOST)),
)
IPV6 = Ask("netsh", reads=(ReadIPv6Addresses(),))
SIGNS = Ask(
    "services that a server's keys stand for",
    reads=(
        ReadService(CLUSTER_SERVICE),
        ReadService("MSExchangeIS"),
        ProbeKey(CLUSTER),
        ProbeKey(EXCHANGE),
        ProbeKey(WINDOWS),
        ProbeKey(PARAMETERS),
    ),
)
DIRECTORY = Ask("the directory's endpoint", reads=(ProbeKey(NTDS), ReadListeners(), ReadProcesses(("lsass.exe",))))


def _clock_of(observed: Observed) -> Clock | None:
    state = observed.states[ReadClock()]
    return state if isinstance(state, Clock) else None


def _wmic_os(answers: Answers) -> str:
    state = answers.observed(CLOCK).states[ReadClock()]
    expect(isinstance(state, Clock) and state.boot < state.now, chain(_why(state), answers.said(CLOCK)))
    return answers.said(CLOCK)


def _why(state: object) -> str:
    return state.why if isinstance(state, Unreadable) else ""


def _wmic_process(answers: Answers) -> str:
    state = answers.observed(PROCESSES).states[ReadProcesses(_IMAGES)]
    right = isinstance(state, Processes) and all(state.of(image) for image in _IMAGES)
    expect(right, chain(_why(state), answers.said(PROCESSES)))
    return answers.said(PROCESSES)


def _ping(answers: Answers) -> str:
    frame = answers.frame(PINGED, "ping")
    by_us = answers.answer(PINGED).seconds
    clocks = [_clock_of(answers.observed(ask)) for ask in (CLOCK, CLOCK_AGAIN) if answers.asked(ask)]
    seen = f"{by_us:.1f} s by the controller's clock, {shown(frame)}"
    if by_us >= _SECONDS:
        return seen
    if len(clocks) < 2 or clocks[0] is None or clocks[1] is None:
        raise Untestable(chain("because wmic_os differs", seen))
    by_server = (clocks[1].now - clocks[0].now).total_seconds()
    expect(by_server >= _SECONDS, f"{by_server:.1f} s by the server's clock, {seen}")
    return f"{by_server:.1f} s by the server's clock, {seen}"


def _netstat(answers: Answers) -> str:
    state = answers.observed(LISTENERS).states[ReadListeners()]
    expect(isinstance(state, Listeners) and bool(state.open), chain(_why(state), answers.said(LISTENERS)))
    return answers.said(LISTENERS)


def _sc_query(answers: Answers) -> str:
    observed = answers.observed(SERVICES)
    there, absent = observed.states[ReadService(_RPC)], observed.states[ABSENT_SERVICE]
    right = isinstance(there, Service) and there.state is not None and there.exit_code is not None
    expect(right and absent == Service(None), chain(_why(there), _why(absent), answers.said(SERVICES)))
    return answers.said(SERVICES)


def _sc_enumdepend(answers: Answers) -> str:
    little, observed = answers.frame(DEPENDENTS, "too little room"), answers.observed(DEPENDENTS)
    first, most = (observed.states[ReadDependents(_RPC, size)] for size in (ReadDependents(_RPC).buffer, _MOST))
    found = most if isinstance(first, DependentsTooMany) else first
    seen = chain(_why(found), answers.said(DEPENDENTS))
    expect(isinstance(found, Dependents), seen)
    names = [name for name, _service in found.services] if isinstance(found, Dependents) else []
    expect(little.exit_code == (MORE_DATA if names else 0), seen)
    return seen


def _netsh(answers: Answers) -> str:
    state = answers.observed(IPV6).states[ReadIPv6Addresses()]
    if _is_2003(answers) and not (isinstance(state, Addresses) and state.ipv6):
        raise Untestable(f"Windows Server 2003 without IPv6: {answers.said(IPV6)}")
    loopback = isinstance(state, Addresses) and _LOOPBACK in state.ipv6
    if not loopback and _ipv6_is_off(answers):
        raise Untestable(f"IPv6 is switched off here: {answers.said(IPV6)}")
    expect(loopback, chain(_why(state), answers.said(IPV6)))
    return answers.said(IPV6)


def _ipv6_is_off(answers: Answers) -> bool:
    content = answers.observed(SIGNS).key(PARAMETERS)
    value = content.value(COMPONENTS) if isinstance(content, KeyContent) else None
    return value is not None and value.data in SWITCHES_OFF


def _is_2003(answers: Answers) -> bool:
    content = answers.observed(SIGNS).key(WINDOWS)
    version = content.value("CurrentVersion") if isinstance(content, KeyContent) else None
    return version is not None and version.data == WINDOWS_2003


def state_of(answers: Answers, service: str) -> int | None:
    """The number of a service's state; None where there is none, or it is not known."""
    state = answers.observed(SIGNS).states[ReadService(service)]
    return state.state if isinstance(state, Service) else None


def _cluster_key(answers: Answers) -> str:
    state, there = state_of(answers, CLUSTER_SERVICE), isinstance(answers.observed(SIGNS).key(CLUSTER), KeyContent)
    seen = answers.said(SIGNS, ReadService(CLUSTER_SERVICE), ProbeKey(CLUSTER))
    if state != RUNNING:
        raise Untestable(f"no running cluster node: {seen}")
    expect(there, seen)
    return seen


def _mailbox_role(answers: Answers) -> str:
    content = answers.observed(SIGNS).key(EXCHANGE)
    if not isinstance(content, KeyContent):
        raise Untestable("no Exchange 2007 here")
    has_role, has_store = content.has_subkey("MailboxRole"), state_of(answers, "MSExchangeIS") is not None
    seen = answers.said(SIGNS, ReadService("MSExchangeIS"), ProbeKey(EXCHANGE))
    expect(has_role == has_store, seen)
    return seen


def _endpoint(answers: Answers) -> str:
    observed = answers.observed(DIRECTORY)
    content = observed.key(NTDS)
    value = content.value(SEQUENCES) if isinstance(content, KeyContent) else None
    listeners, lsass = (observed.states[read] for read in DIRECTORY.reads[1:])
    owned = (
        isinstance(listeners, Listeners)
        and isinstance(lsass, Processes)
        and bool(listeners.owned_by(6004, lsass.running))
    )
    is_set = value is not None and isinstance(value.data, tuple) and _ENDPOINT in value.data
    if not (is_set and owned):
        raise Untestable("needs a reboot: the value is not set here, or waits for a reboot")
    return f"{SEQUENCES} holds {_ENDPOINT}, and lsass.exe listens on 6004"


PROBES = (
    Probe("wmic_os", _wmic_os, (CLOCK,), FRAME, used_by="whatever waits for a restart or a reboot, and reboot"),
    Probe("ping", _ping, (CLOCK, PINGED, CLOCK_AGAIN), FRAME, used_by="whatever waits on the server"),
    Probe("wmic_process", _wmic_process, (PROCESSES,), FRAME, used_by="dsproxy_referral, nspi_endpoint, server_info"),
    Probe("netstat", _netstat, (LISTENERS,), (*FRAME, "findstr"), used_by="server_info, server_check, nspi_endpoint"),
    Probe("sc_query", _sc_query, (SERVICES,), FRAME, used_by="service_restart, server_check, reboot, server_info"),
    Probe("sc_enumdepend", _sc_enumdepend, (DEPENDENTS,), FRAME, used_by="service_restart"),
    Probe("netsh_interface", _netsh, (IPV6, SIGNS), (*FRAME, "reg_query"), used_by="ipv6_components, server_info"),
    Probe("cluster_key", _cluster_key, (SIGNS,), ("reg_query", "sc_query"), used_by="service_restart"),
    Probe("mailbox_role", _mailbox_role, (SIGNS,), ("reg_query", "sc_query"), used_by="the playbooks' order and gates"),
    Probe(
        "nspi_endpoint_at_boot",
        _endpoint,
        (DIRECTORY,),
        ("reg_query", "netstat", "wmic_process"),
        used_by="nspi_endpoint",
    ),
)
