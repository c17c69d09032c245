# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: hosts that a run could not read at its beginning."""

from __future__ import annotations

DOCUMENTATION = r"""
name: unread
short_description: Hosts that this run could not read
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Tells which hosts M(exchange_ops.outlook_anywhere.server_info) could not read at the beginning of the run. A Global
    Catalog that is attested is left out.
positional: hostvars, global_catalogs
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
  global_catalogs:
    description:
      - Global Catalogs that must be readable as well, as P(exchange_ops.outlook_anywhere.directory_servers#filter)
        makes them.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Stop when one is missing
  ansible.builtin.assert:
    that: not (groups['global_catalog'] | exchange_ops.outlook_anywhere.unread(hostvars))
"""

RETURN = r"""
_value:
  description: A line for each host, with the reason.
  type: list
  elements: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import unread  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"unread": unread}
