# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of restore; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restore
short_description: Bring back what was there before this collection changed it
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Every task that changes a server first writes what is there into a snapshot, a JSON file in the host's folder of
    O(snapshot_dir), with the types of registry values and all bytes of a file. This module puts that back, exactly,
    in the reverse of the order in which it was changed.
  - A snapshot that has been restored is renamed (C(.restored) behind its name), never deleted. The first original of a
    setting stays the original until then, whatever was changed after it.
  - A snapshot that is not whole, not as it was written, of another host, or of a newer form than this version knows, is
    refused before anything is sent to the server.
  - A registry value that somebody else has changed since is restored, with a warning that says what it was. From a
    hosts file that somebody else has changed since only our own lines are taken out, as the journal has them; where it
    does not, the task fails.
  - What is restored may need a restart or a boot to be in force, as the change did. The order in which the servers of a
    fleet must be undone is that of playbook C(exchange_ops.outlook_anywhere.rollback).
  - A restore writes a snapshot too. It is used only where O(to) names its file.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
options:
  to:
    description:
      - V(original) is what each setting was before the first task that changed it.
      - V(previous) is what was there before the last task that changed something.
      - Anything else is the path of a snapshot of this host, for what was there before that task. What later tasks did
        at the same places is undone with it.
    type: str
    default: original
  fixes:
    description: Restore the settings of these fixes only, by the names of their modules. By default of all.
    type: list
    elements: str
    choices:
      - dsproxy_referral
      - hosts_ipv4
      - ipv6_binding
      - ipv6_components
      - kernel_mode_authentication
      - nspi_endpoint
      - rpc_virtual_directory
      - valid_ports
seealso:
  - module: exchange_ops.outlook_anywhere.baseline
"""

EXAMPLES = r"""
- name: See what would be put back
  exchange_ops.outlook_anywhere.restore:
  check_mode: true
  diff: true

- name: Undo the last task only
  exchange_ops.outlook_anywhere.restore:
    to: previous

- name: Put back what the RPC proxy's list was before this collection came
  exchange_ops.outlook_anywhere.restore:
    fixes: [valid_ports]
"""

RETURN = r"""
restored:
  description: The snapshots that were used, the oldest first; empty when there is none.
  returned: when the options could be used
  type: list
  elements: str
findings:
  description:
    - What each setting was before any change. Check mode and the run that follows give the same findings.
    - A failed task returns its findings too.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: Inventory name of the server.
      type: str
    fix:
      description: Name of the module of the fix.
      type: str
    setting:
      description: Name of the value, file entry or attribute, as the module of the fix has it.
      type: str
    status:
      description: One of C(compliant), C(drifted), C(not_applicable), C(not_managed), C(unknown).
      type: str
    before:
      description: The value as found; null when there is none or when it was not read.
      type: str
    after:
      description: The value as it is to be; null for none.
      type: str
    reason:
      description: Why the status is what it is.
      type: str
    reference:
      description: Where the fact comes from.
      type: str
    effective:
      description: Whether the server works by it; C(yes), C(no) or C(unknown).
      type: str
    blocked_by:
      description: What holds the change back; null when nothing does. A change that is held back is not counted.
      type: str
restart_required:
  description: Services that must be restarted before all of it is in force.
  returned: always
  type: list
  elements: str
reboot_required:
  description: Whether a boot is needed before all of it is in force.
  returned: always
  type: bool
snapshot:
  description: The file on the controller that says what was there before, for M(exchange_ops.outlook_anywhere.restore).
  returned: when something was changed, or was about to be
  type: str
predicted:
  description: Whether this is what check mode predicts; nothing was changed then.
  returned: when the server was read
  type: bool
failure:
  description: What a failure says in its message, by its parts.
  returned: on failure
  type: dict
  contains:
    host:
      description: Inventory name of the server.
      type: str
    setting:
      description: The setting or option concerned.
      type: str
    problem:
      description: What is wrong.
      type: str
    found:
      description: What was found.
      type: str
    expected:
      description: What was expected.
      type: str
    changed:
      description: What had been changed before the failure.
      type: str
    next_step:
      description: What to do next.
      type: str
"""
