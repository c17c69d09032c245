# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of preflight_report; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_report
short_description: Show what preflight found on all servers and write it to a file
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Shows for each server how many rows are proved, and a table of those that differ or could not be tested, and writes
    C(preflight.json).
  - Fails unless every server was judged and no row differs, so that a playbook ends with exit code 0 or 2. A server on
    which no row is proved, or for which a row was left out that nearly all others stand on, was not judged.
  - Runs on the controller and writes its file in check mode too.
options:
  results:
    description: For each inventory host what M(exchange_ops.outlook_anywhere.preflight) returned, or nothing.
    type: dict
    required: true
  report_dir:
    description: Folder on the controller for C(preflight.json). Made when absent.
    type: path
    default: ./outlook_anywhere_report
attributes:
  check_mode:
    description: Can run in check mode and predict what a run would change, without writing anything on a server.
    support: full
  diff_mode:
    description: Says what changed, or would change, in diff mode.
    support: none
  platform:
    description: Systems that the module works on.
    support: full
    platforms: posix
seealso:
  - module: exchange_ops.outlook_anywhere.preflight
"""

EXAMPLES = r"""
- name: Show what was found
  exchange_ops.outlook_anywhere.preflight_report:
    results:
      cas1: "{{ hostvars['cas1'].outlook_anywhere_preflight }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
clean:
  description: Whether every server was judged and no row differs.
  returned: always
  type: bool
summary:
  description:
    - How many hosts there are, how many rows have each result, and how many hosts were not judged and why. Rows that
      were left out are among those that are not testable.
  returned: always
  type: dict
  sample:
    hosts: 2
    proved: 109
    differs: 0
    not_testable: 47
    left_out: 0
    failed: 0
    unreachable: 0
    not_run: 0
    not_judged: 0
table:
  description: What was shown, by lines.
  returned: always
  type: list
  elements: str
report:
  description: Path of preflight.json.
  returned: when it was written
  type: str
failure:
  description: What a failure says in its message, by its parts.
  returned: on failure
  type: dict
"""
