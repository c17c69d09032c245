# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mailbox server's part of the split-connection fix: whether it refers HTTP clients to DSProxy.

Sources: KB 872897; Exchange team blog, 2008-06-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..formats.names import ServerName
from ..formats.registry import (
    DeleteValue,
    Key,
    KeyAbsent,
    KeyContent,
    RegistryChange,
    SetNumber,
    SetText,
    Unreadable,
    Value,
)
from ..journal import Memory
from ..reads import Observed, ProbeKey, Processes, Read, ReadClock, ReadKey, ReadProcesses
from .options import OptionReader
from .plan import Configured, Effective, Failure, Finding, Fix, Plan
from .proof import Proof, clock_failure, proof_of
from .unread import unread_failure, unread_setting

SYSTEM_ATTENDANT = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeSA")
PARAMETERS = Key(SYSTEM_ATTENDANT.path + r"\Parameters")
# The article's key has a blank behind the service's name; typed as it stands it makes a key that nobody reads.
MISPLACED = Key(SYSTEM_ATTENDANT.path + r" \Parameters")
SERVICE = "MSExchangeSA"
PROCESS = ReadProcesses(("mad.exe",))

REFER = "Do Not Refer HTTP to DSProxy"
TARGET = "NSPI Target Server"
_REFER_SOURCE = "KB 872897; Exchange team blog, 2008-06-20"
_TARGET_SOURCE = "Exchange team blog, 2008-06-20"
_NOT_MANAGED = "not managed: the split-connection fix is a last resort and nobody has asked for it"


@dataclass(frozen=True)
class _Setting:
    """One of the two values: what is there, what should be, and the change between."""

    name: str
    reference: str
    value: Value | None
    managed: bool
    compliant: bool
    after: str | None
    change: RegistryChange
    reason: str

    @property
    def shown(self) -> str | None:
        """What is there, for people."""
        kind = "REG_DWORD" if self.name == REFER else "REG_SZ"
        return None if self.value is None else self.value.shown_as(kind)


@dataclass(frozen=True)
class DsproxyReferral(Fix):
    """The desired state; None leaves a setting alone, an empty target removes it."""

    refer_http_to_dsproxy: bool | None = None
    nspi_target_server: str | None = None

    name: ClassVar[str] = "dsproxy_referral"
    reads: ClassVar[tuple[Read, ...]] = (ReadKey(PARAMETERS), ProbeKey(MISPLACED), ReadClock(), PROCESS)
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "refer_http_to_dsproxy": {"type": "bool"},
        "nspi_target_server": {"type": "raw"},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> DsproxyReferral:
        """From a task's options, typed by the argument spec; raises InvalidOptions."""
        reader = OptionReader()
        target = options["nspi_target_server"]
        if target not in (None, ""):
            target = next((name.fqdn for name in reader.each("nspi_target_server", [target], ServerName.parse)), None)
        reader.raise_problems()
        return cls(options["refer_http_to_dsproxy"], target)

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """Both settings, unread."""
        return tuple(
            Finding(cls.name, setting, "unknown", None, None, reason, reference, "unknown")
            for setting, reference in ((REFER, _REFER_SOURCE), (TARGET, _TARGET_SOURCE))
        )

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """Both values, and whether MSExchangeSA has started with them."""
        state = _parameters(observed)
        if isinstance(state, Failure):
            return tuple(unread_setting(setting, state) for setting in (REFER, TARGET))
        settings = (cls()._refer(state.value(REFER)), cls()._target(state.value(TARGET)))
        proofs = [_proof(setting, observed, memory) for setting in settings]
        return tuple(
            Configured.read(setting.name, setting.shown, _EFFECTIVE[proof], _PROOFS[proof])
            for setting, proof in zip(settings, proofs, strict=True)
        )

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Compare both values, and say of each that is as wanted whether MSExchangeSA has started since."""
        state = _parameters(observed)
        if isinstance(state, Failure):
            return Plan(findings=self.unknown(f"{state.problem}: {state.found}"), failure=state)
        settings = (self._refer(state.value(REFER)), self._target(state.value(TARGET)))
        changes = tuple(setting.change for setting in settings if setting.managed and not setting.compliant)
        proofs = {setting.name: _proof(setting, observed, memory) for setting in settings}
        waits = changes or any(proof == "pending" for proof in proofs.values())
        return Plan(
            findings=tuple(self._finding(setting, settings, proofs[setting.name]) for setting in settings),
            changes=changes,
            warnings=_warnings(state, observed),
            restart_required=(SERVICE,) if waits else (),
            failure=clock_failure(observed, REFER) if changes else None,
            to_be_proved=tuple(change.name for change in changes),
        )

    def _refer(self, value: Value | None) -> _Setting:
        number = value.data if value is not None and value.kind == "REG_DWORD" else None
        if self.refer_http_to_dsproxy:
            return _Setting(
                REFER,
                _REFER_SOURCE,
                value,
                managed=True,
                compliant=value is None or number == 0,
                after=None,
                change=DeleteValue(PARAMETERS, REFER),
                reason="HTTP clients are not referred to DSProxy, and should be",
            )
        return _Setting(
            REFER,
            _REFER_SOURCE,
            value,
            managed=self.refer_http_to_dsproxy is not None,
            compliant=isinstance(number, int) and number != 0,
            after="1",
            change=SetNumber(PARAMETERS, REFER, 1),
            reason="HTTP clients are referred to DSProxy (absent and 0 both mean so), and should not be",
        )

    def _target(self, value: Value | None) -> _Setting:
        wanted = self.nspi_target_server or ""
        text = value.data if value is not None and value.kind == "REG_SZ" else None
        same = value is None if not wanted else isinstance(text, str) and text.lower() == wanted.lower()
        return _Setting(
            TARGET,
            _TARGET_SOURCE,
            value,
            managed=self.nspi_target_server is not None,
            compliant=same,
            after=wanted or None,
            change=SetText(PARAMETERS, TARGET, wanted) if wanted else DeleteValue(PARAMETERS, TARGET),
            reason=_target_reason(value, wanted),
        )

    def _finding(self, setting: _Setting, both: tuple[_Setting, ...], proof: Proof) -> Finding:
        finding = Finding(
            fix=self.name,
            setting=setting.name,
            status="compliant",
            before=setting.shown,
            after=setting.shown,
            reason=f"as wanted; {_PROOFS[proof]}",
            reference=setting.reference,
            effective=_EFFECTIVE[proof],
        )
        if not setting.managed:
            finding = replace(finding, status="not_managed", reason=_NOT_MANAGED, effective="unknown")
            return replace(finding, **_half_applied(setting, both))
        if setting.compliant:
            return finding
        return replace(finding, status="drifted", after=setting.after, reason=setting.reason, effective="no")


_PROOFS: dict[Proof, str] = {
    "proved": "MSExchangeSA has started since it was written",
    "pending": "MSExchangeSA has not started since it was written",
    "unknown": "whether MSExchangeSA has started since it was written is not known",
}
_EFFECTIVE: dict[Proof, Effective] = {"proved": "yes", "pending": "no", "unknown": "unknown"}


def _parameters(observed: Observed) -> KeyContent | Failure:
    """Both values' key; a System Attendant without it has neither."""
    state = observed.key(PARAMETERS)
    if isinstance(state, KeyAbsent) and state.missing == PARAMETERS:
        return KeyContent((), ())
    if isinstance(state, KeyContent):
        return state
    return unread_failure(REFER, PARAMETERS, state, "the Exchange System Attendant is not on this server")


def _target_reason(value: Value | None, wanted: str) -> str:
    if value is None:
        return "absent; profile creation needs one Global Catalog by its FQDN"
    if value.kind != "REG_SZ":
        return f"of type {value.kind}, not REG_SZ"
    return f"{value.shown!r}, and {wanted!r} is wanted" if wanted else "set, and should not be there"


def _is_on(setting: _Setting) -> bool:
    value = setting.value
    if value is None:
        return False
    return value.data not in (0, "", None) if setting.name == REFER else bool(value.data)


def _half_applied(setting: _Setting, both: tuple[_Setting, ...]) -> dict[str, Any]:
    """A setting that nobody manages and that stands alone is drift all the same: half of the fix is worse than none."""
    others = [other for other in both if other is not setting]
    if not _is_on(setting) or all(_is_on(other) for other in others):
        return {}
    missing = ", ".join(other.name for other in others)
    return {
        "status": "drifted",
        "reason": f"the split-connection fix is half applied: {setting.name} is set and {missing} is not",
        "effective": "unknown",
        "blocked_by": "outlook_anywhere_affinity: set it to ssl_id or none to complete the fix, or undo it by hand",
    }


def _proof(setting: _Setting, observed: Observed, memory: Memory) -> Proof:
    processes = observed.get(PROCESS, Processes)
    if isinstance(processes, Unreadable):
        return "unknown"
    started = min((process.started for process in processes.running), default=None)
    shown = None if setting.value is None else setting.value.shown
    if setting.managed and not setting.compliant:
        return "unknown"
    return proof_of(memory, DsproxyReferral.name, setting.name, shown, started)


def _warnings(state: KeyContent, observed: Observed) -> tuple[str, ...]:
    warnings = []
    if rfr := state.value("RFR Target Server"):
        warnings.append(f"RFR Target Server is set ({rfr.shown}): it decides the referral of other clients as well")
    if (no_rfr := state.value("No RFR Service")) and no_rfr.data not in (0, None):
        warnings.append(f"No RFR Service is {no_rfr.shown}: the referral service is switched off altogether")
    if observed.values(MISPLACED).values:
        warnings.append(f"{MISPLACED.path!r} has values: the blank in it makes a key that nobody reads")
    return tuple(warnings)
