# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of reboot; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reboot
short_description: Reboot a server without PowerShell
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Orders a reboot and waits, first until the server has booted, then until named services run. A boot is seen by an
    uptime that is shorter than before, or than the time since, and by another boot time; setting the server's clock
    does not look like one.
  - Refuses on cluster nodes. A shutdown that is pending already may be somebody else's, and a power-off; it fails the
    task unless O(pending_shutdown=wait). So it is with one that is found after the answer to the order was lost.
  - A server that does not come back in time is a failure that says what was last seen of it, and not unreachable.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
options:
  timeout:
    description:
      - Seconds from the order until the server must have been seen booted, up to 86400. V(0) looks once.
      - A look at the server that is under way at the deadline may end up to a minute later.
    type: int
    default: 1800
  services:
    description: Names of services that must run after the reboot. One that does not exist fails the task beforehand.
    type: list
    elements: str
    default: []
  services_timeout:
    description: Seconds, from the boot on, that these services may take to run, up to 86400. V(0) looks once.
    type: int
    default: 600
  delay:
    description:
      - Seconds that Windows waits before it begins to shut down, up to 600, and less than O(timeout) unless that is 0.
    type: int
    default: 5
  pending_shutdown:
    description:
      - What to do when a shutdown is pending already. V(wait) waits for the boot that it may bring.
      - Check mode cannot see a pending shutdown.
    type: str
    choices: [fail, wait]
    default: fail
"""

EXAMPLES = r"""
- name: Reboot a Global Catalog
  exchange_ops.outlook_anywhere.reboot:
    services: [NTDS, Netlogon]
"""

RETURN = r"""
seconds:
  description: How long the boot and the services were waited for.
  returned: always
  type: int
failure:
  description: What a failure says in its message, by its parts.
  returned: on failure
  type: dict
  contains:
    host:
      description: Inventory name of the server.
      type: str
    setting:
      description: The service or option concerned; C(reboot) for the reboot itself.
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
      description: What had been done before the failure.
      type: str
    next_step:
      description: What to do next.
      type: str
"""
