# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts_ipv4, decided on readings alone."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
import yaml

from plugins.modules import hosts_ipv4
from plugins.plugin_utils.changes import ReplaceFile
from plugins.plugin_utils.facts.identity import TCPIP
from plugins.plugin_utils.facts.ipv4 import INTERFACES, LINKAGE
from plugins.plugin_utils.facts.roles import EXCHANGE, NTDS, WINDOWS
from plugins.plugin_utils.fixes.hosts_ipv4 import FOLDER, HOSTS, UNDO, UNDONE, HostsIpv4
from plugins.plugin_utils.fixes.options import InvalidOptions
from plugins.plugin_utils.fixes.plan import LeaveAlone, Plan
from plugins.plugin_utils.formats.hosts_file import Undo, present
from plugins.plugin_utils.formats.registry import Key, KeyAbsent, KeyContent, KeyDenied, KeyTree, Unreadable, Value
from plugins.plugin_utils.journal import Memory, Record
from plugins.plugin_utils.reads import Clock, FileAbsent, FileContent, Observed, ReadClock, ReadKey, ReadTree

BOOT = datetime.datetime(2008, 11, 5, 8, 0, tzinfo=datetime.UTC)
NOW = BOOT + datetime.timedelta(hours=4)
STOCK = b"127.0.0.1       localhost\r\n::1             localhost\r\n"
OWN = b"10.0.0.1 cas1\r\n10.0.0.1 cas1.contoso.com\r\n"
FIXED = STOCK.replace(b"::1", b"#::1") + OWN
A, B, GONE = "{11111111-aaaa}", "{22222222-bbbb}", "{33333333-cccc}"


def text(name: str, data: str, kind: str = "REG_SZ") -> Value:
    return Value(name, kind, data, data)


def number(name: str, data: int) -> Value:
    return Value(name, "REG_DWORD", data, hex(data))


def texts(name: str, *data: str) -> Value:
    return Value(name, "REG_MULTI_SZ", data, "\\0".join(data))


STATIC = (number("EnableDHCP", 0), texts("IPAddress", "10.0.0.1"), text("DhcpIPAddress", "10.0.0.77"))


NAMES = (text("Hostname", "cas1"), text("Domain", "contoso.com"))


def server(
    data: bytes | None = STOCK,
    *,
    file: Any = None,
    names: tuple[Value, ...] = NAMES,
    adapters: dict[str, tuple[Value, ...]] | None = None,
    bound: tuple[str, ...] = (A, B),
    version: str = "6.0",
    **states: Any,
) -> Observed:
    """A Windows Server 2008 with one adapter."""
    keys = {A: STATIC} if adapters is None else adapters
    tree = KeyTree(tuple((Key(f"{INTERFACES.path}\\{name}"), KeyContent(values, ())) for name, values in keys.items()))
    content = FileAbsent() if data is None else FileContent(data, frozenset("A"))
    return Observed(
        {
            HOSTS: file or content,
            ReadKey(TCPIP): states.get("tcpip") or KeyContent(names, ()),
            ReadKey(LINKAGE): states.get("linkage")
            or KeyContent((texts("Bind", *(f"\\Device\\{guid.upper()}" for guid in bound)),), ()),
            ReadTree(INTERFACES): states.get("tree") or tree,
            ReadKey(NTDS): states.get("ntds") or KeyAbsent(NTDS),
            ReadKey(EXCHANGE): states.get("exchange") or KeyContent((), ("ClientAccessRole", "MailboxRole")),
            ReadKey(WINDOWS): states.get("windows")
            or KeyContent((text("CurrentVersion", version), text("SystemRoot", r"C:\Windows")), ()),
            ReadClock(): states.get("clock") or Clock(BOOT, NOW),
        }
    )


def plan(observed: Observed, memory: Memory | None = None, **options: Any) -> Plan:
    return HostsIpv4.parse({"state": "present", **options}).plan(observed, memory or {})


def note(name: str, value: str) -> dict[tuple[str, str], Record]:
    return {("hosts_ipv4", name): Record("hosts_ipv4", name, value, NOW)}


def new_bytes(result: Plan) -> bytes:
    (change,) = result.changes
    assert isinstance(change, ReplaceFile)
    return change.new


def test_the_documentation_says_what_is_accepted() -> None:
    options = yaml.safe_load(hosts_ipv4.DOCUMENTATION)["options"]
    keys = ("type", "elements", "choices", "default")
    assert {
        name: {key: option[key] for key in keys if key in option} for name, option in options.items()
    } == HostsIpv4.argument_spec


def test_a_stock_file_is_drift_in_both_settings_and_one_change() -> None:
    result = plan(server())
    assert [item.status for item in result.findings] == ["drifted", "drifted"]
    assert result.changes == (
        ReplaceFile(("hosts ::1", "hosts own names"), FOLDER, "hosts", STOCK, FIXED, frozenset("A")),
    )
    assert [name for name, _text in result.notes] == [UNDO]
    assert result.forget == (UNDONE,)
    assert not result.reboot_required


def test_only_what_differs_is_a_setting_of_the_change() -> None:
    (change,) = plan(server(STOCK + OWN)).changes
    assert isinstance(change, ReplaceFile)
    assert change.settings == ("hosts ::1",)


def test_a_fixed_file_is_compliant_and_whether_it_works_is_unknown() -> None:
    result = plan(server(FIXED))
    assert [(item.status, item.effective) for item in result.findings] == [("compliant", "unknown")] * 2
    assert not result.changes
    assert "not documented" in result.findings[0].reason


def test_a_missing_file_is_drift_and_made() -> None:
    result = plan(server(None))
    assert new_bytes(result) == OWN
    assert "there is no hosts file" in result.findings[1].reason


def test_a_domain_controller_does_not_need_it_and_can_still_undo_it() -> None:
    observed = server(FIXED, ntds=KeyContent((number("System Schema Version", 44),), ()))
    result = plan(observed)
    assert {item.status for item in result.findings} == {"not_applicable"}
    assert not result.changes
    assert result.findings[1].before == result.findings[1].after == "10.0.0.1 cas1; 10.0.0.1 cas1.contoso.com"
    assert plan(observed, state="absent").changes


@pytest.mark.parametrize(
    ("adapters", "address"),
    [
        ({A: STATIC}, "10.0.0.1"),
        ({A: (number("EnableDHCP", 1), text("DhcpIPAddress", "10.0.0.7"), texts("IPAddress", "0.0.0.0"))}, "10.0.0.7"),
        ({A: STATIC, B: (texts("IPAddress", "0.0.0.0"),)}, "10.0.0.1"),
        ({A: STATIC, B: (texts("IPAddress", "169.254.3.4", "127.0.0.1", "odd"),)}, "10.0.0.1"),
        ({A: STATIC, GONE: (texts("IPAddress", "10.0.0.9"),)}, "10.0.0.1"),
        ({A.lower(): STATIC}, "10.0.0.1"),
    ],
)
def test_the_one_address_of_the_bound_adapters(adapters: dict[str, tuple[Value, ...]], address: str) -> None:
    assert f"{address} cas1\r\n".encode() in new_bytes(plan(server(adapters=adapters)))


@pytest.mark.parametrize(
    ("observed", "found"),
    [
        (server(adapters={A: STATIC, B: (texts("IPAddress", "10.0.0.2"),)}), "10.0.0.1 on .*10.0.0.2 on"),
        (server(adapters={A: (texts("IPAddress", "10.0.0.1", "10.0.0.2"),)}), "10.0.0.2 on"),
        (server(adapters={GONE: STATIC}), "no bound adapter"),
        (server(adapters={}), "Interfaces holds nothing"),
        (server(tree=Unreadable("odd", "?")), "Interfaces: odd; the server said .\\?"),
        (server(linkage=KeyDenied(LINKAGE, "no")), "cannot be read; the server said .no"),
        (server(linkage=KeyContent((text("Bind", "x"),), ())), "Bind is REG_SZ: 'x'"),
        (server(linkage=KeyContent((), ())), "no value Bind"),
    ],
)
def test_none_or_several_addresses_are_listed_and_one_is_asked_for(observed: Observed, found: str) -> None:
    result = plan(observed)
    assert result.failure is not None
    assert not result.changes
    assert "option address" in result.failure.next_step
    assert re.search(found, result.failure.found)
    assert new_bytes(plan(observed, address="10.0.0.2"))
    assert {(item.status, item.blocked_by) for item in result.findings} == {("drifted", "no address is named")}
    left = LeaveAlone("not_applicable", "no need").of(HostsIpv4.parse({}), result, observed)
    assert left.failure is None
    assert {item.status for item in left.findings} == {"not_applicable"}


def test_an_address_that_no_adapter_has_is_told() -> None:
    assert "no bound adapter has the address 10.0.0.9" in plan(server(), address="10.0.0.9").warnings[0]
    assert "is not known" in plan(server(adapters={}), address="10.0.0.9").warnings[0]
    assert not plan(server(), address="10.0.0.1").warnings


def test_a_misprinted_loopback_is_told_and_left() -> None:
    result = plan(server(b":::1 localhost\r\n" + OWN))
    assert not result.changes
    assert "misprints" in result.warnings[0]


@pytest.mark.parametrize(
    "options",
    [
        {"address": "127.0.0.1"},
        {"address": "0.0.0.0"},
        {"address": "224.0.0.1"},
        {"address": "255.255.255.255"},
        {"address": "169.254.1.1"},
        {"address": "::1"},
        {"address": "10.0.0.01"},
        {"address": "10.0.0.1 evil"},
        {"address": ""},
        {"hostname": "cas1.contoso.com"},
        {"hostname": "LocalHost"},
        {"hostname": "a b"},
        {"hostname": ""},
        {"fqdn": "cas1"},
        {"fqdn": "localhost.localdomain"},
        {"fqdn": "cas1.contoso.com#"},
    ],
)
def test_options_that_mean_no_server_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(InvalidOptions) as raised:
        HostsIpv4.parse(options)
    assert [problem.option for problem in raised.value.problems] == list(options)


@pytest.mark.parametrize(
    ("observed", "says"),
    [
        (server(file=Unreadable("the file is there and cannot be read", "no")), "cannot be read"),
        (server(STOCK.decode().encode("utf-16")), "UTF-16"),
        (server(STOCK.decode().encode("utf-16-le")), "UTF-16"),
        (server(tcpip=KeyDenied(TCPIP, "no")), "hostname is not known"),
        (server(names=(text("Hostname", "cas1"),)), "fqdn is not known"),
        (server(names=(text("Hostname", "c s"), text("Domain", "contoso.com"))), "hostname is not known"),
        (server(ntds=KeyDenied(NTDS, "no")), "does not let us read"),
        (server(ntds=Unreadable("odd", "?")), "could not be understood"),
        (server(clock=Unreadable("odd", "?")), "clock"),
    ],
)
def test_what_cannot_be_known_stops_the_task(observed: Observed, says: str) -> None:
    result = plan(observed)
    assert result.failure is not None
    assert says in result.failure.problem


@pytest.mark.parametrize(
    ("place", "here"),
    [
        (r"%SystemRoot%\System32\drivers\etc", True),
        (r"%systemroot%\system32\drivers\etc" + "\\", True),
        (r"C:\WINDOWS\system32\drivers\etc", True),
        (r"D:\etc", False),
        (r"C:\Windows\system32\drivers", False),
    ],
)
def test_a_hosts_file_in_another_folder_is_not_ours(place: str, here: bool) -> None:
    names = (*NAMES, text("DataBasePath", place, "REG_EXPAND_SZ"))
    failure = plan(server(names=names)).failure
    assert (failure is None) is here
    assert here or (failure is not None and place in failure.found)


def test_absent_undoes_what_the_note_says() -> None:
    memory = note(UNDO, present(STOCK, "10.0.0.1", ("cas1", "cas1.contoso.com")).undo.to_text())
    result = plan(server(FIXED), memory, state="absent")
    assert new_bytes(result) == STOCK
    assert (result.notes, result.conclusions, result.forget) == ((), ((UNDONE, "done"),), (UNDO,))
    assert not plan(server(STOCK), memory, state="absent").changes
    changed = plan(server(FIXED.replace(b"1 cas1\r", b"1 cas1 #\r")), memory, state="absent")
    assert "1 of the lines" in changed.findings[1].reason


def test_absent_needs_no_address_when_there_is_a_note() -> None:
    memory = note(UNDO, Undo().to_text())
    assert plan(server(FIXED, adapters={}), memory, state="absent").failure is None


def test_without_a_note_absent_goes_by_the_rule() -> None:
    result = plan(server(FIXED), state="absent")
    assert new_bytes(result) == STOCK
    assert all("by the rule" in item.reason for item in result.findings)
    assert b"#::1" in new_bytes(plan(server(FIXED, version="6.1"), state="absent"))
    failure = plan(server(FIXED, windows=KeyDenied(WINDOWS, "no")), state="absent").failure
    assert failure is not None
    assert plan(server(FIXED, adapters={}), state="absent").failure is not None


@pytest.mark.parametrize("memory", [note(UNDONE, "done"), note(UNDO, Undo().to_text())])
def test_what_this_controller_did_not_write_is_shown_and_stays(memory: Memory) -> None:
    result = plan(server(b"#::1 localhost\r\n" + OWN), memory, state="absent")
    assert not result.changes
    assert {item.status for item in result.findings} == {"compliant"}
    names = result.findings[1]
    assert names.before == names.after == "10.0.0.1 cas1; 10.0.0.1 cas1.contoso.com"
    assert "this controller did not write" in names.reason
    assert "none is left that this controller made a comment" in result.findings[0].reason
    assert all(
        "nothing of the fix is there" in item.reason for item in plan(server(STOCK), memory, state="absent").findings
    )


@pytest.mark.parametrize(
    "memory", [{}, note(UNDO, present(b"", "10.0.0.1", ("cas1", "cas1.contoso.com")).undo.to_text())]
)
def test_an_undo_that_leaves_no_line_says_that_the_file_stays(memory: Memory) -> None:
    result = plan(server(OWN), memory, state="absent")
    assert new_bytes(result) == b""
    assert "the empty file stays" in result.findings[1].reason


NO_ROLE = KeyContent((), ("ClientAccessRole", "Setup"))


def test_a_server_without_the_mailbox_role_does_not_need_it_and_can_still_undo_it() -> None:
    result = plan(server(FIXED, exchange=NO_ROLE))
    assert {item.status for item in result.findings} == {"not_applicable"}
    assert all("no Mailbox role" in item.reason for item in result.findings)
    assert not result.changes
    assert plan(server(FIXED, exchange=NO_ROLE), state="absent").changes


@pytest.mark.parametrize(
    "exchange",
    [
        KeyContent((), ()),
        KeyContent((), ("ClientAccessRole", "mailboxrole")),
        KeyAbsent(EXCHANGE),
        KeyDenied(EXCHANGE, "no"),
        Unreadable("odd", "?"),
    ],
)
def test_an_unreadable_role_is_not_an_absent_one(exchange: Any) -> None:
    assert plan(server(exchange=exchange)).changes


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("value", ["", "{}", "[" * 100_000])
def test_a_damaged_note_is_told_and_nothing_is_written(state: str, value: str) -> None:
    result = plan(server(), note(UNDO, value), state=state)
    assert result.failure is not None
    assert "journal" in result.failure.problem
    assert not result.changes
