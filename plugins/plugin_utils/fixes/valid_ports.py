# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fix that pins ValidPorts: which targets the RPC proxy of a Client Access server may reach.

Sources: Exchange team blog, 2008-06-20; MicrosoftDocs/win32, rpc-over-http-security; Exchange 2007 help,
RpcHttpConfigurator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ..formats.names import ServerName, netbios_of
from ..formats.registry import Key, KeyAbsent, KeyContent, RegistryChange, SetNumber, SetText, Unreadable, Value
from ..formats.valid_ports import (
    Entry,
    ParsedValue,
    Targets,
    format_value,
    parse_entry,
    parse_value,
    without_repeats,
)
from ..journal import Memory
from ..reads import Clock, Observed, Read, ReadClock, ReadKey
from .options import OptionReader
from .plan import Configured, Effective, Failure, Finding, Fix, LeaveAlone, Plan
from .unread import unread_failure, unread_setting

RPC_PROXY = Key(r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy")
SERVICE_HOST = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeServiceHost")
CONFIGURATOR = Key(SERVICE_HOST.path + r"\RpcHttpConfigurator")
# A literal CCS key, made by typing the article's abbreviation, would stand here.
SYSTEM = Key(r"HKLM\SYSTEM")

VALID_PORTS = "ValidPorts"
ENABLED = "Enabled"
# It reads the polling interval when it starts, and else within one interval.
SERVICE = "MSExchangeServiceHost"
POLLING = "PeriodicPollingMinutes"
POLLING_DEFAULT = 15
MAX_DWORD = 0xFFFFFFFF
STORE_PORTS = (6001, 6002)
DIRECTORY_PORT = 6004
# The RPC proxy reads the list again about every 5 minutes.
REREAD_SECONDS = 360
# The note of a run that has pinned this server.
PINNED = "pinned"
_NOT_SEEN = "whether the service has read it since is not known"
_NEVER_PINNED = "no run of this controller has pinned this server: playbook site does, in the order that a fleet needs"

_PORTS_SOURCE = "MicrosoftDocs/win32, rpc-over-http-security; Exchange team blog, 2008-06-20"
_POLLING_SOURCE = "Exchange 2007 help, RpcHttpConfigurator; Exchange team blog, 2008-06-20"

UnknownEntries = Literal["fail", "keep", "remove"]


def _some(texts: Iterable[str], most: int = 10) -> str:
    """A list for people: the first ones, and how many more."""
    every = list(texts)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def _read_since(finding: Finding, observed: Observed, memory: Memory) -> Finding:
    """The finding of a list that is as wanted, with whether it works."""
    if finding.status != "compliant" or finding.effective != "unknown":
        return finding
    effective, evidence = _works(finding.before, observed, memory)
    return replace(finding, effective=effective, reason=f"means what is wanted; {evidence}")


def _works(text: str | None, observed: Observed, memory: Memory) -> tuple[Effective, str]:
    """A list works once the RPC proxy has read it since it was written."""
    record = memory.get((ValidPorts.name, VALID_PORTS))
    clock = observed.get(ReadClock(), Clock)
    if record is None or record.value is None or isinstance(clock, Unreadable) or not same_targets(record.value, text):
        return "unknown", "the RPC proxy reads it again about every 5 minutes"
    waited = (clock.now - record.changed_at).total_seconds()
    if waited >= REREAD_SECONDS:
        return "yes", "the RPC proxy has read it since"
    return "no", f"written {int(waited)} seconds ago, and the RPC proxy reads it every 5 minutes or so"


def same_targets(one: str, other: str | None) -> bool:
    """Whether two texts of ValidPorts mean the same."""
    first, second = Targets(parse_value(one).entries), Targets(parse_value(other or "").entries)
    return not first.without(second) and not second.without(first)


def _mailbox_entries(server: ServerName) -> list[Entry]:
    return [
        entry
        for name in (server.netbios, server.fqdn)
        for entry in (Entry(name, *STORE_PORTS), Entry(name, DIRECTORY_PORT, DIRECTORY_PORT))
    ]


def global_catalog_entries(server: ServerName) -> list[Entry]:
    """The entries that let the RPC proxy reach a Global Catalog."""
    return [Entry(name, DIRECTORY_PORT, DIRECTORY_PORT) for name in (server.netbios, server.fqdn)]


def _removable(text: object) -> str:
    """A server's name, or a whole entry as it stands in the value; it is compared and never written."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError("it is neither a server's name nor an entry")
    return text.strip().lower()


def is_enabled(proxy: KeyContent) -> bool:
    """Whether the RPC proxy is switched on, by the content of its key."""
    value = proxy.value(ENABLED)
    return value is not None and value.kind == "REG_DWORD" and value.data not in (0, None)


def _switched_off(proxy: KeyContent) -> str:
    value = proxy.value(ENABLED)
    shown = "absent" if value is None else value.shown
    return f"{ENABLED} in {RPC_PROXY.path} is {shown}: the RPC proxy is switched off"


def _configurator(observed: Observed) -> KeyContent | Failure:
    state = observed.key(CONFIGURATOR)
    if isinstance(state, KeyAbsent) and state.missing == CONFIGURATOR:
        # The service is there and its key is not: the default is in force, and writing makes the key.
        return KeyContent((), ())
    if isinstance(state, KeyContent):
        return state
    return unread_failure(POLLING, CONFIGURATOR, state, "MSExchangeServiceHost of Exchange 2007 is not on this server")


def _proxy(observed: Observed) -> KeyContent | Failure:
    state = observed.key(RPC_PROXY)
    if isinstance(state, KeyContent):
        return state
    return unread_failure(VALID_PORTS, RPC_PROXY, state, "the RPC over HTTP proxy is not installed")


def _configured_polling(observed: Observed) -> Configured:
    state = _configurator(observed)
    if isinstance(state, Failure):
        return unread_setting(POLLING, state)
    value = state.value(POLLING)
    return Configured.read(POLLING, None if value is None else value.shown_as("REG_DWORD"), "unknown", _NOT_SEEN)


def _configured_ports(observed: Observed, memory: Memory) -> Configured:
    state = _proxy(observed)
    if isinstance(state, Failure):
        return unread_setting(VALID_PORTS, state)
    text = _Present.of(state.value(VALID_PORTS)).shown
    off: tuple[Effective, str] = ("no", _switched_off(state))
    return Configured.read(VALID_PORTS, text, *(_works(text, observed, memory) if is_enabled(state) else off))


@dataclass(frozen=True)
class _Present:
    """What ValidPorts says now, whatever its registry type."""

    value: Value | None
    parsed: ParsedValue
    # Data that is no text holds no target; only its removal needs consent.
    no_text: str | None = None

    @classmethod
    def of(cls, value: Value | None) -> _Present:
        if value is None:
            return cls(None, parse_value(""))
        if isinstance(value.data, tuple):
            return cls(value, parse_value(";".join(value.data)))
        if isinstance(value.data, str):
            return cls(value, parse_value(value.data))
        return cls(value, parse_value(""), no_text=value.shown_as("REG_SZ"))

    @property
    def shown(self) -> str | None:
        return None if self.value is None else self.value.shown_as("REG_SZ")


@dataclass(frozen=True)
class ValidPorts(Fix):
    """The desired state: targets for Mailbox servers and Global Catalogs, and the servicelet's polling."""

    mailbox_servers: tuple[ServerName, ...]
    global_catalogs: tuple[ServerName, ...] = ()
    extra_entries: tuple[Entry, ...] = ()
    unknown_entries: UnknownEntries = "fail"
    allow_removal: frozenset[str] = frozenset()
    polling_minutes: int = 0
    settle_seconds: int = 5
    repin_only: bool = False

    name: ClassVar[str] = "valid_ports"
    reads: ClassVar[tuple[Read, ...]] = (ReadKey(RPC_PROXY), ReadKey(CONFIGURATOR), ReadKey(SYSTEM), ReadClock())
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "mailbox_servers": {"type": "list", "elements": "raw", "required": True},
        "global_catalogs": {"type": "list", "elements": "raw", "default": []},
        "extra_entries": {"type": "list", "elements": "str", "default": []},
        "unknown_entries": {"type": "str", "choices": ["fail", "keep", "remove"], "default": "fail"},
        "allow_removal": {"type": "list", "elements": "str", "default": []},
        "polling_minutes": {"type": "int", "default": 0},
        "settle_seconds": {"type": "int", "default": 5},
        "repin_only": {"type": "bool", "default": False},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> ValidPorts:
        """From a task's options, typed by the argument spec; raises InvalidOptions with every problem."""
        reader = OptionReader()
        if not options["mailbox_servers"]:
            reader.problem("mailbox_servers", [], "at least one Mailbox server is required")
        mailbox_servers = reader.each("mailbox_servers", options["mailbox_servers"], ServerName.parse)
        global_catalogs = reader.each("global_catalogs", options["global_catalogs"], ServerName.parse)
        extra_entries = reader.each("extra_entries", options["extra_entries"], parse_entry)
        allowed = reader.each("allow_removal", options["allow_removal"], _removable)
        for option, most in (("polling_minutes", MAX_DWORD), ("settle_seconds", 600)):
            if not 0 <= options[option] <= most:
                reader.problem(option, options[option], f"it is not between 0 and {most}")
        reader.raise_problems()
        return cls(
            mailbox_servers=mailbox_servers,
            global_catalogs=global_catalogs,
            extra_entries=extra_entries,
            unknown_entries=options["unknown_entries"],
            allow_removal=frozenset(allowed),
            polling_minutes=options["polling_minutes"],
            settle_seconds=options["settle_seconds"],
            repin_only=options["repin_only"],
        )

    @property
    def wanted(self) -> tuple[Entry, ...]:
        """The entries to write, in the order in which the servers were given."""
        entries = [entry for server in self.mailbox_servers for entry in _mailbox_entries(server)]
        entries += [entry for server in self.global_catalogs for entry in global_catalog_entries(server)]
        return without_repeats([*entries, *self.extra_entries])

    @classmethod
    def configured(cls, observed: Observed, memory: Memory) -> tuple[Configured, ...]:
        """Polling, and the list with whether the RPC proxy has read it."""
        return _configured_polling(observed), _configured_ports(observed, memory)

    def plan(self, observed: Observed, memory: Memory) -> Plan:
        """Polling first, so that the servicelet does not overwrite what is written next."""
        polling = self._plan_polling(observed)
        ports = self._plan_ports(observed)
        failure = polling.failure or ports.failure
        changes = () if failure else polling.changes + ports.changes
        pins = self.polling_minutes == 0
        plan = Plan(
            findings=polling.findings + tuple(_read_since(finding, observed, memory) for finding in ports.findings),
            changes=changes,
            warnings=self._names_warnings() + polling.warnings + ports.warnings,
            restart_required=(SERVICE,) if polling.changes and not failure else (),
            failure=failure,
            settle_seconds=self.settle_seconds if polling.changes and pins else 0,
            to_be_proved=()
            if failure
            else tuple(name for name, part in ((POLLING, polling), (VALID_PORTS, ports)) if part.changes),
            notes=((PINNED, "by this controller"),) if changes and pins else (),
            forget=() if pins else (PINNED,),
        )
        if self.repin_only and (self.name, PINNED) not in memory:
            return LeaveAlone("not_managed", _NEVER_PINNED).of(self, plan, observed)
        return plan

    @classmethod
    def unknown(cls, reason: str) -> tuple[Finding, ...]:
        """Both settings, unread."""
        return tuple(
            Finding(cls.name, setting, "unknown", None, None, reason, reference, "unknown")
            for setting, reference in ((POLLING, _POLLING_SOURCE), (VALID_PORTS, _PORTS_SOURCE))
        )

    def other_writer(self, before: Plan, observed: Observed) -> str | None:
        """The servicelet, when we have just stopped it and the list has the form in which it writes."""
        stopped_now = any(isinstance(change, SetNumber) and change.number == 0 for change in before.changes)
        state = observed.key(RPC_PROXY)
        if not stopped_now or not isinstance(state, KeyContent):
            return None
        parsed = _Present.of(state.value(VALID_PORTS)).parsed
        forms = {STORE_PORTS, (DIRECTORY_PORT, DIRECTORY_PORT)}
        if parsed.entries and not parsed.unparsed and all((entry.low, entry.high) in forms for entry in parsed.entries):
            return (
                "the servicelet RpcHttpConfigurator of MSExchangeServiceHost, which was in the middle of a pass when "
                f"{POLLING} became 0 (the list has the form in which it writes)"
            )
        return None

    def half_applied(self, observed: Observed) -> tuple[str, str] | None:
        """Polling off without Global Catalogs in the list, or the other way round."""
        polling = observed.values(CONFIGURATOR).value(POLLING)
        stopped = polling is not None and polling.kind == "REG_DWORD" and polling.data == 0
        found = Targets(_Present.of(observed.values(RPC_PROXY).value(VALID_PORTS)).parsed.entries)
        catalogs = [entry for server in self.global_catalogs for entry in global_catalog_entries(server)]
        listed = [entry.text for entry in catalogs if found.covers(entry)]
        if listed and not stopped:
            return VALID_PORTS, (
                f"the split-connection fix is half applied: {_some(listed)} listed, and the servicelet still polls and "
                "will take them out"
            )
        if stopped and catalogs and not listed:
            return POLLING, (
                "the split-connection fix is half applied: polling is off, and no Global Catalog is listed; nobody "
                "adds new Mailbox servers any more"
            )
        return None

    def _names_warnings(self) -> tuple[str, ...]:
        by_netbios: dict[str, set[str]] = {}
        for server in self.mailbox_servers + self.global_catalogs:
            by_netbios.setdefault(server.netbios.lower(), set()).add(server.fqdn.lower())
        return tuple(
            f"the NetBIOS name {netbios} stands for more than one server ({_some(sorted(fqdns))}): give each of them "
            "its real name as netbios"
            for netbios, fqdns in by_netbios.items()
            if len(fqdns) > 1
        )

    def _plan_polling(self, observed: Observed) -> Plan:
        state = _configurator(observed)
        if isinstance(state, Failure):
            return self._unread(POLLING, state, _POLLING_SOURCE)
        value = state.value(POLLING)
        wanted = str(self.polling_minutes)
        finding = Finding(
            fix=self.name,
            setting=POLLING,
            status="compliant",
            before=None if value is None else value.shown_as("REG_DWORD"),
            after=None if value is None else value.shown_as("REG_DWORD"),
            reason=f"as wanted; {_NOT_SEEN}",
            reference=_POLLING_SOURCE,
            effective="unknown",
        )
        warnings = self._polling_warnings(state)
        if value is None and self.polling_minutes == POLLING_DEFAULT:
            reason = f"absent, so the default of {POLLING_DEFAULT} minutes is in force, as wanted"
            return Plan(findings=(replace(finding, reason=reason),), warnings=warnings)
        if value is not None and value.kind == "REG_DWORD" and value.data == self.polling_minutes:
            return Plan(findings=(finding,), warnings=warnings)
        if value is None:
            reason = f"absent, so the servicelet polls every {POLLING_DEFAULT} minutes; {wanted} is wanted"
        elif value.kind != "REG_DWORD":
            reason = f"of type {value.kind}, not REG_DWORD; {wanted} is wanted"
        else:
            reason = f"the servicelet polls every {value.shown} minutes (0: never); {wanted} is wanted"
        return Plan(
            findings=(replace(finding, status="drifted", after=wanted, reason=reason, effective="no"),),
            changes=(SetNumber(CONFIGURATOR, POLLING, self.polling_minutes),),
            warnings=warnings,
        )

    def _polling_warnings(self, state: KeyContent) -> tuple[str, ...]:
        warnings = []
        if self.polling_minutes:
            warnings.append(
                f"{POLLING} is to be {self.polling_minutes}: at each poll the servicelet replaces {VALID_PORTS} by its "
                "own list, in which Global Catalogs and extra entries are missing"
            )
        if state.has_subkey(POLLING):
            warnings.append(
                f"{CONFIGURATOR.path} has a subkey named {POLLING}: somebody made a key where a value was meant; it "
                "does nothing and can be removed"
            )
        return tuple(warnings)

    def _plan_ports(self, observed: Observed) -> Plan:
        state = _proxy(observed)
        if isinstance(state, Failure):
            return self._unread(VALID_PORTS, state, _PORTS_SOURCE)
        present = _Present.of(state.value(VALID_PORTS))
        wanted, found = Targets(self.wanted), Targets(present.parsed.entries)
        missing, unknown = wanted.without(found), found.without(wanted)
        keep = self.unknown_entries == "keep"
        kept_texts = tuple(dict.fromkeys(present.parsed.unparsed)) if keep else ()
        after = format_value([*self.wanted, *(unknown if keep else ())], kept_texts)
        reasons = self._drift_reasons(present, missing, () if keep else unknown, bool(kept_texts))
        finding = Finding(
            fix=self.name,
            setting=VALID_PORTS,
            status="drifted" if reasons else "compliant",
            before=present.shown,
            after=after if reasons else present.shown,
            reason="; ".join(reasons) or "means what is wanted; the RPC proxy reads it again about every 5 minutes",
            reference=_PORTS_SOURCE,
            effective="no" if reasons or not is_enabled(state) else "unknown",
        )
        refused = () if keep else self._refused(present, unknown)
        if refused:
            blocked = replace(finding, after=present.shown, blocked_by="unknown_entries: fail")
            return Plan(
                findings=(blocked,),
                warnings=self._ports_warnings(observed, state, present),
                failure=self._refusal(refused, after),
            )
        changes: tuple[RegistryChange, ...] = (SetText(RPC_PROXY, VALID_PORTS, after),) if reasons else ()
        return Plan((finding,), changes, self._ports_warnings(observed, state, present))

    def _drift_reasons(
        self, present: _Present, missing: list[Entry], surplus: Iterable[Entry], texts_kept: bool
    ) -> list[str]:
        reasons = []
        if present.value is None:
            reasons.append("absent")
        elif present.value.kind != "REG_SZ":
            reasons.append(f"of type {present.value.kind}, not REG_SZ")
        if present.value is not None and missing:
            reasons.append(f"missing: {_some(entry.text for entry in missing)}")
        surplus_texts = [entry.text for entry in surplus]
        if not texts_kept:
            surplus_texts += present.parsed.unparsed
        if surplus_texts:
            reasons.append(f"not asked for: {_some(surplus_texts)}")
        if present.parsed.untidy:
            reasons.append(f"written with {' and '.join(present.parsed.untidy)}, which the RPC proxy may not tolerate")
        return reasons

    def _refused(self, present: _Present, unknown: list[Entry]) -> tuple[str, ...]:
        """What nobody asked for and nobody consented to remove."""
        if self.unknown_entries == "remove":
            return ()
        texts = [*(entry.text for entry in unknown), *present.parsed.unparsed]
        refused = [text for text in texts if not self._may_go(text)]
        return (*refused, present.no_text) if present.no_text else tuple(refused)

    def _may_go(self, text: str) -> bool:
        """Whether somebody has named this entry, its server, or the FQDN that its NetBIOS name is derived of.

        A NetBIOS name that a wanted server has is not covered by the FQDN of another.
        """
        name = text.rpartition(":")[0].strip("[]").lower()
        if {name, text.lower()} & self.allow_removal:
            return True
        derived = {netbios_of(allowed) for allowed in self.allow_removal if "." in allowed}
        return name in derived and name not in {entry.name.lower() for entry in self.wanted}

    def _refusal(self, refused: tuple[str, ...], after: str) -> Failure:
        return Failure(
            setting=VALID_PORTS,
            problem=f"the present value has {len(refused)} target(s) that nobody asked for",
            found=_some(refused, 50),
            expected=f"only targets of the servers asked for: {_some(after.split(';'))}",
            next_step=(
                "If these are needed, add them to mailbox_servers, global_catalogs or extra_entries, or set "
                "unknown_entries to keep. If these servers are gone, name them, or the entries as they stand, in "
                "allow_removal (in the playbooks: outlook_anywhere_allow_removal) or set unknown_entries to remove. "
                "Then run again."
            ),
        )

    def _ports_warnings(self, observed: Observed, state: KeyContent, present: _Present) -> tuple[str, ...]:
        warnings = []
        parsed = present.parsed
        if parsed.empty_entries:
            warnings.append(f"{VALID_PORTS} has {parsed.empty_entries} empty entries (a semicolon too many)")
        if self.unknown_entries == "keep" and parsed.unparsed:
            warnings.append(f"{VALID_PORTS} keeps what is no entry, as asked: {_some(parsed.unparsed)}")
        if wide := [entry.text for entry in parsed.entries if entry.is_as_wide_as_the_windows_default]:
            warnings.append(f"{VALID_PORTS} has a range as wide as the Windows default: {_some(wide)}")
        if parsed.ipv6:
            warnings.append(f"{VALID_PORTS} has IPv6 entries, which the RPC proxy ignores: {_some(parsed.ipv6)}")
        if not is_enabled(state):
            warnings.append(_switched_off(state))
        if state.value("ValidPorts_AutoConfig_Exchange"):
            warnings.append(
                "ValidPorts_AutoConfig_Exchange is present: Exchange 2010 or later writes it and may ignore "
                f"{VALID_PORTS}; this collection does not touch it"
            )
        system = observed.key(SYSTEM)
        if not isinstance(system, KeyContent):
            warnings.append(f"{SYSTEM.path} could not be read, so a misplaced CCS key could not be looked for")
        elif system.has_subkey("CCS"):
            warnings.append(
                rf"{SYSTEM.path}\CCS exists: somebody typed the abbreviation of CurrentControlSet; values below it do "
                "nothing"
            )
        return tuple(warnings)

    def _unread(self, setting: str, failure: Failure, reference: str) -> Plan:
        absent = failure.problem.startswith("the registry key does not exist")
        return Plan(
            findings=(
                Finding(
                    fix=self.name,
                    setting=setting,
                    status="drifted" if absent else "unknown",
                    before=None,
                    after=None,
                    reason=f"{failure.problem}: {failure.found}",
                    reference=reference,
                    effective="no" if absent else "unknown",
                    blocked_by=failure.problem if absent else None,
                ),
            ),
            failure=failure,
        )
