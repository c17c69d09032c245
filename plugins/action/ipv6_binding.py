# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipv6_binding: which adapters of a Client Access server have IPv6 bound."""

from __future__ import annotations

from ..plugin_utils.action_base import FixAction
from ..plugin_utils.fixes.ipv6_binding import Ipv6Binding


class ActionModule(FixAction):
    """See plugins/modules/ipv6_binding.py for the documentation."""

    fix = Ipv6Binding
