# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: how a part of the fix for split connections is undone."""

from __future__ import annotations

DOCUMENTATION = r"""
name: way_back
short_description: How a part of the fix for split connections is undone on a server
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Tells whether a server is brought back from its snapshots or to what Exchange delivers.
  - A snapshot is of use only where what it brings back is without the fix, and leaves every Mailbox server that a list
    allows now.
positional: part
options:
  _input:
    description: What M(exchange_ops.outlook_anywhere.restore) predicts in check mode.
    type: dict
    required: true
  part:
    description: Part of the roles.
    type: str
    choices: [global_catalog, pin, mailbox]
    required: true
  server:
    description: RV(exchange_ops.outlook_anywhere.server_info#module:server) of the server, for V(pin).
    type: dict
    default: {}
  global_catalogs:
    description:
      - Every Global Catalog of the fleet, as P(exchange_ops.outlook_anywhere.directory_servers#filter) makes them, for
        V(pin).
    type: list
    elements: dict
    default: []
  mailbox_servers:
    description: Names of the Mailbox servers; a Global Catalog that is one of them stays in the list, for V(pin).
    type: list
    elements: raw
    default: []
  protocol_sequences:
    description: The protocol sequences of the fix, for V(global_catalog).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ restored_in_check_mode | exchange_ops.outlook_anywhere.way_back('mailbox') }}"
"""

RETURN = r"""
_value:
  description:
    - V(restore) from snapshots, V(defaults) to what Exchange delivers, V(leave) where there is nothing to undo,
      V(stop) where the prediction failed or was not made.
  type: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.way_back import way_back  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"way_back": way_back}
