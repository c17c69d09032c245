# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Global Catalog's part of the split-connection fix: directory service over RPC over HTTP on port 6004.

Sources: TechNet bb124159 and aa997836; Exchange team blog, 2008-06-20; KB 949469.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ..formats.registry import (
    DeleteValue,
    Key,
    KeyAbsent,
    KeyContent,
    KeyDenied,
    RegistryChange,
    SetTexts,
    Unreadable,
    Value,
)
from ..journal import Memory
from ..reads import Listeners, Observed, Processes, Read, ReadClock, ReadKey, ReadListeners, ReadProcesses
from .options import OptionReader
from .plan import Configured, Effective, Failure, Finding, Fix, Plan
from .proof import Proof, boot_time, clock_failure, proof_of
from .unread import unread_failure, unread_setting

NTDS = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters")
SEQUENCES = "NSPI interface protocol sequences"
PROMOTED = "Global Catalog Promotion Complete"
SESSIONS = "NSPI max sessions per user"
SESSIONS_DEFAULT = 50
OWNER = ReadProcesses(("lsass.exe",))
_SOURCE = "TechNet bb124159; Exchange team blog, 2008-06-20"
_SEQUENCE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}(?::([0-9]{1,5}))?")


def is_sequence(text: str) -> bool:
    """Whether parse_sequence takes it."""
    try:
        return bool(parse_sequence(text))
    except ValueError:
        return False


def parse_sequence(text: object) -> str:
    """A protocol sequence such as C(ncacn_http:6004); raises ValueError with the reason."""
    if not isinstance(text, str) or not (match := _SEQUENCE.fullmatch(text)):
        raise ValueError(f"{text!r} is not a protocol sequence like ncacn_http:6004")
    if match[1] is not None and not 1 <= int(match[1]) <= 65535:
        raise ValueError(f"port {match[1]} is not between 1 and 65535")
    return text


@dataclass(frozen=True)
class NspiEndpoint(Fix):
    """The desired state: these sequences are among the value's strings, or none of them is."""

    protocol_sequences: tuple[str, ...] = ("ncacn_http:6004",)
    state: Literal["present", "absent"] = "present"

    name: ClassVar[str] = "nspi_endpoint"
    reads: ClassVar[tuple[Read, ...]] = (ReadKey(NTDS), ReadClock(), OWNER, ReadListeners())
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "protocol_sequences": {"type": "list", "elements": "str", "default": ["ncacn_http:6004"]},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> NspiEndpoint:
        """From a task's options, typed by the argument spec; raises InvalidOptions."""
        reader = OptionReader()
        sequences = reader.each("protocol_sequences", options["protocol_sequences"], parse_sequence)
        if not options["protocol_sequences"]:
            reader.problem("protocol_sequences", [], "at least one protocol sequence is required")
        reader.raise_problems()
        return cls(sequences, options["state"])

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """The one setting, unread."""
        return (Finding(cls.name, SEQUENCES, "unknown", None, None, reason, _SOURCE, "unknown"),)

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """The strings, and whether lsass listens as they say."""
        state = observed.key(NTDS)
        if isinstance(state, (KeyDenied, Unreadable)):
            return (unread_setting(SEQUENCES, unread_failure(SEQUENCES, NTDS, state, "")),)
        value = state.value(SEQUENCES) if isinstance(state, KeyContent) else None
        if value is None and (isinstance(state, KeyAbsent) or not _is_global_catalog(state)):
            return (Configured(SEQUENCES, None, "unknown", "this server is no Global Catalog"),)
        if value is not None and value.data is None:
            return (Configured(SEQUENCES, _shown(value), "unknown", "its strings are no UTF-8"),)
        found = tuple(filter(is_sequence, _strings(value)))
        as_found = cls(found) if found else cls(state="absent")
        effective, evidence, _proof = as_found._works(value, observed, memory)
        return (Configured.read(SEQUENCES, _shown(value), effective, evidence),)

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Add or take away the sequences; other strings stay, in their order."""
        state = observed.key(NTDS)
        if isinstance(state, (KeyDenied, Unreadable)):
            failure = unread_failure(SEQUENCES, NTDS, state, "")
            return Plan(findings=self.unknown(f"{failure.problem}: {failure.found}"), failure=failure)
        if isinstance(state, KeyAbsent) or not _is_global_catalog(state):
            if self.state == "present":
                return self._no_global_catalog(state)
            state = state if isinstance(state, KeyContent) else KeyContent((), ())
        value = state.value(SEQUENCES)
        if value is not None and value.kind == "REG_MULTI_SZ" and value.data is None:
            unread = Unreadable("its strings are no UTF-8", value.raw.encode("utf-8", "backslashreplace").decode())
            failure = unread_failure(SEQUENCES, NTDS, unread, "")
            return Plan(findings=self.unknown(f"{failure.problem}: {failure.found}"), failure=failure)
        present = _strings(value)
        after = self._after(present)
        same_type = value is None or value.kind == "REG_MULTI_SZ"
        if same_type and after == present:
            return self._compliant(value, observed, memory, _warnings(state))
        change: RegistryChange = SetTexts(NTDS, SEQUENCES, after) if after else DeleteValue(NTDS, SEQUENCES)
        return Plan(
            findings=(
                Finding(
                    fix=self.name,
                    setting=SEQUENCES,
                    status="drifted",
                    before=_shown(value),
                    after="; ".join(after) or None,
                    reason=self._drift(value, present),
                    reference=_SOURCE,
                    effective="no",
                ),
            ),
            changes=(change,),
            warnings=_warnings(state),
            reboot_required=True,
            failure=clock_failure(observed, SEQUENCES),
            to_be_proved=(SEQUENCES,),
        )

    def _after(self, present: tuple[str, ...]) -> tuple[str, ...]:
        wanted = {sequence.lower() for sequence in self.protocol_sequences}
        if self.state == "absent":
            return tuple(text for text in present if text.lower() not in wanted)
        have = {text.lower() for text in present}
        return (*present, *(sequence for sequence in self.protocol_sequences if sequence.lower() not in have))

    def _drift(self, value: Value | None, present: tuple[str, ...]) -> str:
        if value is not None and value.kind != "REG_MULTI_SZ":
            return f"of type {value.kind}, not REG_MULTI_SZ"
        wanted = ", ".join(self.protocol_sequences)
        if self.state == "absent":
            return f"{wanted} should not be among the strings"
        return f"{wanted} should be {'among the strings' if present else 'there'}"

    def _compliant(self, value: Value | None, observed: Observed, memory: Memory, warnings: tuple[str, ...]) -> Plan:
        shown = _shown(value)
        finding = Finding(self.name, SEQUENCES, "compliant", shown, shown, "as wanted", _SOURCE, "unknown")
        effective, evidence, proof = self._works(value, observed, memory)
        pending = proof == "pending" and effective != "yes"
        if proof == "proved" and effective == "no":
            warnings += (f"the server has been rebooted since the change, and still {evidence}",)
        return Plan(
            findings=(replace(finding, effective=effective, reason=f"as wanted; {evidence}"),),
            warnings=warnings,
            reboot_required=pending,
        )

    def _works(self, value: Value | None, observed: Observed, memory: Memory) -> tuple[Effective, str, Proof]:
        proof = proof_of(memory, self.name, SEQUENCES, _shown(value), boot_time(observed))
        return (*self._effect(self._lsass_listens(observed), proof), proof)

    @property
    def _ports(self) -> tuple[int, ...]:
        return tuple(int(port) for text in self.protocol_sequences if (port := text.partition(":")[2]))

    def _lsass_listens(self, observed: Observed) -> bool | None:
        """Whether lsass has all of the ports open (to be absent: any of them); None where that was not read."""
        listeners = observed.get(ReadListeners(), Listeners)
        processes = observed.get(OWNER, Processes)
        if isinstance(listeners, Unreadable) or isinstance(processes, Unreadable) or not self._ports:
            return None
        found = [bool(listeners.owned_by(port, processes.running)) for port in self._ports]
        return all(found) if self.state == "present" else any(found)

    def _effect(self, listens: bool | None, proof: str) -> tuple[Effective, str]:
        """A port counts only when lsass owns it: on a Mailbox server mad.exe may own 6004 as well."""
        ports = ", ".join(map(str, self._ports))
        if listens is None:
            return "unknown", "whether lsass listens could not be read"
        evidence = f"lsass {'listens' if listens else 'does not listen'} on {ports}"
        if listens == (self.state == "present"):
            return "yes", evidence
        waits = "not rebooted since the change" if proof == "pending" else "a reboot is needed unless there was one"
        return "no", f"{evidence} ({waits})" if proof != "proved" else evidence

    def _no_global_catalog(self, state: KeyContent | KeyAbsent) -> Plan:
        found = (
            f"{state.missing.path} does not exist"
            if isinstance(state, KeyAbsent)
            else f"{PROMOTED} is {_shown(state.value(PROMOTED)) or 'absent'}"
        )
        failure = Failure(
            setting=SEQUENCES,
            problem="this server is no Global Catalog",
            found=found,
            expected=f"{PROMOTED} = 1 in {NTDS.path}",
            next_step="Make it a Global Catalog, or take it out of the inventory group global_catalog; then run again.",
        )
        finding = replace(
            self.unknown(f"{failure.problem}: {found}")[0], status="drifted", effective="no", blocked_by=failure.problem
        )
        return Plan(findings=(finding,), failure=failure)


def _is_global_catalog(state: KeyContent) -> bool:
    value = state.value(PROMOTED)
    return value is not None and value.kind == "REG_DWORD" and value.data not in (0, None)


def _strings(value: Value | None) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value.data, tuple):
        return value.data
    return (value.data,) if isinstance(value.data, str) and value.data else ()


def _shown(value: Value | None) -> str | None:
    if value is None:
        return None
    return "; ".join(value.data) if isinstance(value.data, tuple) else value.shown_as("REG_MULTI_SZ")


def _warnings(state: KeyContent) -> tuple[str, ...]:
    sessions = state.value(SESSIONS)
    if sessions is not None and sessions.data != SESSIONS_DEFAULT:
        return ()
    shown = "absent" if sessions is None else sessions.shown
    return (
        f"{SESSIONS} is {shown}, so a user has {SESSIONS_DEFAULT} sessions at most on Windows Server 2008: the one too "
        "many can show a prompt for credentials that looks like the NTLM problem (KB 949469)",
    )
