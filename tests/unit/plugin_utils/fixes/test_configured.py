# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is configured is told without a wish, with the words and proofs of the findings."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from plugins.plugin_utils.fixes.dsproxy_referral import PARAMETERS, DsproxyReferral
from plugins.plugin_utils.fixes.hosts_ipv4 import HostsIpv4
from plugins.plugin_utils.fixes.ipv6_binding import Ipv6Binding
from plugins.plugin_utils.fixes.ipv6_components import PARAMETERS as IPV6
from plugins.plugin_utils.fixes.ipv6_components import Ipv6Components
from plugins.plugin_utils.fixes.kernel_mode_authentication import KernelModeAuthentication
from plugins.plugin_utils.fixes.nspi_endpoint import NTDS, NspiEndpoint
from plugins.plugin_utils.fixes.plan import Configured, Fix, Plan
from plugins.plugin_utils.fixes.rpc_virtual_directory import RpcVirtualDirectory
from plugins.plugin_utils.fixes.valid_ports import RPC_PROXY, ValidPorts
from plugins.plugin_utils.formats.registry import KeyAbsent, KeyContent, KeyDenied, Unreadable, Value
from plugins.plugin_utils.journal import Memory, Record
from plugins.plugin_utils.reads import Addresses, FileAbsent, IisAbsent, Observed, ReadKey
from tests.unit.plugin_utils.fixes import test_hosts_ipv4 as hosts
from tests.unit.plugin_utils.fixes import test_iis as web
from tests.unit.plugin_utils.fixes import test_ipv6 as ipv6
from tests.unit.plugin_utils.fixes import test_split_connection as split
from tests.unit.plugin_utils.fixes import test_valid_ports as ports

BOOT, NOW = split.BOOT, split.NOW
LATER = NOW + datetime.timedelta(hours=1)
DENIED = "no!"
ONLY_LOOPBACK = Addresses(("::1",))


def told(fix: type[Fix], observed: Observed, memory: Memory | None = None) -> dict[str, Configured]:
    return {item.setting: item for item in fix.configured(observed, memory or {})}


def one(fix: type[Fix], observed: Observed, memory: Memory | None = None) -> Configured:
    (item,) = told(fix, observed, memory).values()
    return item


def assert_as_found(plan: Plan, found: dict[str, Configured]) -> None:
    """A finding that is compliant says the same of its setting."""
    assert {finding.status for finding in plan.findings} == {"compliant"}
    for finding in plan.findings:
        item = found[finding.setting]
        assert (item.text, item.effective) == (finding.before, finding.effective)
        assert finding.reason.endswith(item.reason.removeprefix("absent; ")), finding.reason


def remembered(fix: str, setting: str, value: str | None) -> Memory:
    return {(fix, setting): Record(fix, setting, value, NOW)}


@pytest.mark.parametrize(
    ("number", "boot", "addresses", "memory", "effective", "says"),
    [
        (0xFF, BOOT, ONLY_LOOPBACK, ipv6.MEMORY, "no", "has not booted since"),
        (0xFF, LATER, ONLY_LOOPBACK, ipv6.MEMORY, "yes", "no IPv6 address but loopback"),
        (0xFF, LATER, Addresses(("::1", "fe80::1")), ipv6.MEMORY, "no", "fe80::1"),
        (0xFF, BOOT, ONLY_LOOPBACK, {}, "unknown", "is not known"),
        (0xFFFFFFFF, BOOT, Addresses(("fe80::1",)), {}, "no", "fe80::1"),
        (0x20, BOOT, ONLY_LOOPBACK, {}, "unknown", "is not known"),
        (None, BOOT, ONLY_LOOPBACK, {}, "unknown", "absent; "),
    ],
)
def test_ipv6_by_boot_and_addresses(
    number: int | None, boot: Any, addresses: Any, memory: Memory, effective: str, says: str
) -> None:
    values = [] if number is None else [ipv6.number(number)]
    observed = ipv6.server(*values, boot=boot, addresses=addresses)
    item = one(Ipv6Components, observed, memory)
    assert (item.text, item.effective) == (None if number is None else f"0x{number:X}", effective)
    assert says in item.reason
    if number == 0xFF:
        assert_as_found(ipv6.plan(observed, memory), {item.setting: item})


def test_ipv6_that_is_denied_or_was_never_installed() -> None:
    assert DENIED in one(Ipv6Components, ipv6.server(key=KeyDenied(IPV6, DENIED))).reason
    assert "not installed" in one(Ipv6Components, ipv6.server(key=KeyAbsent(IPV6))).reason
    absent = Observed({read: KeyAbsent(IPV6) for read in Ipv6Binding.reads})
    assert "not installed" in one(Ipv6Binding, absent).reason


@pytest.mark.parametrize(("owner", "effective"), [(640, "yes"), (999, "no"), (None, "no")])
def test_the_endpoint_counts_where_lsass_has_it(owner: int | None, effective: str) -> None:
    observed = split.catalog(split.texts("ncacn_http:6004", "foo:bar"), owner=owner)
    item = one(NspiEndpoint, observed)
    assert (item.text, item.effective) == ("ncacn_http:6004; foo:bar", effective)
    assert_as_found(split.endpoint(observed), {item.setting: item})
    absent = one(NspiEndpoint, split.catalog(owner=owner))
    assert (absent.text, absent.effective) == (None, "no" if owner == 640 else "yes")


def test_the_endpoint_of_a_server_that_has_none() -> None:
    assert "no Global Catalog" in one(NspiEndpoint, split.catalog(ntds=KeyAbsent(NTDS))).reason
    assert DENIED in one(NspiEndpoint, split.catalog(ntds=KeyDenied(NTDS, DENIED))).reason
    odd = one(NspiEndpoint, split.catalog(Value(split.SEQUENCES, "REG_MULTI_SZ", None, "\udcff")))
    assert (odd.effective, "UTF-8" in odd.reason) == ("unknown", True)


@pytest.mark.parametrize(
    ("started", "memory", "effective"),
    [
        (LATER, remembered("dsproxy_referral", split.REFER, "1"), "yes"),
        (BOOT, remembered("dsproxy_referral", split.REFER, "1"), "no"),
        (LATER, {}, "unknown"),
    ],
)
def test_the_referral_works_once_the_system_attendant_has_started(started: Any, memory: Memory, effective: str) -> None:
    values = (split.number(split.REFER, 1), split.text(split.TARGET, "gc1.contoso.com"))
    observed = split.mailbox(*values, started=started)
    found = told(DsproxyReferral, observed, memory)
    assert (found[split.REFER].text, found[split.REFER].effective) == ("1", effective)
    assert (found[split.TARGET].text, found[split.TARGET].effective) == ("gc1.contoso.com", "unknown")
    assert_as_found(DsproxyReferral(False, "gc1.contoso.com").plan(observed, memory), found)


def test_a_referral_that_is_absent_or_denied() -> None:
    absent = told(DsproxyReferral, split.mailbox())
    assert all(item.text is None and item.reason.startswith("absent; ") for item in absent.values())
    denied = told(DsproxyReferral, split.mailbox(parameters=KeyDenied(PARAMETERS, DENIED)))
    assert all(DENIED in item.reason for item in denied.values())


def test_the_hosts_file_is_shown_as_it_is() -> None:
    found = told(HostsIpv4, hosts.server())
    assert found["hosts ::1"].text == "::1 localhost"
    assert found["hosts own names"].text is None
    absent = told(HostsIpv4, hosts.server(None, file=FileAbsent()))
    assert {item.text for item in absent.values()} == {None}
    unread = told(HostsIpv4, hosts.server(file=Unreadable("odd", DENIED)))
    assert all(DENIED in item.reason for item in unread.values())
    nameless = told(HostsIpv4, hosts.server(names=()))
    assert nameless["hosts ::1"].text == "::1 localhost"
    assert "hostname" in nameless["hosts own names"].reason


def test_kernel_mode_at_every_place_that_sets_it() -> None:
    iis = web.Iis({"": False, web.RPC: True})
    observed = iis.observed(KernelModeAuthentication.reads)
    found = told(KernelModeAuthentication, observed, web.record())
    assert {name: item.text for name, item in found.items()} == {
        web.SERVER: "false",
        f"{web.RPC} useKernelMode": "true",
    }
    assert found[web.SERVER].effective == "unknown"
    iis.boot = web.LATER
    booted = told(KernelModeAuthentication, iis.observed(KernelModeAuthentication.reads), web.record())
    assert booted[web.SERVER].effective == "yes"
    default = one(KernelModeAuthentication, web.Iis().observed(KernelModeAuthentication.reads))
    assert (default.text, default.reason.partition(";")[0]) == (None, "absent")


@pytest.mark.parametrize("fix", [KernelModeAuthentication, RpcVirtualDirectory])
def test_without_iis_7_the_reason_says_so(fix: type[Fix]) -> None:
    states = {read: web.Iis().state(read) if isinstance(read, ReadKey) else IisAbsent() for read in fix.reads}
    found = told(fix, Observed(states))
    assert set(found) == {finding.setting for finding in fix.unknown("")}
    assert all("IIS 7 is not installed" in item.reason for item in found.values())


@pytest.mark.parametrize(
    ("seconds", "effective", "says"),
    [(359, "no", "359 seconds ago"), (360, "yes", "has read it since"), (None, "unknown", "every 5 minutes")],
)
def test_the_list_works_once_the_proxy_has_read_it(seconds: int | None, effective: str, says: str) -> None:
    wanted = ports.plan(ports.observe()).findings[1].after
    assert wanted is not None
    memory = {} if seconds is None else ports.remembered("ValidPorts", wanted, seconds)
    observed = ports.observe(ports.text(wanted), ports.ZERO)
    found = told(ValidPorts, observed, memory)
    assert (found["ValidPorts"].text, found["ValidPorts"].effective) == (wanted, effective)
    assert says in found["ValidPorts"].reason
    assert (found["PeriodicPollingMinutes"].text, found["PeriodicPollingMinutes"].effective) == ("0", "unknown")
    assert_as_found(ports.plan(observed, memory), found)


def test_a_list_of_a_proxy_that_is_off_or_denied() -> None:
    states = ports.observe(ports.text("a:1")).states
    proxy = KeyContent((ports.text("a:1"),), ())
    off = told(ValidPorts, Observed({**states, ReadKey(RPC_PROXY): proxy}))["ValidPorts"]
    assert (off.text, off.effective) == ("a:1", "no")
    assert "switched off" in off.reason
    denied = told(ValidPorts, Observed({**states, ReadKey(RPC_PROXY): KeyDenied(RPC_PROXY, DENIED)}))["ValidPorts"]
    assert (denied.text, denied.effective) == (None, "unknown")
    assert DENIED in denied.reason
