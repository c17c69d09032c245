# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what is worse on a server than before."""

from __future__ import annotations

DOCUMENTATION = r"""
name: server_trouble
short_description: What is worse on a server than before
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Compares two results of M(exchange_ops.outlook_anywhere.server_info), from before a change and after it.
  - A service that ran must run, a port that was listened on must be listened on. What cannot be read is trouble.
positional: before, directory
options:
  _input:
    description: What was read after the change.
    type: dict
    required: true
  before:
    description: What was read before it.
    type: dict
    required: true
  directory:
    description: Whether C(lsass.exe) must listen on port 6004 now.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Stop when the server is worse than before
  ansible.builtin.assert:
    that: not (after | exchange_ops.outlook_anywhere.server_trouble(before))
"""

RETURN = r"""
_value:
  description: A line for each thing that is worse; empty where nothing is.
  type: list
  elements: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ..plugin_utils.server_trouble import server_trouble  # noqa: E402


def _server_trouble(after: Any, before: Any, directory: bool = False) -> list[str]:
    return server_trouble(before, after, directory)


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"server_trouble": _server_trouble}
