# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: whether Client Access servers need IPv6 off."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ipv6_need
short_description: Whether a Client Access server needs IPv6 off for the Mailbox servers that it serves
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Judges Mailbox servers by what M(exchange_ops.outlook_anywhere.server_info) read of them in this run. One below
    build 8.1.311.3, or with port 6004 on one stack only, needs the fix; so does one of which nothing is known.
positional: hostvars, further, client_access
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
  further:
    description: Mailbox servers that the inventory does not manage.
    type: list
    elements: raw
    default: []
  client_access:
    description: Inventory name of the server that would get the fix.
    type: str
"""

EXAMPLES = r"""
- name: Say why
  ansible.builtin.debug:
    msg: "{{ (groups['mailbox'] | exchange_ops.outlook_anywhere.ipv6_need(hostvars)).reason }}"
"""

RETURN = r"""
_value:
  description:
    - A dict of C(needed) (bool), C(reason) (text), C(unread) (the servers of which nothing is known) and C(applies)
      (false on Windows Server 2003).
  type: dict
"""

from collections.abc import Iterable, Mapping  # noqa: E402 - the documentation comes first in every plugin
from dataclasses import asdict  # noqa: E402
from typing import Any  # noqa: E402

from ..plugin_utils.ipv6_need import ipv6_need  # noqa: E402


def _ipv6_need(
    hosts: Iterable[str], hostvars: Mapping[str, Any], further: Iterable[Any] = (), client_access: str | None = None
) -> dict[str, Any]:
    need = asdict(ipv6_need(hosts, hostvars, further, client_access))
    return {**need, "unread": list(need["unread"])}


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"ipv6_need": _ipv6_need}
