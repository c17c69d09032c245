# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what the findings about a fleet ask of an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_inventory
short_description: What the findings about a fleet ask of an inventory
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Gives M(exchange_ops.outlook_anywhere.drift_report) the servers of our groups, the names that are known, and what
    is wanted of the fix for split connections.
positional: groups
options:
  _input:
    description: The C(hostvars) of the play.
    type: dict
    required: true
  groups:
    description: The C(groups) of the play.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ hostvars | exchange_ops.outlook_anywhere.fleet_inventory(groups) }}"
"""

RETURN = r"""
_value:
  description:
    - A dict of C(client_access), C(mailbox) and C(global_catalog), the inventory names of each group;
      C(mailbox_servers) and C(global_catalogs), their names as
      P(exchange_ops.outlook_anywhere.server_names#filter) and
      P(exchange_ops.outlook_anywhere.directory_servers#filter) make them, with those that the inventory does not
      manage; C(own_mailbox_servers), the lists of Client Access servers that have C(client_access_mailbox_servers);
      C(affinity) of the load balancer; and C(extra_entries) of C(ValidPorts).
  type: dict
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.fleet_inputs import fleet_inventory  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"fleet_inventory": fleet_inventory}
