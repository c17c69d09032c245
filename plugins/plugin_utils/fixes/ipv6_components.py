# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a Client Access server's Windows uses IPv6: DisabledComponents.

Sources: KB 929852; KB 952842; Exchange team blog, 2008-06-20.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ..formats import sc
from ..formats.registry import Key, KeyAbsent, KeyContent, SetNumber, Unreadable, Value
from ..journal import Memory
from ..reads import (
    Addresses,
    Link,
    Observed,
    Read,
    ReadClock,
    ReadIPv6Addresses,
    ReadKey,
    ReadLink,
    ReadService,
    Service,
)
from .plan import Configured, Effective, Failure, Finding, Fix, Plan
from .proof import Proof, boot_time, clock_failure, proof_of
from .unread import unread_failure, unread_setting

PARAMETERS = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters")
COMPONENTS = "DisabledComponents"
ROUTING = ReadService("RemoteAccess")
_SOURCE = "KB 929852; Exchange team blog, 2008-06-20"
State = Literal["disabled", "prefer_ipv4", "enabled"]
NUMBERS: dict[State, int] = {"disabled": 0xFF, "prefer_ipv4": 0x20, "enabled": 0}
ALL_BITS = 0xFFFFFFFF
SWITCHES_OFF = (NUMBERS["disabled"], ALL_BITS)
# Any other value breaks Routing and Remote Access.
ROUTING_TOLERATES = (0, 0x20)


@dataclass(frozen=True)
class Ipv6Components(Fix):
    """The desired state, why it is needed, and the Mailbox servers that were taken for ones that need it."""

    state: State = "disabled"
    needed_because: str = ""
    unread_mailbox_servers: tuple[str, ...] = ()

    name: ClassVar[str] = "ipv6_components"
    reads: ClassVar[tuple[Read, ...]] = (ReadLink(), ReadKey(PARAMETERS), ReadClock(), ROUTING, ReadIPv6Addresses())
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "state": {"type": "str", "choices": ["disabled", "prefer_ipv4", "enabled"], "default": "disabled"},
        "needed_because": {"type": "str", "default": ""},
        "unread_mailbox_servers": {"type": "list", "elements": "str", "default": []},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Ipv6Components:
        """From a task's options, typed by the argument spec."""
        return cls(
            options["state"], options.get("needed_because", ""), tuple(options.get("unread_mailbox_servers", ()))
        )

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """The one setting, unread."""
        return (Finding(cls.name, COMPONENTS, "unknown", None, None, reason, _SOURCE, "unknown"),)

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """The number, and whether the server has booted with it."""
        state = observed.key(PARAMETERS)
        if isinstance(state, KeyAbsent):
            return (Configured(COMPONENTS, None, "unknown", no_ipv6(cls.name, COMPONENTS, _SOURCE).reason),)
        if not isinstance(state, KeyContent):
            return (unread_setting(COMPONENTS, unread_failure(COMPONENTS, PARAMETERS, state, "")),)
        value = state.value(COMPONENTS)
        return (Configured.read(COMPONENTS, shown(value), *_effect(value, _proof(value, observed, memory), observed)),)

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Compare the number, and say whether the server has booted with it."""
        state = observed.key(PARAMETERS)
        if isinstance(state, KeyAbsent):
            return Plan(findings=(no_ipv6(self.name, COMPONENTS, _SOURCE),))
        if not isinstance(state, KeyContent):
            failure = unread_failure(COMPONENTS, PARAMETERS, state, "this Windows has no IPv6")
            return Plan(findings=self.unknown(f"{failure.problem}: {failure.found}"), failure=failure)
        value = state.value(COMPONENTS)
        warnings = _warnings(state, observed, NUMBERS[self.state])
        if self.unread_mailbox_servers:
            warnings += (
                f"not read, and taken for Mailbox servers that need it: {', '.join(self.unread_mailbox_servers)}",
            )
        if self._is_compliant(value):
            return self._compliant(value, observed, memory, warnings)
        wanted = NUMBERS[self.state]
        finding = Finding(
            fix=self.name,
            setting=COMPONENTS,
            status="drifted",
            before=shown(value),
            after=shown_number(wanted),
            reason=self._drift(value) + (f", because of {self.needed_because}" if self.needed_because else ""),
            reference=_SOURCE,
            effective="no",
        )
        link = observed.get(ReadLink(), Link)
        if self.state == "disabled" and isinstance(link, Link) and link.ipv6:
            blocked = replace(finding, after=shown(value), blocked_by="our own connection runs over IPv6")
            return Plan(findings=(blocked,), warnings=warnings, failure=_cuts_us_off(finding))
        return Plan(
            findings=(finding,),
            changes=(SetNumber(PARAMETERS, COMPONENTS, wanted),),
            warnings=warnings,
            reboot_required=True,
            failure=clock_failure(observed, COMPONENTS),
            to_be_proved=(COMPONENTS,),
        )

    def _is_compliant(self, value: Value | None) -> bool:
        if value is None:
            return self.state == "enabled"
        return value.kind == "REG_DWORD" and value.data == NUMBERS[self.state]

    def _drift(self, value: Value | None) -> str:
        wanted = f"{shown_number(NUMBERS[self.state])} ({self.state}) is wanted"
        if value is None:
            return f"absent, so IPv6 is fully on; {wanted}"
        if value.kind != "REG_DWORD":
            return f"of type {value.kind}, not REG_DWORD; {wanted}"
        if value.data == ALL_BITS:
            return f"0xFFFFFFFF switches IPv6 off too, but costs 5 seconds at every boot; {wanted}"
        return f"{shown(value)}; {wanted}"

    def _compliant(self, value: Value | None, observed: Observed, memory: Memory, warnings: tuple[str, ...]) -> Plan:
        text, proof = shown(value), _proof(value, observed, memory)
        effective, evidence = _effect(value, proof, observed)
        finding = Finding(self.name, COMPONENTS, "compliant", text, text, "", _SOURCE, effective)
        return Plan(
            findings=(replace(finding, reason=f"as wanted; {evidence}"),),
            warnings=warnings,
            reboot_required=proof == "pending",
        )


def no_ipv6(fix: str, setting: str, reference: str) -> Finding:
    """The finding on a server that never had IPv6 installed, as Windows Server 2003 by default."""
    reason = f"IPv6 is not installed: {PARAMETERS.path} does not exist"
    return Finding(fix, setting, "not_applicable", None, None, reason, reference, "unknown")


def _cuts_us_off(finding: Finding) -> Failure:
    return Failure(
        setting=COMPONENTS,
        problem="our own connection to the server runs over IPv6 and would be lost with the reboot",
        found=f"{COMPONENTS} is {finding.before or 'absent'}; ansible_host leads to an IPv6 address first",
        expected=f"{finding.after}, reached over IPv4",
        next_step="Give the server's IPv4 address as ansible_host and run again. Nothing was written.",
    )


def _proof(value: Value | None, observed: Observed, memory: Memory) -> Proof:
    return proof_of(memory, Ipv6Components.name, COMPONENTS, shown(value), boot_time(observed))


def _effect(value: Value | None, proof: Proof, observed: Observed) -> tuple[Effective, str]:
    if proof == "pending":
        return "no", "the server has not booted since it was written"
    effective: Effective = "unknown"
    evidence = "whether the server has booted since it was written is not known"
    if proof == "proved":
        effective, evidence = "yes", "the server has booted since it was written"
    if value is not None and value.kind == "REG_DWORD" and value.data in SWITCHES_OFF:
        return _by_addresses(observed, effective, evidence)
    return effective, evidence


def _by_addresses(observed: Observed, effective: Effective, evidence: str) -> tuple[Effective, str]:
    """IPv6 is off when no address but loopback is left: ::1 stays, and listeners on [::] may stay."""
    addresses = observed.get(ReadIPv6Addresses(), Addresses)
    if isinstance(addresses, Unreadable):
        return "unknown", f"{evidence}; the IPv6 addresses could not be read"
    if addresses.beside_loopback:
        return "no", f"{evidence}; there are still IPv6 addresses: {', '.join(addresses.beside_loopback)}"
    return effective, f"{evidence}; there is no IPv6 address but loopback"


def shown_number(number: int) -> str:
    """As the documentation writes the value."""
    return f"0x{number:X}"


def shown(value: Value | None) -> str | None:
    """The value as the documentation writes it."""
    if value is None:
        return None
    return (
        shown_number(value.data)
        if value.kind == "REG_DWORD" and isinstance(value.data, int)
        else value.shown_as("REG_DWORD")
    )


def _warnings(state: KeyContent, observed: Observed, wanted: int) -> tuple[str, ...]:
    warnings = [
        f"{PARAMETERS.path} has a value {value.name}: probably {COMPONENTS} misspelt; it does nothing"
        for value in state.values
        if re.search("disable.*comp", value.name.lower()) and value.name.lower() != COMPONENTS.lower()
    ]
    routing = observed.get(ROUTING, Service)
    if wanted not in ROUTING_TOLERATES:
        if isinstance(routing, Unreadable):
            warnings.append("whether Routing and Remote Access runs could not be read; it breaks without IPv6")
        elif routing.state == sc.RUNNING:
            warnings.append(
                f"Routing and Remote Access runs here, and breaks with a {COMPONENTS} other than 0 and 0x20"
            )
    return tuple(warnings)
