# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet in the middle of the fix for split connections: in the order in which nobody loses the directory, or not."""

from __future__ import annotations

from ..fleet_finding import FleetFinding
from .fleet import Fleet, Kind, count, some
from .progress import Progress, progress_of

KIND = Kind(
    name="split_connection_half_way",
    why=(
        "A Mailbox server that does not refer to DSProxy any more hands out Global Catalogs. Its users have a "
        "directory only where every Global Catalog offers it on port 6004 and every Client Access server lets them "
        "through; else the address book and new profiles fail, and do so by chance of the load balancer. In the "
        "documented order nobody notices a thing, but half of a fix helps nobody."
    ),
    fix=(
        "Playbook site goes on in the order Global Catalogs, Client Access servers, Mailbox servers "
        "(outlook_anywhere_affinity ssl_id or none; outlook_anywhere_allow_reboot and outlook_anywhere_allow_restart "
        "where they are due). Where users suffer now and that takes too long, let the Mailbox servers refer to DSProxy "
        "again first: that is what playbook rollback begins with."
    ),
    undo="Playbook rollback, which goes the same way in reverse (docs/rollback.md).",
    reference="Exchange team blog, 2008-06-20; the order: docs/fleet-order.md; KB 302914",
)


def split_connection_half_way(fleet: Fleet) -> FleetFinding | None:
    """A problem where a Mailbox server does not refer any more and a part before it is missing; else a notice."""
    progress = progress_of(fleet)
    if not progress.begun:
        return None
    before = (*progress.without_directory, *progress.not_pinned)
    if progress.switched and before:
        return _harmful(fleet, progress)
    if before or progress.refer:
        return _harmless(fleet, progress)
    if progress.switched and not fleet.global_catalogs:
        return KIND.finding(
            "notice",
            [seen.host for seen in progress.switched],
            f"{_switched(progress)}, and the inventory has no Global Catalog: whether users have a directory cannot be "
            "judged",
            [*_seen(progress), *fleet.not_read("mailbox", "client_access")],
        )
    return None


def _harmful(fleet: Fleet, progress: Progress) -> FleetFinding:
    parts = [
        *(["Global Catalogs do not offer the directory"] if progress.without_directory else []),
        *(["Client Access servers are not pinned to all of them"] if progress.not_pinned else []),
    ]
    return KIND.finding(
        "problem",
        [seen.host for seen in progress.switched],
        f"{_switched(progress)}, but {' and '.join(parts)}: their users lose the directory. Next: {_next(progress)}",
        [*_seen(progress), *_rest(fleet, progress)],
    )


def _harmless(fleet: Fleet, progress: Progress) -> FleetFinding:
    last = () if progress.without_directory or progress.not_pinned else progress.refer
    hosts = [*progress.offering, *progress.listing, *(seen.host for seen in (*progress.switched, *last))]
    return KIND.finding(
        "notice",
        hosts,
        "the fix for split connections is begun and not finished; in this order no user notices it. "
        f"Next: {_next(progress)}",
        [*_seen(progress), *_rest(fleet, progress)],
    )


def _switched(progress: Progress) -> str:
    names = [seen.host for seen in progress.switched]
    verb = "does" if len(names) == 1 else "do"
    return f"{count(len(names), 'Mailbox server')} ({some(names)}) {verb} not refer HTTP clients to DSProxy any more"


def _next(progress: Progress) -> str:
    """The step of the documented order that comes next."""
    if progress.without_directory:
        return "the Global Catalogs (NSPI interface protocol sequences, then a reboot)"
    if progress.not_pinned:
        return "the Client Access servers (polling off, then ValidPorts with every Global Catalog)"
    return f"the Mailbox servers ({some(seen.host for seen in progress.refer)}), or playbook rollback"


def _seen(progress: Progress) -> list[str]:
    told = {
        "does not refer HTTP clients to DSProxy": [seen.host for seen in progress.switched],
        "refers HTTP clients to DSProxy": [seen.host for seen in progress.refer],
        "NSPI interface protocol sequences has ncacn_http:6004": progress.offering,
        "ValidPorts lists a Global Catalog": progress.listing,
    }
    return [f"{some(hosts)}: {text}" for text, hosts in told.items() if hosts]


def _rest(fleet: Fleet, progress: Progress) -> list[str]:
    return [
        *progress.without_directory,
        *progress.not_pinned,
        *([f"{some(progress.attested)}: attested, not read"] if progress.attested else []),
        *(
            [f"{some(progress.not_read)}: not in the inventory, so not read and not judged"]
            if progress.not_read
            else []
        ),
        *fleet.not_read("global_catalog", "client_access", "mailbox"),
    ]
