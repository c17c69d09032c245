# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of rpc_virtual_directory; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rpc_virtual_directory
short_description: Tell how the RPC virtual directory authenticates
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Reads by C(appcmd) what counts at C(/Rpc), Outlook Anywhere's virtual directory, and compares what you ask for.
  - Changes nothing. These settings belong to Active Directory, where C(Set-OutlookAnywhere) writes them, and Exchange
    stamps them on C(/Rpc) from there every C(PeriodicPollingMinutes). While that is 0, as
    M(exchange_ops.outlook_anywhere.valid_ports) sets it, nobody stamps them; the reasons of the findings say so.
  - The site is the one that C(WebSite) of C(RpcProxy) names, else C(Default Web Site).
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
  - exchange_ops.outlook_anywhere.server.fix
options:
  authentication:
    description:
      - The methods that are to be on; the others are to be off. V(ntlm) is IIS's Windows authentication.
      - Without it both are shown and not compared.
    type: list
    elements: str
    choices: [basic, ntlm]
  anonymous:
    description: Whether anonymous access is to be on. Without it that is shown and not compared.
    type: bool
  require_ssl:
    description:
      - Whether SSL is to be required. V(false) is what SSL offloading needs.
      - Without it that is shown and not compared.
    type: bool
"""

EXAMPLES = r"""
- name: Look at the RPC virtual directory
  exchange_ops.outlook_anywhere.rpc_virtual_directory:

- name: Compare it with what Set-OutlookAnywhere was given
  exchange_ops.outlook_anywhere.rpc_virtual_directory:
    authentication: [ntlm]
    anonymous: false
    require_ssl: true
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
      description: Name of the module.
      type: str
    setting:
      description: An IIS path, a section and an attribute, such as C(Default Web Site/Rpc basicAuthentication enabled).
      type: str
    status:
      description: One of C(compliant), C(drifted), C(not_applicable), C(not_managed), C(unknown).
      type: str
    before:
      description: The value as found; null when absent or not read.
      type: str
    after:
      description: The value as it is to be; null for absent.
      type: str
    reason:
      description: Why the status is what it is.
      type: str
    reference:
      description: Where the fact comes from.
      type: str
    effective:
      description: Whether the server works by the value, C(yes), C(no) or C(unknown).
      type: str
    blocked_by:
      description: What holds the change back; null when nothing does. A change that is held back is not counted.
      type: str
restart_required:
  description: Always empty for this module.
  returned: always
  type: list
  elements: str
reboot_required:
  description: Always false for this module.
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
