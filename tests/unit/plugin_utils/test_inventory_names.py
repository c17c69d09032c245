# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the names of a group's servers come from."""

from __future__ import annotations

from typing import Any

from plugins.plugin_utils.inventory_names import directory_servers, server_names


def names(**variables: Any) -> list[dict[str, str]]:
    return server_names(["mbx1"], {"mbx1": variables})


READ = {"server": {"fqdn": "read.contoso.com", "unknown": {}}}


def test_the_variable_comes_first_then_a_name_with_a_dot_then_the_server() -> None:
    given = {"outlook_anywhere_fqdn": "given.contoso.com", "outlook_anywhere_identity": READ}
    assert names(**given) == [{"fqdn": "given.contoso.com"}]
    assert server_names(["mbx1.contoso.com"], {"mbx1.contoso.com": {"outlook_anywhere_identity": READ}}) == [
        {"fqdn": "mbx1.contoso.com"}
    ]
    assert names(outlook_anywhere_identity=READ) == [{"fqdn": "read.contoso.com"}]


def test_an_address_is_no_name() -> None:
    assert server_names(["10.0.0.1"], {"10.0.0.1": {"outlook_anywhere_identity": READ}}) == [
        {"fqdn": "read.contoso.com"}
    ]


def test_the_netbios_name_of_the_inventory_is_passed_on() -> None:
    assert names(outlook_anywhere_netbios="MBX", outlook_anywhere_identity=READ) == [
        {"fqdn": "read.contoso.com", "netbios": "MBX"}
    ]


def test_what_is_not_known_is_said_with_host_reason_and_way_out() -> None:
    for variables, reason in (
        ({}, "not read in this run"),
        ({"outlook_anywhere_identity": {"unreachable": True}}, "not read in this run"),
        ({"outlook_anywhere_identity": {"server": {"fqdn": None, "unknown": {"fqdn": "no domain"}}}}, "no domain"),
    ):
        (name,) = names(**variables)
        assert set(name) == {"unknown"}
        assert "mbx1" in name["unknown"]
        assert reason in name["unknown"]
        assert "outlook_anywhere_fqdn" in name["unknown"]


def test_global_catalogs_carry_who_attests_them_and_are_not_repeated() -> None:
    hostvars: dict[str, dict[str, Any]] = {
        "gc1": {"outlook_anywhere_identity": {"server": {"fqdn": "gc1.contoso.com"}}},
        "gc2": {"outlook_anywhere_fqdn": "gc2.contoso.com", "outlook_anywhere_attested_6004": True},
        "far.contoso.com": {"outlook_anywhere_attested_6004": "true"},
        "maybe.contoso.com": {"outlook_anywhere_attested_6004": "perhaps"},
    }
    further = ["GC1.contoso.com", {"fqdn": "Far.contoso.com", "netbios": "FARNB"}, "maybe.contoso.com"]
    assert directory_servers(["gc1", "gc2"], hostvars, further) == [
        {"host": "gc1", "attested": False, "fqdn": "gc1.contoso.com"},
        {"host": "gc2", "attested": True, "fqdn": "gc2.contoso.com"},
        {"host": None, "attested": True, "fqdn": "Far.contoso.com", "netbios": "FARNB"},
        {"host": None, "attested": False, "fqdn": "maybe.contoso.com"},
    ]


def test_a_global_catalog_without_a_name_says_why() -> None:
    (server,) = directory_servers(["gc1"], {"gc1": {}})
    assert server["host"] == "gc1"
    assert "not read in this run" in server["unknown"]
