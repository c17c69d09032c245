# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, listeners, the directory, rollups and IIS: null and a reason where that is not known."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.facts import directory, ipv4, network, roles, web
from plugins.plugin_utils.facts.directory import NETLOGON, Directory
from plugins.plugin_utils.facts.ipv4 import INTERFACES, LINKAGE
from plugins.plugin_utils.facts.network import EVERY_PROCESS, Network
from plugins.plugin_utils.facts.part import Part, names_of
from plugins.plugin_utils.facts.roles import (
    CLUSTER,
    EXCHANGE,
    EXCHANGE_LATER,
    NTDS,
    OWNERS,
    PATCHES,
    WINDOWS,
    ServerRoles,
)
from plugins.plugin_utils.facts.web import POOL, Web, further_reads
from plugins.plugin_utils.fixes.valid_ports import RPC_PROXY
from plugins.plugin_utils.formats.netstat import Listener
from plugins.plugin_utils.formats.registry import Key, KeyAbsent, KeyContent, KeyDenied, KeyTree, Unreadable, Value
from plugins.plugin_utils.reads import (
    Addresses,
    IisAbsent,
    IisSection,
    Listeners,
    Observed,
    PoolText,
    Process,
    Processes,
    Read,
    ReadIisSection,
    ReadIPv6Addresses,
    ReadKey,
    ReadListeners,
    ReadTree,
)

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.UTC)
ODD = Unreadable("no such shape", "garbage")
CARD = "{11111111-2222-3333-4444-555555555555}"


def content(**values: Any) -> KeyContent:
    """A key's values: a text, a number or a list of texts each."""
    kinds: dict[type, str] = {str: "REG_SZ", int: "REG_DWORD", tuple: "REG_MULTI_SZ"}
    names = {name.replace("_", " "): data for name, data in values.items()}
    return KeyContent(tuple(Value(name, kinds[data.__class__], data, str(data)) for name, data in names.items()), ())


def on_the_net(**given: Any) -> Observed:
    card = Key(rf"{INTERFACES.path}\{CARD}")
    return Observed(
        {
            ReadKey(LINKAGE): given.get("linkage", content(Bind=(rf"\Device\{CARD}",))),
            ReadTree(INTERFACES): given.get("tree", KeyTree(((card, content(EnableDHCP=0, IPAddress=("10.0.0.5",))),))),
            ReadIPv6Addresses(): given.get("ipv6", Addresses(("::1", "fe80::5"))),
            ReadListeners(): given.get("listeners", Listeners(())),
            EVERY_PROCESS: given.get("processes", Processes((Process("Svchost.exe", 948, NOON),))),
        }
    )


def test_addresses_are_told_by_adapter_and_a_half_may_be_unknown() -> None:
    found = Network.of(on_the_net())
    assert found.addresses == {"ipv4": [{"adapter": CARD, "address": "10.0.0.5"}], "ipv6": ["::1", "fe80::5"]}
    assert (found.unknown, set(network.READS)) == ({}, set(on_the_net().states))
    half = Network.of(on_the_net(linkage=KeyDenied(LINKAGE, "no!")))
    assert half.addresses == {"ipv4": None, "ipv6": ["::1", "fe80::5"]}
    assert "no!" in half.unknown["addresses.ipv4"]
    for tree, says in ((KeyTree(()), "holds nothing"), (Unreadable("absent, or denied", "no!"), "no!")):
        other = Network.of(on_the_net(ipv6=ODD, tree=tree))
        assert other.addresses == {"ipv4": None, "ipv6": None}
        assert "garbage" in other.unknown["addresses.ipv6"]
        assert says in other.unknown["addresses.ipv4"]
    assert set(ipv4.READS) <= set(network.READS)


@pytest.mark.parametrize(("linkage", "says"), [(content(), "no value Bind"), (content(Bind="x"), "REG_SZ: 'x'")])
def test_without_a_list_of_bound_adapters_the_addresses_are_not_known(linkage: KeyContent, says: str) -> None:
    found = Network.of(on_the_net(linkage=linkage))
    assert found.addresses == {"ipv4": None, "ipv6": ["::1", "fe80::5"]}
    assert says in found.unknown["addresses.ipv4"]
    nothing_bound = Network.of(on_the_net(linkage=content(Bind=())))
    assert ((nothing_bound.addresses or {})["ipv4"], nothing_bound.unknown) == ([], {})


def test_listeners_are_told_with_their_owners_where_these_are_known() -> None:
    open_ = Listeners(
        (
            Listener(593, "IPv4", "0.0.0.0", 948),
            Listener(593, "IPv4", "10.0.0.5", 948),
            Listener(593, "IPv6", "::", 948),
            Listener(6004, "IPv4", "0.0.0.0", 7),
            Listener(16004, "IPv4", "0.0.0.0", 948),
        )
    )
    found = Network.of(on_the_net(listeners=open_))
    assert found.listeners == {
        "593": [
            {"stack": "IPv4", "pid": 948, "owner": "Svchost.exe"},
            {"stack": "IPv6", "pid": 948, "owner": "Svchost.exe"},
        ],
        "6004": [{"stack": "IPv4", "pid": 7, "owner": None}],
    }
    assert "listeners" not in found.unknown
    nameless = Network.of(on_the_net(listeners=open_, processes=ODD))
    assert [one["owner"] for one in (nameless.listeners or {})["593"]] == [None, None]
    assert "garbage" in nameless.unknown["listeners"]
    unread = Network.of(on_the_net(listeners=ODD))
    assert unread.listeners is None
    assert "garbage" in unread.unknown["listeners"]


def in_the_directory(netlogon: Any = None, ntds: Any = None) -> Observed:
    return Observed({ReadKey(NETLOGON): netlogon or KeyAbsent(NETLOGON), ReadKey(NTDS): ntds or KeyAbsent(NTDS)})


def test_the_site_that_somebody_has_set_beats_the_one_that_was_found() -> None:
    assert Directory.of(in_the_directory(content(DynamicSiteName="B"))).directory_site == "B"
    assert Directory.of(in_the_directory(content(DynamicSiteName="B", SiteName="A"))).directory_site == "A"
    assert Directory.of(in_the_directory(content(DynamicSiteName="B", SiteName=""))).directory_site == "B"
    for state, says in ((content(), "no text value"), (KeyDenied(NETLOGON, "no!"), "no!"), (None, "does not exist")):
        found = Directory.of(in_the_directory(state))
        assert found.directory_site is None
        assert says in found.unknown["directory_site"]


def test_what_the_directory_offers_is_empty_where_absent_and_null_where_denied() -> None:
    absent = Directory.of(in_the_directory(content(SiteName="A")))
    assert (absent.nspi_protocol_sequences, absent.nspi_max_sessions_per_user, absent.unknown) == ((), None, {})
    ntds = content(NSPI_interface_protocol_sequences=("ncacn_http:6004",), NSPI_max_sessions_per_user=500)
    there = Directory.of(in_the_directory(content(SiteName="A"), ntds))
    assert (there.nspi_protocol_sequences, there.nspi_max_sessions_per_user) == (("ncacn_http:6004",), 500)
    denied = Directory.of(in_the_directory(content(SiteName="A"), KeyDenied(NTDS, "no!")))
    assert (denied.nspi_protocol_sequences, denied.nspi_max_sessions_per_user) == (None, None)
    assert set(denied.unknown) == {"nspi_protocol_sequences", "nspi_max_sessions_per_user"}
    odd = content(NSPI_interface_protocol_sequences="ncacn_http:6004", NSPI_max_sessions_per_user="many")
    wrong = Directory.of(in_the_directory(content(SiteName="A"), odd))
    assert (wrong.nspi_protocol_sequences, wrong.nspi_max_sessions_per_user) == (None, None)
    assert "ncacn_http:6004" in wrong.unknown["nspi_protocol_sequences"]
    assert "many" in wrong.unknown["nspi_max_sessions_per_user"]
    assert set(directory.READS) == set(in_the_directory().states)


MAILBOX = (Key(rf"{EXCHANGE.path}\MailboxRole"), content(ConfiguredVersion="8.1.0240.006"))
NO_PATCHES = KeyTree(((PATCHES, content()),))


def roles_of(listed: Any, tree: Any, patches: KeyTree | Unreadable = NO_PATCHES, ntds: Any = None) -> ServerRoles:
    """A server by its Exchange key, as it lists its subkeys and as it is read with all below it."""
    states: dict[Read, Any] = {ReadKey(key): KeyAbsent(key) for key in (WINDOWS, EXCHANGE_LATER, NTDS, CLUSTER)}
    states |= {ReadKey(EXCHANGE): listed, ReadTree(EXCHANGE): tree, ReadTree(PATCHES): patches}
    states |= {OWNERS: Processes(()), ReadListeners(): Listeners(())}
    assert set(states) == set(roles.READS)
    return ServerRoles.of(Observed(states if ntds is None else states | {ReadKey(NTDS): ntds}))


def with_rollups(patches: KeyTree | Unreadable) -> ServerRoles:
    return roles_of(KeyContent((), ("MailboxRole",)), KeyTree((MAILBOX,)), patches)


DENIED_TREE = Unreadable("it is absent, or cannot be read", "no!")


def test_a_denied_exchange_key_is_no_server_without_exchange() -> None:
    denied = roles_of(KeyDenied(EXCHANGE, "no!"), DENIED_TREE)
    parts = ("exchange_roles", "exchange_build", "exchange_rollup")
    assert [getattr(denied, part) for part in parts] == [None] * 3
    assert all(EXCHANGE.path in denied.unknown[part] and "no!" in denied.unknown[part] for part in parts)
    absent = roles_of(KeyAbsent(EXCHANGE), DENIED_TREE)
    assert (absent.exchange_roles, absent.exchange_build) == ((), None)
    assert "exchange_roles" not in absent.unknown
    assert absent.unknown["exchange_build"] == f"{EXCHANGE.path} does not exist"


@pytest.mark.parametrize("tree", [KeyTree((MAILBOX,)), DENIED_TREE])
def test_a_role_that_is_listed_is_there_though_its_own_key_is_denied(tree: KeyTree | Unreadable) -> None:
    found = roles_of(KeyContent((), ("clientaccessrole", "MailboxRole", "Setup")), tree)
    assert found.exchange_roles == ("ClientAccessRole", "MailboxRole")
    assert (found.exchange_build, found.exchange_rollup) == (None, None)
    for part in ("exchange_build", "exchange_rollup"):
        assert ("no!" if tree == DENIED_TREE else "ClientAccessRole") in found.unknown[part]


def test_a_global_catalog_is_told_by_a_number_alone() -> None:
    promoted = "Global Catalog Promotion Complete"
    nothing = roles_of(KeyAbsent(EXCHANGE), DENIED_TREE, ntds=content(Other="x"))
    assert (nothing.domain_controller, nothing.global_catalog) == (True, False)
    assert "global_catalog" not in nothing.unknown
    for data, is_catalog in ((1, True), (0, False)):
        state = content(**{promoted: data})
        assert roles_of(KeyAbsent(EXCHANGE), DENIED_TREE, ntds=state).global_catalog is is_catalog
    odd = roles_of(KeyAbsent(EXCHANGE), DENIED_TREE, ntds=content(**{promoted: "1"}))
    assert (odd.domain_controller, odd.global_catalog) == (True, None)
    assert "REG_SZ: '1'" in odd.unknown["global_catalog"]


def test_the_rollup_with_the_highest_build_of_this_service_pack_is_named() -> None:
    names = ("Rollup 4 8.1.311.3", "Rollup 10 for SP1 8.1.393.1", "Rollup 1 for SP2 8.2.217.3", "Something else")
    keys = tuple((Key(rf"{PATCHES.path}\{at}"), content(DisplayName=name)) for at, name in enumerate(names))
    found = with_rollups(KeyTree(keys))
    assert (found.exchange_build, found.exchange_rollup) == ("8.1.393.1", "Rollup 10 for SP1 8.1.393.1")
    none = with_rollups(KeyTree(((PATCHES, content()),)))
    assert (none.exchange_build, none.exchange_rollup) == ("8.1.240.6", None)
    assert "exchange_rollup" not in none.unknown
    for patches, says in ((KeyTree(()), "nothing was printed"), (DENIED_TREE, "cannot be read; the server said 'no!'")):
        unread = with_rollups(patches)
        assert (unread.exchange_build, unread.exchange_rollup) == ("8.1.240.6", None)
        for part in ("exchange_rollup", "exchange_rollups"):
            assert all(word in unread.unknown[part] for word in (PATCHES.path, "than 8.1.240.6", says))


def of_iis(site: str | None = None, **given: Any) -> Observed:
    states: dict[Read, Any] = {read: IisSection({"enabled": "true", "useKernelMode": "false"}) for read in web.READS}
    proxy = content() if site is None else content(WebSite=site)
    return Observed(
        states | {ReadKey(WINDOWS): content(), ReadKey(RPC_PROXY): proxy, POOL: PoolText("1.05:00:00")} | given
    )


def test_iis_is_told_at_the_four_paths_and_a_part_may_be_unknown() -> None:
    found = Web.of(of_iis())
    assert found.iis_authentication is not None
    assert list(found.iis_authentication) == ["rpc", "oab", "autodiscover", "ews"]
    ews = {"path": "Default Web Site/EWS", "windows": True, "basic": True, "kernel_mode": False}
    assert found.iis_authentication["ews"] == ews
    assert (found.default_app_pool_recycles_after, found.unknown) == ("1.05:00:00", {})
    oab = ReadIisSection("Default Web Site/OAB", "system.webServer/security/authentication/basicAuthentication")
    half = Web.of(Observed({**of_iis().states, oab: ODD, POOL: ODD}))
    assert (half.iis_authentication or {})["oab"]["basic"] is None
    assert (half.iis_authentication or {})["oab"]["windows"] is True
    assert set(half.unknown) == {"iis_authentication.oab.basic", "default_app_pool_recycles_after"}


def test_without_iis_7_nothing_is_told_and_no_reason_is_needed() -> None:
    absent = Observed({**of_iis().states, POOL: IisAbsent()})
    assert (Web.of(absent), further_reads(absent)) == (Web(), ())


def test_another_site_has_further_reads() -> None:
    first = of_iis("Mail")
    further = further_reads(first)
    assert {read.path.partition("/")[0] for read in further if isinstance(read, ReadIisSection) and read.path} == {
        "Mail"
    }
    assert len(further) == 8
    more = {read: IisSection({"enabled": "false", "useKernelMode": "true"}) for read in further}
    found = Web.of(Observed({**first.states, **more}))
    rpc = {"path": "Mail/Rpc", "windows": False, "basic": False, "kernel_mode": True}
    assert (found.iis_authentication or {})["rpc"] == rpc
    assert further_reads(of_iis("default web site")) == ()
    unsent = of_iis("a&b")
    assert further_reads(unsent) == ()
    assert Web.of(unsent).iis_authentication is None
    assert "a&b" in Web.of(unsent).unknown["iis_authentication"]


@pytest.mark.parametrize("part", [ServerRoles, Network, Directory, Web])
def test_nothing_is_known_of_a_server_that_was_not_read(part: type[Part]) -> None:
    unread: Any = part.not_read("why")
    assert unread.unknown == dict.fromkeys(names_of(part), "why")
    assert all(getattr(unread, name) is None for name in names_of(part))


PORTS = st.sampled_from((593, 6001, 6002, 6004, 443, 16004))


@given(st.lists(st.tuples(PORTS, st.sampled_from(("IPv4", "IPv6")), st.integers(0, 5))), st.sets(st.integers(0, 5)))
def test_every_listener_on_these_ports_is_told_once(open_: list[tuple[int, Any, int]], known: set[int]) -> None:
    listeners = Listeners(tuple(Listener(port, stack, "x", pid) for port, stack, pid in open_))
    processes = Processes(tuple(Process(f"p{pid}", pid, NOON) for pid in known))
    told = Network.of(on_the_net(listeners=listeners, processes=processes)).listeners or {}
    found = [(int(port), one["stack"], one["pid"]) for port, owners in told.items() for one in owners]
    assert sorted(found) == sorted({item for item in open_ if item[0] in network.PORTS})
    for owners in told.values():
        assert all(one["owner"] == (f"p{one['pid']}" if one["pid"] in known else None) for one in owners)
