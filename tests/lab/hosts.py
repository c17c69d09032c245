# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet file: YAML of the shape that hosts.schema.json publishes, read into one HostSpec a server."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from xml.etree.ElementTree import ParseError

import jsonschema
import yaml

from tests.lab import behaviour, broken, host_files, iis, roles, rpcping, wsman
from tests.lab.backend import RegistryData
from tests.lab.behaviour import PendingShutdown, RebootBehaviour, ServiceBehaviour
from tests.lab.catalogue import ServiceKind
from tests.lab.faults import Fault
from tests.lab.host_files import FileSpec
from tests.lab.iis import IisSpec
from tests.lab.roles import Adapter, Addresses
from tests.lab.rpcping import RpcpingSpec

SCHEMA_FILE = Path(__file__).with_name("hosts.schema.json")
TCPIP_PARAMETERS = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"


class HostsFileError(ValueError):
    """The fleet file does not say what its schema asks for."""


@dataclass(frozen=True)
class RegistryValue:
    """One value of the fleet file: type name (REG_SZ, ...) and data, REG_BINARY already as bytes."""

    kind: str
    data: RegistryData


@dataclass(frozen=True)
class Servicelet:
    """RpcHttpConfigurator: the mailbox servers it knows from Active Directory, and where it is in its pass."""

    mailbox_servers: tuple[str, ...]
    pass_in_progress: bool = False
    pass_seconds: float = 3.0


@dataclass(frozen=True)
class Quotas:
    """WinRM's limits, those of WinRM 2.0 by default."""

    operations_per_shell: int = 15
    shells_per_user: int = 5
    envelope_bytes: int = wsman.MAX_ENVELOPE


@dataclass(frozen=True)
class HostSpec:
    """One server as the fleet file describes it.

    registry maps key -> value name -> value; an empty mapping makes the key. It also holds what fqdn, exchange,
    domain_controller and the other short fields stand for. files are those that differ from the release's own.
    """

    name: str
    fqdn: str
    groups: tuple[str, ...] = ()
    backend: str = "model"
    vars: Mapping[str, Any] = field(default_factory=dict)
    transport: str = "basic"
    language: str = "en"
    windows: str = "2008"
    registry: Mapping[str, Mapping[str, RegistryValue]] = field(default_factory=dict)
    denied: tuple[str, ...] = ()
    empty_stderr: bool = False
    servicelet: Servicelet | None = None
    quotas: Quotas = Quotas()
    faults: tuple[Fault, ...] = ()
    addresses: Addresses = field(default_factory=Addresses)
    adapters: tuple[Adapter, ...] = ()
    services: Mapping[str, ServiceKind] = field(default_factory=dict)
    behaviours: Mapping[str, ServiceBehaviour] = field(default_factory=dict)
    reboot: RebootBehaviour = field(default_factory=RebootBehaviour)
    pending_shutdown: PendingShutdown | None = None
    nspi_listens: bool = True
    directory_owner: str = "lsass.exe"
    boot_hours_ago: float = 7.0
    utc_offset: int = 60
    iis: IisSpec | None = None
    files: Mapping[str, FileSpec | None] = field(default_factory=dict)
    certutil: bool = True
    broken: tuple[str, ...] = ()
    rpcping: RpcpingSpec | None = None
    always_cmd_shell: bool = False


@dataclass(frozen=True)
class Fleet:
    """A whole fleet file: its servers, and the inventory variables of all of them."""

    hosts: tuple[HostSpec, ...]
    vars: Mapping[str, Any]


def load_hosts(source: str | Path | Mapping[str, Any], backend: str = "model") -> Fleet:
    """Read a fleet from a YAML file or a mapping of the same shape; backend is for hosts that name none."""
    document = source if isinstance(source, Mapping) else _read(Path(source))
    _validate(document)
    defaults = document.get("defaults") or {}
    hosts = []
    for name, own in document["hosts"].items():
        merged = _merge(defaults, own or {})
        _validate({"hosts": {name: merged}})
        hosts.append(_host(name, merged, backend))
    return Fleet(tuple(hosts), dict(document.get("vars") or {}))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise HostsFileError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise HostsFileError(f"{path}: a mapping with the key 'hosts' is expected")
    return document


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _validate(document: Mapping[str, Any]) -> None:
    error = jsonschema.exceptions.best_match(_validator().iter_errors(document))
    if error is not None:
        where = "/".join(str(step) for step in error.absolute_path) or "top level"
        raise HostsFileError(f"fleet file, at {where}: {error.message}")


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Lay high over low: mappings inside mappings, anything else replaced."""
    merged = dict(low)
    for key, value in high.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _host(name: str, raw: Mapping[str, Any], backend: str) -> HostSpec:
    fqdn = raw.get("fqdn", name)
    servicelet = raw.get("servicelet")
    return HostSpec(
        name=name,
        fqdn=fqdn,
        groups=tuple(raw.get("groups", ())),
        backend=raw.get("backend", backend),
        vars=dict(raw.get("vars", {})),
        transport=raw.get("transport", "basic"),
        language=raw.get("language", "en"),
        windows=raw.get("windows", "2008"),
        registry=_registry(fqdn, roles.registry(raw, fqdn), raw.get("registry", {})),
        denied=tuple(raw.get("denied", ())),
        empty_stderr=raw.get("empty_stderr", False),
        servicelet=None if servicelet is None else _servicelet(servicelet),
        quotas=Quotas(**raw.get("quotas", {})),
        faults=tuple(_fault(fault) for fault in raw.get("faults", ())),
        addresses=roles.addresses(raw, fqdn),
        adapters=roles.adapters(raw, fqdn),
        services=roles.services(raw),
        behaviours=behaviour.services(raw),
        reboot=RebootBehaviour(**raw.get("reboot", {})),
        pending_shutdown=behaviour.pending_shutdown(raw),
        nspi_listens=raw.get("nspi_listens", True),
        directory_owner=raw.get("directory_owner", "lsass.exe"),
        boot_hours_ago=raw.get("boot_hours_ago", 7.0),
        utc_offset=raw.get("utc_offset", 60),
        iis=_iis(raw),
        files=host_files.of_fleet_file(raw),
        certutil=raw.get("certutil", True),
        broken=_broken(raw, raw.get("backend", backend)),
        rpcping=rpcping.rpcping(raw),
        always_cmd_shell=raw.get("always_cmd_shell", False),
    )


def _broken(raw: Mapping[str, Any], backend: str) -> tuple[str, ...]:
    ids = tuple(raw.get("broken", ()))
    if (refusal := broken.refusal(ids, backend)) is not None:
        raise HostsFileError(f"fleet file, broken: {refusal}")
    return ids


def _iis(raw: Mapping[str, Any]) -> IisSpec | None:
    try:
        return iis.iis(raw)
    except ParseError as error:
        raise HostsFileError(f"fleet file, iis config: {error}") from error


def _servicelet(raw: Mapping[str, Any]) -> Servicelet:
    return Servicelet(**{**raw, "mailbox_servers": tuple(raw["mailbox_servers"])})


def _fault(raw: Mapping[str, Any]) -> Fault:
    return Fault(**{key: value.encode() if key in ("stdout", "stderr") else value for key, value in raw.items()})


def _registry(fqdn: str, *layers: Mapping[str, Any]) -> dict[str, dict[str, RegistryValue]]:
    """All layers in one, the later ones over the earlier; keys and values keep the spelling they came with first."""
    keys = {TCPIP_PARAMETERS: _names(fqdn)}
    spelled = {TCPIP_PARAMETERS.lower(): TCPIP_PARAMETERS}
    for key, values in (item for layer in layers for item in layer.items()):
        target = keys.setdefault(spelled.setdefault(key.lower(), key), {})
        names = {name.lower(): name for name in target}
        for name, value in (values or {}).items():
            target[names.get(name.lower(), name)] = RegistryValue(value["type"], _data(value["type"], value["data"]))
    return keys


def _names(fqdn: str) -> dict[str, RegistryValue]:
    """What Windows keeps of its own name; a server outside a domain has an empty one."""
    hostname, _dot, domain = fqdn.partition(".")
    values = {"Hostname": hostname, "NV Hostname": hostname, "Domain": domain, "NV Domain": domain}
    return {name: RegistryValue("REG_SZ", data) for name, data in values.items()}


def _data(kind: str, data: object) -> RegistryData:
    if kind in ("REG_BINARY", "REG_NONE"):
        return bytes.fromhex(cast(str, data))
    return cast(RegistryData, data)
