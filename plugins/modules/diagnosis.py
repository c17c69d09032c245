# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of diagnosis; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnosis
short_description: Say which of the article's problems a fleet has
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Answers by what M(exchange_ops.outlook_anywhere.server_info) and M(exchange_ops.outlook_anywhere.rpcping) returned.
    For each of the article's problems it says whether it is there, on which servers, by what evidence, which fix helps,
    what is done and not in force yet, and what is not known.
  - Shows the answer and writes it as C(diagnosis.md) and C(diagnosis.json).
  - Fails unless no problem is there and nothing that decides is unknown, so that a playbook ends with exit code 0 or 2.
  - Runs on the controller, sends nothing to a server, and writes its files in check mode too.
options:
  readings:
    description: For each host what M(exchange_ops.outlook_anywhere.server_info) returned.
    type: dict
    required: true
  inventory:
    description: What the inventory says of the fleet.
    type: dict
    required: true
    suboptions:
      client_access:
        description: Inventory names of the Client Access servers.
        type: list
        elements: str
        default: []
      mailbox:
        description: Inventory names of the Mailbox servers.
        type: list
        elements: str
        default: []
      global_catalog:
        description: Inventory names of the Global Catalogs.
        type: list
        elements: str
        default: []
      mailbox_servers:
        description:
          - Names of every Mailbox server, as the filter P(exchange_ops.outlook_anywhere.server_names#filter) makes
            them, and those that the inventory does not manage.
        type: list
        elements: raw
        default: []
      own_mailbox_servers:
        description:
          - For each Client Access server that is not to reach all of O(inventory.mailbox_servers) a list of those that
            it is to reach, in the same forms.
        type: dict
        default: {}
      further_mailbox_servers:
        description: Those of O(inventory.mailbox_servers) that the inventory does not manage.
        type: list
        elements: raw
        default: []
      global_catalogs:
        description:
          - Every Global Catalog, as the filter P(exchange_ops.outlook_anywhere.directory_servers#filter) makes them.
        type: list
        elements: raw
        default: []
      extra_entries:
        description: Further entries that C(ValidPorts) should have.
        type: list
        elements: str
        default: []
      affinity:
        description:
          - How the load balancer keeps a client on one Client Access server, V(source_ip), V(ssl_id) or V(none). Nobody
            can read that; empty where it is not known.
          - Anything else is taken as empty, and the answer says so.
        type: str
        default: ''
  rpcping:
    description:
      - Results of M(exchange_ops.outlook_anywhere.rpcping), each with C(host), the server that it ran on.
    type: list
    elements: dict
    default: []
  report_dir:
    description: Folder of the files, made when absent.
    type: path
    default: ./outlook_anywhere_report
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
    details: The files are written in check mode too; servers are not touched.
  diff_mode:
    description: Says what changed in diff mode.
    support: none
seealso:
  - module: exchange_ops.outlook_anywhere.server_info
  - module: exchange_ops.outlook_anywhere.rpcping
"""

EXAMPLES = r"""
- name: Read every server
  exchange_ops.outlook_anywhere.server_info:
  register: outlook_anywhere_identity

- name: Say what is wrong
  exchange_ops.outlook_anywhere.diagnosis:
    readings: "{{ ansible_play_hosts_all
                  | exchange_ops.outlook_anywhere.readings(hostvars, 'outlook_anywhere_identity') }}"
    inventory:
      client_access: "{{ groups['client_access'] }}"
      mailbox: "{{ groups['mailbox'] }}"
      affinity: source_ip
  run_once: true
"""

RETURN = r"""
clean:
  description: Whether no problem is there and nothing that decides is unknown.
  returned: always
  type: bool
answer:
  description: The answer in one sentence.
  returned: always
  type: str
summary:
  description:
    - How many problems are C(present), C(possible) and C(unknown), how many findings of the fleet are problems
      (C(fleet_problems)), how many ladders of rpcping did not come to their end (C(rpcping_not_proved)), and how many
      servers were not read (C(not_read)).
  returned: always
  type: dict
problems:
  description: The article's problems. Evidence, fixes and the rest of the answer are in C(diagnosis.json).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: V(A), V(A'), V(B) or V(C).
      type: str
    state:
      description:
        - V(present), V(not_present), V(possible) where it depends on what nobody can read, or V(unknown).
      type: str
    hosts:
      description:
        - The servers that are in that state, none where it is V(not_present). Of problem B those that lack their part
          of the fix, or whose part does not work without the others.
      type: list
      elements: str
reports:
  description: Paths of the files by format, C(json) and C(md).
  returned: when they were written
  type: dict
"""
