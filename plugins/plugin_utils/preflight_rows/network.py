# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of adapters: what the registry says of them beside what WMI says.

Source: Win32_NetworkAdapterConfiguration. SettingID is the adapter's GUID as the registry has it; IPAddress holds its
IPv4 addresses and, from Windows Vista on, its IPv6 ones.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ..facts import ipv4
from ..facts.ipv4 import OwnIPv4
from ..fixes.ipv6_binding import BIND, LINKAGE6
from ..fixes.ipv6_components import COMPONENTS, PARAMETERS, SWITCHES_OFF
from ..formats import wmic
from ..formats.registry import KeyContent
from ..formats.sc import RUNNING
from ..reads import Addresses, ProbeKey, ReadIPv6Addresses
from ..windows.command_line import Step, command
from .probe import FRAME, Answers, Ask, Odd, Probe, Untestable, chain, expect
from .system import CLUSTER_SERVICE, SIGNS, state_of

_STEP = "adapters"
_QUOTED = re.compile(r'"([^"]*)"')
_LIST = re.compile(r'\{\s*(?:"[^"{}]*"(?:\s*,\s*"[^"{}]*")*)?\s*\}')
BY_WMI = Ask(
    "wmic nicconfig",
    steps=(
        Step(
            _STEP,
            command("wmic", "nicconfig", "where", "IPEnabled=true", "get", "IPAddress,SettingID", "/value"),
            may_fail=True,
        ),
    ),
)
BY_REGISTRY = Ask("adapters in the registry", reads=(*ipv4.READS, ProbeKey(LINKAGE6), ProbeKey(PARAMETERS)))
ALL_IPV6 = Ask("addresses by netsh", reads=(ReadIPv6Addresses(),))


class NotParsed(ValueError):
    """An adapter that is not of its documented shape."""


@dataclass(frozen=True)
class Adapter:
    """An adapter that has TCP/IP, with its addresses in WMI's order."""

    guid: str
    addresses: tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]

    def of(self, version: int) -> list[str]:
        """Its addresses of one IP version, but those that IPv4 gives itself."""
        found = [address for address in self.addresses if address.version == version]
        return [str(address) for address in found if version == 6 or not address.is_link_local]


def parse_adapters(text: str) -> tuple[Adapter, ...]:
    """What wmic prints of adapters; raises NotParsed."""
    try:
        objects = wmic.parse_list(text)
    except wmic.NotParsed as error:
        raise NotParsed(str(error)) from error
    adapters = []
    for item in objects:
        guid, listed = (item.get(name, "").strip() for name in ("SettingID", "IPAddress"))
        if not re.fullmatch(r"\{[0-9A-Fa-f-]+\}", guid) or (listed and not _LIST.fullmatch(listed)):
            raise NotParsed(f"no SettingID and IPAddress in {item!r}")
        try:
            addresses = tuple(ipaddress.ip_address(word.partition("%")[0]) for word in _QUOTED.findall(listed))
        except ValueError as error:
            raise NotParsed(str(error)) from error
        adapters.append(Adapter(guid, addresses))
    return tuple(adapters)


def _adapters(answers: Answers) -> tuple[Adapter, ...]:
    """Raises Odd where wmic prints anything else."""
    try:
        return parse_adapters(answers.frame(BY_WMI, _STEP).stdout.decode("utf-8", "backslashreplace"))
    except NotParsed as error:
        raise Odd(chain(str(error), answers.said(BY_WMI))) from error


def _nicconfig(answers: Answers) -> str:
    expect(bool(_adapters(answers)), chain("no adapter is named", answers.said(BY_WMI)))
    return answers.said(BY_WMI)


def _address(answers: Answers) -> str:
    known = OwnIPv4.of(answers.observed(BY_REGISTRY))
    if known.unknown is not None:
        raise Untestable(known.unknown)
    by_registry: dict[str, set[str]] = {}
    for item in known.addresses:
        by_registry.setdefault(item.adapter.lower(), set()).add(str(item.address))
    by_wmi = {adapter.guid.lower(): set(adapter.of(4)) for adapter in _adapters(answers)}
    by_wmi = {guid: addresses for guid, addresses in by_wmi.items() if addresses}
    # A cable that is not plugged in takes an adapter from WMI's list, not from the registry.
    in_use = {guid: addresses for guid, addresses in by_registry.items() if guid in by_wmi}
    own = all(in_use.get(guid) and in_use[guid] <= addresses for guid, addresses in by_wmi.items())
    more = {guid: addresses - in_use.get(guid, set()) for guid, addresses in by_wmi.items()}
    more = {guid: addresses for guid, addresses in more.items() if addresses}
    seen = chain(
        f"registry: {_shown(by_registry)}",
        f"more by wmic: {_shown(more)}" if more else "",
        answers.said(BY_WMI),
        answers.said(BY_REGISTRY, *ipv4.READS),
    )
    if not by_wmi:
        raise Untestable(chain("no adapter has an IPv4 address", seen))
    # A node that runs has the addresses of the cluster as well, which are none of its own.
    of_cluster = state_of(answers, CLUSTER_SERVICE) == RUNNING
    expect(own and (of_cluster or not more), seen)
    return seen


def _shown(addresses: dict[str, set[str]]) -> str:
    return ", ".join(f"{guid} {' '.join(sorted(found))}" for guid, found in addresses.items()) or "none"


def _components(answers: Answers) -> object:
    content = answers.observed(BY_REGISTRY).key(PARAMETERS)
    value = content.value(COMPONENTS) if isinstance(content, KeyContent) else None
    return None if value is None else value.data


def _binding(answers: Answers) -> str:
    content = answers.observed(BY_REGISTRY).key(LINKAGE6)
    if not isinstance(content, KeyContent):
        raise Untestable(f"{LINKAGE6.path} is not there: no IPv6 here")
    if _components(answers) not in (None, 0):
        raise Untestable(f"{COMPONENTS} is {_components(answers)}, so addresses do not tell what is bound")
    value = content.value(BIND)
    devices = value.data if value is not None and isinstance(value.data, tuple) else ()
    bound = {device.rpartition("\\")[2].lower() for device in devices}
    with_ipv6 = {adapter.guid.lower(): bool(adapter.of(6)) for adapter in _adapters(answers)}
    seen = chain(
        *(
            f"{guid} is {'' if guid in bound else 'not '}in {BIND} and has {'an' if has else 'no'} IPv6 address"
            for guid, has in with_ipv6.items()
        ),
        answers.said(BY_WMI),
        answers.said(BY_REGISTRY, ProbeKey(LINKAGE6)),
    )
    expect(all(has == (guid in bound) for guid, has in with_ipv6.items()), seen)
    return seen


def _at_boot(answers: Answers) -> str:
    state = answers.observed(ALL_IPV6).states[ReadIPv6Addresses()]
    off = _components(answers) in SWITCHES_OFF
    if not off or not isinstance(state, Addresses) or state.beside_loopback:
        raise Untestable(f"needs a reboot: {COMPONENTS} does not switch IPv6 off here, or waits for a reboot")
    return f"{COMPONENTS} is {_components(answers)}, and {', '.join(state.ipv6)} is the only IPv6 address"


PROBES = (
    Probe("wmic_nicconfig", _nicconfig, (BY_WMI,), FRAME, used_by="nothing but preflight itself, to see addresses"),
    Probe(
        "adapter_address",
        _address,
        (BY_WMI, BY_REGISTRY, SIGNS),
        ("reg_query", "wmic_nicconfig", "sc_query"),
        used_by="hosts_ipv4 and server_info",
    ),
    Probe(
        "adapter_binding",
        _binding,
        (BY_WMI, BY_REGISTRY),
        ("reg_query", "wmic_nicconfig"),
        used_by="ipv6_binding",
    ),
    Probe(
        "disabled_components_at_boot",
        _at_boot,
        (BY_REGISTRY, ALL_IPV6),
        ("reg_query", "netsh_interface"),
        used_by="ipv6_components",
    ),
)
