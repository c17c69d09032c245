# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipv6_components: IPv6 off, or behind IPv4, on a Client Access server."""

from __future__ import annotations

from ..plugin_utils.action_base import FixAction
from ..plugin_utils.fixes.ipv6_components import Ipv6Components


class ActionModule(FixAction):
    """See plugins/modules/ipv6_components.py for the documentation."""

    fix = Ipv6Components
