# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""server_info tells all that is known of a server by one command, and why the rest is not known."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils.baseline import FIXES
from tests.integration.conftest import StartFleet, StartModel
from tests.integration.fleet import COLLECTION, RPC_PROXY, Fleet, client_access, number, text
from tests.lab import Fault

# How a module meets ansible-core is tested with others.
pytestmark = pytest.mark.one_core

OF_THE_LAB = "nothing: the programs that this rests on are the lab's own on both back ends"
NTDS = r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters"
ATTENDANT = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeSA\Parameters"
NETLOGON = r"HKLM\SYSTEM\CurrentControlSet\Services\Netlogon\Parameters"
EXCHANGE = r"HKLM\SOFTWARE\Microsoft\Exchange\v8.0"
LINKAGE = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Linkage"
ROLLUP = "Update Rollup 1 for Exchange Server 2007 Service Pack 1"
INTERFACES = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces"
ADAPTER = "{11111111-2222-3333-4444-555555555555}"


def cas(**more: Any) -> dict[str, Any]:
    """A Client Access server with one adapter, whose list is frozen."""
    return client_access(
        ports=text("mbx1:6001-6002"),
        polling=number(0),
        exchange={"roles": ["client_access"]},
        adapters=[{"guid": ADAPTER}],
        addresses={"ipv4": ["10.0.0.5"], "ipv6": ["fe80::5"]},
        **more,
    )


def catalog(**more: Any) -> dict[str, Any]:
    """A Global Catalog whose NSPI endpoint is configured, and open since its boot."""
    registry = {NTDS: {"NSPI interface protocol sequences": {"type": "REG_MULTI_SZ", "data": ["ncacn_http:6004"]}}}
    return {
        "groups": ["global_catalog"],
        "fqdn": "gc1.contoso.com",
        "domain_controller": {"global_catalog": True},
        "registry": registry,
        **more,
    }


def mailbox(**more: Any) -> dict[str, Any]:
    """A Mailbox server with a rollup that names the one Global Catalog for new profiles."""
    return {
        "groups": ["mailbox"],
        "fqdn": "mbx1.contoso.com",
        "exchange": {"roles": ["mailbox"], "rollups": [{"build": "8.1.263.1"}]},
        "registry": {ATTENDANT: {"NSPI Target Server": text("gc1.contoso.com")}},
        **more,
    }


def info(fleet: Fleet, host: str = "cas1", *arguments: str) -> dict[str, Any]:
    """The module's result on a host."""
    task = {f"{COLLECTION}.server_info": {}}
    return fleet.play([{"hosts": host, "gather_facts": False, "tasks": [task]}], *arguments).of("server_info", host)


def commands(fleet: Fleet, host: str = "cas1") -> list[str]:
    return [item.command_line or "" for item in fleet.lab[host].requests if item.operation == "command"]


def setting(server: dict[str, Any], name: str) -> dict[str, str]:
    return next(item for item in server["settings"] if item["setting"] == name)


def test_a_client_access_server_by_one_command(start: StartFleet) -> None:
    fleet = start({"cas1": cas()})
    result = info(fleet)
    assert (result["outcome"], result["changed"], len(commands(fleet))) == ("ok", False, 1)
    server = result["server"]
    assert server["addresses"] == {
        "ipv4": [{"adapter": ADAPTER, "address": "10.0.0.5"}],
        "ipv6": ["::1", "fe80::5"],
    }
    assert [(one["stack"], one["owner"]) for one in server["listeners"]["593"]] == [
        ("IPv4", "svchost.exe"),
        ("IPv6", "svchost.exe"),
    ]
    assert list(server["listeners"]) == ["593"]
    assert (server["directory_site"], server["rpc_proxy_enabled"]) == ("Default-First-Site-Name", True)
    assert (server["nspi_protocol_sequences"], server["nspi_max_sessions_per_user"]) == ([], None)
    assert server["iis_authentication"]["rpc"] == {
        "path": "Default Web Site/Rpc",
        "windows": True,
        "basic": True,
        "kernel_mode": True,
    }
    assert [part["path"].partition("/")[2] for part in server["iis_authentication"].values()] == [
        "Rpc",
        "OAB",
        "Autodiscover",
        "EWS",
    ]
    assert server["default_app_pool_recycles_after"] == "1.05:00:00"
    assert set(server["unknown"]) == {"exchange_rollups", "exchange_rollup"}
    assert setting(server, "ValidPorts") == {
        "fix": "valid_ports",
        "setting": "ValidPorts",
        "known": True,
        "configured": "mbx1:6001-6002",
        "effective": "unknown",
        "reason": "the RPC proxy reads it again about every 5 minutes",
    }
    assert setting(server, "hosts ::1")["configured"] == "::1 localhost"
    assert setting(server, "server useKernelMode")["reason"].startswith("absent; ")


def test_the_directory_of_a_global_catalog_and_the_owners_of_a_mailbox_server(start: StartFleet) -> None:
    hosts = {"gc1": catalog(), "mbx1": mailbox()}
    fleet = start(hosts)
    gc1, mbx1 = (info(fleet, host)["server"] for host in hosts)
    assert gc1["nspi_protocol_sequences"] == ["ncacn_http:6004"]
    assert {one["owner"] for one in gc1["listeners"]["6004"]} == {"lsass.exe"}
    endpoint = setting(gc1, "NSPI interface protocol sequences")
    assert (endpoint["configured"], endpoint["effective"]) == ("ncacn_http:6004", "yes")
    assert gc1["iis_authentication"] is gc1["default_app_pool_recycles_after"] is None
    assert not [part for part in gc1["unknown"] if part.startswith(("iis", "default"))]
    assert {port: {one["owner"] for one in owners} for port, owners in mbx1["listeners"].items()} == {
        "6001": {"store.exe"},
        "6002": {"mad.exe"},
        "6004": {"mad.exe"},
    }
    assert mbx1["exchange_rollup"] == f"{ROLLUP} 8.1.263.1"
    assert mbx1["nspi_target_server"] == "gc1.contoso.com"


def test_denied_is_told_as_denied_and_absent_as_absent(start_model: StartModel) -> None:
    absent = {"groups": ["client_access"], "fqdn": "cas2.contoso.com"}
    fleet = start_model(
        "Wine denies no key", {"cas1": cas(denied=[RPC_PROXY, NTDS, NETLOGON, LINKAGE, EXCHANGE]), "cas2": absent}
    )
    result = info(fleet)
    assert result["outcome"] == "ok"
    denied = result["server"]
    of_the_proxy = ("rpc_proxy_enabled", "valid_ports", "iis_authentication")
    for part in (*of_the_proxy, "directory_site", "nspi_protocol_sequences", "exchange_roles", "exchange_build"):
        assert denied[part] is None
        assert "denied" in denied["unknown"][part]
    assert denied["addresses"]["ipv4"] is None
    assert "denied" in denied["unknown"]["addresses.ipv4"]
    assert denied["addresses"]["ipv6"]
    listed = setting(denied, "ValidPorts")
    assert (listed["configured"], listed["effective"]) == (None, "unknown")
    assert "denied" in listed["reason"]
    bare = info(fleet, "cas2")["server"]
    assert (bare["valid_ports"], bare["nspi_target_server"], bare["nspi_protocol_sequences"]) == (None, None, [])
    assert not {"valid_ports", "nspi_target_server", "nspi_protocol_sequences"} & set(bare["unknown"])
    assert "does not exist" in bare["unknown"]["rpc_proxy_enabled"]
    assert bare["exchange_roles"] == []


def test_a_role_whose_own_key_is_denied_is_there(start_model: StartModel) -> None:
    host = cas(denied=[rf"{EXCHANGE}\MailboxRole", INTERFACES])
    host["exchange"] = {"roles": ["client_access", "mailbox"]}
    server = info(start_model("Wine denies no key", {"cas1": host}))["server"]
    assert (server["exchange_roles"], server["exchange_build"]) == (["ClientAccessRole", "MailboxRole"], None)
    assert "MailboxRole" in server["unknown"]["exchange_build"]
    assert "denied" in server["unknown"]["addresses.ipv4"]


def test_another_site_takes_a_second_command(start_model: StartModel) -> None:
    host = cas(iis={"site": "Mail", "locations": {"Mail/EWS": {"basic": True}}, "recycles_after": "00:00:00"})
    host["registry"][RPC_PROXY]["WebSite"] = text("Mail")
    unsent = cas()
    unsent["registry"][RPC_PROXY]["WebSite"] = text("a&b")
    fleet = start_model(OF_THE_LAB, {"cas1": host, "cas2": unsent})
    server = info(fleet)["server"]
    assert len(commands(fleet)) == 2
    ews = server["iis_authentication"]["ews"]
    assert (ews["path"], ews["windows"], ews["basic"], ews["kernel_mode"]) == ("Mail/EWS", True, True, True)
    assert server["default_app_pool_recycles_after"] == "00:00:00"
    assert setting(server, "Mail/Rpc basicAuthentication enabled")["configured"] == "true"
    assert "iis_authentication" not in server["unknown"]
    server = info(fleet, "cas2")["server"]
    assert len(commands(fleet, "cas2")) == 1
    assert server["iis_authentication"] is None
    assert "a&b" in server["unknown"]["iis_authentication"]


def test_older_windows_and_another_language(start_model: StartModel) -> None:
    hosts = {"cas1": cas(windows="2003"), "mbx1": mailbox(language="de")}
    fleet = start_model("Wine is neither Windows Server 2003 nor German", hosts)
    old, german = (info(fleet, host)["server"] for host in hosts)
    assert (old["windows_version"], old["iis_authentication"]) == ("5.2", None)
    assert (old["valid_ports"], old["directory_site"]) == ("mbx1:6001-6002", "Default-First-Site-Name")
    assert "IPv6 is not installed" in setting(old, "DisabledComponents")["reason"]
    assert german["listeners"]["6001"][0]["owner"] == "store.exe"
    assert german["addresses"]["ipv6"][0] == "::1"
    assert not [part for part in german["unknown"] if part not in {"dns_domain", "rpc_proxy_enabled"}]


def test_without_exchange_nothing_fails(start: StartFleet) -> None:
    fleet = start({"cas1": {"groups": ["client_access"], "fqdn": "cas1.contoso.com"}})
    result = info(fleet)
    assert (result["outcome"], len(commands(fleet))) == ("ok", 1)
    server = result["server"]
    assert (server["exchange_roles"], server["exchange_build"], server["exchange_rollup"]) == ([], None, None)
    assert server["addresses"]["ipv4"]
    assert {item["fix"] for item in server["settings"]} == {fix.name for fix in FIXES}


@pytest.mark.parametrize("answer", [b"<html>busy</html>", b"\x00\x01", b""])
def test_garbage_makes_every_part_null_with_its_reason(start_model: StartModel, answer: bytes) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": cas()})
    fleet.lab["cas1"].faults.append(Fault("output", stdout=answer, times=0))
    result = info(fleet)
    assert result["outcome"] == "ok"
    server = result["server"]
    told = set(server) - {"unknown", "settings", "addresses"}
    assert {part for part in told if server[part] is not None} == set()
    assert told <= set(server["unknown"])
    assert server["addresses"] == {"ipv4": None, "ipv6": None}
    assert {item["effective"] for item in server["settings"]} == {"unknown"}


def test_a_change_works_only_after_the_reboot_that_it_needs(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": cas()})
    fleet.play([{"hosts": "cas1", "gather_facts": False, "tasks": [{f"{COLLECTION}.ipv6_components": {}}]}])
    before = setting(info(fleet)["server"], "DisabledComponents")
    assert (before["configured"], before["effective"]) == ("0xFF", "no")
    assert "not booted since" in before["reason"]
    fleet.lab["cas1"].state.reboot()
    after = setting(info(fleet)["server"], "DisabledComponents")
    assert (after["configured"], after["effective"]) == ("0xFF", "yes")
    (finding,) = fleet.play(
        [{"hosts": "cas1", "gather_facts": False, "tasks": [{f"{COLLECTION}.ipv6_components": {}}]}]
    ).of("ipv6_components")["findings"]
    assert finding["reason"] == f"as wanted; {after['reason']}"


def test_a_server_that_does_not_answer_has_every_part_null(start_model: StartModel) -> None:
    fleet = start_model(OF_THE_LAB, {"cas1": cas()})
    known = set(info(fleet)["server"])
    fleet.lab["cas1"].faults.append(Fault("cut_before", "create", times=0))
    result = info(fleet)
    assert result["outcome"] == "unreachable"
    assert set(result["server"]) == known
    assert {part for part, value in result["server"].items() if value is not None} == {"unknown"}
    assert known - {"unknown"} <= set(result["server"]["unknown"])
