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
  - Judges what M(exchange_ops.outlook_anywhere.server_info) has read just before. A server that was not read keeps the
    gate closed; a Global Catalog that cannot be read can be attested, and is shown as attested, not as proved.
  - Fails where the gate is closed, with every host and the thing that it lacks. In check mode it tells the same and
    does not fail.
  - Runs on the controller and sends nothing to a server.
options:
  gate:
    description:
      - V(global_catalogs) stands before the Client Access servers, V(client_access) before the Mailbox servers.
    type: str
    choices: [global_catalogs, client_access]
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
  snapshot_dir:
    description: Folder on the controller whose journals say when each list was written.
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
  description: Global Catalogs that could not be read and that somebody attests.
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
