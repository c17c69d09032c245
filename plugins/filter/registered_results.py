# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what the tasks of a run registered."""

from __future__ import annotations

DOCUMENTATION = r"""
name: registered_results
short_description: What the tasks of this run returned, by host
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Collects what the roles and playbooks of this collection have registered for each host, for
    M(exchange_ops.outlook_anywhere.drift_report).
  - A fix that a role of the host should have looked at and did not is a failure with every setting unknown.
  - Hosts outside the inventory groups C(client_access), C(mailbox) and C(global_catalog) are left out.
positional: hostvars, groups, only, held
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
  groups:
    description: The C(groups) of the play.
    type: dict
    required: true
  only:
    description:
      - Parts that the run looks after, of C(global_catalog), C(client_access), C(pin) and C(mailbox); all where none is
        named.
    type: list
    elements: str
    default: []
  held:
    description: For each part that a closed gate holds back the gate's reason. Its changes are then told as held back.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Report on every server of the play
  exchange_ops.outlook_anywhere.drift_report:
    results: "{{ ansible_play_hosts_all | exchange_ops.outlook_anywhere.registered_results(hostvars, groups) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: A list of results for each host; an empty one for a host of which nothing is known.
  type: dict
"""

from collections.abc import Callable  # noqa: E402 - the documentation comes first in every plugin
from typing import Any  # noqa: E402

from ..plugin_utils.registered import registered_results  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """What Ansible asks for."""
        return {"registered_results": registered_results}
