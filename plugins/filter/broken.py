# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: hosts that a run has begun to change and not finished."""

from __future__ import annotations

DOCUMENTATION = r"""
name: broken
short_description: Hosts that a run has begun to change and not finished
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Tells which hosts playbook C(exchange_ops.outlook_anywhere.site) has begun to change in this run and not
    seen as well as before since.
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
- name: Stop where there is one
  ansible.builtin.assert:
    that: not (ansible_play_hosts_all | exchange_ops.outlook_anywhere.broken(hostvars))
"""

RETURN = r"""
_value:
  description: A line for each of them, with the step at which it stopped.
  type: list
  elements: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import broken  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"broken": broken}
