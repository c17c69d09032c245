# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: whether this run has changed a host, or may have."""

from __future__ import annotations

DOCUMENTATION = r"""
name: touched
short_description: Whether this run has changed a host, or may have
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Tells by what the playbooks have registered on a host whether what was read at the beginning still holds.
options:
  _input:
    description: The variables of a host, C(hostvars[inventory_hostname]).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say so
  ansible.builtin.debug:
    msg: read it again
  when: hostvars[inventory_hostname] | exchange_ops.outlook_anywhere.touched
"""

RETURN = r"""
_value:
  description: Whether a task has begun to change it.
  type: bool
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.fleet_inputs import touched  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"touched": touched}
