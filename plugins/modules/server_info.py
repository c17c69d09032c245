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
  - Reads a server's names, addresses and Windows, its Exchange roles and build, its place in Active Directory, whether
    it is a cluster node, how it runs, who listens, how IIS authenticates, and every setting that this collection knows,
    as it is configured and whether that works yet; by one command and without PowerShell.
  - A second command is needed only where the RPC proxy is not in the site C(Default Web Site).
  - What cannot be read is null, with its reason. Only a server that cannot be asked fails the task.
  - The page C(docs/server-info.md) says where each fact is read.
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
      description: Keys of the Exchange 2007 roles that are installed, those that may not be read among them.
      type: list
      elements: str
    exchange_build:
      description: The highest build of the roles and of the update rollups for their service pack.
      type: str
    exchange_rollup:
      description: The display name of the update rollup whose build is the highest; null also where none is installed.
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
    rpc_proxy_enabled:
      description: Whether the RPC proxy is switched on (C(Enabled)); null where there is none.
      type: bool
    nspi_target_server:
      description: C(NSPI Target Server); null also where it is absent.
      type: str
    addresses:
      description: The server's addresses; a half that is not known is null.
      type: dict
      contains:
        ipv4:
          description: The addresses of the bound adapters, as their registry keys have them.
          type: list
          elements: dict
          contains:
            adapter:
              description: The adapter's GUID, in braces.
              type: str
            address:
              description: The address.
              type: str
        ipv6:
          description: The addresses of all interfaces, C(::1) among them.
          type: list
          elements: str
    listeners:
      description:
        - Who listens on the ports 593, 6001, 6002 and 6004, a list by port; ports without listeners are missing.
        - Each has its C(stack), V(IPv4) or V(IPv6), the process's C(pid), and the C(owner), which is the process's
          image, or null where that is not known.
      type: dict
    directory_site:
      description: The site in Active Directory, C(SiteName) of C(Netlogon\Parameters), else C(DynamicSiteName).
      type: str
    nspi_protocol_sequences:
      description: C(NSPI interface protocol sequences); empty where it is absent.
      type: list
      elements: str
    nspi_max_sessions_per_user:
      description: C(NSPI max sessions per user); null also where it is absent.
      type: int
    iis_authentication:
      description:
        - What counts in IIS at C(/Rpc), C(/OAB), C(/Autodiscover) and C(/EWS) of the RPC proxy's site, by V(rpc),
          V(oab), V(autodiscover) and V(ews); null also where there is no IIS 7.
        - Each has its C(path), and whether C(windows) and C(basic) authentication are enabled and Windows
          authentication runs in C(kernel_mode).
      type: dict
    default_app_pool_recycles_after:
      description:
        - After which time C(DefaultAppPool) is recycled, as IIS prints it, such as V(1.05:00:00) for 29 hours, the
          default; null also where there is no IIS 7.
      type: str
    settings:
      description: Every setting that this collection knows, in the order of C(baseline), by the names of findings.
      type: list
      elements: dict
      contains:
        fix:
          description: The module that knows it.
          type: str
        setting:
          description: Its name.
          type: str
        known:
          description: Whether it could be read.
          type: bool
        configured:
          description: Its value, as findings show it; null where it is absent or not known.
          type: str
        effective:
          description:
            - Whether the value works yet, V(yes), V(no) or V(unknown), by the proofs of the findings. A value that
              needs a restart or reboot and that this controller has not written is V(unknown).
          type: str
        reason:
          description: By what evidence.
          type: str
    unknown:
      description: For each part that is null or may be incomplete, the reason.
      type: dict
"""
