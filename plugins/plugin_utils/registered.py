# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks and roles register, and what is missing where one of them did not come to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .fixes.dsproxy_referral import DsproxyReferral
from .fixes.ipv6_binding import Ipv6Binding
from .fixes.ipv6_components import Ipv6Components
from .fixes.nspi_endpoint import NspiEndpoint
from .fixes.plan import Fix
from .fixes.valid_ports import ValidPorts
from .inventory_names import IDENTITY_VARIABLE

STOPPED_VARIABLE = "outlook_anywhere_stopped"
# Under which name each role registers the result of each fix.
EXPECTED: dict[str, dict[str, type[Fix]]] = {
    "global_catalog": {"global_catalog_nspi_endpoint": NspiEndpoint},
    "client_access": {
        "client_access_valid_ports": ValidPorts,
        "client_access_ipv6_components": Ipv6Components,
        "client_access_ipv6_binding": Ipv6Binding,
    },
    "mailbox": {"mailbox_dsproxy_referral": DsproxyReferral},
}


def registered_results(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Iterable[str]]
) -> dict[str, list[Mapping[str, Any]]]:
    """What the tasks of this run registered for each host of our groups.

    A fix that a role of the host should have looked at and did not has every setting unknown.
    """
    ours = {host for group in EXPECTED for host in groups.get(group, ())}
    return {host: _of_host(host, hostvars[host], groups) for host in hosts if host in ours}


def _of_host(host: str, variables: Mapping[str, Any], groups: Mapping[str, Iterable[str]]) -> list[Mapping[str, Any]]:
    results: list[Mapping[str, Any]] = [variables[IDENTITY_VARIABLE]] if IDENTITY_VARIABLE in variables else []
    stopped = variables.get(STOPPED_VARIABLE) or {}
    reason = str(stopped.get("msg") or "it was not looked at in this run")
    missing = []
    for group, fixes in EXPECTED.items():
        for name, fix in fixes.items() if host in groups.get(group, ()) else ():
            if name in variables:
                results.append(variables[name])
            else:
                missing.append(fix)
    known = any(result.get("msg") == stopped.get("msg") for result in results)
    return [
        *results,
        *(_not_looked_at(host, fix, "the server was stopped before it" if known else reason) for fix in missing),
    ]


def _not_looked_at(host: str, fix: type[Fix], reason: str) -> dict[str, Any]:
    return {
        "failed": True,
        "msg": f"{host}: {fix.name}: {reason}",
        "findings": [finding.as_dict(host) for finding in fix.unknown(reason)],
    }
