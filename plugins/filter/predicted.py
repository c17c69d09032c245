# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: hosts that the run which check mode predicts would bring to where they should be."""

from __future__ import annotations

DOCUMENTATION = r"""
name: predicted
short_description: Hosts that a predicted run would change
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Tells for which hosts the tasks of one part have predicted a change, or a reboot that a value waits for, without
    trouble.
positional: hostvars, part, consent
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
  part:
    description: Part of the roles.
    type: str
    choices: [global_catalog, client_access, pin, mailbox]
    required: true
  consent:
    description: Name of the variable by which a host allows the reboot that this needs; empty where it needs none.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ groups['client_access'] | exchange_ops.outlook_anywhere.predicted(hostvars, 'pin') }}"
"""

RETURN = r"""
_value:
  description: The inventory names of those hosts.
  type: list
  elements: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import predicted  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"predicted": predicted}
