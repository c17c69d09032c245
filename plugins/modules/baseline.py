# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of baseline; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: baseline
short_description: Bring any set of fixes to where they should be, by one reading of the server
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Takes the options of any of the fix modules, each below the module's name. A fix that is given is managed, one that
    is not given is not looked at. A fix that needs no options is given as C({}).
  - Reads all of it by one command in one shell, whatever the number of fixes, and makes the changes by as few commands
    as their order allows. Every module of a single fix is a baseline of that fix, with the same findings and the same
    diff.
  - A fix that cannot be planned, as with a key that is denied, fails the task after everything has been read, and the
    changes of all the fixes are held back. Nothing is changed by halves.
  - Changes are made in the order in which the fixes are listed here. The order in which the servers of a fleet must
    change is that of playbook C(exchange_ops.outlook_anywhere.site); put no fix for split connections
    (O(nspi_endpoint), O(valid_ports), O(dsproxy_referral)) of different servers into one play without its gates.
  - What there was before is kept in a snapshot on the controller before the first change, see
    M(exchange_ops.outlook_anywhere.restore).
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
options:
  nspi_endpoint:
    description: The options of M(exchange_ops.outlook_anywhere.nspi_endpoint), for a Global Catalog.
    type: dict
  ipv6_components:
    description: The options of M(exchange_ops.outlook_anywhere.ipv6_components), for a Client Access server.
    type: dict
  ipv6_binding:
    description: The options of M(exchange_ops.outlook_anywhere.ipv6_binding), for a Client Access server.
    type: dict
  hosts_ipv4:
    description: The options of M(exchange_ops.outlook_anywhere.hosts_ipv4), for a server with both roles.
    type: dict
  kernel_mode_authentication:
    description: The options of M(exchange_ops.outlook_anywhere.kernel_mode_authentication), for a Client Access server.
    type: dict
  rpc_virtual_directory:
    description: The options of M(exchange_ops.outlook_anywhere.rpc_virtual_directory), for a Client Access server.
    type: dict
  valid_ports:
    description: The options of M(exchange_ops.outlook_anywhere.valid_ports), for a Client Access server.
    type: dict
  dsproxy_referral:
    description: The options of M(exchange_ops.outlook_anywhere.dsproxy_referral), for a Mailbox server.
    type: dict
seealso:
  - module: exchange_ops.outlook_anywhere.restore
"""

EXAMPLES = r"""
- name: Everything that a Client Access server needs and no gate holds back
  exchange_ops.outlook_anywhere.baseline:
    ipv6_components:
      state: disabled
    ipv6_binding: {}
    kernel_mode_authentication: {}
    rpc_virtual_directory:
      authentication: [basic, ntlm]

- name: See what a server with all roles would need, and change nothing
  exchange_ops.outlook_anywhere.baseline:
    hosts_ipv4: {}
    valid_ports:
      mailbox_servers: [mbx1.contoso.com]
      unknown_entries: keep
  check_mode: true
  diff: true
"""

RETURN = r"""
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
