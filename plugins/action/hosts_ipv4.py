# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts_ipv4: a server with the Client Access and the Mailbox role reaches itself over IPv4."""

from __future__ import annotations

from ..plugin_utils.action_base import FixAction
from ..plugin_utils.fixes.hosts_ipv4 import HostsIpv4


class ActionModule(FixAction):
    """See plugins/modules/hosts_ipv4.py for the documentation."""

    fix = HostsIpv4
