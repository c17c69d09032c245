# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Mailbox server in whose site the inventory has no Global Catalog, though it hands out those of its site."""

from __future__ import annotations

from ..fleet_finding import FleetFinding
from .fleet import Fleet, Kind, some, together
from .progress import progress_of

KIND = Kind(
    name="no_global_catalog_in_site",
    why=(
        "A Mailbox server that does not refer to DSProxy hands out Global Catalogs of its own site, whatever the "
        "inventory has; those of an adjacent site only when none is up. Clients that get one which ValidPorts does not "
        "list, or which does not offer the directory over HTTP, have no directory."
    ),
    fix=(
        "Look up the Global Catalogs of the site (the SRV records _gc._tcp.SITE._sites.FOREST-ROOT list them) and add "
        "all of them to group global_catalog or to outlook_anywhere_global_catalog_names."
    ),
    undo="Take them out of the inventory again.",
    reference="Exchange team blog, 2006-03-17 (for Exchange 2003)",
)


def no_global_catalog_in_site(fleet: Fleet) -> FleetFinding | None:
    """A notice, where the fix for split connections is wanted or begun and every Global Catalog's site is known."""
    sites = {seen.host: str(seen.get("directory_site") or "") for seen in fleet.global_catalog}
    if not sites or not all(sites.values()) or len(sites) < len(fleet.global_catalogs):
        return None
    if not fleet.split_connection_wanted and not progress_of(fleet).begun:
        return None
    known = {site.lower() for site in sites.values()}
    alone = {
        seen.host: site
        for seen in fleet.mailbox
        if not seen.later_exchange and (site := str(seen.get("directory_site") or "")) and site.lower() not in known
    }
    if not alone:
        return None
    return KIND.finding(
        "notice",
        alone,
        f"the inventory has no Global Catalog in the site of {some(alone)}",
        [
            *together({host: f"Mailbox server in site {site}" for host, site in alone.items()}),
            *together({host: f"Global Catalog in site {site}" for host, site in sites.items()}),
            *fleet.not_read("mailbox"),
        ],
    )
