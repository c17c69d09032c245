# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts_ipv4 as an operator runs it: the file's bytes, its bad days, and the way back."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.integration.conftest import StartFleet, StartModel
from tests.integration.fleet import COLLECTION, Fleet
from tests.integration.test_bad_days import assert_told
from tests.lab import Fault
from tests.lab.host_files import DRIVERS_ETC, HOSTS

# How these modules meet ansible-core is what every module does, and tested with others.
pytestmark = pytest.mark.one_core

STOCK = b"127.0.0.1       localhost\r\n::1             localhost\r\n"
OWN = b"10.0.0.17 cas1\r\n10.0.0.17 cas1.contoso.com\r\n"
FIXED = STOCK.replace(b"::1", b"#::1") + OWN


def both_roles(data: bytes | None = None, **more: Any) -> dict[str, Any]:
    """A Client Access server that is a Mailbox server too."""
    hosts_file = {} if data is None else {"hosts_file": encoded(data)}
    return {
        "groups": ["client_access", "mailbox"],
        "fqdn": "cas1.contoso.com",
        "exchange": {"roles": ["client_access", "mailbox"]},
        "addresses": {"ipv4": ["10.0.0.17"]},
        **hosts_file,
        **more,
    }


def encoded(data: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(data).decode()}


def everywhere(fleet: Fleet, *arguments: str, **options: Any) -> dict[str, dict[str, Any]]:
    """The result of hosts_ipv4 on every server, by its name."""
    task = {f"{COLLECTION}.hosts_ipv4": options}
    run = fleet.play([{"hosts": "client_access", "gather_facts": False, "tasks": [task]}], *arguments)
    assert {record["host"] for record in run.records} == set(fleet.lab.hosts), run.screen
    return {host: run.of("hosts_ipv4", host) for host in fleet.lab.hosts}


def on_cas1(fleet: Fleet, *arguments: str, **options: Any) -> dict[str, Any]:
    return everywhere(fleet, *arguments, **options)["cas1"]


def assert_a_rerun_converges(fleet: Fleet, fixed: bytes = FIXED) -> None:
    for host in fleet.lab.hosts.values():
        host.faults.clear()
    assert {result["outcome"] for result in everywhere(fleet).values()} == {"ok"}
    for host in fleet.lab.hosts.values():
        assert host.files.read(HOSTS) == fixed, host.name
        assert not [name for name in host.files.list(DRIVERS_ETC) if "exchange_ops" in name]
    assert not any(result["changed"] for result in everywhere(fleet).values())


NASTY = {
    "stock": STOCK,
    "empty": b"",
    "mark": b"\xef\xbb\xbf::1 localhost\r\n",
    "ansi": b"# \xe4\xf6\xfc \xff\x80\r\n\t::1\tlocalhost # \xdf\r\n",
    "commented": b"#::1 localhost\r\n::1 localhost\r\n#::1 localhost\r\n",
    "names": b"10.0.0.9 other CAS1 third\r\n127.0.0.1 cas1.contoso.com\r\nfe80::1 cas1\r\n",
    "there": b"10.0.0.17 cas1 cas1.contoso.com # both\r\n",
    "syntax": b'# %PATH% & | < > ^ " ! (x) =.\r\n::1 a%b%c\r\n',
    "blocks": b"# Added by another product\r\n10.0.0.9 other\r\n# End of section\r\n\r\n\r\n",
    "large": b"10.0.0.9 other # 300 KB\r\n" * 12_000 + b"::1 localhost\r\n",
}


def test_present_and_absent_give_every_byte_back(start: StartFleet) -> None:
    fleet = start({name: both_roles(data) for name, data in NASTY.items()})
    predicted = everywhere(fleet, "--check", "--diff")
    assert {name: host.files.read(HOSTS) for name, host in fleet.lab.hosts.items()} == NASTY
    results = everywhere(fleet)
    for name, result in results.items():
        assert result["outcome"] == "ok", result
        assert result["changed"] is (name != "there")
        assert result["findings"] == predicted[name]["findings"]
        assert result["diff"] == predicted[name]["diff"]
        assert fleet.lab[name].files.list(DRIVERS_ETC).count("hosts") == 1
    assert not any(result["changed"] for result in everywhere(fleet).values())
    undo = everywhere(fleet, "--check", state="absent")
    undone = everywhere(fleet, state="absent")
    for name, result in undone.items():
        assert result["outcome"] == "ok", result
        assert result["findings"] == undo[name]["findings"]
    kept = {name: data for name, data in NASTY.items() if name != "there"}
    assert {name: fleet.lab[name].files.read(HOSTS) for name in kept} == kept
    again = everywhere(fleet, state="absent")
    assert not any(result["changed"] for result in again.values())


def test_what_a_server_2008_shows(start: StartFleet) -> None:
    fleet = start({"cas1": both_roles()})
    result = on_cas1(fleet)
    assert fleet.lab["cas1"].files.read(HOSTS) == FIXED
    assert {item["setting"]: (item["status"], item["before"], item["after"]) for item in result["findings"]} == {
        "hosts ::1": ("drifted", "::1 localhost", None),
        "hosts own names": ("drifted", None, "10.0.0.17 cas1; 10.0.0.17 cas1.contoso.com"),
    }
    assert (result["reboot_required"], result["restart_required"]) == (False, [])
    assert [item["effective"] for item in on_cas1(fleet)["findings"]] == ["unknown", "unknown"]


def test_attributes_stay(start: StartFleet) -> None:
    wanted = {name: frozenset(name + "A") for name in ("R", "H", "RHS")}
    fleet = start({name: both_roles() for name in wanted})
    for name, attributes in wanted.items():
        fleet.lab[name].files.set_attributes(HOSTS, attributes)
    for state, data in (("present", FIXED), ("absent", STOCK)):
        results = everywhere(fleet, state=state)
        for name, attributes in wanted.items():
            files = fleet.lab[name].files
            assert (results[name]["outcome"], results[name].get("warnings", [])) == ("ok", [])
            assert files.read(HOSTS) == data
            assert files.attributes(HOSTS) == attributes


def test_permissions_stay(start_model: StartModel) -> None:
    fleet = start_model("Wine has no permissions to read", {"cas1": both_roles()})
    files: Any = fleet.lab["cas1"].files
    files.set_permissions(HOSTS, "its own")
    assert on_cas1(fleet)["changed"]
    assert files.permissions(HOSTS) == "its own"


def test_a_last_line_without_its_end_stays_so(start_model: StartModel) -> None:
    fleet = start_model("Wine's certutil is a stub", {"cas1": both_roles(STOCK[:-2])})
    result = on_cas1(fleet)
    assert (result["outcome"], result.get("warnings", [])) == ("ok", [])
    assert fleet.lab["cas1"].files.read(HOSTS) == FIXED[:-2]
    on_cas1(fleet, state="absent")
    assert fleet.lab["cas1"].files.read(HOSTS) == STOCK[:-2]


def test_where_certutil_does_not_run_the_line_end_is_added_and_told(start: StartFleet) -> None:
    fleet = start({"cas1": both_roles(STOCK[:-2], certutil=False)})
    result = on_cas1(fleet)
    assert result["outcome"] == "ok"
    assert "a line end was added" in result["warnings"][0]
    assert_a_rerun_converges(fleet)


def test_however_certutil_fails_the_line_end_is_added_and_a_lost_line_says_nothing_of_it(
    start_model: StartModel,
) -> None:
    fails = {
        "hang": Fault("hang", "command", command_regex="certutil", times=0),
        "output": Fault(
            "output", "command", command_regex="certutil", times=0, stdout=b"Access is denied.\r\n", exit_code=1
        ),
    }
    lost = {kind.replace("_", "-"): Fault(kind, "any", command_regex="certutil") for kind in ("cut_before", "garbage")}
    names = [*fails, *lost]
    fleet = start_model("Wine's certutil is a stub", {name: both_roles(STOCK[:-2]) for name in names})
    for name, fault in {**fails, **lost}.items():
        fleet.lab[name].faults.append(fault)
    results = everywhere(fleet, command_timeout=10)
    for name in fails:
        assert (results[name]["outcome"], results[name]["changed"]) == ("ok", True), results[name]
        assert "a line end was added" in results[name]["warnings"][0], name
    for name in lost:
        assert results[name]["outcome"] == "unreachable", results[name]
        assert fleet.lab[name].files.read(HOSTS) == STOCK[:-2]
    for result in everywhere(fleet).values():
        assert result["outcome"] == "ok"
    for name in names:
        assert fleet.lab[name].files.read(HOSTS) == (FIXED if name in fails else FIXED[:-2])


def test_a_server_without_the_mailbox_role_and_a_domain_controller_do_not_need_it(start: StartFleet) -> None:
    roles = both_roles(exchange={"roles": ["client_access"]})
    fleet = start({"cas1": roles, "dc1": both_roles(domain_controller={"global_catalog": True})})
    for name, result in everywhere(fleet).items():
        assert {item["status"] for item in result["findings"]} == {"not_applicable"}
        assert result["changed"] is False
        assert fleet.lab[name].files.read(HOSTS) == STOCK


def test_a_missing_file_is_made(start: StartFleet) -> None:
    fleet = start({"cas1": both_roles(hosts_file=None)})
    assert on_cas1(fleet, "--check")["changed"]
    assert_a_rerun_converges(fleet, OWN)


def test_utf16_is_unreadable_and_not_written(start: StartFleet) -> None:
    data = STOCK.decode().encode("utf-16")
    fleet = start({"cas1": both_roles(data)})
    for arguments in (("--check",), ()):
        assert_told(
            on_cas1(fleet, *arguments),
            "failed",
            setting="hosts ::1",
            problem="UTF-16",
            found="server said",
            expected="one byte a character",
            changed="^nothing$",
            next_step="Nothing was written",
        )
    assert fleet.lab["cas1"].files.read(HOSTS) == data
    fleet.lab["cas1"].files.write(HOSTS, STOCK)
    assert_a_rerun_converges(fleet)


def test_a_file_that_cannot_be_read_is_not_taken_for_absent(start_model: StartModel) -> None:
    entries = {
        kind.replace("_", "-"): {"base64": encoded(STOCK)["base64"], kind: True} for kind in ("in_use", "denied")
    }
    fleet = start_model(
        "Wine runs as root and shares every file",
        {name: both_roles(files={HOSTS: entry}) for name, entry in entries.items()},
    )
    for arguments in (("--check",), ()):
        for name, result in everywhere(fleet, *arguments).items():
            assert_told(
                result, "failed", name, problem="is there and cannot be read", changed="^nothing$", next_step="again"
            )
            assert {item["status"] for item in result["findings"]} == {"unknown"}
    for host in fleet.lab.hosts.values():
        files: Any = host.files
        files.release(HOSTS)
        files.allow(HOSTS)
        assert files.read(HOSTS) == STOCK
    assert_a_rerun_converges(fleet)


def test_a_file_that_is_opened_while_it_is_replaced(start_model: StartModel) -> None:
    """The move fails: the file stays as it was, attributes too, and the copy is removed."""
    fleet = start_model("Wine has no hook between two programs", {"cas1": both_roles()})
    host: Any = fleet.lab["cas1"]
    files = host.files
    files.set_attributes(HOSTS, frozenset("RA"))
    host.backend.machine.after_program(r"attrib -r hosts ", lambda _machine: files.hold(HOSTS))
    result = on_cas1(fleet)
    assert_told(
        result,
        "failed",
        setting="hosts ::1",
        problem="did not accept",
        found="move /y",
        changed="^nothing$",
        next_step="has the file open",
    )
    files.release(HOSTS)
    assert files.read(HOSTS) == STOCK
    assert files.attributes(HOSTS) == frozenset("RA")
    assert files.list(DRIVERS_ETC).count("hosts.exchange_ops") == 0
    assert_a_rerun_converges(fleet)


def test_a_file_that_changes_between_reading_and_writing_is_left_alone(start_model: StartModel) -> None:
    fleet = start_model("Wine has no hook between two programs", {"cas1": both_roles()})
    host: Any = fleet.lab["cas1"]
    files = host.files
    other = STOCK + b"10.0.0.9 other\r\n"
    host.backend.machine.after_program("findstr", lambda _machine: files.write(HOSTS, other))
    result = on_cas1(fleet)
    assert_told(result, "failed", found="has changed between", changed="^nothing$", next_step="Run again")
    assert files.read(HOSTS) == other
    assert_a_rerun_converges(fleet, other.replace(b"::1", b"#::1") + OWN)


def test_a_line_too_long_for_findstr_is_told_and_nothing_is_moved(start: StartFleet) -> None:
    data = STOCK + b"# " + b"x" * 9_000 + b"\r\n"
    fleet = start({"cas1": both_roles(data)})
    result = on_cas1(fleet)
    assert_told(result, "failed", found="arrived in the copy", changed="^nothing$", next_step="8,191")
    assert fleet.lab["cas1"].files.read(HOSTS) == data
    assert fleet.lab["cas1"].files.list(DRIVERS_ETC).count("hosts.exchange_ops") == 0
    fleet.lab["cas1"].files.write(HOSTS, STOCK)
    assert_a_rerun_converges(fleet)


def test_a_run_that_is_cut_is_told_and_a_rerun_converges(start: StartFleet, backend: str) -> None:
    lines = {"fill": "findstr", "move": "move /y"}
    kinds = ("cut_before", "cut_after", "garbage")
    # What hangs is the lab, which runs no program then.
    kinds += ("hang",) if backend == "model" else ()
    cases = {
        f"{name}-{kind.replace('_', '-')}": Fault(
            kind, "command" if kind == "hang" else "any", command_regex=line, times=0
        )
        for name, line in lines.items()
        for kind in kinds
    }
    fleet = start({name: both_roles() for name in cases})
    for name, fault in cases.items():
        fleet.lab[name].faults.append(fault)
    results = everywhere(fleet, command_timeout=10 if backend == "model" else 60)
    for name, fault in cases.items():
        assert_told(
            results[name],
            "failed" if fault.kind == "hang" else "unreachable",
            name,
            setting="^hosts ::1, hosts own names$",
            changed="not known; under way",
            next_step="Run again",
        )
    assert_a_rerun_converges(fleet)
    assert all(result["changed"] for result in everywhere(fleet, state="absent").values())
    assert {host.files.read(HOSTS) for host in fleet.lab.hosts.values()} == {STOCK}


def test_a_run_that_is_cut_is_undone_as_if_nothing_had_happened(start: StartFleet) -> None:
    data = b"#::1 localhost\r\n" + STOCK
    fleet = start({"cas1": both_roles(data)})
    fleet.lab["cas1"].faults.append(Fault("cut_before", "command", command_regex="findstr"))
    on_cas1(fleet)
    assert on_cas1(fleet, state="absent")["changed"] is False
    assert fleet.lab["cas1"].files.read(HOSTS) == data


ADAPTERS = [
    {"guid": "{11111111-1111-1111-1111-111111111111}"},
    {"guid": "{22222222-2222-2222-2222-222222222222}", "dhcp": True},
]


def test_several_addresses_are_listed_and_one_is_to_be_named(start_model: StartModel) -> None:
    two = both_roles(adapters=ADAPTERS, addresses={"ipv4": ["10.0.0.17", "10.0.0.18"]})
    fleet = start_model("nothing: it is its registry that is read", {"cas1": two})
    result = on_cas1(fleet)
    assert_told(result, "failed", setting="hosts own names", found="10.0.0.17 on .*10.0.0.18 on", next_step="address")
    result = on_cas1(fleet, address="10.0.0.18")
    assert (result["outcome"], result.get("warnings", [])) == ("ok", [])
    assert b"10.0.0.18 cas1\r\n" in (fleet.lab["cas1"].files.read(HOSTS) or b"")
    assert "no bound adapter has the address" in on_cas1(fleet, address="10.0.0.99")["warnings"][0]
    on_cas1(fleet, state="absent")
    assert fleet.lab["cas1"].files.read(HOSTS) == STOCK


def test_bad_options_are_told_before_anything_is_sent(start_model: StartModel) -> None:
    fleet = start_model("nothing: no command is sent", {"cas1": both_roles()})
    for arguments in (("--check",), ()):
        result = on_cas1(fleet, *arguments, address="127.0.0.1", hostname="cas1.contoso.com", fqdn="localhost.a&b")
        assert_told(result, "failed", setting="^address, hostname, fqdn$", changed="^nothing$", next_step="Nothing was")
    assert not fleet.lab["cas1"].requests
    assert_a_rerun_converges(fleet)
