# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what was read of some hosts, in this run or on behalf of it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: readings
short_description: What server_info returned for some hosts
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Collects what hosts have registered under one name, and what was read by delegation and set as their fact.
  - Nothing is made up. A host of which there is no result is missing.
positional: hostvars, name
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
  name:
    description: Name under which the hosts of the run have registered it.
    type: str
    default: outlook_anywhere_now
"""

EXAMPLES = r"""
- name: Show when each was read
  ansible.builtin.debug:
    msg: "{{ groups['global_catalog'] | exchange_ops.outlook_anywhere.readings(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The result of M(exchange_ops.outlook_anywhere.server_info) for each host that has one.
  type: dict
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import readings  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"readings": readings}
