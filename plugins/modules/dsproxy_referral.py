# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of dsproxy_referral; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dsproxy_referral
short_description: Stop a Mailbox server from referring HTTP clients to DSProxy
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Sets C(Do Not Refer HTTP to DSProxy) and C(NSPI Target Server) of the System Attendant, the Mailbox server's part of
    the fix for split connections. Both work from the next start of C(MSExchangeSA) on, which this module does not do.
  - Until the System Attendant (C(mad.exe)) is seen to have started after the change, the restart stays in
    RV(restart_required).
  - An option that is left out is not managed. One of the two values without the other is drift all the same.
  - C(RFR Target Server), C(No RFR Service) and a key C(MSExchangeSA \Parameters) with a blank in its name are told.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
  - exchange_ops.outlook_anywhere.server.fix
options:
  refer_http_to_dsproxy:
    description:
      - V(false) writes C(Do Not Refer HTTP to DSProxy) = 1; any REG_DWORD other than 0 there is as good.
      - V(true) removes the value; 0 and absent both mean that clients are referred.
    type: bool
  nspi_target_server:
    description:
      - FQDN of the one Global Catalog that profile creation uses, or a dict of C(fqdn).
      - An empty text removes the value.
    type: raw
"""

EXAMPLES = r"""
- name: Hand HTTP clients to a Global Catalog instead of DSProxy
  exchange_ops.outlook_anywhere.dsproxy_referral:
    refer_http_to_dsproxy: false
    nspi_target_server: gc1.contoso.com

- name: Only look
  exchange_ops.outlook_anywhere.dsproxy_referral:
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
      description: C(Do Not Refer HTTP to DSProxy) or C(NSPI Target Server).
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
  description: C(MSExchangeSA) while a change waits for its restart.
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
