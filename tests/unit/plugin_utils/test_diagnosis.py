# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A problem is there by what was read; what was not read is neither there nor absent, and the answer says so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.fleet_finding import FleetFinding
from plugins.plugin_utils.problems.answer import Diagnosis, Problem, Remark
from plugins.plugin_utils.problems.case import Case
from plugins.plugin_utils.problems.diagnose import diagnose
from plugins.plugin_utils.reports.diagnosis import markdown, screen

OLD, NEW = "8.1.240.6", "8.1.311.3"
LISTED = ";".join(f"{name}:6001-6002;{name}:6004" for name in ("mbx1", "mbx1.contoso.com")) + (
    ";gc1:6004;gc1.contoso.com:6004"
)
UNREACHABLE = {"unreachable": True, "msg": "UNREACHABLE!", "failure": {"found": "no route to 10.0.0.9"}, "server": {}}
OWN_NAMES = "10.0.0.1 all1; 10.0.0.1 all1.contoso.com"


def setting(
    fix: str, name: str, configured: str | None, effective: str, reason: str = "why", known: bool = True
) -> dict[str, Any]:
    return {
        "fix": fix,
        "setting": name,
        "known": known,
        "configured": configured,
        "effective": effective,
        "reason": reason,
    }


def components(configured: str | None, effective: str = "unknown") -> dict[str, Any]:
    return setting("ipv6_components", "DisabledComponents", configured, effective, "the reason of DisabledComponents")


def kernel(configured: str | None, effective: str, place: str = "server") -> dict[str, Any]:
    return setting("kernel_mode_authentication", f"{place} useKernelMode", configured, effective, "the reason of IIS")


def hosts_file(loopback: str | None, names: str | None) -> list[dict[str, Any]]:
    """As it was read."""
    return [
        setting("hosts_ipv4", name, text, "unknown", "why" if text else "absent; why")
        for name, text in (("hosts ::1", loopback), ("hosts own names", names))
    ]


def refer(configured: str | None, effective: str) -> dict[str, Any]:
    return setting(
        "dsproxy_referral", "Do Not Refer HTTP to DSProxy", configured, effective, "the reason of MSExchangeSA"
    )


def directory(name: str, windows: bool | None, kernel_mode: bool | None, basic: bool | None = True) -> dict[str, Any]:
    return {"path": f"Default Web Site/{name}", "windows": windows, "basic": basic, "kernel_mode": kernel_mode}


def listeners(owner: str, *stacks: str) -> dict[str, Any]:
    return {"6004": [{"stack": stack, "pid": 1808, "owner": owner} for stack in stacks]}


def cas(*settings: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A Client Access server on which nothing of the article is wrong."""
    return {
        "server": {
            "windows_version": "6.0",
            "exchange_roles": ["ClientAccessRole"],
            "exchange_build": OLD,
            "addresses": {"ipv4": [], "ipv6": ["::1"]},
            "valid_ports": LISTED,
            "polling_minutes": 0,
            "iis_authentication": {"rpc": directory("Rpc", windows=True, kernel_mode=False)},
            "settings": [components("0xFF", "yes"), kernel("false", "yes"), *settings],
            "unknown": {},
            **facts,
        }
    }


def mbx(build: str = NEW, *settings: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A Mailbox server that listens as its build does."""
    stacks = ("IPv4",) if build == OLD else ("IPv4", "IPv6")
    return {
        "server": {
            "fqdn": "mbx1.contoso.com",
            "windows_version": "6.0",
            "exchange_roles": ["MailboxRole"],
            "exchange_build": build,
            "directory_stacks": list(stacks),
            "directory_owners": ["mad.exe"],
            "listeners": listeners("mad.exe", *stacks),
            "refers_http_to_dsproxy": True,
            "settings": list(settings),
            "unknown": {},
            **facts,
        }
    }


def gc(**facts: Any) -> dict[str, Any]:
    return {
        "server": {
            "windows_version": "6.0",
            "global_catalog": True,
            "directory_owners": ["lsass.exe"],
            "nspi_max_sessions_per_user": None,
            "unknown": {},
            **facts,
        }
    }


def asked(readings: dict[str, Any], affinity: str = "source_ip", **inventory: Any) -> Case:
    """The hosts by the beginning of their names; one that begins with all has both roles."""
    groups = {
        group: [host for host in readings if host.startswith(prefixes)]
        for group, prefixes in (
            ("client_access", ("cas", "all")),
            ("mailbox", ("mbx", "all")),
            ("global_catalog", ("gc",)),
        )
    }
    names = {
        "mailbox_servers": [f"{host}.contoso.com" for host in groups["mailbox"]],
        "global_catalogs": [{"host": host, "fqdn": f"{host}.contoso.com"} for host in groups["global_catalog"]],
    }
    return Case.of(readings, {**groups, **names, "affinity": affinity, **inventory})


def problem(name: str, readings: dict[str, Any], affinity: str = "source_ip", **inventory: Any) -> Problem:
    answer = diagnose(asked(readings, affinity, **inventory))
    return next(item for item in answer.problems if item.about.name == name)


def remark(name: str, answer: Diagnosis) -> Remark:
    return next(item for item in answer.remarks if item.name == name)


def told(texts: tuple[str, ...], words: str) -> bool:
    return any(words in text for text in texts)


def with_ipv6(**facts: Any) -> dict[str, Any]:
    return {"addresses": {"ipv4": [], "ipv6": ["::1", "fe80::1"]}, **facts}


HEALTHY = {"cas1": cas(), "mbx1": mbx(), "gc1": gc()}


def test_a_healthy_fleet_has_none_of_the_problems() -> None:
    answer = diagnose(asked(HEALTHY))
    assert {item.about.name: item.state for item in answer.problems} == dict.fromkeys(
        ("A", "A'", "B", "C"), "not_present"
    )
    assert answer.clean
    assert not any(answer.summary.values())


def test_nothing_asked_is_nothing_proved() -> None:
    answer = diagnose(asked({}))
    assert {item.state for item in answer.problems} == {"unknown"}
    assert not answer.clean


# A: the directory over IPv6, between servers


def test_a_client_access_server_with_ipv6_and_an_old_mailbox_server_have_problem_a() -> None:
    found = problem("A", {"cas1": cas(**with_ipv6()), "cas2": cas(), "mbx1": mbx(OLD), "mbx2": mbx()})
    assert (found.state, found.hosts) == ("present", ("cas1",))
    assert told(found.evidence, "mbx1: build 8.1.240.6, below 8.1.311.3")
    assert told(found.evidence, "mbx1: 6004 is listened on by IPv4 mad.exe and not on IPv6")
    assert told(found.evidence, "cas1: IPv6 addresses beside loopback: fe80::1")
    assert not told(found.evidence, "mbx2")


def test_mailbox_servers_with_the_rollup_need_nothing() -> None:
    found = problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx(NEW)})
    assert found.state == "not_present"
    assert told(found.evidence, "mbx1: build 8.1.311.3")


def test_without_an_ipv6_address_the_rpc_proxy_cannot_choose_it() -> None:
    found = problem("A", {"cas1": cas(), "mbx1": mbx(OLD)})
    assert found.state == "not_present"
    assert told(found.evidence, "no IPv6 address beside loopback is left")


def test_ipv6_switched_off_and_not_rebooted_is_present_and_pending() -> None:
    facts = with_ipv6(settings=[components("0xFF", "no")])
    found = problem("A", {"cas1": cas(**facts), "mbx1": mbx(OLD)})
    assert found.state == "present"
    assert told(found.pending, "DisabledComponents is 0xFF, not in force yet: the reason of DisabledComponents")


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ({"cas1": UNREACHABLE, "mbx1": mbx(OLD)}, "cas1: was not read: no route to 10.0.0.9"),
        (
            {"cas1": cas(**with_ipv6()), "mbx1": UNREACHABLE},
            "mbx1: whether it has the problem is not known: no route to 10.0.0.9",
        ),
        (
            {"cas1": cas(addresses={"ipv6": None}, unknown={"addresses.ipv6": "netsh said nothing"}), "mbx1": mbx(OLD)},
            "cas1: its IPv6 addresses are not known: netsh said nothing",
        ),
    ],
)
def test_what_was_not_read_leaves_problem_a_unknown(readings: dict[str, Any], why: str) -> None:
    found = problem("A", readings)
    assert found.state == "unknown"
    assert told(found.unknown, why)


def test_an_unread_mailbox_server_does_not_matter_without_ipv6() -> None:
    assert problem("A", {"cas1": cas(), "mbx1": UNREACHABLE}).state == "not_present"


def test_a_mailbox_server_outside_of_the_inventory_is_not_known() -> None:
    found = problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx()}, further_mailbox_servers=["mbx9.contoso.com"])
    assert found.state == "unknown"
    assert found.unknown == ("mbx9.contoso.com: whether it has the problem is not known: it is not in the inventory",)


def test_an_old_build_that_listens_on_both_stacks_is_possible_only() -> None:
    both = mbx(OLD, directory_stacks=["IPv4", "IPv6"], listeners=listeners("mad.exe", "IPv4", "IPv6"))
    assert problem("A", {"cas1": cas(**with_ipv6()), "mbx1": both}).state == "possible"
    assert problem("A", {"cas1": cas(**with_ipv6()), "mbx1": both, "mbx2": mbx(OLD)}).state == "present"


NOBODY = "mbx1: nobody listens on 6004, which is not this problem: see first why MSExchangeSA does not listen"
SILENT: dict[str, Any] = {"directory_stacks": [], "directory_owners": [], "listeners": {}}
DEAF: dict[str, Any] = {"directory_stacks": None, "listeners": None, "unknown": {"listeners": "netstat said nothing"}}


@pytest.mark.parametrize("build", [OLD, NEW])
def test_where_nobody_listens_it_is_another_fault_than_ipv6(build: str) -> None:
    found = problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx(build, **SILENT)})
    assert (found.state, found.unknown) == ("unknown", (NOBODY,))
    present = problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx(build, **SILENT), "mbx2": mbx(OLD)})
    assert (present.state, present.unknown) == ("present", (NOBODY,))
    without = problem("A", {"cas1": cas(), "mbx1": mbx(build, **SILENT)})
    assert without.state == "not_present"
    assert told(without.evidence, "mbx1: nobody listens on 6004")
    assert problem("A'", {"all1": all1(exchange_build=build, **SILENT)}).state == "unknown"


def test_a_fixed_build_of_which_nobody_knows_how_it_listens_proves_nothing() -> None:
    found = problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx(NEW, **DEAF)})
    assert (found.state, found.hosts) == ("unknown", ("cas1",))
    assert found.unknown == ("mbx1: whether it has the problem is not known: netstat said nothing",)
    # The documented fault of that build needs no listener.
    assert problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx(OLD, **DEAF)}).state == "present"
    assert problem("A'", {"all1": all1(exchange_build=NEW, **DEAF)}).state == "unknown"
    assert problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx(NEW, cluster_node=True, **DEAF)}).state == "unknown"


@pytest.mark.parametrize(
    "facts", [{"domain_controller": True}, {"cluster_node": True}, {"exchange_2010_or_later": True}]
)
def test_who_need_not_listen_is_no_doubt(facts: dict[str, Any]) -> None:
    assert problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx(NEW, **SILENT, **facts)}).state == "not_present"
    assert problem("A'", {"all1": all1(exchange_build=NEW, **SILENT, **facts)}).state == "not_present"


def test_windows_server_2003_has_no_such_problem_whoever_listens() -> None:
    old = cas(windows_version="5.2", **with_ipv6())
    assert problem("A", {"cas1": old, "mbx1": mbx(OLD, **SILENT)}).state == "not_present"
    assert problem("A'", {"all1": all1(windows_version="5.2", **SILENT)}).state == "not_present"


ROLLUPS_UNKNOWN = {"unknown": {"exchange_rollups": "denied"}}


def test_where_the_rollups_are_not_known_the_listeners_decide() -> None:
    ipv4 = mbx(OLD, **ROLLUPS_UNKNOWN)
    found = problem("A", {"cas1": cas(**with_ipv6()), "mbx1": ipv4})
    assert found.state == "present"
    assert told(found.evidence, "mbx1: build 8.1.240.6, its update rollups are not known")
    both = {"directory_stacks": ["IPv4", "IPv6"], "listeners": listeners("mad.exe", "IPv4", "IPv6")}
    assert (
        problem("A", {"cas1": cas(**with_ipv6()), "mbx1": mbx(OLD, **ROLLUPS_UNKNOWN, **both)}).state == "not_present"
    )
    nobody = mbx(OLD, **ROLLUPS_UNKNOWN, directory_stacks=[], listeners={})
    found = problem("A", {"cas1": cas(**with_ipv6()), "mbx1": nobody})
    assert found.state == "unknown"
    assert found.unknown == (NOBODY,)


def test_without_a_mailbox_server_nothing_is_known() -> None:
    assert problem("A", {"cas1": cas()}).unknown == ("the inventory has no Mailbox server",)


def test_preferring_ipv4_is_an_alternative_that_nobody_can_prove_here() -> None:
    facts = with_ipv6(settings=[components("0x20")])
    assert problem("A", {"cas1": cas(**facts), "mbx1": mbx(OLD)}).state == "possible"


# A': the same on one server


def all1(*settings: dict[str, Any], **facts: Any) -> dict[str, Any]:
    given = {**cas()["server"], **mbx(OLD)["server"], "iis_authentication": None, "settings": list(settings), **facts}
    own = {"hostname": "all1", "fqdn": "all1.contoso.com", "exchange_roles": ["ClientAccessRole", "MailboxRole"]}
    addresses = {"ipv4": [{"adapter": "{A}", "address": "10.0.0.1"}], "ipv6": ["::1"]}
    return {"server": given | own | {"addresses": addresses}}


def test_a_server_with_both_roles_and_an_active_loopback_line_has_problem_a_prime() -> None:
    found = problem("A'", {"all1": all1(*hosts_file("::1 localhost", None))})
    assert (found.state, found.hosts) == ("present", ("all1",))
    assert told(found.evidence, "hosts ::1: ::1 localhost")
    assert told(found.evidence, "all1: 6004 is listened on by IPv4 mad.exe and not on IPv6")
    assert problem("A", {"all1": all1()}).state == "not_present"


def test_its_hosts_file_as_documented_is_the_answer() -> None:
    found = problem("A'", {"all1": all1(*hosts_file(None, OWN_NAMES))})
    assert found.state == "not_present"
    assert told(found.evidence, OWN_NAMES)


@pytest.mark.parametrize(
    "names",
    [
        None,
        "10.0.0.1 all1",
        "10.0.0.1 all1; 10.0.0.9 all1.contoso.com",
        "10.0.0.1 all1; 10.0.0.1 all1.contoso.com; fe80::1 all1",
        "10.0.0.1 # all1 all1.contoso.com",
    ],
)
def test_a_hosts_file_that_does_not_lead_to_the_own_ipv4_address(names: str | None) -> None:
    assert problem("A'", {"all1": all1(*hosts_file(None, names))}).state == "present"


def test_an_unread_hosts_file_proves_nothing() -> None:
    for rows in (
        [],
        [
            setting("hosts_ipv4", name, None, "unknown", "denied", known=False)
            for name in ("hosts ::1", "hosts own names")
        ],
    ):
        found = problem("A'", {"all1": all1(*rows)})
        assert found.state == "unknown"
        assert found.unknown


def test_a_mailbox_role_that_the_inventory_does_not_say_is_told() -> None:
    server = all1(*hosts_file("::1 localhost", None))
    found = problem("A'", {"cas1": server, "mbx1": mbx()})
    assert found.state == "present"
    assert told(found.evidence, "cas1: it has the Mailbox role and is not in group mailbox")


def test_where_the_roles_are_not_known_nobody_says_that_no_server_has_both() -> None:
    denied = cas(exchange_roles=None, unknown={"exchange_roles": "denied"})
    found = problem("A'", {"cas1": denied, "cas2": cas(), "mbx1": mbx(OLD)})
    assert found.state == "unknown"
    assert found.unknown == ("cas1: whether it has the Mailbox role is not known: denied",)
    beside = problem("A'", {"cas1": denied, "all1": all1(*hosts_file("::1 localhost", None))})
    assert (beside.state, beside.hosts) == ("present", ("all1",))


def test_a_client_access_server_that_was_not_read_may_have_both_roles() -> None:
    found = problem("A'", {"cas1": UNREACHABLE, "cas2": cas(), "mbx1": mbx()})
    assert (found.state, found.hosts) == ("unknown", ("cas1",))
    assert found.unknown == ("cas1: was not read: no route to 10.0.0.9",)
    assert problem("A'", {"cas1": {"server": {}}}).state == "unknown"
    # Whatever roles it has, this Windows has no such problem.
    windows_2003 = cas(exchange_roles=None, windows_version="5.2", unknown={"exchange_roles": "denied"})
    assert problem("A'", {"cas1": windows_2003}).state == "not_present"


# B: split connections


def split(affinity: str, mailbox: dict[str, Any] | None = None, **others: dict[str, Any]) -> Problem:
    readings = {"cas1": cas(), "cas2": cas(), "mbx1": mailbox or mbx(), "gc1": gc()}
    return problem("B", {**readings, **others}, affinity)


APPLIED = mbx(NEW, refer("1", "yes"), refers_http_to_dsproxy=False)


@pytest.mark.parametrize(
    ("affinity", "state"), [("", "possible"), ("source_ip", "not_present"), ("ssl_id", "present"), ("none", "present")]
)
def test_nobody_can_read_the_load_balancer(affinity: str, state: str) -> None:
    found = split(affinity)
    assert found.state == state
    assert told(found.evidence, f"outlook_anywhere_affinity is {affinity or 'not set'}")
    assert told(found.unknown, "set outlook_anywhere_affinity") == (affinity == "")


def test_one_client_access_server_cannot_split_a_connection() -> None:
    for affinity in ("", "none"):
        assert problem("B", {"cas1": cas(), "mbx1": mbx()}, affinity).state == "not_present"


def test_an_affinity_that_nobody_knows_is_taken_as_not_set_and_told() -> None:
    found = split("source-ip")
    assert found.state == "possible"
    assert told(found.unknown, "outlook_anywhere_affinity is source-ip: source_ip, ssl_id and none are known")
    alone = problem("B", {"cas1": cas(), "mbx1": mbx()}, "sticky")
    assert alone.state == "not_present"
    assert told(alone.unknown, "outlook_anywhere_affinity is sticky")


def test_the_servers_that_lack_their_part_are_named_and_none_where_the_problem_is_not() -> None:
    plain = {"valid_ports": "mbx1:6004", "polling_minutes": 15}
    nothing = {"cas1": cas(**plain), "cas2": cas(**plain), "gc1": gc(directory_owners=[])}
    assert split("none", **nothing).hosts == ("cas1", "cas2", "mbx1", "gc1")
    assert split("none").hosts == ("mbx1",)
    assert split("", APPLIED, mbx2=mbx()).hosts == ("mbx2",)
    half = split("source_ip", APPLIED, mbx2=mbx(), cas2=cas(polling_minutes=15))
    assert (half.state, half.hosts) == ("present", ("cas2", "mbx1"))
    waiting = split("none", mbx(NEW, refer("1", "no"), refers_http_to_dsproxy=False), mbx2=APPLIED)
    assert (waiting.state, waiting.hosts) == ("present", ("mbx1",))
    assert split("none", APPLIED, cas2=UNREACHABLE).hosts == ("cas2",)
    assert split("source_ip").hosts == ()


@pytest.mark.parametrize("wild", ["*:6001-6004", "mbx*:6001-6004;GC1*:6004"])
def test_a_wildcard_lets_clients_through(wild: str) -> None:
    listed = cas(valid_ports=wild)
    assert split("none", APPLIED, cas1=listed, cas2=listed).state == "not_present"
    other = cas(valid_ports=wild.replace("*", "other*"))
    assert split("none", APPLIED, cas1=listed, cas2=other).hosts == ("cas2", "mbx1")


def test_a_restart_of_which_nothing_was_read_is_not_proved() -> None:
    for rows in ([], [refer(None, "unknown")]):
        found = split("none", mbx(NEW, *rows, refers_http_to_dsproxy=False))
        assert (found.state, found.hosts) == ("unknown", ("mbx1",))
        assert told(found.unknown, "mbx1: whether MSExchangeSA has restarted since")


def test_a_mailbox_server_outside_of_the_inventory_may_refer_to_dsproxy() -> None:
    readings = {"cas1": cas(), "cas2": cas(), "mbx1": APPLIED, "gc1": gc()}
    outside = {"further_mailbox_servers": ["mbx9.contoso.com", {"fqdn": "MBX1.contoso.com"}]}
    found = problem("B", readings, "none", **outside)
    assert (found.state, found.hosts) == ("unknown", ("mbx9.contoso.com",))
    # The name of a clustered mailbox server, whose nodes were read.
    node = mbx(NEW, refer("1", "yes"), refers_http_to_dsproxy=False, cluster_node=True)
    assert problem("B", {**readings, "mbx2": node}, "none", **outside).state == "not_present"


def test_a_global_catalog_without_a_name_may_be_in_no_list() -> None:
    nameless = [{"host": "gc1", "unknown": "the FQDN of gc1 is not known"}]
    readings = {"cas1": cas(), "cas2": cas(), "mbx1": APPLIED, "gc1": gc()}
    found = problem("B", readings, "none", global_catalogs=nameless)
    assert (found.state, found.hosts) == ("unknown", ("gc1",))
    assert told(found.unknown, "the FQDN of gc1 is not known")


@pytest.mark.parametrize("affinity", ["", "none"])
def test_the_fix_in_place_and_proved_is_not_present(affinity: str) -> None:
    assert split(affinity, APPLIED).state == "not_present"


def test_the_fix_in_place_and_not_restarted_is_present_and_pending() -> None:
    found = split("none", mbx(NEW, refer("1", "no"), refers_http_to_dsproxy=False))
    assert found.state == "present"
    assert told(found.pending, "mbx1: Do Not Refer HTTP to DSProxy is 1, not in force yet: the reason of MSExchangeSA")
    found = split("none", mbx(NEW, refer("1", "unknown"), refers_http_to_dsproxy=False))
    assert found.state == "unknown"
    assert told(found.pending, "not known to be in force")


@pytest.mark.parametrize("affinity", ["", "none", "source_ip"])
@pytest.mark.parametrize(
    ("others", "lack"),
    [
        ({"gc1": gc(directory_owners=[])}, "gc1.* does not listen on port 6004"),
        ({"cas2": cas(valid_ports="mbx1:6001-6002")}, "cas2.* does not allow gc1:6004"),
        ({"cas2": cas(polling_minutes=15)}, "cas2.* polls"),
    ],
)
def test_a_fix_half_way_in_the_wrong_order_is_present_whatever_the_affinity(
    affinity: str, others: dict[str, Any], lack: str
) -> None:
    found = split(affinity, APPLIED, **others)
    assert found.state == "present"
    assert told(found.evidence, "the fix is half-way: mbx1 no longer refer to DSProxy")
    assert any(re.match(lack, line) for line in found.evidence)


@pytest.mark.parametrize("host", ["cas2", "gc1", "mbx1"])
def test_a_server_that_was_not_read_leaves_the_fix_unknown(host: str) -> None:
    found = split("none", APPLIED, mbx2=APPLIED, **{host: UNREACHABLE})
    assert found.state == "unknown"
    assert told(found.unknown, f"{host}: was not read: no route to 10.0.0.9")


def test_an_attested_global_catalog_counts() -> None:
    readings = {"cas1": cas(), "cas2": cas(), "mbx1": APPLIED, "gc1": UNREACHABLE}
    attested = [{"host": "gc1", "fqdn": "gc1.contoso.com", "attested": True}]
    assert problem("B", readings, "none", global_catalogs=attested).state == "not_present"
    answer = diagnose(asked(readings, "none", global_catalogs=attested))
    assert [item.host for item in answer.unread] == ["gc1"]
    assert answer.clean


# C: credential prompts


@pytest.mark.parametrize(
    ("rpc", "rows", "state"),
    [
        (directory("Rpc", windows=True, kernel_mode=True), [kernel(None, "no")], "present"),
        (directory("Rpc", windows=False, kernel_mode=True), [kernel(None, "no")], "not_present"),
        (directory("Rpc", windows=None, kernel_mode=True), [], "unknown"),
        (directory("Rpc", windows=True, kernel_mode=None), [], "unknown"),
        (directory("Rpc", windows=True, kernel_mode=False), [kernel("false", "yes")], "not_present"),
        (directory("Rpc", windows=True, kernel_mode=False), [kernel("false", "no")], "present"),
        (directory("Rpc", windows=True, kernel_mode=False), [kernel("false", "unknown")], "unknown"),
        (directory("Rpc", windows=True, kernel_mode=False), [], "unknown"),
        # The nearest place decides.
        (
            directory("Rpc", windows=True, kernel_mode=False),
            [kernel("true", "unknown"), kernel("false", "yes", "Default Web Site/Rpc")],
            "not_present",
        ),
        (
            directory("Rpc", windows=True, kernel_mode=False),
            [kernel("false", "yes"), kernel("false", "unknown", "default web site/rpc")],
            "unknown",
        ),
    ],
)
def test_problem_c_by_how_rpc_authenticates(rpc: dict[str, Any], rows: list[dict[str, Any]], state: str) -> None:
    found = problem("C", {"cas1": cas(iis_authentication={"rpc": rpc}, settings=rows), "mbx1": mbx()})
    assert found.state == state
    assert told(found.evidence, "cas1: Default Web Site/Rpc: Windows authentication (NTLM)")


def test_kernel_mode_switched_off_and_iis_not_restarted_is_pending() -> None:
    found = problem("C", {"cas1": cas(settings=[kernel("false", "unknown")])})
    assert told(found.pending, "cas1: server useKernelMode is false, not known to be in force: the reason of IIS")


def test_kernel_mode_beside_exchange_2010_is_possibly_a_problem_and_none_that_site_mends() -> None:
    directories = {"rpc": directory("Rpc", windows=True, kernel_mode=True)}
    later = cas(iis_authentication=directories, exchange_2010_or_later=True)
    found = problem("C", {"cas1": later, "mbx1": mbx()})
    assert (found.state, found.hosts) == ("possible", ("cas1",))
    assert told(found.evidence, "cas1: Exchange 2010 or later is installed there")
    assert told(found.about.fix, "leaves the kernel mode of a server with Exchange 2010 or later alone")
    assert not told(found.about.fix, "playbook site")
    both = problem("C", {"cas1": later, "cas2": cas(iis_authentication=directories), "mbx1": mbx()})
    assert (both.state, both.hosts) == ("present", ("cas2",))
    assert told(both.about.fix, "playbook site")
    assert told(both.evidence, "cas1: Exchange 2010 or later is installed there")


def test_without_iis_7_there_is_no_kernel_mode_and_unread_is_not_without() -> None:
    assert problem("C", {"cas1": cas(iis_authentication=None)}).state == "not_present"
    unread = cas(iis_authentication=None, unknown={"iis_authentication": "appcmd was denied"})
    found = problem("C", {"cas1": unread})
    assert found.state == "unknown"
    assert told(found.unknown, "appcmd was denied")


# The comments


def test_comments_are_seen_only_where_their_condition_was_read() -> None:
    answer = diagnose(asked({"cas1": cas(iis_authentication=None), "mbx1": mbx(), "gc1": gc(windows_version="5.2")}))
    assert [item.name for item in answer.remarks if item.seen] == []
    assert len(answer.remarks) == 5
    directories = {
        "rpc": directory("Rpc", windows=True, kernel_mode=True, basic=False),
        "oab": directory("OAB", windows=True, kernel_mode=True),
    }
    answer = diagnose(asked({"cas1": cas(iis_authentication=directories), "mbx1": mbx(), "gc1": gc()}))
    assert {item.name for item in answer.remarks if item.seen} == {
        "ntlm_breaks_oab",
        "basic_fallback",
        "nspi_session_limit",
    }
    assert told(remark("ntlm_breaks_oab", answer).evidence, "cas1: Default Web Site/OAB: Windows authentication on")
    assert told(remark("basic_fallback", answer).evidence, "cas1: Default Web Site/Rpc: Basic off")
    assert "known, not one of these" in remark("slow_fallback_from_tcp", answer).text


@pytest.mark.parametrize(
    ("facts", "seen"),
    [
        ({}, True),
        ({"nspi_max_sessions_per_user": 50}, True),
        ({"nspi_max_sessions_per_user": 500}, False),
        ({"unknown": {"nspi_max_sessions_per_user": "denied"}}, False),
        ({"windows_version": "5.2"}, False),
    ],
)
def test_the_session_limit_of_a_global_catalog(facts: dict[str, Any], seen: bool) -> None:
    answer = diagnose(asked({"cas1": cas(), "gc1": gc(**facts)}))
    assert remark("nspi_session_limit", answer).seen is seen


# rpcping


def climbed(*states: str, **more: Any) -> dict[str, Any]:
    names = ("proxy", "6001", "6002", "6004")
    steps = [
        {
            "name": name,
            "state": state,
            "exit_code": None if state == "not_run" else 0 if state == "succeeded" else 1753,
            "seconds": 0.1,
            "meaning": f"what {name} proves",
            "look_at": [f"where to look for {name}"],
            "recognised": [],
            "output": "",
        }
        for name, state in zip(names, states, strict=True)
    ]
    stopped = next((step["name"] for step in steps if step["state"] in ("failed", "timed_out")), None)
    given = {"host": "cas1", "rpc_proxy": "cas1.contoso.com", "mailbox_server": "mbx1.contoso.com"}
    return {**given, "proved": stopped is None, "failed_step": stopped, "steps": steps, **more}


def ladder(result: dict[str, Any], readings: dict[str, Any]) -> Any:
    (found,) = diagnose(asked(readings), (), [result]).ladders
    return found


UP_TO_6004 = ("succeeded", "succeeded", "succeeded", "failed")


def test_a_ladder_that_proves_everything_keeps_the_answer_clean() -> None:
    answer = diagnose(asked(HEALTHY), (), [climbed(*["succeeded"] * 4)])
    assert answer.clean
    assert answer.ladders[0].proved
    assert answer.ladders[0].fits == ()


def test_where_a_ladder_stops_is_set_beside_the_other_evidence() -> None:
    sick = {"cas1": cas(**with_ipv6()), "mbx1": mbx(OLD), "gc1": gc()}
    found = ladder(climbed(*UP_TO_6004), sick)
    assert (found.proved, found.stopped_at) == (False, "6004")
    assert found.look_at == ("where to look for 6004",)
    assert found.fits == ("problem A (present) would stop it there",)
    assert [step.told for step in found.steps] == ["exit code 0"] * 3 + ["exit code 1753"]
    assert told(ladder(climbed(*UP_TO_6004), HEALTHY).fits, "none of the article's problems explains it")
    assert told(ladder(climbed(*["succeeded"] * 4), sick).fits, "step 6004 succeeded, although problem A is present")


def test_a_ladder_that_did_not_start_says_why() -> None:
    for result in ({"unreachable": True, "msg": "no line"}, {"failed": True, "failure": {"found": "no line"}}):
        answer = diagnose(asked(HEALTHY), (), [{"host": "cas1", **result}])
        assert answer.ladders[0].trouble == "rpcping did not run: no line"
        assert not answer.clean


def test_a_proxy_step_that_fails_points_to_names_and_certificates() -> None:
    answer = diagnose(asked(HEALTHY), (), [climbed("failed", "not_run", "not_run", "not_run")])
    assert remark("names_and_certificates", answer).seen


# The whole answer


def finding(level: Any, text: str = "summary") -> FleetFinding:
    return FleetFinding("polling_frozen_on_some", level, ("cas1",), text, ("e",), "why", "do this", "undo", "source")


def test_a_problem_of_the_fleet_is_a_problem_and_a_notice_is_none() -> None:
    assert diagnose(asked(HEALTHY), [finding("notice")]).clean
    assert not diagnose(asked(HEALTHY), [finding("problem")]).clean


def test_a_server_that_was_not_read_is_named_and_never_clean() -> None:
    answer = diagnose(asked({**HEALTHY, "gc2": UNREACHABLE, "mbx2": {}}))
    assert [item.line for item in answer.unread] == [
        "mbx2: not read: it was not asked in this run",
        "gc2: unreachable: no route to 10.0.0.9",
    ]
    assert not answer.clean


def test_parts_that_could_not_be_read_are_told() -> None:
    answer = diagnose(asked({"cas1": cas(unknown={"services": "sc said nothing"})}))
    assert answer.not_known == ("cas1: services: sc said nothing",)


HOSTILE = "<script>alert(1)</script> | `x` [a](http://evil) \x1b[31m\n# heading\n- item"


def whole(text: str) -> Diagnosis:
    """Every place into which a server or an inventory may put a text."""
    sick = cas(settings=[components(text, "no"), kernel("false", "no")], **with_ipv6(unknown={text: text}))
    sick["server"]["addresses"]["ipv6"].append(text)
    sick["server"]["iis_authentication"]["rpc"]["path"] = text
    readings = {
        "cas1": sick,
        "cas2": {"unreachable": True, "msg": text},
        "mbx1": mbx(OLD, listeners={"6004": [{"stack": text, "pid": text, "owner": text}]}),
    }
    result = climbed(*UP_TO_6004, rpc_proxy=text, mailbox_server=text, host=text)
    result["steps"][3] |= {"recognised": [text], "look_at": [text], "meaning": text}
    return diagnose(asked(readings), [finding("problem", text)], [result])


def test_the_screen_says_state_evidence_fix_and_source() -> None:
    lines = screen(whole("fe80::2").as_dict())
    text = "\n".join(lines)
    assert lines[0].startswith("2 problems are present; ")
    assert "A   present      the directory fails over IPv6 between" in text
    assert "  fix: else on the Client Access servers: playbook site (module ipv6_components" in text
    assert "  source: Exchange team blog, 2008-06-20; KB 952580; TechNet cc411322" in text
    assert "  cas2: unreachable: fe80::2" in text
    assert "worth knowing: slow fallback from TCP" in text
    assert "seen: NTLM on Outlook Anywhere" in text


def test_a_large_fleet_has_a_short_answer() -> None:
    names = [f"mbx{n}" for n in range(300)]
    ports = ";".join(f"{name}:6001-6002;{name}:6004" for name in names)
    row = setting("valid_ports", "ValidPorts", ports, "no", "written 13 seconds ago")
    readings: dict[str, Any] = {f"cas{n}": cas(row, **with_ipv6(valid_ports=ports)) for n in range(100)}
    readings |= {name: mbx(OLD, refer("1", "yes"), refers_http_to_dsproxy=False) for name in names}
    readings |= {f"gc{n}": gc(directory_owners=[], unknown={"services": "cut"}) for n in range(50)}
    answer = diagnose(asked(readings, "none"))
    found = {item.about.name: item for item in answer.problems}
    assert (found["A"].state, len(found["A"].hosts)) == ("present", 100)
    assert len(found["B"].hosts) == 450
    (pending,) = [line for line in found["B"].pending if "ValidPorts is" in line]
    assert pending.startswith("cas0, cas1, ")
    assert "and 90 more: ValidPorts is mbx0:6001-6002;" in pending
    assert f"({len(ports)} characters), not in force yet: written 13 seconds ago" in pending
    assert answer.not_known == ("gc0, gc1, gc2, gc3, gc4, gc5, gc6, gc7, gc8, gc9 and 40 more: services: cut",)
    record = answer.as_dict()
    page = markdown(record)
    assert "and 90 more |" in page
    assert "mbx299" not in page
    lines = screen(record)
    assert len(lines) < 60
    assert max(map(len, [*lines, *page.split("\n")])) < 1000
    # The names of all servers, and else as much as people see.
    assert len(json.dumps(record)) < 30_000


# The name of what does not configure IPv6, whatever it is.
TEXT = (st.text() | st.just(HOSTILE)).filter(lambda text: not text.lower().startswith("0x"))


@given(TEXT)
def test_hostile_text_stays_text(text: str) -> None:
    record = whole(text).as_dict()
    assert json.loads(json.dumps(record)) == record
    assert all(line.isprintable() for line in screen(record))
    calm = markdown(whole("calm").as_dict())
    page = markdown(record)
    assert all(line.isprintable() for line in page.split("\n"))
    # As many lines of each kind as with a calm text: nothing began a heading, a list or a row of its own.
    for mark in ("#", "- ", "| "):
        starts = [line for line in page.split("\n") if line.startswith(mark)]
        assert len(starts) == len([line for line in calm.split("\n") if line.startswith(mark)])
    assert "<script" not in page
    assert not re.search(r"(?<!\\)\]\(", page)
