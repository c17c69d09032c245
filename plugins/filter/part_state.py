# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what the results of one part of a server come to."""

from __future__ import annotations

DOCUMENTATION = r"""
name: part_state
short_description: What the results of one part of a server come to
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Sums up what the tasks of one part of the roles have registered on a host, for the playbooks.
positional: part
options:
  _input:
    description: The variables of a host, C(hostvars[inventory_hostname]).
    type: dict
    required: true
  part:
    description:
      - Part of the roles. V(client_access) is what needs no gate on a Client Access server, V(pin) its C(ValidPorts),
        V(unfinished) what an earlier run has begun.
    type: str
    choices: [unfinished, global_catalog, client_access, pin, mailbox]
    required: true
"""

EXAMPLES = r"""
- name: Show what waits for a restart
  ansible.builtin.debug:
    msg: >-
      {{ (hostvars[inventory_hostname]
          | exchange_ops.outlook_anywhere.part_state('client_access')).restart_required }}
"""

RETURN = r"""
_value:
  description:
    - A dict of C(results) by registered name, C(trouble) (messages of what went wrong), C(to_change)
      (whether something was changed, or would be), C(restart_required) and C(reboot_required).
  type: dict
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import part_state  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"part_state": part_state}
