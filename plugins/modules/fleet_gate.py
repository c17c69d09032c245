# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of fleet_gate; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_gate
short_description: Judge whether the next part of a fleet may change
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - The fix for split connections goes through a fleet in an order. Before any Client Access server is pinned, every
    Global Catalog offers the directory on port 6004; before any Mailbox server stops referring HTTP clients to DSProxy,
    every Client Access server allows every Global Catalog, and has done so long enough for its RPC proxy to know.
  - Its undo goes the other way. Before any Client Access server gives up the Global Catalogs, every Mailbox server
    refers to DSProxy again, has restarted MSExchangeSA since, and the last of these restarts is so long ago that no
    Outlook still uses a Global Catalog; before any Global Catalog stops offering the directory, no Client Access server
    lists one any more, and the RPC proxies know.
  - Judges what M(exchange_ops.outlook_anywhere.server_info) has read just before. A server that was not read keeps the
    gate closed; a Global Catalog that cannot be read can be attested, and is shown as attested, not as proved.
  - Fails where the gate is closed, with every host and the thing that it lacks. In check mode it tells the same and
    does not fail.
  - Runs on the controller and sends nothing to a server.
options:
  gate:
    description:
      - V(global_catalogs) stands before the Client Access servers, V(client_access) before the Mailbox servers.
      - On the way back V(mailbox_undone) stands before the Client Access servers, V(client_access_undone) before the
        Global Catalogs.
    type: str
    choices: [global_catalogs, client_access, mailbox_undone, client_access_undone]
    required: true
  global_catalogs:
    description:
      - Every Global Catalog of the fleet, as the filter
        P(exchange_ops.outlook_anywhere.directory_servers#filter) makes them. Dicts of C(host) (inventory name, null
        outside the inventory), C(fqdn), C(netbios) (optional) and C(attested).
    type: list
    elements: dict
    required: true
  client_access:
    description: Inventory names of every Client Access server of the fleet.
    type: list
    elements: str
    default: []
  mailbox:
    description: Inventory names of every Mailbox server of the fleet, for O(gate=mailbox_undone).
    type: list
    elements: str
    default: []
  mailbox_servers:
    description:
      - Names of the Mailbox servers, each an FQDN or a dict of C(fqdn) and C(netbios), for
        O(gate=client_access_undone). A Global Catalog that is one of them stays in the lists.
    type: list
    elements: raw
    default: []
  attested:
    description:
      - Hosts of O(mailbox) of which somebody says that they have restarted MSExchangeSA since they refer to DSProxy
        again. Counts where neither the server nor this controller's journal says otherwise, and is shown as attested,
        not as proved.
    type: list
    elements: str
    default: []
  readings:
    description: For each host what M(exchange_ops.outlook_anywhere.server_info) returned just now.
    type: dict
    required: true
  earlier_readings:
    description:
      - The same from the beginning of the run. A list of which the journal does not know when it was written counts
        from when it was first seen.
    type: dict
    default: {}
  expected:
    description: Hosts that the run which check mode predicts would bring to what is missing. Without effect otherwise.
    type: list
    elements: str
    default: []
  settle_minutes:
    description:
      - Minutes, 0 to 1440, for which a list must have stood before it counts. The RPC proxy reads it again about every
        5 minutes.
    type: float
    default: 6.0
  grace_hours:
    description:
      - Hours, 0 to 8760, for which every Mailbox server must have referred to DSProxy. Outlook keeps the Global Catalog
        that it was referred to until it is restarted.
      - This is not waited for. The closed gate says when to run again, by each server's own clock.
    type: float
    default: 24.0
  snapshot_dir:
    description: Folder on the controller whose journals say when each server was changed.
    type: path
    default: ./.outlook_anywhere/snapshots
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
    details: A closed gate does not fail in check mode.
  diff_mode:
    description: Says what changed in diff mode.
    support: none
seealso:
  - module: exchange_ops.outlook_anywhere.server_info
"""

EXAMPLES = r"""
- name: Read every Global Catalog now
  exchange_ops.outlook_anywhere.server_info:
  register: outlook_anywhere_now

- name: Stop unless all of them offer the directory over HTTP
  exchange_ops.outlook_anywhere.fleet_gate:
    gate: global_catalogs
    global_catalogs: "{{ groups['global_catalog'] | exchange_ops.outlook_anywhere.directory_servers(hostvars) }}"
    readings: "{{ groups['global_catalog'] | exchange_ops.outlook_anywhere.readings(hostvars) }}"
  run_once: true
"""

RETURN = r"""
gate:
  description: Which gate it was.
  returned: always
  type: str
open:
  description: Whether nothing is missing.
  returned: always
  type: bool
reason:
  description: One line with every host and the thing that it lacks; empty where the gate is open.
  returned: always
  type: str
proved:
  description: Hosts that were read just now and have what is needed.
  returned: always
  type: list
  elements: str
attested:
  description: Servers of which what is needed is not known, and that somebody attests.
  returned: always
  type: list
  elements: str
expected:
  description: Hosts that the run which is being predicted would bring to it.
  returned: always
  type: list
  elements: str
missing:
  description: A line for each host that keeps the gate closed.
  returned: always
  type: list
  elements: str
wait_seconds:
  description: Seconds after which a list has stood long enough; 0 where time alone does not help.
  returned: always
  type: int
"""
