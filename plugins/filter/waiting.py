# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: hosts on which a part is not yet in force."""

from __future__ import annotations

DOCUMENTATION = r"""
name: waiting
short_description: Hosts on which a part is not yet in force
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Tells on which hosts a part is still to be changed, waits for a restart, or is not known.
positional: hostvars, part
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
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ groups['mailbox'] | exchange_ops.outlook_anywhere.waiting(hostvars, 'mailbox') }}"
"""

RETURN = r"""
_value:
  description: The inventory names of those hosts.
  type: list
  elements: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import waiting  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"waiting": waiting}
