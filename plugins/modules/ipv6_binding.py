# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ipv6_binding; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_binding
short_description: Tell which adapters have IPv6 bound
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Reads from the registry which adapters are bound to IPv4 and to IPv6. Changes nothing, because Windows Server 2008
    has no command for it.
  - IPv6 unbound while C(DisabledComponents) is not 0xFF is drift at any build, because it breaks Hub Transport and the
    list of domain controllers.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
  - exchange_ops.outlook_anywhere.server.fix
"""

EXAMPLES = r"""
- name: Look for half-disabled IPv6
  exchange_ops.outlook_anywhere.ipv6_binding:
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
      description: C(IPv6 binding).
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
