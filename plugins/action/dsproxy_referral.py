# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dsproxy_referral: whether a Mailbox server refers HTTP clients to DSProxy."""

from __future__ import annotations

from ..plugin_utils.action_base import FixAction
from ..plugin_utils.fixes.dsproxy_referral import DsproxyReferral


class ActionModule(FixAction):
    """See plugins/modules/dsproxy_referral.py for the documentation."""

    fix = DsproxyReferral
