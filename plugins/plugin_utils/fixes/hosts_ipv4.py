# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with the Client Access and the Mailbox role reaches itself over IPv4, by its hosts file.

Source: Exchange team blog, 2008-06-20.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..changes import ReplaceFile
from ..facts import ipv4
from ..facts.identity import TCPIP, Identity
from ..facts.ipv4 import OwnIPv4
from ..facts.roles import EXCHANGE, NTDS, WINDOWS
from ..formats.hosts_file import (
    Edit,
    Undo,
    absent,
    absent_by_rule,
    is_utf16,
    lines_of,
    loopback_lines,
    misprinted_lines,
    present,
    shown,
)
from ..formats.names import check_labels, parse_fqdn
from ..formats.registry import KeyAbsent, KeyContent, Value
from ..journal import Memory
from ..reads import FileAbsent, FileContent, Observed, Read, ReadClock, ReadFile, ReadKey
from .options import OptionReader
from .plan import Configured, Failure, Finding, Fix, Plan
from .proof import clock_failure
from .unread import unread_failure, unread_setting

FOLDER = r"%SystemRoot%\system32\drivers\etc"
FILE = "hosts"
HOSTS = ReadFile(FOLDER, FILE)
LOOPBACK = "hosts ::1"
NAMES = "hosts own names"
# Names of notes in the journal: what an undo needs, and that it is done.
UNDO = "hosts undo"
UNDONE = "hosts undone"
_SOURCE = "Exchange team blog, 2008-06-20"
_NOTHING_LEFT = "nothing of the fix is there"
_NOT_OURS = {
    LOOPBACK: "no ::1 line is active, and none is left that this controller made a comment",
    NAMES: "these lines this controller did not write, or they were there before the fix: they stay; delete them by "
    "hand if they are not wanted",
}
_EFFECT = (
    "Windows reads the file anew by itself; whether connections that the RPC proxy has open follow is not documented"
)
_MAILBOX = "MailboxRole"
# Its hosts file has an active ::1 line as it comes.
_WITH_LOOPBACK = "6.0"
State = Literal["present", "absent"]


class _Stopped(Exception):
    """The fix cannot be planned."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.problem)
        self.failure = failure


class _NoAddress(_Stopped):
    """Everything could be read, and only the operator knows the address."""


@dataclass(frozen=True)
class HostsIpv4(Fix):
    """The desired state; None is what the server's registry says."""

    address: str | None = None
    hostname: str | None = None
    fqdn: str | None = None
    state: State = "present"

    name: ClassVar[str] = "hosts_ipv4"
    reads: ClassVar[tuple[Read, ...]] = (
        HOSTS,
        ReadKey(TCPIP),
        *ipv4.READS,
        ReadKey(NTDS),
        ReadKey(EXCHANGE),
        ReadKey(WINDOWS),
        ReadClock(),
    )
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "address": {"type": "str"},
        "hostname": {"type": "str"},
        "fqdn": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> HostsIpv4:
        """From a task's options, typed by the argument spec."""
        reader = OptionReader()
        parsers: dict[str, Callable[[str], str]] = {
            "address": _parse_address,
            "hostname": _parse_hostname,
            "fqdn": _parse_fqdn,
        }
        parsed: dict[str, str | None] = dict.fromkeys(parsers)
        for option, parse in parsers.items():
            value = options.get(option)
            try:
                parsed[option] = None if value is None else parse(value)
            except ValueError as error:
                reader.problem(option, value, str(error))
        reader.raise_problems()
        return cls(parsed["address"], parsed["hostname"], parsed["fqdn"], options.get("state", "present"))

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """Both settings, unread."""
        return tuple(
            Finding(cls.name, setting, "unknown", None, None, reason, _SOURCE, "unknown")
            for setting in (LOOPBACK, NAMES)
        )

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """The file's lines that the fix is about."""
        try:
            _check_place(observed)
            _file(observed)
        except _Stopped as stopped:
            return tuple(unread_setting(setting, stopped.failure) for setting in (LOOPBACK, NAMES))
        told = {
            setting: Configured.read(setting, text, "unknown", _EFFECT)
            for setting, text in cls()._shown(observed).items()
        }
        try:
            cls()._names(observed)
        except _Stopped as stopped:
            told[NAMES] = unread_setting(NAMES, stopped.failure)
        return tuple(told.values())

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Compare the file with what it would be after the edit."""
        try:
            if self.state == "present" and (reason := _not_needed(observed)) is not None:
                return self._not_applicable(observed, reason)
            return self._plan(observed, memory)
        except _NoAddress as stopped:
            return self._undecided(observed, stopped.failure)
        except _Stopped as stopped:
            failure = stopped.failure
            return Plan(findings=self.unknown(f"{failure.problem}: {failure.found}"), failure=failure)

    def _plan(self, observed: Observed, memory: Memory) -> Plan:
        _check_place(observed)
        file = _file(observed)
        old = file.data if isinstance(file, FileContent) else b""
        names = self._names(observed)
        undo = _remembered(memory)
        undone = {LOOPBACK: _NOTHING_LEFT, NAMES: _NOTHING_LEFT}
        if self.state == "present":
            edit, how = present(old, self._address(observed), names, undo), ""
        else:
            edit, how = self._absent(observed, old, names, undo)
            if undo is not None and not loopback_lines(edit.data):
                undone[LOOPBACK] = _NOT_OURS[LOOPBACK]
            if undo is not None and lines_of(edit.data, names):
                undone[NAMES] = _NOT_OURS[NAMES]
            if old and not edit.data:
                how += "; no line is left then, and the empty file stays, also where there was none before the fix"
        if isinstance(file, FileAbsent):
            how = "; there is no hosts file, so it is made" if edit.data else "; there is no hosts file"
        findings = self._findings(old, edit.data, names, how, undone)
        drifted = tuple(finding.setting for finding in findings if finding.status == "drifted")
        warnings = self._warnings(observed, old)
        if not drifted:
            return Plan(findings=findings, warnings=warnings)
        change = ReplaceFile(
            settings=drifted,
            folder=FOLDER,
            file=FILE,
            old=file.data if isinstance(file, FileContent) else None,
            new=edit.data,
            attributes=file.attributes if isinstance(file, FileContent) else frozenset(),
        )
        here = self.state == "present"
        return Plan(
            findings=findings,
            changes=(change,),
            warnings=warnings,
            failure=clock_failure(observed, ", ".join(drifted)),
            notes=((UNDO, edit.undo.to_text()),) if here else (),
            conclusions=() if here else ((UNDONE, "done"),),
            forget=(UNDONE,) if here else (UNDO,),
        )

    def _absent(self, observed: Observed, old: bytes, names: tuple[str, str], undo: Undo | None) -> tuple[Edit, str]:
        if undo is None:
            edit = absent_by_rule(old, self._address(observed), names, _ships_loopback(observed))
            return edit, (
                "; by the rule, as the journal does not say what was there before: lines that hold nothing but this "
                "address and these names go, and where Windows ships an active ::1 localhost it is active again"
            )
        others = len(undo.traces) - shown(old, undo)
        return absent(old, undo), (
            f"; {others} of the lines that were changed or added are no longer as they were left, and stay"
            if others
            else ""
        )

    def _findings(
        self, old: bytes, new: bytes, names: tuple[str, str], how: str, undone: Mapping[str, str]
    ) -> tuple[Finding, Finding]:
        here = self.state == "present"
        loopback = self._finding(
            LOOPBACK,
            loopback_lines(old),
            loopback_lines(new),
            "with an active ::1 line the server reaches itself over IPv6, where mad.exe does not listen; it becomes a "
            "comment"
            if here
            else "the ::1 line is made active again",
            "no active ::1 line" if here else undone[LOOPBACK],
            how,
        )
        own = self._finding(
            NAMES,
            lines_of(old, names),
            lines_of(new, names),
            f"{names[0]} and {names[1]} must each be on one active line, behind the server's IPv4 address"
            if here
            else "the server's own names go as they came",
            "each name is on one active line, behind the server's IPv4 address" if here else undone[NAMES],
            how,
            differs=old != new and loopback.status == "compliant",
        )
        return loopback, own

    def _finding(
        self,
        setting: str,
        before: tuple[str, ...],
        after: tuple[str, ...],
        drift: str,
        good: str,
        how: str,
        differs: bool = False,
    ) -> Finding:
        drifted = differs or before != after
        return Finding(
            fix=self.name,
            setting=setting,
            status="drifted" if drifted else "compliant",
            before="; ".join(before) or None,
            after="; ".join(after) or None,
            reason=f"{drift}{how}" if drifted else f"{good}{how}; {_EFFECT}",
            reference=_SOURCE,
            effective="no" if drifted else "unknown",
        )

    def _not_applicable(self, observed: Observed, reason: str) -> Plan:
        """Shown as it is, as far as it can be read."""
        return Plan(
            findings=tuple(
                Finding(self.name, setting, "not_applicable", text, text, reason, _SOURCE, "unknown")
                for setting, text in self._shown(observed).items()
            )
        )

    def _undecided(self, observed: Observed, failure: Failure) -> Plan:
        """Shown as it is: nothing is unreadable, so whoever leaves this fix alone need not name an address."""
        reason, why = f"{failure.problem}: {failure.found}", "no address is named"
        return Plan(
            findings=tuple(
                Finding(self.name, setting, "drifted", text, text, reason, _SOURCE, "unknown", why)
                for setting, text in self._shown(observed).items()
            ),
            failure=failure,
        )

    def _shown(self, observed: Observed) -> dict[str, str | None]:
        """The lines of each setting, as far as they can be read."""
        file = observed.states[HOSTS]
        data = file.data if isinstance(file, FileContent) else b""
        try:
            names: tuple[str, ...] = self._names(observed)
        except _Stopped:
            names = ()
        lines = {LOOPBACK: loopback_lines(data), NAMES: lines_of(data, names)}
        return {setting: "; ".join(texts) or None for setting, texts in lines.items()}

    def _names(self, observed: Observed) -> tuple[str, str]:
        identity = Identity.of(observed.key(TCPIP))
        return (
            self.hostname or _own(identity.hostname, identity.unknown.get("hostname"), "hostname", _parse_hostname),
            self.fqdn or _own(identity.fqdn, identity.unknown.get("fqdn"), "fqdn", _parse_fqdn),
        )

    def _address(self, observed: Observed) -> str:
        """The one that was given, or the server's only one."""
        if self.address is not None:
            return self.address
        own = OwnIPv4.of(observed)
        if len(own.addresses) == 1:
            return str(own.addresses[0].address)
        raise _NoAddress(
            Failure(
                setting=NAMES,
                problem="the server has several IPv4 addresses, and only you know by which it is to reach itself"
                if own.addresses
                else "no IPv4 address of the server is known",
                found=", ".join(map(str, own.addresses)) or own.unknown or "no bound adapter has one in the registry",
                expected="one IPv4 address on the bound adapters, or the option address",
                next_step="Name the address in the option address and run again. Nothing was written.",
            )
        )

    def _warnings(self, observed: Observed, data: bytes) -> tuple[str, ...]:
        warnings = [
            f"the hosts file has a line {line!r}, as the article misprints ::1: Windows ignores it, and so does this"
            for line in misprinted_lines(data)
        ]
        if self.address is not None and self.state == "present":
            own = OwnIPv4.of(observed)
            if own.unknown is not None:
                warnings.append(f"whether an adapter has the address {self.address} is not known: {own.unknown}")
            elif self.address not in [str(item.address) for item in own.addresses]:
                there = ", ".join(map(str, own.addresses)) or "none"
                warnings.append(f"no bound adapter has the address {self.address}; there are: {there}")
        return tuple(warnings)


def _parse_address(text: str) -> str:
    address = ipaddress.IPv4Address(text)
    if address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local:
        raise ValueError(f"{text!r} is no address by which a server reaches itself as others do")
    if address == ipaddress.IPv4Address("255.255.255.255"):
        raise ValueError(f"{text!r} is the broadcast address")
    return str(address)


def _parse_hostname(text: str) -> str:
    check_labels(text)
    if "." in text:
        raise ValueError(f"{text!r} has a dot: the hostname is the first label alone")
    return _not_localhost(text)


def _parse_fqdn(text: str) -> str:
    return _not_localhost(parse_fqdn(text))


def _not_localhost(text: str) -> str:
    if text.partition(".")[0].lower() == "localhost":
        raise ValueError(f"{text!r} means every computer, not this server")
    return text


def _own(value: str | None, why: str | None, option: str, parse: Callable[[str], str]) -> str:
    """A name of the server by its registry."""
    try:
        if value is not None:
            return parse(value)
    except ValueError as error:
        why = str(error)
    raise _Stopped(
        Failure(
            setting=NAMES,
            problem=f"the server's {option} is not known",
            found=why or "nothing",
            expected=f"a {option} in the server's registry, or the option {option}",
            next_step=f"Name it in the option {option} and run again. Nothing was written.",
        )
    )


def _not_needed(observed: Observed) -> str | None:
    """Why the server need not reach itself over IPv4; None where it must, or where nobody knows."""
    if _is_domain_controller(observed):
        return "it is a domain controller: lsass.exe owns 6004 there and listens on IPv4 and IPv6"
    exchange = observed.key(EXCHANGE)
    # A denied role's key is listed all the same.
    if isinstance(exchange, KeyContent) and exchange.subkeys and not exchange.has_subkey(_MAILBOX):
        return f"it has no Mailbox role ({EXCHANGE.path} has no {_MAILBOX}), so it does not ask itself for 6004"
    return None


def _is_domain_controller(observed: Observed) -> bool:
    state = observed.key(NTDS)
    if isinstance(state, KeyContent):
        return bool(state.values)
    if isinstance(state, KeyAbsent):
        return False
    raise _Stopped(unread_failure(LOOPBACK, NTDS, state, "it is no domain controller"))


def _windows(observed: Observed, name: str) -> Value | None:
    state = observed.key(WINDOWS)
    if not isinstance(state, KeyContent):
        raise _Stopped(unread_failure(LOOPBACK, WINDOWS, state, "this is no Windows that we know"))
    return state.value(name)


def _ships_loopback(observed: Observed) -> bool:
    version = _windows(observed, "CurrentVersion")
    return version is not None and version.data == _WITH_LOOPBACK


def _check_place(observed: Observed) -> None:
    """The file that Windows reads is the one that we read, unless DataBasePath says otherwise."""
    state = observed.key(TCPIP)
    value = state.value("DataBasePath") if isinstance(state, KeyContent) else None
    if value is None:
        return
    places = {FOLDER.lower()}
    root = _windows(observed, "SystemRoot")
    if root is not None and isinstance(root.data, str):
        places.add(FOLDER.lower().replace("%systemroot%", root.data.lower()))
    if not isinstance(value.data, str) or value.data.lower().rstrip("\\") not in places:
        raise _Stopped(
            Failure(
                setting=LOOPBACK,
                problem="this server reads its hosts file in another folder",
                found=f"{TCPIP.path} has DataBasePath = {value.shown}",
                expected=f"no DataBasePath, or {FOLDER}",
                next_step=f"Find out who moved it. Set DataBasePath to {FOLDER}, or make this change there by hand.",
            )
        )


def _file(observed: Observed) -> FileContent | FileAbsent:
    state = observed.states[HOSTS]
    if isinstance(state, FileAbsent) or (isinstance(state, FileContent) and not is_utf16(state.data)):
        return state
    if isinstance(state, FileContent):
        why, answer = "it is UTF-16, which Windows does not read as a hosts file", state.data[:40].hex(" ")
    else:
        why, answer = getattr(state, "why", "not asked"), getattr(state, "answer", "")
    raise _Stopped(
        Failure(
            setting=LOOPBACK,
            problem=f"the hosts file could not be read: {why}",
            found=f"the server said {answer!r}",
            expected=f"{FOLDER}\\{FILE}, a text of one byte a character, or no such file",
            next_step="Look at the file on the server, who has it open and who may read it, mend that and run again. "
            "Nothing was written.",
        )
    )


def _remembered(memory: Memory) -> Undo | None:
    """What was done to the file; nothing when it is undone, None when nobody knows."""
    record = memory.get((HostsIpv4.name, UNDO))
    if record is None:
        return Undo() if (HostsIpv4.name, UNDONE) in memory else None
    try:
        return Undo.parse(record.value or "")
    except (ValueError, RecursionError) as error:
        raise _Stopped(
            Failure(
                setting=NAMES,
                problem=f"what the journal says of the hosts file was not understood: {error}",
                found=repr(record.value),
                expected="the note of an earlier run",
                next_step="Mend the record in the server's pending.json, or remove it: an undo then goes by its rule. "
                "Nothing was written.",
            )
        ) from error
