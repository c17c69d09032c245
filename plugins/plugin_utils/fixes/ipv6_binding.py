# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which adapters have IPv6 bound, and the half-disabled state.

Findings only: Windows Server 2008 has no command that binds or unbinds.

Sources: KB 952842; Exchange team blog, 2008-06-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..formats.registry import Key, KeyAbsent, KeyContent, Value
from ..journal import Memory
from ..reads import Observed, Read, ReadKey
from .ipv6_components import COMPONENTS, NUMBERS, PARAMETERS, no_ipv6, shown
from .plan import Configured, Finding, Fix, Plan
from .unread import unread_failure

LINKAGE = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Linkage")
LINKAGE6 = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Linkage")
BIND = "Bind"
SETTING = "IPv6 binding"
_SOURCE = "KB 952842; KB 929852; the registry's Linkage keys by experience"


@dataclass(frozen=True)
class Ipv6Binding(Fix):
    """Nothing is desired: what is there is told."""

    name: ClassVar[str] = "ipv6_binding"
    reads: ClassVar[tuple[Read, ...]] = (ReadKey(LINKAGE), ReadKey(LINKAGE6), ReadKey(PARAMETERS))
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {}

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Ipv6Binding:
        """There are no options of its own."""
        return cls()

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """The one setting, unread."""
        return (Finding(cls.name, SETTING, "unknown", None, None, reason, _SOURCE, "unknown"),)

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """As the finding tells it: nothing is desired, and a binding works at once."""
        return tuple(
            Configured(finding.setting, finding.before, finding.effective, finding.reason, finding.status != "unknown")
            for finding in cls().plan(observed, memory).findings
        )

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Unbound adapters without DisabledComponents = 0xFF are worse than either state."""
        if isinstance(observed.key(PARAMETERS), KeyAbsent):
            return Plan(findings=(no_ipv6(self.name, SETTING, _SOURCE),))
        contents = {}
        for key in (LINKAGE, LINKAGE6, PARAMETERS):
            state = observed.key(key)
            if isinstance(state, KeyAbsent) and key == LINKAGE6:
                # Without the key no adapter is bound.
                state = KeyContent((), ())
            if not isinstance(state, KeyContent):
                failure = unread_failure(SETTING, key, state, "this Windows has no such network component")
                return Plan(findings=self.unknown(f"{failure.problem}: {failure.found}"), failure=failure)
            contents[key] = state
        adapters = _adapters(contents[LINKAGE].value(BIND))
        bound = {adapter.lower() for adapter in _adapters(contents[LINKAGE6].value(BIND))}
        unbound = [adapter for adapter in adapters if adapter.lower() not in bound]
        components = contents[PARAMETERS].value(COMPONENTS)
        off = components is not None and components.kind == "REG_DWORD" and components.data == NUMBERS["disabled"]
        before = ", ".join(f"{adapter} {'unbound' if adapter in unbound else 'bound'}" for adapter in adapters)
        half = bool(unbound) and not off
        if not adapters:
            return Plan(findings=self.unknown(f"{LINKAGE.path} has no readable {BIND}"))
        return Plan(
            findings=(
                Finding(
                    fix=self.name,
                    setting=SETTING,
                    status="drifted" if half else "compliant",
                    before=before or None,
                    after=before or None,
                    reason=_half_disabled(unbound, components) if half else _told(unbound),
                    reference=_SOURCE,
                    effective="yes",
                    blocked_by="a change that only a person can make" if half else None,
                ),
            )
        )


def _adapters(value: Value | None) -> list[str]:
    """The adapters' GUIDs out of \\Device\\{GUID} strings."""
    if value is None or not isinstance(value.data, tuple):
        return []
    return [text.rpartition("\\")[2] for text in value.data]


def _half_disabled(unbound: list[str], components: Value | None) -> str:
    return (
        f"IPv6 is half disabled: unbound from {', '.join(unbound)}, and {COMPONENTS} is "
        f"{shown(components) or 'absent'}. This breaks Hub Transport and the list of domain controllers. Either bind "
        f"IPv6 to the adapters again, or set {COMPONENTS} to 0xFF (module ipv6_components) and reboot"
    )


def _told(unbound: list[str]) -> str:
    return "IPv6 is unbound, and switched off altogether" if unbound else "IPv6 is bound to every adapter"
