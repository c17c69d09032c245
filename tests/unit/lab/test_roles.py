# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet file's short fields, and the keys that they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab import Lab, load_hosts
from tests.lab.hosts import HostsFileError, RegistryValue
from tests.lab.roles import PATCHES, configured_version
from tests.lab.samples import sample
from tests.unit.lab.conftest import Server

DEMO = Path(__file__).parents[3] / "tests" / "lab" / "fleets" / "demo.yml"
EXCHANGE = r"HKLM\SOFTWARE\Microsoft\Exchange\v8.0"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
CARD = "{11111111-1111-1111-1111-111111111111}"


def registry(**host: Any) -> dict[str, dict[str, RegistryValue]]:
    spec = load_hosts({"hosts": {"a": {"fqdn": "a.contoso.com", **host}}}).hosts[0]
    return {key: dict(values) for key, values in spec.registry.items()}


@pytest.mark.parametrize(
    ("build", "version"),
    [("8.1.240.6", "8.1.0240.006"), ("8.3.83.6", "8.3.0083.006"), ("8.0.685.24", "8.0.0685.024")],
)
def test_versions_are_padded(build: str, version: str) -> None:
    assert configured_version(build) == version


def test_exchange_fills_its_keys() -> None:
    rollups = [{"build": "8.1.263.1", "installed": 20080301}, {"build": "8.1.311.3", "name": "Update Rollup 4"}]
    keys = registry(exchange={"roles": ["mailbox", "client_access"], "rollups": rollups})
    for role in ("MailboxRole", "ClientAccessRole"):
        assert keys[f"{EXCHANGE}\\{role}"] == {"ConfiguredVersion": RegistryValue("REG_SZ", "8.1.0240.006")}
    assert keys[SERVICES + r"\MSExchangeSA\Parameters"] == {}
    patches = {key: values for key, values in keys.items() if key.startswith(PATCHES + "\\")}
    assert all(re.fullmatch(r"[0-9A-F]{32}", key.rpartition("\\")[2]) for key in patches)
    assert {(values["DisplayName"].data, values["Installed"].data) for values in patches.values()} == {
        ("Update Rollup 1 for Exchange Server 2007 Service Pack 1 8.1.263.1", "20080301"),
        ("Update Rollup 4 8.1.311.3", "20081007"),
    }


def test_the_known_rollup_has_its_name() -> None:
    keys = registry(exchange={"roles": ["mailbox"], "rollups": [{"build": "8.1.311.3"}]})
    names = [values["DisplayName"].data for values in keys.values() if "Installed" in values]
    assert names == ["Update Rollup 4 for Exchange Server 2007 Service Pack 1 (KB952580) 8.1.311.3"]


def test_client_access_alone_has_no_system_attendant() -> None:
    keys = registry(exchange={"roles": ["client_access"]})
    assert f"{SERVICES}\\MSExchangeServiceHost" in keys
    assert not any("MSExchangeSA" in key or "MailboxRole" in key for key in keys)


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ({"exchange_2010": True}, r"HKLM\SOFTWARE\Microsoft\ExchangeServer\v14"),
        ({"cluster": True}, r"HKLM\Cluster"),
        ({"cluster": True}, SERVICES + r"\ClusSvc"),
        ({"domain_controller": {}}, SERVICES + r"\NTDS\Parameters"),
    ],
)
def test_other_fields_make_their_keys(field: dict[str, Any], key: str) -> None:
    assert key in registry(**field)
    assert key not in registry()


@pytest.mark.parametrize("catalog", [True, False])
def test_global_catalog(catalog: bool) -> None:
    values = registry(domain_controller={"global_catalog": catalog})[SERVICES + r"\NTDS\Parameters"]
    assert ("Global Catalog Promotion Complete" in values) == catalog
    assert "NSPI interface protocol sequences" not in values


def test_adapters_are_bound() -> None:
    keys = registry(adapters=[{"guid": CARD, "ipv6_bound": False}])
    assert keys[SERVICES + r"\Tcpip\Linkage"]["Bind"] == RegistryValue("REG_MULTI_SZ", [f"\\Device\\{CARD}"])
    assert keys[SERVICES + r"\Tcpip6\Linkage"]["Bind"] == RegistryValue("REG_MULTI_SZ", [])
    assert SERVICES + r"\Tcpip6\Linkage" not in registry(windows="2003")


def test_registry_wins_whatever_its_case() -> None:
    own = {EXCHANGE.upper() + r"\MAILBOXROLE": {"configuredversion": {"type": "REG_SZ", "data": "8.2.0176.002"}}}
    keys = registry(exchange={"roles": ["mailbox"]}, registry=own)
    assert keys[EXCHANGE + r"\MailboxRole"] == {"ConfiguredVersion": RegistryValue("REG_SZ", "8.2.0176.002")}


@pytest.mark.parametrize(
    "host",
    [
        {"exchange": {}},
        {"exchange": {"roles": []}},
        {"exchange": {"roles": ["edge"]}},
        {"exchange": {"roles": ["mailbox"], "build": "8.1"}},
        {"exchange": {"roles": ["mailbox"], "rollups": [{"name": "x"}]}},
        {"adapters": []},
        {"adapters": [{"guid": "1"}]},
        {"addresses": {"ipv6": ["x"]}},
        {"services": {"A": "paused"}},
        {"windows": "2000"},
        {"utc_offset": 1.5},
    ],
)
def test_the_schema_refuses(host: dict[str, Any]) -> None:
    with pytest.raises(HostsFileError):
        registry(**host)


# -- Server 2003


def test_server_2003(new_server: Callable[..., Server]) -> None:
    server = new_server(windows="2003")
    assert server.registry.get(CURRENT_VERSION, "CurrentVersion") == ("REG_SZ", "5.2")
    assert b"::1" not in server.machine.files.read(r"C:\Windows\system32\drivers\etc\hosts")
    assert "Tcpip6" not in server.registry.subkeys(SERVICES)


def test_reg_query_of_2003(new_server: Callable[..., Server]) -> None:
    server = new_server(windows="2003")
    ntds = SERVICES + r"\NTDS\Parameters"
    server.registry.set(ntds, "", "REG_SZ", "")
    server.registry.set(ntds, "System Schema Version", "REG_DWORD", 30)
    server.registry.set(ntds, "Root Domain", "REG_SZ", "DC=test,DC=local")
    shown = server.out(f"reg query {ntds} <nul").rstrip("\n")
    assert shown == sample("reg-query-2003").rstrip("\n")
    server.registry.set(ntds + r"\Below", "x", "REG_SZ", "y")
    assert server.out(f"reg query {ntds} <nul").endswith("\n\nHKEY_LOCAL_MACHINE" + ntds[4:] + "\\Below\n")
    everything = server.out(f"reg query {ntds} /s <nul")
    assert everything.count("! REG.EXE VERSION 3.0") == 1
    assert "\\Below\n\tx\tREG_SZ\ty\n" in everything
    assert server.run(f"reg query {ntds}\\None <nul").exit_code == 1


# -- the demo


def test_the_demo_fleet_shows_the_article() -> None:
    with Lab(DEMO) as lab:
        assert lab["mbx1"].state.listening(6004) == {("ipv4", "mad.exe")}
        assert lab["mbx2"].state.listening(6004) == {("ipv4", "mad.exe"), ("ipv6", "mad.exe")}
        assert lab["cas1"].state.listening(593)
        assert lab["gc1"].state.listening(6004) == set()
        assert lab["gc1"].state.listening(3268)
