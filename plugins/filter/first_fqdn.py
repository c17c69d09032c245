# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the FQDN of the first of several servers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: first_fqdn
short_description: The FQDN of the first of several servers
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Takes names as P(exchange_ops.outlook_anywhere.server_names#filter) makes them. An unknown FQDN is an error with its
    reason; nothing is guessed.
options:
  _input:
    description: Names of servers, at least one, each an FQDN or a dict of C(fqdn).
    type: list
    elements: raw
    required: true
"""

EXAMPLES = r"""
- name: Name the Global Catalog for profile creation
  exchange_ops.outlook_anywhere.dsproxy_referral:
    nspi_target_server: >-
      {{ groups['global_catalog'] | exchange_ops.outlook_anywhere.server_names(hostvars)
         | exchange_ops.outlook_anywhere.first_fqdn }}
"""

RETURN = r"""
_value:
  description: An FQDN.
  type: str
"""

from typing import Any  # noqa: E402 - the documentation comes first in every plugin

from ansible.errors import AnsibleFilterError  # noqa: E402

from ..plugin_utils.formats.names import ServerName  # noqa: E402


def first_fqdn(names: list[Any]) -> str:
    """The first name's FQDN; raises AnsibleFilterError with the reason."""
    try:
        return ServerName.parse(names[0]).fqdn
    except (ValueError, IndexError) as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """What Ansible asks for."""
        return {"first_fqdn": first_fqdn}
