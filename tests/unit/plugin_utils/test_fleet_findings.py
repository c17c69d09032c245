# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no single server shows is found by what was read; what was not read proves nothing; a healthy fleet is clean."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.findings.fleet import NOT_JUDGED
from plugins.plugin_utils.fleet_finding import FleetFinding
from plugins.plugin_utils.fleet_findings import NAMES, fleet_findings

PORTS = ";".join(f"{name}:6001-6002;{name}:6004" for n in (1, 2) for name in (f"mbx{n}", f"mbx{n}.contoso.com"))
CATALOGS = "gc1:6004;gc1.contoso.com:6004"
SWITCH = {"windows": True, "basic": True, "kernel_mode": False}


def client_access(host: str, **facts: Any) -> dict[str, Any]:
    return {
        "hostname": host.upper(),
        "fqdn": f"{host}.contoso.com",
        "netbios": host,
        "windows_version": "6.0",
        "exchange_build": "8.1.311.3",
        "exchange_2010_or_later": False,
        "valid_ports": PORTS,
        "polling_minutes": 15,
        "rpc_proxy_enabled": True,
        "services": {"MSExchangeServiceHost": 4},
        "addresses": {"ipv4": [], "ipv6": ["::1"]},
        "iis_authentication": {name: dict(SWITCH) for name in ("rpc", "oab", "autodiscover", "ews")},
        "settings": [{"fix": "ipv6_components", "setting": "DisabledComponents", "configured": "0xFF"}],
        "default_app_pool_recycles_after": "00:00:00",
        "unknown": {},
        **facts,
    }


def mailbox(host: str, **facts: Any) -> dict[str, Any]:
    return {
        "fqdn": f"{host}.contoso.com",
        "netbios": host,
        "exchange_build": "8.1.311.3",
        "exchange_2010_or_later": False,
        "cluster_node": False,
        "domain_controller": False,
        "refers_http_to_dsproxy": True,
        "nspi_target_server": None,
        "directory_site": "Paris",
        "unknown": {},
        **facts,
    }


def catalog(**facts: Any) -> dict[str, Any]:
    return {
        "fqdn": "gc1.contoso.com",
        "netbios": "gc1",
        "directory_owners": [],
        "nspi_protocol_sequences": [],
        "directory_site": "Paris",
        "unknown": {},
        **facts,
    }


OFFERS = {"directory_owners": ["lsass.exe"], "nspi_protocol_sequences": ["ncacn_http:6004"]}
PINNED = {"polling_minutes": 0, "valid_ports": f"{PORTS};{CATALOGS}"}
SWITCHED = {"refers_http_to_dsproxy": False, "nspi_target_server": "GC1.contoso.com"}
INVENTORY: dict[str, Any] = {
    "client_access": ["cas1", "cas2"],
    "mailbox": ["mbx1", "mbx2"],
    "global_catalog": ["gc1"],
    "mailbox_servers": [{"fqdn": "mbx1.contoso.com"}, {"fqdn": "mbx2.contoso.com"}],
    "global_catalogs": [{"host": "gc1", "attested": False, "fqdn": "gc1.contoso.com"}],
    "affinity": "source_ip",
    "extra_entries": [],
}


def fleet(**changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A fleet as Exchange delivers it, with some servers otherwise; None is one that was not read."""
    servers = {
        "cas1": client_access("cas1"),
        "cas2": client_access("cas2"),
        "mbx1": mailbox("mbx1"),
        "mbx2": mailbox("mbx2"),
        "gc1": catalog(),
    }
    return {
        host: {"server": {**facts, **(changes.get(host) or {})}}
        for host, facts in servers.items()
        if changes.get(host, {}) is not None
    }


FIXED = {"cas1": PINNED, "cas2": PINNED, "mbx1": SWITCHED, "mbx2": SWITCHED, "gc1": OFFERS}


def judged(readings: Mapping[str, Any], **inventory: Any) -> dict[str, FleetFinding]:
    found = fleet_findings(readings, {**INVENTORY, **inventory})
    for finding in found:
        assert finding.name in NAMES
        assert finding.hosts
        assert finding.evidence
        assert json.dumps(finding.as_dict())
    assert [item.level for item in found] == sorted((item.level for item in found), reverse=True)
    return {finding.name: finding for finding in found}


def only(name: str, readings: Mapping[str, Any], **inventory: Any) -> FleetFinding:
    found = judged(readings, **inventory)
    assert set(found) == {name}
    return found[name]


@pytest.mark.parametrize("affinity", ["", "source_ip", "none"])
def test_a_fleet_as_its_operators_want_it_has_no_finding(affinity: str) -> None:
    assert judged(fleet(**FIXED), affinity=affinity) == {}
    if affinity != "none":
        assert judged(fleet(), affinity=affinity) == {}


def test_equality_is_by_meaning() -> None:
    other = ";".join(reversed(PORTS.upper().replace("6001-6002", "6002-6002;MBX2:6001").split(";")))
    same = {
        "valid_ports": PORTS.replace("mbx1:6001-6002", "MBX1:6002 ; mbx1:6001-6001;"),
        "exchange_build": "8.1.311.3",
    }
    absent = {"settings": [{"fix": "ipv6_components", "setting": "DisabledComponents", "configured": "0xFFFFFFFF"}]}
    assert judged(fleet(cas1=same, cas2=absent)) == {}
    assert "client_access_servers_differ" in judged(fleet(cas1={"valid_ports": other}))
    wild = {"valid_ports": "mbx*:6001-6002;MBX*:6004"}
    assert set(judged(fleet(cas1=wild, cas2=wild))) == set()


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ({"polling_minutes": 0}, "problem"),
        ({"polling_minutes": 15, "services": {"MSExchangeServiceHost": 1}}, "problem"),
        ({"polling_minutes": 15}, "notice"),
        ({"polling_minutes": None}, "notice"),
    ],
)
def test_a_list_that_lacks_a_mailbox_server_is_a_problem_where_nobody_adds_it(facts: Any, level: str) -> None:
    lacking = {"valid_ports": PORTS.replace("mbx2.contoso.com:6004", "mbx2.contoso.com:6003"), **facts}
    finding = judged(fleet(cas1=lacking, cas2=lacking))["valid_ports_lack_a_server"]
    assert (finding.level, finding.hosts) == (level, ("cas1", "cas2"))
    assert finding.evidence[0].startswith("cas1, cas2: does not allow mbx2.contoso.com:6004; ")


def of(*names: str) -> str:
    return ";".join(entry for entry in PORTS.split(";") if entry.startswith(names))


def test_a_client_access_server_with_a_list_of_its_own_is_judged_by_that() -> None:
    one, two = {"valid_ports": of("mbx1"), "polling_minutes": 0}, {"valid_ports": of("mbx2"), "polling_minutes": 0}
    own = {"cas1": [{"fqdn": "mbx1.contoso.com"}], "cas2": ["mbx2.contoso.com"]}
    assert judged(fleet(cas1=one, cas2=two), own_mailbox_servers=own) == {}
    crossed = only("valid_ports_lack_a_server", fleet(cas1=two, cas2=one), own_mailbox_servers=own)
    assert [line.partition(" mbx")[0] for line in crossed.evidence] == ["cas1: does not allow", "cas2: does not allow"]
    for_one = only("valid_ports_lack_a_server", fleet(cas1=one, cas2=one), own_mailbox_servers={"cas1": own["cas1"]})
    assert for_one.hosts == ("cas2",)
    assert "mbx2:6001-6002" in for_one.evidence[0]
    assert judged(fleet(cas1={**one, "valid_ports": None}), own_mailbox_servers={"cas1": []}).keys() == {
        "polling_frozen_on_some",
        "client_access_servers_differ",
    }
    # What somebody wants to be reached is no stranger, on any server.
    far = {"cas1": [*own["cas1"], "far.contoso.com"]}
    stranger = {"valid_ports": f"{PORTS};far:6004"}
    assert "valid_ports_list_nobody" not in judged(fleet(cas2=stranger), own_mailbox_servers=far)
    assert "valid_ports_list_nobody" in judged(fleet(cas2=stranger))


def test_whether_it_polls_is_told_only_where_it_is_known() -> None:
    cut = {"valid_ports": of("mbx1"), "polling_minutes": None, "unknown": {"polling_minutes": "cut"}}
    finding = judged(fleet(cas1=cut, cas2=cut))["valid_ports_lack_a_server"]
    assert finding.level == "notice"
    assert finding.evidence[0].endswith("; whether it polls is not known")


def test_what_may_be_the_node_of_a_cluster_is_not_missing() -> None:
    frozen = {"valid_ports": of("mbx1"), "polling_minutes": 0}
    unknown = {"cluster_node": None, "unknown": {"cluster_node": "denied"}}
    assert judged(fleet(cas1=frozen, cas2=frozen, mbx2=unknown)) == {}


@pytest.mark.parametrize("wild", ["*:6001-6004", "mbx*:6001-6004;gc*:6000-6004"])
def test_a_wildcard_that_lets_clients_through_to_every_global_catalog_is_enough(wild: str) -> None:
    listed = {**PINNED, "valid_ports": wild}
    assert judged(fleet(**{**FIXED, "cas1": listed, "cas2": listed}), affinity="ssl_id") == {}


def test_an_absent_list_lacks_all_and_an_unread_one_nothing() -> None:
    absent = {"valid_ports": None, "polling_minutes": 0}
    finding = judged(fleet(cas1=absent))["valid_ports_lack_a_server"]
    assert finding.hosts == ("cas1",)
    assert "mbx1:6001-6002" in finding.evidence[0]
    denied = {**absent, "unknown": {"valid_ports": "denied"}}
    assert "valid_ports_lack_a_server" not in judged(fleet(cas1=denied))


def test_global_catalogs_belong_into_the_list_only_where_the_fix_is_wanted_or_begun() -> None:
    assert judged(fleet()) == {}
    wanted = only("valid_ports_lack_a_server", fleet(), affinity="ssl_id")
    assert (wanted.level, wanted.hosts) == ("notice", ("cas1", "cas2"))
    begun = judged(fleet(mbx1=SWITCHED, gc1=OFFERS, cas1=PINNED))
    assert (begun["valid_ports_lack_a_server"].level, begun["valid_ports_lack_a_server"].hosts) == (
        "problem",
        ("cas2",),
    )


def test_the_node_of_a_cluster_is_not_asked_for_by_its_name() -> None:
    without = ";".join(entry for entry in PORTS.split(";") if not entry.startswith("mbx2"))
    node = {"cluster_node": True}
    frozen = {"valid_ports": without, "polling_minutes": 0}
    found = judged(fleet(cas1=frozen, cas2=frozen, mbx2=node))
    assert set(found) == {"clustered_mailbox_server_not_named"}
    assert found["clustered_mailbox_server_not_named"].hosts == ("mbx2",)
    clustered = [*INVENTORY["mailbox_servers"], {"fqdn": "mail.contoso.com"}]
    lacking = only("valid_ports_lack_a_server", fleet(cas1=frozen, cas2=frozen, mbx2=node), mailbox_servers=clustered)
    assert "mail:6001-6002" in lacking.evidence[0]
    assert "mbx2" not in lacking.evidence[0]


def test_a_name_that_nobody_has_is_told_and_every_name_of_the_inventory_is_somebodys() -> None:
    known = "gc1:6004;GC1.contoso.com:6004;cas1:593;CAS2.contoso.com:100-5000;10.0.0.9:6001"
    known += ";proxy.contoso.com:593;cas*:593"
    both = {"valid_ports": f"{PORTS};{known}"}
    extra = ["Proxy.contoso.com:593"]
    assert "valid_ports_list_nobody" not in judged(fleet(cas1=both, cas2=both), extra_entries=extra)
    gone = {"valid_ports": f"{PORTS};old:6001-6002;OLD.contoso.com:6004;x*:593"}
    finding = only("valid_ports_list_nobody", fleet(cas1=gone, cas2=gone))
    assert finding.level == "notice"
    assert "3 names" in finding.summary
    assert finding.evidence == ("cas1, cas2: allows old, OLD.contoso.com, x*",)


def test_names_that_are_not_known_may_be_anybodys() -> None:
    gone = {"valid_ports": f"{PORTS};old:6004;cas2.elsewhere.com:593"}
    nameless = [{"fqdn": "mbx1.contoso.com"}, {"fqdn": "mbx2.contoso.com"}, {"unknown": "it was not read"}]
    assert "valid_ports_list_nobody" not in judged(fleet(cas1=gone, cas2=gone), mailbox_servers=nameless)
    finding = judged(fleet(cas1=gone, cas2=None))["valid_ports_list_nobody"]
    assert finding.evidence[0] == "cas1: allows old"
    assert "cas2: was not read and is not judged" in finding.evidence[1]


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"valid_ports": PORTS.replace("mbx1:6004", "mbx1:6004-6005")}, "ValidPorts"),
        ({"polling_minutes": 30}, "PeriodicPollingMinutes"),
        ({"exchange_build": "8.1.240.6"}, "the build of Exchange"),
        ({"addresses": {"ipv4": [], "ipv6": ["::1", "fe80::1%10"]}}, "IPv6"),
        ({"settings": [{"fix": "ipv6_components", "setting": "DisabledComponents", "configured": "0x20"}]}, "Disabled"),
        ({"iis_authentication": {"rpc": {**SWITCH, "kernel_mode": True}}}, "kernel-mode authentication of /rpc"),
        ({"iis_authentication": {"oab": {**SWITCH, "windows": False}}}, "Windows authentication of /oab"),
        ({"iis_authentication": {"ews": {**SWITCH, "basic": False}}}, "Basic authentication of /ews"),
    ],
)
def test_client_access_servers_that_differ_are_a_notice_that_says_who_has_what(facts: Any, word: str) -> None:
    finding = only("client_access_servers_differ", fleet(cas2=facts))
    assert finding.level == "notice"
    assert set(finding.hosts) == {"cas1", "cas2"}
    assert word in finding.summary
    assert word in " ".join(finding.evidence)
    assert any("cas2: " in line for line in finding.evidence)


def test_lists_are_compared_with_the_one_that_most_servers_have() -> None:
    readings = {**fleet(cas1={"valid_ports": f"{PORTS};gc1:6004"}), "cas3": {"server": client_access("cas3")}}
    finding = judged(readings, client_access=["cas1", "cas2", "cas3"])["client_access_servers_differ"]
    assert "ValidPorts: cas1: also allows gc1:6004" in finding.evidence


def test_ipv6_of_windows_server_2003_is_no_difference() -> None:
    in_use = {"addresses": {"ipv4": [], "ipv6": ["::1", "2001:db8::1"]}}
    old = {"windows_version": "5.2", "addresses": {"ipv4": [], "ipv6": []}, "settings": []}
    assert judged(fleet(cas1=in_use, cas2=old)) == {}


def test_an_absent_number_is_0_and_an_unread_one_is_none() -> None:
    def components(text: str | None, known: bool = True) -> dict[str, Any]:
        return {"settings": [{**setting, "configured": text, "known": known}]}

    setting = {"fix": "ipv6_components", "setting": "DisabledComponents"}
    absent = components(None)
    finding = only("client_access_servers_differ", fleet(cas2=absent))
    assert "DisabledComponents: cas2: 0x0" in finding.evidence
    assert judged(fleet(cas1=absent, cas2=components("0x0"))) == {}
    assert judged(fleet(cas2=components(None, known=False))) == {}


def test_an_rpc_proxy_that_is_switched_off_on_one_may_be_meant_so() -> None:
    finding = only("client_access_servers_differ", fleet(cas2={"rpc_proxy_enabled": False}))
    assert finding.level == "notice"
    assert "the RPC proxy: cas2: switched off" in finding.evidence


@pytest.mark.parametrize(
    "facts",
    [
        None,
        {"exchange_2010_or_later": True, "valid_ports": "x:1", "polling_minutes": None, "exchange_build": "14.0.0.0"},
        {"valid_ports": None, "polling_minutes": None, "unknown": {"valid_ports": "cut", "polling_minutes": "cut"}},
        {"iis_authentication": None, "addresses": None, "settings": None, "rpc_proxy_enabled": None},
        {"exchange_build": "8.1.240.6", "unknown": {"exchange_rollups": "denied"}},
        {"windows_version": "5.2", "iis_authentication": None, "addresses": {"ipv6": []}, "settings": []},
    ],
)
def test_what_was_not_read_or_is_another_product_differs_from_nothing(facts: Any) -> None:
    found = judged(fleet(cas2=facts))
    assert set(found) <= {"servers_not_read"}


def test_facts_that_are_missing_altogether_prove_nothing() -> None:
    empty = {host: {"server": {}} for host in fleet()}
    assert judged(empty, affinity="none") == {}


def test_polling_that_is_off_on_some_is_a_notice() -> None:
    found = judged(fleet(cas2={"polling_minutes": 0}))
    assert set(found) == {"polling_frozen_on_some", "client_access_servers_differ"}
    assert found["polling_frozen_on_some"].level == "notice"
    assert "cas2: PeriodicPollingMinutes 0" in found["polling_frozen_on_some"].evidence
    both = {"polling_minutes": 0}
    assert "polling_frozen_on_some" not in judged(fleet(cas1=both, cas2=both))


def test_a_target_that_nobody_knows_is_a_problem_where_clients_are_sent_there_and_not_let_through() -> None:
    far = {"nspi_target_server": "far.contoso.com"}
    notice = only("nspi_target_unknown", fleet(mbx1=far))
    assert (notice.level, notice.hosts) == ("notice", ("mbx1",))
    problem = judged(fleet(**{**FIXED, "mbx1": {**SWITCHED, **far}}))
    assert problem["nspi_target_unknown"].level == "problem"
    assert "cas1, cas2: does not allow far.contoso.com:6004" in problem["nspi_target_unknown"].evidence
    through = {"cas1": {**PINNED, "valid_ports": f"{PINNED['valid_ports']};far.contoso.com:6004"}}
    through["cas2"] = through["cas1"]
    allowed = judged(fleet(**{**FIXED, **through, "mbx1": {**SWITCHED, **far}}))
    assert allowed["nspi_target_unknown"].level == "notice"
    nameless = [*INVENTORY["global_catalogs"], {"host": "gc2", "unknown": "it was not read"}]
    assert "nspi_target_unknown" not in judged(fleet(mbx1=far), global_catalogs=nameless)


def test_a_target_that_does_not_listen_is_a_problem_where_clients_are_sent_there() -> None:
    silent = {"directory_owners": ["mad.exe"]}
    found = judged(fleet(**{**FIXED, "gc1": silent}))
    assert found["nspi_target_does_not_listen"].level == "problem"
    assert "gc1 has port 6004 owned by mad.exe" in " ".join(found["nspi_target_does_not_listen"].evidence)
    refers = judged(fleet(mbx1={"nspi_target_server": "gc1"}, gc1=silent))
    assert refers["nspi_target_does_not_listen"].level == "notice"
    unread = {"directory_owners": None, "unknown": {"directory_owners": "cut"}}
    assert "nspi_target_does_not_listen" not in judged(fleet(**{**FIXED, "gc1": unread}))
    assert "nspi_target_does_not_listen" not in judged(fleet(**{**FIXED, "gc1": None}))


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ({"gc1": OFFERS}, "notice", "Next: the Client Access servers"),
        ({"cas1": PINNED}, "notice", "Next: the Global Catalogs"),
        ({"gc1": OFFERS, "cas1": PINNED, "cas2": PINNED}, "notice", "Next: the Mailbox servers (mbx1, mbx2)"),
        ({**FIXED, "mbx2": {}}, "notice", "Next: the Mailbox servers (mbx2)"),
        ({**FIXED, "gc1": {}}, "problem", "Next: the Global Catalogs"),
        ({**FIXED, "cas2": {**PINNED, "polling_minutes": 15}}, "problem", "Next: the Client Access servers"),
        ({**FIXED, "cas2": {**PINNED, "valid_ports": PORTS}}, "problem", "Next: the Client Access servers"),
        ({"mbx1": SWITCHED}, "problem", "Global Catalogs do not offer the directory and Client Access servers are not"),
    ],
)
def test_half_of_the_fix_is_a_problem_only_where_a_mailbox_server_is_ahead_of_the_others(
    changes: Any, level: str, says: str
) -> None:
    finding = judged(fleet(**changes))["split_connection_half_way"]
    assert finding.level == level
    assert says in finding.summary
    waits_for_mailbox = "the Mailbox servers" in says or "mbx1" in changes
    assert bool({"mbx1", "mbx2"} & set(finding.hosts)) == waits_for_mailbox


def test_who_suffers_from_half_of_the_fix_are_the_mailbox_servers_that_switched() -> None:
    finding = judged(fleet(**{**FIXED, "mbx2": {}, "cas2": {**PINNED, "polling_minutes": 15}}))[
        "split_connection_half_way"
    ]
    assert finding.hosts == ("mbx1",)
    assert "cas2: polls (every 15 minutes)" in finding.evidence
    assert "mbx2: refers HTTP clients to DSProxy" in finding.evidence


@pytest.mark.parametrize("host", ["cas2", "gc1"])
def test_a_server_that_was_not_read_is_named_and_makes_no_half(host: str) -> None:
    found = judged(fleet(**{**FIXED, host: None}))
    assert set(found) == {"servers_not_read"}
    assert found["servers_not_read"].hosts == (host,)
    with_trouble = {**FIXED, host: None, "cas1": {**PINNED, "polling_minutes": 15}}
    evidence = judged(fleet(**with_trouble))["split_connection_half_way"].evidence
    assert any(line.startswith(f"{host}: was not read") for line in evidence)


def test_a_global_catalog_whose_listeners_were_not_understood_makes_no_half() -> None:
    cut = {**OFFERS, "directory_owners": None, "unknown": {"directory_owners": "cut"}}
    assert judged(fleet(**{**FIXED, "gc1": cut})) == {}


def test_a_global_catalog_outside_of_the_inventory_is_told_as_attested_or_not_judged() -> None:
    far = {"host": None, "fqdn": "far.contoso.com", "attested": True}
    ports = {**PINNED, "valid_ports": f"{PINNED['valid_ports']};far:6004;far.contoso.com:6004"}
    changes = {**FIXED, "cas1": ports, "cas2": ports, "mbx2": {}}
    for attested, says in ((True, "attested"), (False, "not judged")):
        catalogs = [*INVENTORY["global_catalogs"], {**far, "attested": attested}]
        finding = judged(fleet(**changes), global_catalogs=catalogs)["split_connection_half_way"]
        assert finding.level == "notice"
        assert any("far.contoso.com: " in line and says in line for line in finding.evidence)


def test_without_any_global_catalog_a_switched_fleet_cannot_be_judged() -> None:
    readings = {host: reading for host, reading in fleet(mbx1=SWITCHED, mbx2=SWITCHED).items() if host != "gc1"}
    found = judged(readings, global_catalog=[], global_catalogs=[])
    assert found["split_connection_half_way"].level == "notice"
    assert "cannot be judged" in found["split_connection_half_way"].summary


def test_the_regular_recycling_of_the_pool_is_a_notice() -> None:
    finding = only("default_app_pool_recycles", fleet(cas1={"default_app_pool_recycles_after": "1.05:00:00"}))
    assert (finding.level, finding.hosts) == ("notice", ("cas1",))
    assert "1.05:00:00" in finding.evidence[0]


def test_mixed_builds_name_those_that_keep_ipv6_off() -> None:
    old = {"exchange_build": "8.1.240.6"}
    finding = only("mailbox_builds_mixed", fleet(mbx1=old))
    assert (finding.level, finding.hosts) == ("notice", ("mbx1",))
    assert judged(fleet(mbx1=old, mbx2=old)) == {}
    for other in ({"domain_controller": True}, {"unknown": {"exchange_rollups": "denied"}}):
        assert judged(fleet(mbx1={**old, **other})) == {}


def test_a_mailbox_server_in_a_site_without_a_global_catalog_of_the_inventory_is_a_notice() -> None:
    rome = {"directory_site": "Rome"}
    assert judged(fleet(mbx2=rome)) == {}
    finding = judged(fleet(**{**FIXED, "mbx2": {**SWITCHED, **rome}}))["no_global_catalog_in_site"]
    assert (finding.level, finding.hosts) == ("notice", ("mbx2",))
    further = [*INVENTORY["global_catalogs"], {"host": None, "fqdn": "far.contoso.com"}]
    changes = {**FIXED, "mbx2": {**SWITCHED, **rome}}
    assert "no_global_catalog_in_site" not in judged(fleet(**changes), global_catalogs=further)
    assert "no_global_catalog_in_site" not in judged(fleet(**{**changes, "gc1": {**OFFERS, "directory_site": None}}))


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        ({"unreachable": True, "msg": "no route", "server": {}}, "could not be read: no route"),
        ({NOT_JUDGED: "this run may have changed it"}, "this run may have changed it"),
        ({"server": None}, "its reading has no facts"),
        (None, "was not read just now"),
    ],
)
def test_a_server_that_was_not_read_is_told_with_the_reason(reading: Any, says: str) -> None:
    finding = only("servers_not_read", {**fleet(), "cas2": reading})
    assert (finding.level, finding.hosts) == ("notice", ("cas2",))
    assert finding.evidence == (f"cas2: was not read and is not judged ({says})",)


def test_only_servers_of_the_inventory_are_judged() -> None:
    stranger = {"other": {"server": client_access("other", polling_minutes=0, valid_ports=None)}}
    assert judged({**fleet(), **stranger}) == {}
    assert fleet_findings(fleet(), {}) == ()


def test_long_lists_are_shortened() -> None:
    hosts = [f"cas{n}" for n in range(50)]
    frozen = client_access("cas", polling_minutes=0, valid_ports="")
    readings = {**fleet(), **{host: {"server": copy.deepcopy(frozen)} for host in hosts}}
    finding = judged(readings, client_access=hosts)["valid_ports_lack_a_server"]
    assert len(finding.hosts) == 50
    assert "and 40 more" in finding.summary
    assert len(finding.evidence) == 1


TEXTS = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 70000), st.text(max_size=12), st.sampled_from([PORTS, "*:1"])
)
ANYTHING = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FACTS = st.dictionaries(
    st.sampled_from([*client_access("x"), *mailbox("x"), *catalog()]),
    st.one_of(ANYTHING, st.just(PORTS), st.just("gc1.contoso.com"), st.booleans()),
    max_size=12,
)


@given(st.dictionaries(st.sampled_from([*fleet()]), FACTS), st.sampled_from(["", "source_ip", "none"]))
def test_whatever_servers_answer_it_is_judged_and_never_thrown(changes: dict[str, Any], affinity: str) -> None:
    typed = {
        host: {name: value for name, value in facts.items() if _fits(name, value)} for host, facts in changes.items()
    }
    judged(fleet(**typed), affinity=affinity)


@given(st.dictionaries(st.sampled_from([*INVENTORY]), ANYTHING))
def test_whatever_the_inventory_says_it_is_judged_and_never_thrown(inventory: dict[str, Any]) -> None:
    fleet_findings(fleet(**FIXED), {**INVENTORY, **inventory})


def _fits(name: str, value: object) -> bool:
    """server_info types its parts: what is a dict or a list is one, or null."""
    kind = type({**client_access("x"), **mailbox("x"), **catalog()}[name])
    return value is None or (isinstance(value, (str, bool, int)) and kind not in (dict, list))
