# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of nspi_endpoint; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nspi_endpoint
short_description: Offer the directory service over RPC over HTTP on a Global Catalog
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Puts C(ncacn_http:6004) among the strings of C(NSPI interface protocol sequences), or takes it away. Other strings
    stay, in their order.
  - Works from the next boot on, which this module does not do. The reboot stays in RV(reboot_required) until the server
    has booted after the change, or C(lsass.exe) is seen to listen on 6004.
  - Fails on a server that is no Global Catalog. C(NSPI max sessions per user) is told where it is absent or 50.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
  - exchange_ops.outlook_anywhere.server.fix
options:
  protocol_sequences:
    description: The strings that must be among those of the value, or must not.
    type: list
    elements: str
    default: ["ncacn_http:6004"]
  state:
    description: Whether the strings are to be there.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Let the Global Catalog listen on 6004 after its next boot
  exchange_ops.outlook_anywhere.nspi_endpoint:
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
      description: C(NSPI interface protocol sequences).
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
  description: Whether a change waits for its reboot.
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
