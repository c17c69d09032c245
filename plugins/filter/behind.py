# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: hosts with a part behind a gate."""

from __future__ import annotations

DOCUMENTATION = r"""
name: behind
short_description: Hosts with a part behind a gate
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Tells on which hosts the playbooks have found that the fix for split connections is wanted, and have looked at one
    of the parts.
positional: hostvars, parts, only_waiting
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
  parts:
    description: Parts of the roles, of C(global_catalog), C(client_access), C(pin) and C(mailbox).
    type: list
    elements: str
    required: true
  only_waiting:
    description: Leave out parts that are in force already.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | exchange_ops.outlook_anywhere.behind(hostvars, ['pin', 'mailbox']) }}"
"""

RETURN = r"""
_value:
  description: The inventory names of those hosts.
  type: list
  elements: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import behind  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"behind": behind}
