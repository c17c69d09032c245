# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of drift_report; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: drift_report
short_description: Show a fleet's drift and write it to files
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Makes one record of what the tasks of a run returned and shows it as a table of hosts and settings.
  - Writes it as C(drift.html) for people, C(drift.md) for a ticket, C(drift.json) with a published schema,
    C(drift.junit.xml) for systems that collect test results, and C(drift.prom) for the textfile collector of
    Prometheus. Each is replaced as a whole.
  - With O(playbook=repin) or O(playbook=rollback) the files are named C(repin) or C(rollback) instead of C(drift), as
    they tell of something else.
  - C(drift.prom) is of the whole fleet. It is written for O(playbook=drift) and O(playbook=site), when O(results) has
    every server of the inventory's groups C(client_access), C(mailbox) and C(global_catalog), and with every part of
    O(parts). Otherwise the older one stays as it is, and so do the alerts made of it.
  - Fails unless every server was read and every setting is as it should be, so that a playbook ends with exit code 0 or
    2.
  - Runs on the controller and writes its files in check mode too.
options:
  results:
    description:
      - For each inventory host a list of the results that its tasks registered, as the filter
        P(exchange_ops.outlook_anywhere.registered_results#filter) makes it.
    type: dict
    required: true
  report_dir:
    description:
      - Folder of the report, made when absent. Its files can be read by their owner only, but C(drift.prom), which
        names no server, by everybody.
    type: path
    default: ./outlook_anywhere_report
  changes_applied:
    description:
      - Whether the results come from a run that changes servers. Then drift that was mended and verified is
        C(corrected), and not trouble.
    type: bool
    default: false
  stopped:
    description: Why the run stopped before its end; with any the fleet is not clean.
    type: list
    elements: str
    default: []
  interim:
    description:
      - Write the record (C(drift.json)) alone, show nothing and do not fail, for a moment at which the run may end
        without another report.
    type: bool
    default: false
  playbook:
    description:
      - Which playbook the results are of. The advice names it, and V(repin) and V(rollback) have files of their own.
    type: str
    choices: [drift, site, repin, rollback]
    default: drift
  parts:
    description:
      - Parts of the fleet that the run looks after; all of them where none is named. Servers without one of them are
        not in O(results).
    type: list
    elements: str
    choices: [global_catalog, client_access, pin, mailbox]
    default: []
  gates:
    description: What M(exchange_ops.outlook_anywhere.fleet_gate) returned for each gate of the run.
    type: list
    elements: dict
    default: []
  readings:
    description:
      - What M(exchange_ops.outlook_anywhere.server_info) returned for each inventory host, as the filter
        P(exchange_ops.outlook_anywhere.fleet_readings#filter) collects it. Findings about the fleet are made of it;
        a server that is missing here was not read and is not judged.
    type: dict
    default: {}
  inventory:
    description:
      - What the inventory says, as the filter P(exchange_ops.outlook_anywhere.fleet_inventory#filter) collects it.
        Without it no findings about the fleet are looked for.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
    details: The report is written in check mode too; servers are not touched.
  diff_mode:
    description: Says what changed in diff mode.
    support: none
"""

EXAMPLES = r"""
- name: Report on every server of the play
  exchange_ops.outlook_anywhere.drift_report:
    results: "{{ ansible_play_hosts_all | exchange_ops.outlook_anywhere.registered_results(hostvars, groups) }}"
  run_once: true
"""

RETURN = r"""
clean:
  description:
    - Whether there is no drift, nothing unknown, and every server was read, as far as the run has looked.
  returned: always
  type: bool
report:
  description: Path of C(drift.json), C(repin.json) or C(rollback.json).
  returned: when it was written
  type: str
reports:
  description: Path of each file of the report that was written; with O(interim=true) of the record alone.
  returned: when they were written
  type: dict
  contains:
    html:
      description: The page for a browser. It loads nothing from elsewhere.
      type: str
    json:
      description: The record, of which all others are made.
      type: str
    junit:
      description: A test suite a server, a case a setting.
      type: str
    md:
      description: What is not as it should be, for a ticket.
      type: str
    prom:
      description: Metrics by setting and role. It is missing where the run was not over the whole fleet.
      type: str
table:
  description: The lines of the table.
  returned: unless O(interim=true)
  type: list
  elements: str
summary:
  description: How many settings have each status, and how many servers could not be read.
  returned: always
  type: dict
"""
