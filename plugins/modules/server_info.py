# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of server_info; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: server_info
short_description: Read the names of a server
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Reads under which names a server knows itself, by one command and without PowerShell.
  - What cannot be read is null, with its reason. Only a server that cannot be asked fails the task.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
"""

EXAMPLES = r"""
- name: Read the server's names
  exchange_ops.outlook_anywhere.server_info:
  register: outlook_anywhere_identity
"""

RETURN = r"""
server:
  description: What is known of the server.
  returned: always
  type: dict
  contains:
    hostname:
      description: The value C(Hostname) of C(Tcpip\Parameters).
      type: str
    dns_domain:
      description: The value C(NV Domain), else C(Domain), of C(Tcpip\Parameters).
      type: str
    fqdn:
      description: Both of them, joined by a dot.
      type: str
    netbios:
      description: The first label of the FQDN, cut at 15 characters.
      type: str
    unknown:
      description: For each part that is null, the reason.
      type: dict
"""
