# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of kernel_mode_authentication; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kernel_mode_authentication
short_description: Switch kernel-mode authentication of IIS 7 off on a Client Access server
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Sets C(useKernelMode) of C(system.webServer/security/authentication/windowsAuthentication) by C(appcmd), in
    C(applicationHost.config) in every case. With it on, Outlook may ask for the password again and again where NTLM is
    used.
  - A value below the server's own level beats it. Every place that has one is a finding; O(scope) says which are
    changed.
  - Whether IIS takes a change up without a restart of C(W3SVC) is not documented. So RV(findings[].effective) is
    C(unknown) until M(exchange_ops.outlook_anywhere.service_restart) has restarted it, or the server has booted, after
    the change. This module restarts nothing.
  - What counts is what is read again after the change. Where somebody else has written another value in the meantime,
    the task fails and names it.
  - Warns where C(useAppPoolCredentials) is on, and names the places. Two more things that matter are not seen here,
    so look at them yourself - the accounts of the application pools, and whether a guide has left the section unlocked
    below the server's level, so that a C(web.config) may set it.
  - Windows Server 2003 has no kernel-mode authentication, and is C(not_applicable). IIS missing elsewhere is a failure.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
  - exchange_ops.outlook_anywhere.server.fix
options:
  enabled:
    description: Whether IIS shall authenticate in kernel mode. A server where it is absent has it on.
    type: bool
    default: false
  scope:
    description:
      - V(server) changes the server's own level alone.
      - V(exchange) also changes Exchange's site and Exchange's own virtual directories in it, where they set the value
        themselves. The site is the one that C(WebSite) of C(RpcProxy) names, else C(Default Web Site).
      - V(all) changes every place that sets the value.
    type: str
    choices: [server, exchange, all]
    default: exchange
"""

EXAMPLES = r"""
- name: Switch kernel-mode authentication off
  exchange_ops.outlook_anywhere.kernel_mode_authentication:

- name: Switch it off wherever somebody has switched it on
  exchange_ops.outlook_anywhere.kernel_mode_authentication:
    scope: all
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
      description: C(server useKernelMode), then an IIS path and C(useKernelMode) for each place that sets it.
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
  description: C(W3SVC) while a change waits for its restart.
  returned: always
  type: list
  elements: str
reboot_required:
  description: Always false for this module; a restart of C(W3SVC) is enough.
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
