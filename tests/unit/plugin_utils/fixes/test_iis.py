# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kernel_mode_authentication and rpc_virtual_directory, decided on readings alone."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import yaml

from plugins.modules import kernel_mode_authentication, rpc_virtual_directory
from plugins.plugin_utils.changes import Change, SetIisAttribute
from plugins.plugin_utils.converge import Controller, Managed, Task, converge
from plugins.plugin_utils.facts.roles import WINDOWS as WINDOWS_KEY
from plugins.plugin_utils.fixes.iis import WINDOWS_AUTHENTICATION
from plugins.plugin_utils.fixes.kernel_mode_authentication import OFF, ON, OWN, SERVER_SECTION, KernelModeAuthentication
from plugins.plugin_utils.fixes.options import InvalidOptions
from plugins.plugin_utils.fixes.plan import Fix, Plan
from plugins.plugin_utils.fixes.rpc_virtual_directory import ASPECTS, HOME, RpcVirtualDirectory
from plugins.plugin_utils.fixes.valid_ports import CONFIGURATOR, RPC_PROXY
from plugins.plugin_utils.formats.appcmd import ConfigPath
from plugins.plugin_utils.formats.registry import KeyAbsent, KeyContent, KeyDenied, Unreadable, Value
from plugins.plugin_utils.journal import Memory, Record
from plugins.plugin_utils.places import Place
from plugins.plugin_utils.reads import (
    Clock,
    IisAbsent,
    IisPlaces,
    IisSection,
    Observed,
    Read,
    ReadClock,
    ReadIisSection,
    ReadKey,
    State,
)
from plugins.plugin_utils.snapshot import Snapshot
from plugins.plugin_utils.windows.server import Applied, Reading

BOOT = datetime.datetime(2008, 11, 5, 8, 0, tzinfo=datetime.UTC)
NOW = BOOT + datetime.timedelta(hours=4)
LATER = NOW + datetime.timedelta(minutes=5)
SITE, RPC = "Default Web Site", "Default Web Site/Rpc"
SERVER = "server useKernelMode"


def text(name: str, data: str, kind: str = "REG_SZ") -> Value:
    return Value(name, kind, data, data)


class Iis:
    """An IIS as a dict of explicit values; "" is the server's level. Hooks play what comes between read and write."""

    def __init__(self, places: Mapping[str, bool] | None = None, site: str | None = None, **states: Any) -> None:
        self.places = dict(places or {})
        self.site = site
        self.boot = BOOT
        self.own_credentials: set[str] = set()
        self.replaced: dict[Read, State] = {}
        self.before_write: list[Callable[[], None]] = []
        self.written: list[SetIisAttribute] = []
        self.windows: Any = KeyContent((text("CurrentVersion", states.get("windows", "6.0")),), ())

    def counts(self, path: str) -> bool:
        found = [at for at in self.places if path.lower() == at.lower() or path.lower().startswith(f"{at.lower()}/")]
        return self.places[max(found, key=len)] if found else self.places.get("", True)

    def section(self, path: str | None) -> IisSection:
        credentials = (path or "") in self.own_credentials
        return IisSection(
            {"useKernelMode": str(self.counts(path or "")).lower(), "useAppPoolCredentials": str(credentials).lower()}
        )

    def state(self, read: Read) -> State:
        if read in self.replaced:
            return self.replaced[read]
        if isinstance(read, ReadIisSection):
            return self.section(read.path)
        if read in (ON, OFF):
            return IisPlaces(tuple(path for path, value in self.places.items() if value is (read == ON)))
        if read == OWN:
            return IisPlaces(tuple(sorted(self.own_credentials)))
        if isinstance(read, ReadClock):
            return Clock(self.boot, max(self.boot, NOW))
        if isinstance(read, ReadKey) and read.key == RPC_PROXY:
            return KeyContent(() if self.site is None else (text("WebSite", self.site),), ())
        return self.windows  # type: ignore[no-any-return]

    def observed(self, reads: Iterable[Read]) -> Observed:
        return Observed({read: self.state(read) for read in reads})

    # -- as converge sees a server

    def open(self) -> None:
        """Nothing to open."""

    def read(self, reads: Sequence[Read]) -> Reading:
        return Reading(self.observed(reads), left_behind=False)

    shell_name = "SHELL1"

    def end_shell(self, name: str) -> None:
        """No run was cut."""

    def remove_left_behind(self, reads: Sequence[Read]) -> tuple[str, ...]:
        raise AssertionError("nothing was left behind")

    def apply(self, changes: Sequence[Change], settle_seconds: int, reads: Sequence[Read]) -> Applied:
        for hook in self.before_write:
            hook()
        for change in changes:
            assert isinstance(change, SetIisAttribute)
            assert (change.section, change.attribute) == (WINDOWS_AUTHENTICATION, "useKernelMode")
            self.places[change.path or ""] = change.value == "true"
            self.written.append(change)
        return Applied(tuple(changes), None, "", self.observed(reads))


class Journal:
    """A memory without a file."""

    def __init__(self) -> None:
        self.memory: dict[tuple[str, str], Record] = {}

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    def read(self) -> Memory:
        return self.memory

    def remember(self, records: Iterable[Record], forget: Iterable[tuple[str, str]] = ()) -> None:
        self.memory |= {record.name: record for record in records}
        for name in forget:
            self.memory.pop(name, None)


class Unkept:
    """Snapshots that nobody keeps."""

    def keep(self, snapshot: Snapshot) -> str:
        return snapshot.module

    def settle(self, where: str, snapshot: Snapshot, made: Collection[tuple[str, Place]]) -> str | None:
        return where if made else None


def plan(iis: Iis, memory: Memory | None = None, enabled: bool = False, scope: str = "exchange") -> Plan:
    fix = KernelModeAuthentication.parse({"enabled": enabled, "scope": scope})
    observed = iis.observed(fix.reads)
    further = fix.further_reads(observed)
    return fix.plan(Observed({**observed.states, **iis.observed(further).states}), memory or {})


def run(iis: Iis, journal: Journal | None = None, check_mode: bool = False, scope: str = "exchange") -> dict[str, Any]:
    fix = KernelModeAuthentication.parse({"enabled": False, "scope": scope})
    controller = Controller(journal or Journal(), Unkept())
    return converge(Task(fix.name, "cas1", (Managed(fix),)), iis, controller, check_mode).as_result()


def statuses(result: Plan) -> dict[str, str]:
    return {finding.setting: finding.status for finding in result.findings}


@pytest.mark.parametrize(
    ("documentation", "fix"),
    [
        (kernel_mode_authentication.DOCUMENTATION, KernelModeAuthentication),
        (rpc_virtual_directory.DOCUMENTATION, RpcVirtualDirectory),
    ],
)
def test_the_documentation_says_what_is_accepted(documentation: str, fix: type[Fix]) -> None:
    keys = ("type", "elements", "choices", "default")
    assert {
        name: {key: option[key] for key in keys if key in option}
        for name, option in yaml.safe_load(documentation)["options"].items()
    } == fix.argument_spec


# --- kernel mode


@pytest.mark.parametrize(
    ("places", "enabled", "status", "before", "after"),
    [
        ({}, False, "drifted", None, "false"),
        ({"": True}, False, "drifted", "true", "false"),
        ({"": False}, False, "compliant", "false", "false"),
        ({}, True, "compliant", None, None),
        ({"": True}, True, "compliant", "true", "true"),
        ({"": False}, True, "drifted", "false", "true"),
    ],
)
def test_absent_means_true(
    places: dict[str, bool], enabled: bool, status: str, before: str | None, after: str | None
) -> None:
    result = plan(Iis(places), enabled=enabled)
    (finding,) = result.findings
    assert (finding.setting, finding.status, finding.before, finding.after) == (SERVER, status, before, after)
    assert bool(result.changes) is (status == "drifted")
    assert result.restart_required == (("W3SVC",) if status == "drifted" else ())


PLACES = {
    "": False,
    RPC: True,
    "default web site/OWA": True,
    "Default Web Site/Shop": True,
    "Other/Rpc": True,
    SITE: True,
}


@pytest.mark.parametrize(
    ("scope", "changed"),
    [
        ("server", set()),
        ("exchange", {RPC, "default web site/OWA", SITE}),
        ("all", set(PLACES) - {""}),
    ],
)
def test_the_scope_says_what_is_changed_and_the_rest_is_told(scope: str, changed: set[str]) -> None:
    result = plan(Iis(PLACES), scope=scope)
    assert {item.path for item in result.changes if isinstance(item, SetIisAttribute)} == changed
    for path in set(PLACES) - {""}:
        finding = next(item for item in result.findings if item.setting == f"{path} useKernelMode")
        if path in changed:
            assert (finding.status, finding.after) == ("drifted", "false")
        else:
            assert (finding.status, finding.before, finding.after) == ("not_managed", "true", "true")
            needed = "all" if path in ("Default Web Site/Shop", "Other/Rpc") else "exchange"
            assert f"scope {needed} would change it" in finding.reason


def test_a_compliant_server_whose_rpc_has_the_other_value_is_drifted_there() -> None:
    result = plan(Iis({"": False, RPC: True}))
    assert statuses(result) == {SERVER: "compliant", f"{RPC} useKernelMode": "drifted"}
    assert result.changes == (
        SetIisAttribute(f"{RPC} useKernelMode", RPC, WINDOWS_AUTHENTICATION, "useKernelMode", "false", "true"),
    )


def test_the_site_is_the_one_that_rpcproxy_names() -> None:
    result = plan(Iis({"": False, "Mail/Rpc": True, RPC: True}, site="Mail"))
    assert statuses(result)["Mail/Rpc useKernelMode"] == "drifted"
    assert statuses(result)[f"{RPC} useKernelMode"] == "not_managed"


@pytest.mark.parametrize("site", ["", "a&b", "%TEMP%", "a/b", "B\u00fcro"])
def test_a_site_that_cannot_be_sent_is_a_failure_that_shows_it(site: str) -> None:
    result = plan(Iis(site=site))
    assert result.failure is not None
    assert site in result.failure.found
    assert result.failure.found
    assert result.changes == ()
    assert statuses(result) == {SERVER: "unknown"}


def test_a_place_that_cannot_be_sent_is_told_and_not_changed() -> None:
    iis = Iis({"": False, "Default Web Site/owa/b&c": True})
    result = plan(iis)
    assert result.changes == ()
    assert result.findings[1].status == "drifted"
    assert result.findings[1].blocked_by
    assert run(iis)["changed"] is False


def test_a_site_called_server_is_not_the_server() -> None:
    result = plan(Iis({"": False, "server": True}), scope="all")
    assert len({finding.setting for finding in result.findings}) == 2


def test_what_counts_at_rpc_wins_over_what_the_search_shows() -> None:
    iis = Iis({"": False})
    iis.replaced[ReadIisSection(RPC, WINDOWS_AUTHENTICATION)] = IisSection({"useKernelMode": "true"})
    result = plan(iis)
    assert statuses(result)[f"{RPC} useKernelMode"] == "drifted"
    assert [item.path for item in result.changes if isinstance(item, SetIisAttribute)] == [RPC]


@pytest.mark.parametrize(
    "replaced",
    [
        {ON: IisPlaces((RPC,)), OFF: IisPlaces((RPC.upper(),))},
        {ON: IisPlaces(("",))},
        {SERVER_SECTION: IisSection({"useKernelMode": "perhaps"})},
    ],
)
def test_answers_that_contradict_each_other_are_not_believed(replaced: dict[Read, State]) -> None:
    iis = Iis({"": False})
    iis.replaced = replaced
    result = plan(iis)
    assert result.failure is not None
    assert result.changes == ()
    assert statuses(result) == {SERVER: "unknown"}


@pytest.mark.parametrize("read", [ON, OFF, SERVER_SECTION, ReadIisSection(RPC, WINDOWS_AUTHENTICATION)])
def test_what_cannot_be_read_is_unknown_and_shown(read: Read) -> None:
    iis = Iis({"": False})
    iis.replaced[read] = Unreadable("odd", "ERROR ( message:insufficient permissions )")
    result = plan(iis)
    assert result.failure is not None
    assert result.failure.found == "ERROR ( message:insufficient permissions )"
    assert "KB 951016" in result.failure.next_step
    assert statuses(result) == {SERVER: "unknown"}


@pytest.mark.parametrize("key", [WINDOWS_KEY, RPC_PROXY])
@pytest.mark.parametrize("state", [KeyDenied(RPC_PROXY, "no"), Unreadable("odd", "?")])
def test_a_denied_key_decides_nothing(key: Any, state: State) -> None:
    iis = Iis()
    iis.replaced[ReadKey(key)] = state
    if key == WINDOWS_KEY:
        iis.replaced[SERVER_SECTION] = IisAbsent()
    result = plan(iis)
    assert result.failure is not None
    assert statuses(result) == {SERVER: "unknown"}


def test_without_rpcproxy_it_is_the_default_site() -> None:
    iis = Iis({"": False, RPC: True})
    iis.replaced[ReadKey(RPC_PROXY)] = KeyAbsent(RPC_PROXY)
    assert statuses(plan(iis))[f"{RPC} useKernelMode"] == "drifted"


@pytest.mark.parametrize(("windows", "status"), [("5.2", "not_applicable"), ("6.0", "unknown")])
def test_a_server_without_iis_7(windows: str, status: str) -> None:
    iis = Iis(windows=windows)
    iis.replaced |= dict.fromkeys(KernelModeAuthentication.reads[2:7], IisAbsent())
    result = plan(iis)
    assert statuses(result) == {SERVER: status}
    assert (result.failure is not None) is (status == "unknown")


def record(fix: str = "kernel_mode_authentication", setting: str = SERVER, moment: datetime.datetime = NOW) -> Memory:
    return {(fix, setting): Record(fix, setting, "false" if setting == SERVER else None, moment)}


@pytest.mark.parametrize(
    ("memory", "boot", "effective", "restart"),
    [
        ({}, BOOT, "unknown", False),
        (record(), BOOT, "unknown", True),
        (record(), LATER, "yes", False),
        ({**record(), **record("service_restart", "W3SVC", LATER)}, BOOT, "yes", False),
        ({**record(), **record("service_restart", "w3svc", LATER)}, BOOT, "yes", False),
        ({**record(), **record("service_restart", "W3SVC under way", LATER)}, BOOT, "unknown", True),
        ({**record(), **record("service_restart", "W3SVC", BOOT)}, BOOT, "unknown", True),
        (record("service_restart", "W3SVC", LATER), BOOT, "unknown", False),
    ],
)
def test_effective_once_w3svc_was_seen_restarted(
    memory: Memory, boot: datetime.datetime, effective: str, restart: bool
) -> None:
    iis = Iis({"": False})
    iis.boot = boot
    result = plan(iis, memory)
    assert (result.findings[0].status, result.findings[0].effective) == ("compliant", effective)
    assert result.restart_required == (("W3SVC",) if restart else ())


def test_a_change_needs_the_servers_clock() -> None:
    iis = Iis()
    iis.replaced[ReadClock()] = Unreadable("odd", "?")
    assert run(iis)["failure"]["setting"] == SERVER
    assert not iis.written
    assert plan(Iis({"": False})).failure is None


@pytest.mark.parametrize("where", ["", RPC, f"{SITE}/owa"])
def test_credentials_of_an_application_pool_are_a_warning(where: str) -> None:
    iis = Iis({"": False})
    assert plan(iis).warnings == ()
    iis.own_credentials.add(where)
    (warning,) = plan(iis).warnings
    assert f"is on at {where or 'server'}: Kerberos" in warning


def test_where_credentials_of_application_pools_were_not_seen_is_told() -> None:
    iis = Iis({"": False})
    iis.own_credentials.add(RPC)
    iis.replaced[OWN] = Unreadable("odd", "ERROR")
    result = plan(iis)
    assert result.failure is None
    unseen, seen = result.warnings
    assert "is not known" in unseen
    assert "'ERROR'" in unseen
    assert RPC in seen


def test_check_mode_predicts_the_run_and_a_rerun_changes_nothing() -> None:
    iis, journal = Iis({RPC: True, "Other": True}), Journal()
    predicted = run(iis, journal, check_mode=True)
    assert not iis.written
    done = run(iis, journal)
    for key in ("changed", "diff", "findings", "restart_required", "reboot_required"):
        assert predicted[key] == done[key], key
    assert done["changed"] is True
    assert done["restart_required"] == ["W3SVC"]
    assert iis.places == {"": False, RPC: False, "Other": True}
    again = run(iis, journal)
    assert (again["changed"], again["restart_required"]) == (False, ["W3SVC"])
    assert set(journal.memory) == {
        ("kernel_mode_authentication", SERVER),
        ("kernel_mode_authentication", f"{RPC} useKernelMode"),
    }


@pytest.mark.parametrize("path", [RPC, "default web site/rpc", "Default Web Site/EWS"])
@pytest.mark.parametrize("places", [{}, {"Default Web Site/EWS": False, RPC: False}])
def test_a_place_that_turned_wrong_between_read_and_write_is_named(path: str, places: dict[str, bool]) -> None:
    iis = Iis(places)
    known = next((place for place in places if place.lower() == path.lower()), path)
    iis.before_write = [lambda: iis.places.__setitem__(known, True)]
    result = run(iis)
    assert result["failed"] is True
    assert result["failure"]["setting"].lower() == f"{path} useKernelMode".lower()
    assert (result["failure"]["found"], result["failure"]["expected"]) == ("true", "false")
    assert "server useKernelMode from (absent) to false" in result["failure"]["changed"]
    iis.before_write = []
    assert run(iis)["changed"] is True
    assert run(iis)["changed"] is False


def test_a_place_that_vanished_between_read_and_write_is_no_failure() -> None:
    iis = Iis({"": False, RPC: True, "Default Web Site/EWS": False})
    iis.before_write = [lambda: iis.places.pop("Default Web Site/EWS") and None]
    assert run(iis).get("failed") is None


def test_an_iis_that_cannot_be_read_again_is_a_failure_whatever_was_changed() -> None:
    iis = Iis({"": False, RPC: True})
    iis.before_write = [lambda: iis.replaced.__setitem__(ON, Unreadable("odd", "oops"))]
    result = run(iis)
    assert result["failed"] is True
    assert result["changed"] is True
    assert result["failure"]["found"] == "oops"
    assert f"{RPC} useKernelMode from true to false" in result["failure"]["changed"]


# --- the RPC virtual directory

VALUES = {"basicAuthentication": "true", "windowsAuthentication": "true", "anonymousAuthentication": "false"}


def directory(
    options: dict[str, Any], site: str = SITE, polling: Any = None, ssl: str = "Ssl, Ssl128", **replaced: Any
) -> Plan:
    fix = RpcVirtualDirectory.parse(options)
    states: dict[Read, State] = {
        ReadKey(WINDOWS_KEY): KeyContent((text("CurrentVersion", replaced.get("windows", "6.0")),), ()),
        ReadKey(RPC_PROXY): KeyContent((text("WebSite", site),), ()),
        ReadKey(CONFIGURATOR): polling or KeyContent((Value("PeriodicPollingMinutes", "REG_DWORD", 15, "0xf"),), ()),
    }
    for aspect in ASPECTS:
        name = aspect.section.rpartition("/")[2]
        section: State = IisSection({aspect.attribute: ssl if aspect.is_ssl else VALUES[name]})
        other = Unreadable("no such site", "ERROR ( message:no SITE object )")
        states[aspect.read(ConfigPath(SITE))] = other if site != SITE else section
        states[aspect.read(ConfigPath(site))] = replaced.get(name, section)
    first = Observed({read: state for read, state in states.items() if read in fix.reads})
    further = fix.further_reads(first)
    assert bool(further) is (site != SITE and not isinstance(replaced.get("basicAuthentication"), IisAbsent))
    return fix.plan(Observed({**first.states, **{read: states[read] for read in further}}), {})


def words(result: Plan) -> list[tuple[str, str | None]]:
    return [(finding.status, finding.before) for finding in result.findings]


def test_what_nobody_asks_for_is_shown() -> None:
    result = directory({})
    assert [finding.setting for finding in result.findings] == [
        f"{RPC} basicAuthentication enabled",
        f"{RPC} windowsAuthentication enabled",
        f"{RPC} anonymousAuthentication enabled",
        f"{RPC} access sslFlags",
    ]
    assert words(result) == [
        ("not_managed", "true"),
        ("not_managed", "true"),
        ("not_managed", "false"),
        ("not_managed", "Ssl, Ssl128"),
    ]
    assert [finding.setting for finding in RpcVirtualDirectory.unknown("")] == [
        finding.setting for finding in result.findings
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"authentication": ["basic", "ntlm"]}, ["compliant", "compliant", "not_managed", "not_managed"]),
        ({"authentication": ["ntlm"]}, ["drifted", "compliant", "not_managed", "not_managed"]),
        ({"authentication": ["basic"]}, ["compliant", "drifted", "not_managed", "not_managed"]),
        ({"anonymous": False, "require_ssl": True}, ["not_managed", "not_managed", "compliant", "compliant"]),
        ({"anonymous": True, "require_ssl": False}, ["not_managed", "not_managed", "drifted", "drifted"]),
    ],
)
@pytest.mark.parametrize("site", [SITE, "Mail"])
def test_what_is_asked_for_is_compared_and_never_changed(
    options: dict[str, Any], expected: list[str], site: str
) -> None:
    result = directory(options, site)
    assert [finding.status for finding in result.findings] == expected
    assert result.changes == ()
    for finding in result.findings:
        assert finding.before == finding.after
        assert finding.setting.startswith(f"{site}/Rpc ")
        assert finding.blocked_by == (HOME if finding.status == "drifted" else None)
        assert "Set-OutlookAnywhere" in finding.reason


@pytest.mark.parametrize(
    ("ssl", "required"), [("None", False), ("Ssl128", False), ("Ssl", True), ("Ssl, Ssl128", True)]
)
def test_ssl_is_required_by_its_flag(ssl: str, required: bool) -> None:
    assert directory({"require_ssl": required}, ssl=ssl).findings[3].status == "compliant"
    assert directory({"require_ssl": not required}, ssl=ssl).findings[3].status == "drifted"


def minutes(data: int) -> KeyContent:
    return KeyContent((Value("PeriodicPollingMinutes", "REG_DWORD", data, hex(data)),), ())


@pytest.mark.parametrize(
    ("polling", "says"),
    [
        (minutes(15), "every 15 minutes"),
        (minutes(0), "nobody stamps them any more"),
        (KeyContent((), ()), "every 15 minutes, as PeriodicPollingMinutes is absent"),
        (KeyContent((text("PeriodicPollingMinutes", "0"),), ()), "REG_SZ: 0"),
        (KeyAbsent(CONFIGURATOR), "every 15 minutes"),
        (KeyDenied(CONFIGURATOR, "no"), "how often could not be read"),
    ],
)
def test_who_stamps_them_is_told(polling: Any, says: str) -> None:
    assert all(says in finding.reason for finding in directory({}, polling=polling).findings)


@pytest.mark.parametrize(
    "section",
    [Unreadable("odd", "oops"), IisSection({"realm": "oops"}), IisSection({"enabled": "oops"})],
)
def test_a_section_that_cannot_be_read_is_unknown_and_the_others_are_told(section: State) -> None:
    result = directory({"authentication": ["ntlm"]}, basicAuthentication=section)
    assert [finding.status for finding in result.findings] == ["unknown", "compliant", "not_managed", "not_managed"]
    assert result.failure is not None
    assert result.failure.setting == f"{RPC} basicAuthentication enabled"
    assert "oops" in result.failure.found


@pytest.mark.parametrize(("windows", "status"), [("5.2", "not_applicable"), ("6.0", "unknown")])
@pytest.mark.parametrize("site", [SITE])
def test_without_iis_7_there_is_nothing_to_compare(windows: str, status: str, site: str) -> None:
    result = directory({}, site, windows=windows, basicAuthentication=IisAbsent())
    assert {finding.status for finding in result.findings} == {status}
    assert (result.failure is not None) is (status == "unknown")


def test_no_method_at_all_is_a_mistake() -> None:
    with pytest.raises(InvalidOptions, match="authentication"):
        RpcVirtualDirectory.parse({"authentication": []})
