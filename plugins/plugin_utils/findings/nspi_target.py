# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Global Catalog that Mailbox servers name for the creation of profiles: nobody knows it, or it does not listen."""

from __future__ import annotations

from ..fixes.valid_ports import DIRECTORY_PORT
from ..fleet_finding import FleetFinding
from ..formats.valid_ports import Entry
from ..gates import DirectoryServer, global_catalogs_listen
from .allowed_ports import lists_of
from .fleet import Fleet, Kind, Seen, count, some, together

SETTING = "NSPI Target Server"
UNKNOWN = Kind(
    name="nspi_target_unknown",
    why=(
        "Creating a profile asks this one server for the directory. Where it is no Global Catalog, or the Client "
        "Access servers do not let clients through to it, no new profile can be created over Outlook Anywhere."
    ),
    fix=(
        "Is it a Global Catalog: add it to group global_catalog, or to outlook_anywhere_global_catalog_names, so that "
        "every Client Access server allows it. Else let playbook site write a known one "
        "(outlook_anywhere_affinity ssl_id or none; mailbox_nspi_target_server chooses it)."
    ),
    undo="Module restore brings back what was there before; playbook rollback removes the value.",
    reference="Exchange team blog, 2008-06-20",
)
SILENT = Kind(
    name="nspi_target_does_not_listen",
    why=(
        "Creating a profile asks this one server for the directory, and it does not offer it over HTTP: no new profile "
        "can be created over Outlook Anywhere."
    ),
    fix=(
        "Set NSPI interface protocol sequences there and reboot it (module nspi_endpoint and reboot, or playbook site "
        "with outlook_anywhere_allow_reboot), or name another Global Catalog (mailbox_nspi_target_server)."
    ),
    undo="Module restore brings back what was there before; playbook rollback removes the value.",
    reference="Exchange team blog, 2008-06-20; TechNet bb124159",
)


def nspi_target_unknown(fleet: Fleet) -> FleetFinding | None:
    """A problem where the Mailbox server sends clients to it and a Client Access server does not let them through."""
    if any(catalog.name is None for catalog in fleet.global_catalogs):
        # What is not known by name may be the one.
        return None
    unknown = [seen for seen in _with_target(fleet) if _catalog(fleet, _target(seen)) is None]
    if not unknown:
        return None
    names = list(dict.fromkeys(map(_target, unknown)))
    lists = lists_of(fleet.client_access)
    refusing = {name: [host for host, allowed in lists.items() if allowed.lacks([_entry(name)])] for name in names}
    suffers = any(refusing[_target(seen)] and _is_switched(seen) for seen in unknown)
    return UNKNOWN.finding(
        "problem" if suffers else "notice",
        [seen.host for seen in unknown],
        f"{SETTING} of {count(len(unknown), 'Mailbox server')} ({some(seen.host for seen in unknown)}) names "
        f"{some(names)}, which is no Global Catalog of the inventory",
        [
            *together({seen.host: f"{SETTING} {_target(seen)}" for seen in unknown}),
            *(f"{some(hosts)}: does not allow {_entry(name).text}" for name, hosts in refusing.items() if hosts),
            *fleet.not_read("mailbox", "client_access"),
        ],
    )


def nspi_target_does_not_listen(fleet: Fleet) -> FleetFinding | None:
    """A problem where a Mailbox server that does not refer to DSProxy any more names it."""
    read = {seen.host for seen in fleet.global_catalog if seen.known("directory_owners")}
    lacks: dict[str, str] = {}
    for name in dict.fromkeys(map(_target, _with_target(fleet))):
        catalog = _catalog(fleet, name)
        gate = global_catalogs_listen([catalog], fleet.readings) if catalog and catalog.host in read else None
        if gate is not None and not gate.open:
            lacks[name] = "; ".join(gate.missing)
    silent = [seen for seen in _with_target(fleet) if _target(seen) in lacks]
    if not silent:
        return None
    return SILENT.finding(
        "problem" if any(map(_is_switched, silent)) else "notice",
        [seen.host for seen in silent],
        f"{SETTING} of {count(len(silent), 'Mailbox server')} ({some(seen.host for seen in silent)}) names "
        f"{some(lacks)}, where lsass does not listen on port {DIRECTORY_PORT}",
        [
            *together({seen.host: f"{SETTING} {_target(seen)}" for seen in silent}),
            *lacks.values(),
            *fleet.not_read("mailbox"),
        ],
    )


def _is_switched(seen: Seen) -> bool:
    return seen.get("refers_http_to_dsproxy") is False


def _entry(name: str) -> Entry:
    return Entry(name, DIRECTORY_PORT, DIRECTORY_PORT)


def _with_target(fleet: Fleet) -> list[Seen]:
    return [seen for seen in fleet.mailbox if not seen.later_exchange and _target(seen)]


def _target(seen: Seen) -> str:
    return str(seen.get("nspi_target_server") or "").strip()


def _catalog(fleet: Fleet, target: str) -> DirectoryServer | None:
    """The Global Catalog of that name, under either of its names."""
    for catalog in fleet.global_catalogs:
        if catalog.name and target.lower() in (catalog.name.fqdn.lower(), catalog.name.netbios.lower()):
            return catalog
    return None
