# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the results of several tasks as that of one."""

from __future__ import annotations

DOCUMENTATION = r"""
name: together
short_description: The results of several tasks as that of one
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Joins results of M(exchange_ops.outlook_anywhere.restore) and the modules of the fixes, for the playbooks. Of a
    setting that several tell of, what the first says counts.
  - Skipped results say nothing; the result is skipped where all are.
options:
  _input:
    description: Registered results, also those of loops.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what both tasks have found
  ansible.builtin.debug:
    msg: "{{ ([first_result, second_result] | exchange_ops.outlook_anywhere.together).findings }}"
"""

RETURN = r"""
_value:
  description: One result, without its diff.
  type: dict
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.registered import together  # noqa: E402


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"together": together}
