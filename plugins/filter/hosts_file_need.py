# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: whether a server needs its own names in the hosts file."""

from __future__ import annotations

DOCUMENTATION = r"""
name: hosts_file_need
short_description: Whether a server with both roles needs its own names in its hosts file
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Judges a Client Access server that is a Mailbox server as well by what
    M(exchange_ops.outlook_anywhere.server_info) read of it in this run. Below build 8.1.311.3, or with port 6004 on one
    stack only, it must reach itself by IPv4; so must one of which nothing is known.
positional: hostvars, client_access
options:
  _input:
    description: Inventory names of the Mailbox servers.
    type: list
    elements: str
    required: true
  hostvars:
    description: The C(hostvars) of the play.
    type: dict
    required: true
  client_access:
    description: Inventory name of the server that would get the fix.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say why
  ansible.builtin.debug:
    msg: >-
      {{ (groups['mailbox'] | exchange_ops.outlook_anywhere.hosts_file_need(hostvars, inventory_hostname)).reason }}
"""

RETURN = r"""
_value:
  description:
    - A dict of C(needed) (bool), C(reason) (text), C(unread) (the server when nothing is known of it) and C(applies).
  type: dict
"""

from collections.abc import Iterable, Mapping  # noqa: E402 - the documentation comes first in every plugin
from dataclasses import asdict  # noqa: E402
from typing import Any  # noqa: E402

from ..plugin_utils.ipv6_need import hosts_file_need  # noqa: E402


def _hosts_file_need(hosts: Iterable[str], hostvars: Mapping[str, Any], client_access: str) -> dict[str, Any]:
    need = asdict(hosts_file_need(hosts, hostvars, client_access))
    return {**need, "unread": list(need["unread"])}


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"hosts_file_need": _hosts_file_need}
