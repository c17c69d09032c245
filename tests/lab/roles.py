# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server is, as the fleet file's short fields say it: the registry keys that each of them stands for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from tests.lab import iis
from tests.lab.catalogue import CLIENT_ACCESS, ServiceKind, exchange_services, known

EXCHANGE = r"HKLM\SOFTWARE\Microsoft\Exchange\v8.0"
EXCHANGE_2010 = r"HKLM\SOFTWARE\Microsoft\ExchangeServer\v14"
PATCHES = (
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products"
    r"\461C2B4266EDEF444B864AD6D9E5B613\Patches"
)
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
INTERFACES = SERVICES + r"\Tcpip\Parameters\Interfaces"
# As Active Directory calls its first one.
SITE = "Default-First-Site-Name"
SUBNET_MASK = "255.255.255.0"
PRODUCT_OPTIONS = r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions"
ROLE_KEYS = {"client_access": "ClientAccessRole", "mailbox": "MailboxRole"}
DEFAULT_BUILD = "8.1.240.6"
# Facts of the collection, section 7.
ROLLUPS_OF_SP1 = {
    "8.1.263.1": "Update Rollup 1 for Exchange Server 2007 Service Pack 1",
    "8.1.278.2": "Update Rollup 2 for Exchange Server 2007 Service Pack 1",
    "8.1.291.2": "Update Rollup 3 for Exchange Server 2007 Service Pack 1",
    "8.1.311.3": "Update Rollup 4 for Exchange Server 2007 Service Pack 1 (KB952580)",
    "8.1.336.1": "Update Rollup 5 for Exchange Server 2007 Service Pack 1",
}
# IPv6 is not installed on these.
WITHOUT_IPV6 = ("2003",)
FIRST_ADAPTER = "Local Area Connection"

# As in the fleet file: key -> value name -> {type, data}
RawRegistry = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Adapter:
    """A network card; ipv6_bound is how it starts, later the registry says it. dhcp: its IPv4 address is a lease."""

    guid: str
    name: str
    ipv6_bound: bool = True
    dhcp: bool = False


@dataclass(frozen=True)
class Addresses:
    """What the adapters are configured with, in turn; loopback is not among them."""

    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()


def adapters(raw: Mapping[str, Any], fqdn: str) -> tuple[Adapter, ...]:
    """The adapters of the fleet file, or one."""
    given = raw.get("adapters")
    if given is None:
        return (Adapter(_guid(fqdn, "adapter"), FIRST_ADAPTER),)
    return tuple(
        Adapter(
            entry["guid"],
            entry.get("name", _adapter_name(position)),
            entry.get("ipv6_bound", True),
            entry.get("dhcp", False),
        )
        for position, entry in enumerate(given)
    )


def addresses(raw: Mapping[str, Any], fqdn: str) -> Addresses:
    """The addresses of the fleet file; where it names none, some that other servers do not have."""
    given = raw.get("addresses", {})
    number = crc32(fqdn.lower().encode())
    ipv4 = (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{1 + number % 254}",)
    host = f"{number >> 16 & 0xFFFF:x}:{number & 0xFFFF | 1:x}"
    ipv6 = () if raw.get("windows") in WITHOUT_IPV6 else (f"2001:db8::{host}", f"fe80::215:5dff:{host}")
    return Addresses(tuple(given.get("ipv4", ipv4)), tuple(given.get("ipv6", ipv6)))


def dealt(configured: Sequence[str], position: int, count: int) -> tuple[str, ...]:
    """The addresses of one of so many adapters."""
    return tuple(configured[position::count])


def services(raw: Mapping[str, Any]) -> dict[str, ServiceKind]:
    """The services that the fleet file names, by name."""
    return {name: _service(name, entry) for name, entry in _named(raw).items()}


def registry(raw: Mapping[str, Any], fqdn: str) -> RawRegistry:
    """The keys that the short fields stand for."""
    keys = _linkage(adapters(raw, fqdn), raw.get("windows", "2008")) | _interfaces(raw, fqdn)
    keys[f"{SERVICES}\\Netlogon\\Parameters"] = {"DynamicSiteName": _text(SITE)}
    if "exchange" in raw:
        keys |= _exchange(raw["exchange"], fqdn)
    if raw.get("exchange_2010"):
        keys[EXCHANGE_2010] = {}
    if "domain_controller" in raw:
        keys |= _domain_controller(raw["domain_controller"].get("global_catalog", False))
    if raw.get("cluster"):
        keys[r"HKLM\Cluster"] = {"ClusterName": _text("cluster1")}
    for name, entry in _named(raw).items():
        keys[f"{SERVICES}\\{name}"] = _service_values(_service(name, entry), _state(entry) == "running")
    return keys


def configured_version(build: str) -> str:
    """8.1.240.6 as setup writes it: 8.1.0240.006."""
    major, minor, number, revision = (int(part) for part in build.split("."))
    return f"{major}.{minor}.{number:04}.{revision:03}"


def _exchange(raw: Mapping[str, Any], fqdn: str) -> RawRegistry:
    version = configured_version(raw.get("build", DEFAULT_BUILD))
    roles: list[str] = raw["roles"]
    keys: RawRegistry = {f"{EXCHANGE}\\{ROLE_KEYS[role]}": {"ConfiguredVersion": _text(version)} for role in roles}
    for kind in exchange_services(roles):
        keys[f"{SERVICES}\\{kind.name}"] = _service_values(kind, True)
    if "mailbox" in roles:
        keys[f"{SERVICES}\\MSExchangeSA\\Parameters"] = {}
    return keys | _patches(raw.get("rollups", ()), fqdn)


def _patches(rollups: Iterable[Mapping[str, Any]], fqdn: str) -> RawRegistry:
    keys: RawRegistry = {PATCHES: {}}
    for rollup in rollups:
        build = rollup["build"]
        name = rollup.get("name", ROLLUPS_OF_SP1.get(build, "Update Rollup for Exchange Server 2007"))
        key = uuid.uuid5(uuid.NAMESPACE_DNS, f"{fqdn} {build} {name}").hex.upper()
        keys[f"{PATCHES}\\{key}"] = {
            "DisplayName": _text(name if name.endswith(build) else f"{name} {build}"),
            "Installed": _text(str(rollup.get("installed", 20081007))),
        }
    return keys


def _domain_controller(global_catalog: bool) -> RawRegistry:
    parameters = {
        "System Schema Version": _number(44),
        "ServiceDll": {"type": "REG_EXPAND_SZ", "data": r"%systemroot%\system32\ntdsa.dll"},
    }
    if global_catalog:
        parameters["Global Catalog Promotion Complete"] = _number(1)
    return {
        f"{SERVICES}\\NTDS": {"Start": _number(2)},
        f"{SERVICES}\\NTDS\\Parameters": parameters,
        PRODUCT_OPTIONS: {"ProductType": _text("LanmanNT")},
    }


def _linkage(cards: Iterable[Adapter], windows: str) -> RawRegistry:
    """Which adapters TCP/IP and IPv6 are bound to."""
    keys: RawRegistry = {f"{SERVICES}\\Tcpip\\Linkage": {"Bind": _bind(card.guid for card in cards)}}
    if windows not in WITHOUT_IPV6:
        bound = _bind(card.guid for card in cards if card.ipv6_bound)
        keys[f"{SERVICES}\\Tcpip6\\Linkage"] = {"Bind": bound}
        keys[f"{SERVICES}\\Tcpip6\\Parameters"] = {}
    return keys


def _interfaces(raw: Mapping[str, Any], fqdn: str) -> RawRegistry:
    """TCP/IP's key of each adapter, and those that adapters left behind."""
    cards = adapters(raw, fqdn)
    configured = addresses(raw, fqdn).ipv4
    keys = {
        f"{INTERFACES}\\{card.guid}": _interface(dealt(configured, position, len(cards)), card.dhcp)
        for position, card in enumerate(cards)
    }
    for stale in raw.get("stale_adapters", ()):
        keys[f"{INTERFACES}\\{stale['guid']}"] = _interface(stale.get("ipv4", ()), False)
    return keys


def _interface(ipv4: Sequence[str], dhcp: bool) -> dict[str, dict[str, Any]]:
    """A lease is one address; a card may have several of its own."""
    if dhcp:
        lease = {"DhcpIPAddress": _text(ipv4[0])} if ipv4 else {}
        return {"EnableDHCP": _number(1), **lease}
    return {
        "EnableDHCP": _number(0),
        "IPAddress": _texts(ipv4),
        "SubnetMask": _texts([SUBNET_MASK] * len(ipv4)),
    }


def _bind(guids: Iterable[str]) -> dict[str, Any]:
    return _texts([f"\\Device\\{guid}" for guid in guids])


def _named(raw: Mapping[str, Any]) -> dict[str, str | Mapping[str, Any]]:
    """The fleet file's services, and those of a cluster node and of a web server."""
    own: dict[str, str | Mapping[str, Any]] = {"ClusSvc": "running"} if raw.get("cluster") else {}
    if iis.installed(raw):
        own.update((kind.name, "running") for kind in CLIENT_ACCESS)
    own.update(raw.get("services", {}))
    return own


def _service(name: str, entry: str | Mapping[str, Any]) -> ServiceKind:
    if isinstance(entry, str):
        return known(name)
    default = known(name)
    return ServiceKind(
        default.name,
        default.display,
        entry.get("process", default.process),
        tuple(entry.get("depends_on", default.needs)),
    )


def _state(entry: str | Mapping[str, Any]) -> str:
    return entry if isinstance(entry, str) else str(entry.get("state", "running"))


def _service_values(kind: ServiceKind, automatic: bool) -> dict[str, dict[str, Any]]:
    """A service that does not run at boot is one to be started by hand."""
    return {"DisplayName": _text(kind.display), "Start": _number(2 if automatic else 3)}


def _adapter_name(position: int) -> str:
    return FIRST_ADAPTER if position == 0 else f"{FIRST_ADAPTER} {position + 1}"


def _guid(fqdn: str, purpose: str) -> str:
    return f"{{{str(uuid.uuid5(uuid.NAMESPACE_DNS, f'{fqdn} {purpose}')).upper()}}}"


def _text(data: str) -> dict[str, Any]:
    return {"type": "REG_SZ", "data": data}


def _texts(data: Sequence[str]) -> dict[str, Any]:
    return {"type": "REG_MULTI_SZ", "data": list(data)}


def _number(data: int) -> dict[str, Any]:
    return {"type": "REG_DWORD", "data": data}
