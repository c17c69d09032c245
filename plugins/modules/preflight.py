# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of preflight; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Prove on a server what the collection believes about Windows
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - The file C(docs/evidence.md) lists every behaviour of Windows that the modules rely on. This module tries each row
    of it on the server, by the command lines that the modules send, and has their own parsers read the answers.
  - It writes one registry key, C(HKLM\\SOFTWARE\\exchange_ops_outlook_anywhere_preflight), and files in C(%TEMP%) whose
    names begin with C(exchange_ops_outlook_anywhere), and removes them whatever happens. What a run that was cut leaves
    behind is removed by the next one.
  - Stops and starts no service, restarts nothing, and changes neither IIS nor the hosts file. A row that could be
    proved only by that is not testable.
  - Fails where a row differs; the result holds every row all the same.
  - In check mode nothing is written, and rows that need it are not testable.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
options:
  leave_out:
    description:
      - Rows that are not tried, by their ids.
      - Some products for endpoint protection raise an alarm about C(certutil -decode), which row V(certutil) tries with
        a text of its own.
    type: list
    elements: str
    default: []
  snapshot_dir:
    description:
      - Folder on the controller that keeps, in C(pending.json) of a folder for each host, the name of the shell in
        which a command waits for input, so that a run after a cut can end it. It is removed at the end.
    type: path
    default: ./.outlook_anywhere/snapshots
seealso:
  - module: exchange_ops.outlook_anywhere.server_info
"""

EXAMPLES = r"""
- name: Prove what the modules rely on
  exchange_ops.outlook_anywhere.preflight:

- name: The same where certutil would raise an alarm
  exchange_ops.outlook_anywhere.preflight:
    leave_out: [certutil]
"""

RETURN = r"""
rows:
  description: Every row of C(docs/evidence.md), in the order in which they are tried.
  returned: once the server was asked
  type: list
  elements: dict
  contains:
    id:
      description: The row's id, as its last column has it.
      type: str
    result:
      description:
        - V(proved), V(differs) or V(not_testable). A row that cannot be judged because another one differs is not
          testable.
      type: str
    seen:
      description: What the server answered, shortened and escaped, or why the row could not be tested.
      type: str
  sample:
    - id: wmic_os
      result: proved
      seen: "wmic os get LastBootUpTime,LocalDateTime /value: '...', exit code 0"
    - id: net_stop
      result: not_testable
      seen: would stop a service
summary:
  description: How many rows have each result.
  returned: once the server was asked
  type: dict
  sample: {proved: 57, differs: 0, not_testable: 21}
left_out:
  description: The rows that O(leave_out) names.
  returned: once the server was asked
  type: list
  elements: str
  sample: [certutil]
failure:
  description: What a failure says in its message, by its parts.
  returned: on failure
  type: dict
"""
