# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of server_check; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: server_check
short_description: See that a server that was changed runs as well as before
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Remembers on the controller which services run and which ports of Outlook Anywhere are listened on before a change,
    and compares after it, until the server is as well as before or the time is over.
  - The record stays until O(moment=done). A run that comes after a cut or a failure compares with how the server ran
    before the first of them, and M(exchange_ops.outlook_anywhere.server_info) tells the server as unfinished.
  - Changes nothing on the server, and in check mode nothing on the controller either.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
options:
  moment:
    description:
      - V(before) reads and remembers, V(after) compares and fails where the server is worse, V(done) forgets.
    type: str
    choices: [before, after, done]
    required: true
  seconds:
    description: With V(after), how long the server may take to run as well as before, 0 to 86400. 0 means one look.
    type: int
    default: 600
  directory:
    description: With V(after), whether C(lsass.exe) must listen on port 6004, as on a Global Catalog after its reboot.
    type: bool
    default: false
  closes:
    description: With V(after), ports that the change is meant to close; they may be listened on as before or not.
    type: list
    elements: int
    default: []
  snapshot_dir:
    description: Folder on the controller that keeps the record, in C(pending.json) of a folder for each host.
    type: path
    default: ./.outlook_anywhere/snapshots
seealso:
  - module: exchange_ops.outlook_anywhere.server_info
"""

EXAMPLES = r"""
- name: Remember how the server runs
  exchange_ops.outlook_anywhere.server_check:
    moment: before

- name: Reboot it
  exchange_ops.outlook_anywhere.reboot:

- name: Wait until it runs as well as before
  exchange_ops.outlook_anywhere.server_check:
    moment: after

- name: Forget it
  exchange_ops.outlook_anywhere.server_check:
    moment: done
"""

RETURN = r"""
server:
  description:
    - What M(exchange_ops.outlook_anywhere.server_info) tells of the server's names, roles, way of running and referral;
      its addresses, listeners with owners, directory, IIS and settings are not read.
  returned: with V(before) and V(after), when it was read
  type: dict
resumed:
  description: Whether the record of an earlier work was there and stays the measure.
  returned: with V(before)
  type: bool
seconds:
  description: Seconds that were waited.
  returned: with V(after), on success
  type: int
failure:
  description: What a failure says in its message, by its parts.
  returned: on failure
  type: dict
"""
