# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: whether a server gets the fix for split connections."""

from __future__ import annotations

DOCUMENTATION = r"""
name: split_connection
short_description: Whether a server gets the fix for split connections
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - The fix is a last resort. It is wanted where the load balancer does not keep a client on one server, and only on
    Exchange 2007.
  - An affinity that is not known is an error, not an unset one.
positional: identity
options:
  _input:
    description: C(source_ip), C(ssl_id) or C(none); empty where nobody has said.
    type: str
    required: true
  identity:
    description: What M(exchange_ops.outlook_anywhere.server_info) returned for the server.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Say why
  ansible.builtin.debug:
    msg: "{{ ('source_ip' | exchange_ops.outlook_anywhere.split_connection).reason }}"
"""

RETURN = r"""
_value:
  description:
    - A dict of C(status), what the settings are instead of managed (C(not_managed), C(not_applicable), or null where
      the fix is wanted), and C(reason).
  type: dict
"""

from collections.abc import Mapping  # noqa: E402 - the documentation comes first in every plugin
from typing import Any  # noqa: E402

from ansible.errors import AnsibleFilterError  # noqa: E402

REASONS = {
    "": "outlook_anywhere_affinity is not set, and the split-connection fix is a last resort",
    "source_ip": "the load balancer keeps a client on one server (outlook_anywhere_affinity is source_ip)",
}
WANTED = ("ssl_id", "none")


def split_connection(affinity: Any, identity: Mapping[str, Any] | None = None) -> dict[str, str | None]:
    """Status and reason; raises AnsibleFilterError for an affinity that is not known."""
    if affinity not in (*REASONS, *WANTED):
        raise AnsibleFilterError(f"outlook_anywhere_affinity is {affinity!r}: source_ip, ssl_id and none are known")
    if ((identity or {}).get("server") or {}).get("exchange_2010_or_later"):
        return {"status": "not_applicable", "reason": "Exchange 2010 or later has no DSProxy"}
    if affinity in WANTED:
        return {"status": None, "reason": f"the load balancer may split a connection ({affinity})"}
    return {"status": "not_managed", "reason": REASONS[affinity]}


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"split_connection": split_connection}
