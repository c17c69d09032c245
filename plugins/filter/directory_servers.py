# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the Global Catalogs of a fleet, as fleet_gate judges them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: directory_servers
short_description: The Global Catalogs of a fleet, with their names and what is attested of them
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Gives M(exchange_ops.outlook_anywhere.fleet_gate) every Global Catalog of the inventory and those that it does not
    manage.
  - A server that this inventory cannot read is attested by the host variable C(outlook_anywhere_attested_6004), set to
    true for an inventory host of that name or FQDN. The host needs no connection and no group.
  - A server whose FQDN is not known carries the reason, at which M(exchange_ops.outlook_anywhere.fleet_gate) stops.
positional: hostvars, further
options:
  _input:
    description: Inventory names of the Global Catalogs.
    type: list
    elements: str
    required: true
  hostvars:
    description: The C(hostvars) of the play.
    type: dict
    required: true
  further:
    description: Global Catalogs that the inventory does not manage, as FQDNs or dicts of C(fqdn) and C(netbios).
    type: list
    elements: raw
    default: []
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ groups['global_catalog'] | exchange_ops.outlook_anywhere.directory_servers(hostvars) }}"
"""

RETURN = r"""
_value:
  description: Dicts of C(host), C(fqdn), C(netbios) where one is given, and C(attested).
  type: list
  elements: dict
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.inventory_names import directory_servers  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"directory_servers": directory_servers}
