# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problem B: the two halves of a client's connection reach different Client Access servers.

Source: Exchange team blog, 2008-06-20; the order of its fix is docs/fleet-order.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..findings.fleet import some
from ..findings.progress import Progress
from ..fixes.dsproxy_referral import REFER, DsproxyReferral
from ..fixes.valid_ports import VALID_PORTS, ValidPorts
from ..gates import DirectoryServer
from .answer import About, Problem, State, Verdict
from .case import Case, Row

REFERRAL = (DsproxyReferral.name, REFER)
LISTED = (ValidPorts.name, VALID_PORTS)
ABOUT = About(
    name="B",
    title="split connections: RPC_IN_DATA and RPC_OUT_DATA of one client reach different Client Access servers",
    notice="mail and referral work, and connections to DSProxy (port 6004) do not survive",
    fix=(
        "first choice: source-IP affinity at the load balancer, and then outlook_anywhere_affinity: source_ip",
        "last resort: outlook_anywhere_affinity: ssl_id or none, and playbook site, which keeps the order: Global "
        "Catalogs (module nspi_endpoint, reboot), Client Access servers (valid_ports), Mailbox servers "
        "(dsproxy_referral, restart of MSExchangeSA)",
    ),
    reference="Exchange team blog, 2008-06-20",
)
_SPLITS = ("ssl_id", "none")
_RESTART_NOT_KNOWN = "whether MSExchangeSA has restarted since it stopped to refer to DSProxy is not known"
_ODD = "source_ip, ssl_id and none are known, so it is taken as not set"


@dataclass(frozen=True)
class _Fix:
    """How far a fleet is with the fix: what is known to lack, what could not be judged, and who refers to DSProxy.

    C(lacking), C(waits) and C(unproved) are servers: those that lack their part, those whose part is not in force yet,
    and those of which nobody knows whether it is.
    """

    lacks: tuple[str, ...]
    unknown: tuple[str, ...]
    refer: tuple[str, ...]
    do_not_refer: tuple[str, ...]
    pending: tuple[str, ...]
    lacking: tuple[str, ...]
    waits: tuple[str, ...]
    unproved: tuple[str, ...]

    @property
    def is_half_way(self) -> bool:
        """Whether a Mailbox server hands out Global Catalogs that clients do not reach."""
        return bool(self.do_not_refer and self.lacks)

    @property
    def in_place(self) -> bool:
        """Whether every part is configured as far as anyone can see."""
        return bool(self.do_not_refer) and not (self.lacks or self.unknown or self.refer)


def split_connections(case: Case) -> Problem:
    """Problem B, judged for the fleet: nobody can read a load balancer, so outlook_anywhere_affinity speaks for it."""
    fix = _fix(case)
    verdict = _judge(case, fix)
    odd = (f"outlook_anywhere_affinity is {case.odd_affinity}: {_ODD}",) if case.odd_affinity else ()
    return Problem.of(ABOUT, [replace(verdict, unknown=(*odd, *verdict.unknown)), *_servers(case, fix, verdict.state)])


def _servers(case: Case, fix: _Fix, state: State) -> list[Verdict]:
    """The servers that the answer is about: who lacks a part of the fix, who has one that does not work alone."""
    if state == "unknown":
        about = {*fix.unproved, *(line.partition(": ")[0] for line in fix.unknown if ": " in line)}
    elif fix.in_place:
        about = {*fix.waits}
    else:
        about = {*fix.lacking, *(fix.do_not_refer if fix.is_half_way else fix.refer)}
    known = [host for host in case.hosts if host in about]
    return [Verdict(host, state) for host in (*known, *sorted(about - {*known}))]


def _judge(case: Case, fix: _Fix) -> Verdict:
    said = f"outlook_anywhere_affinity is {case.affinity or case.odd_affinity or 'not set'}"
    if not case.client_access:
        return Verdict(None, "unknown", (said,), unknown=("the inventory has no Client Access server",))
    if fix.is_half_way:
        gone = f"the fix is half-way: {some(fix.do_not_refer)} no longer refer to DSProxy, and clients lack"
        return Verdict(None, "present", (said, gone, *fix.lacks), fix.pending, fix.unknown)
    none = _cannot_split(case)
    if none:
        return Verdict(None, "not_present", (said, none), fix.pending)
    if fix.in_place:
        evidence = (said, "the fix is in place on every server of the inventory")
        if fix.waits:
            return Verdict(None, "present", evidence, fix.pending)
        unproved = tuple(f"{host}: {_RESTART_NOT_KNOWN}" for host in fix.unproved)
        return Verdict(None, "unknown" if unproved else "not_present", evidence, fix.pending, unproved)
    refer = (f"refer HTTP clients to DSProxy: {some(fix.refer)}",) if fix.refer else ()
    evidence = (said, f"Client Access servers: {some(case.client_access)}", *refer, *fix.lacks)
    if case.affinity not in _SPLITS:
        why = "whether the load balancer keeps a client on one server cannot be read: set outlook_anywhere_affinity"
        return Verdict(None, "possible", evidence, fix.pending, (why, *fix.unknown))
    return Verdict(None, "present" if fix.refer or fix.lacks else "unknown", evidence, fix.pending, fix.unknown)


def _cannot_split(case: Case) -> str:
    """Why no connection of this fleet is split; empty where one may be."""
    if case.affinity == "source_ip":
        return "the load balancer keeps a client on one server"
    if len(case.client_access) == 1:
        return f"{case.client_access[0]} is the only Client Access server of the inventory: both halves reach it"
    if all(case.facts(host).get("exchange_2010_or_later") for host in case.client_access):
        return "Exchange 2010 or later has no DSProxy"
    return ""


def _fix(case: Case) -> _Fix:
    progress = Progress.of(case.fleet)
    switched = [seen.host for seen in progress.switched]
    in_doubt = _in_doubt(case, switched, REFERRAL)
    told = [host for host in switched if (row := case.row(host, *REFERRAL)) and row.configured is not None]
    not_taken_up = {
        host: row for host, row in _in_doubt(case, case.client_access, LISTED).items() if row.effective == "no"
    }
    return _Fix(
        lacks=(*progress.without_directory, *progress.not_pinned),
        unknown=_unknown(case, progress),
        refer=tuple(seen.host for seen in progress.refer),
        do_not_refer=tuple(switched),
        pending=tuple(row.pending(host) for rows in (in_doubt, not_taken_up) for host, row in rows.items()),
        lacking=progress.lacking,
        waits=tuple(host for host, row in (*in_doubt.items(), *not_taken_up.items()) if row.effective == "no"),
        unproved=tuple(host for host in switched if host not in told or host in in_doubt),
    )


def _unknown(case: Case, progress: Progress) -> tuple[str, ...]:
    unread = [item.told for item in case.unread if item.host not in progress.attested]
    outside = [f"{name}: whether it offers the directory on 6004 is not known" for name in progress.not_read]
    outside += [
        f"{item.shown}: who lets clients through to it is not known: {item.unknown}" for item in _nameless(case)
    ]
    outside += [f"{name}: whether it refers to DSProxy is not known: not in the inventory" for name in _outside(case)]
    parts = [
        f"{seen.host}: {part} is not known: {case.why_unknown(seen.host, part)}"
        for seen, part in (
            *((seen, "refers_http_to_dsproxy") for seen in case.fleet.mailbox if not seen.later_exchange),
            *((seen, "valid_ports") for seen in case.fleet.client_access if not seen.later_exchange),
            *((seen, "polling_minutes") for seen in case.fleet.client_access if not seen.later_exchange),
            *((seen, "directory_owners") for seen in case.fleet.global_catalog),
        )
        if seen.get(part) is None and (part == "refers_http_to_dsproxy" or not seen.known(part))
    ]
    nobody = () if case.fleet.global_catalogs else ("the inventory has no Global Catalog",)
    return (*unread, *outside, *nobody, *parts)


def _nameless(case: Case) -> list[DirectoryServer]:
    return [catalog for catalog in case.fleet.global_catalogs if catalog.name is None]


def _outside(case: Case) -> list[str]:
    """Mailbox servers that nobody has read; where a node of a cluster was, they are taken for its clustered servers."""
    if any(seen.get("cluster_node") for seen in case.fleet.mailbox):
        return []
    read = {str(seen.get("fqdn")).lower() for seen in case.fleet.mailbox}
    names = [str(name.get("fqdn") if isinstance(name, Mapping) else name) for name in case.further_mailbox_servers]
    return [name for name in names if name.lower() not in read]


def _in_doubt(case: Case, hosts: Iterable[str], setting: tuple[str, str]) -> dict[str, Row]:
    """Where a setting is configured and not proved to work."""
    rows = {host: case.row(host, *setting) for host in hosts}
    return {host: row for host, row in rows.items() if row and row.configured is not None and row.effective != "yes"}
