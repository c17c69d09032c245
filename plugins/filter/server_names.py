# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the names of a group's servers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: server_names
short_description: Names of inventory hosts, from the inventory or from the servers themselves
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Turns inventory hosts into the names that C(ValidPorts) must know.
  - An FQDN is the host variable C(outlook_anywhere_fqdn), else the inventory name when it has a dot and is no IPv4
    address, else what the server's registry said in this run, registered as C(outlook_anywhere_identity).
  - Nothing is guessed. A server whose FQDN is not known becomes an element with the reason, at which
    M(exchange_ops.outlook_anywhere.valid_ports) stops before anything is sent.
positional: hostvars
options:
  _input:
    description: Inventory names.
    type: list
    elements: str
    required: true
  hostvars:
    description: The C(hostvars) of the play.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Pin ValidPorts to the servers of two groups
  exchange_ops.outlook_anywhere.valid_ports:
    mailbox_servers: "{{ groups['mailbox'] | exchange_ops.outlook_anywhere.server_names(hostvars) }}"
    global_catalogs: "{{ groups['global_catalog'] | exchange_ops.outlook_anywhere.server_names(hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - A dict for each host, with C(fqdn) and, where the inventory has C(outlook_anywhere_netbios), C(netbios); or with
      C(unknown), the reason why its FQDN is not known.
  type: list
  elements: dict
"""

from collections.abc import Callable  # noqa: E402 - the documentation comes first in every plugin
from typing import Any  # noqa: E402

from ..plugin_utils.inventory_names import server_names  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """What Ansible asks for."""
        return {"server_names": server_names}
