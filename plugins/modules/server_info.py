# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of server_info; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: server_info
short_description: Read what a server is
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Reads a server's names, its Windows, its Exchange roles and build, whether it is a domain controller or a cluster
    node, how it runs, and what it has of the fix for split connections, by one command and without PowerShell.
  - What cannot be read is null, with its reason. Only a server that cannot be asked fails the task.
  - Also tells which restarts of this controller did not come to their end, as its journal remembers them.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
options:
  snapshot_dir:
    description: Folder on the controller whose journal says which restarts were cut short.
    type: path
    default: ./.outlook_anywhere/snapshots
"""

EXAMPLES = r"""
- name: Read what the server is
  exchange_ops.outlook_anywhere.server_info:
  register: outlook_anywhere_identity
"""

RETURN = r"""
restart_required:
  description: Services whose restart was cut short, in lower case.
  returned: when the server was read
  type: list
  elements: str
unfinished:
  description:
    - What to know of a server that M(exchange_ops.outlook_anywhere.server_check) has begun with and not seen as well as
      before; null for all others.
  returned: when the server was read
  type: str
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
    windows_version:
      description: Number of the Windows version, such as V(6.0) for Windows Server 2008.
      type: str
    exchange_roles:
      description: Keys of the Exchange 2007 roles that are installed.
      type: list
      elements: str
    exchange_build:
      description: The highest build of the roles and of the update rollups for their service pack.
      type: str
    exchange_2010_or_later:
      description: Whether Exchange 2010 or later is installed.
      type: bool
    domain_controller:
      description: Whether the server is a domain controller.
      type: bool
    global_catalog:
      description: Whether the server is a Global Catalog.
      type: bool
    cluster_node:
      description: Whether the server is a node of a running cluster.
      type: bool
    directory_stacks:
      description: The stacks on which C(mad.exe) or C(lsass.exe) listens on port 6004, of C(IPv4) and C(IPv6).
      type: list
      elements: str
    booted_at:
      description: When the server booted, by its own clock, in ISO 8601.
      type: str
    read_at:
      description: The server's own time of this reading.
      type: str
    services:
      description:
        - The states of NTDS, Netlogon, W3SVC, MSExchangeServiceHost, MSExchangeSA and MSExchangeIS by their numbers,
          V(1) (stopped) to V(7) (paused); those that are not installed are missing.
      type: dict
    ports:
      description: The stacks that listen on the ports 443, 593, 6001, 6002 and 6004, by port; none where nobody does.
      type: dict
    directory_owners:
      description: Which of C(mad.exe) and C(lsass.exe) listen on port 6004.
      type: list
      elements: str
    system_attendant_started_at:
      description: When C(mad.exe) started, by the server's own clock, in ISO 8601; null also where it does not run.
      type: str
    valid_ports:
      description: C(ValidPorts) of the RPC proxy; null also where it is absent.
      type: str
    polling_minutes:
      description: C(PeriodicPollingMinutes); null also where it is absent.
      type: int
    refers_http_to_dsproxy:
      description: Whether the System Attendant refers HTTP clients to DSProxy; null where there is none.
      type: bool
    unknown:
      description: For each part that is null or may be incomplete, the reason.
      type: dict
"""
