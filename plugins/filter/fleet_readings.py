# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the latest reading of each server that still holds."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_readings
short_description: The latest reading of each server that still holds
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Collects what M(exchange_ops.outlook_anywhere.server_info) returned in this run, for the findings about a fleet of
    M(exchange_ops.outlook_anywhere.drift_report).
  - A server that the run has changed is known by what was read behind the change; where nothing was, C(not_judged) is
    the reason.
positional: hostvars, applied
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
  applied:
    description: Whether the run changes servers.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show when each was read
  ansible.builtin.debug:
    msg: "{{ groups['client_access'] | exchange_ops.outlook_anywhere.fleet_readings(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The result of M(exchange_ops.outlook_anywhere.server_info) for each host that has one.
  type: dict
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.fleet_inputs import fleet_readings  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"fleet_readings": fleet_readings}
