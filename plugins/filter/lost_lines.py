# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what lost its line while a server was changed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lost_lines
short_description: What lost its line while a server was changed
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Tells which tasks of one part, reboot and restarts among them, have lost their server. With C(ignore_unreachable) a
    playbook goes on behind such a task.
positional: part
options:
  _input:
    description: The variables of a host, C(hostvars[inventory_hostname]).
    type: dict
    required: true
  part:
    description:
      - Part of the roles. V(client_access) is what needs no gate on a Client Access server, V(pin) its C(ValidPorts).
    type: str
    choices: [global_catalog, client_access, pin, mailbox]
    required: true
"""

EXAMPLES = r"""
- name: Go on only with a server that is still there
  ansible.builtin.assert:
    that: not (hostvars[inventory_hostname] | exchange_ops.outlook_anywhere.lost_lines('pin'))
"""

RETURN = r"""
_value:
  description: The messages of these tasks; empty where every line held.
  type: list
  elements: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import lost_lines  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"lost_lines": lost_lines}
