# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""valid_ports: pin the RPC proxy's ValidPorts on a Client Access server."""

from __future__ import annotations

from ..plugin_utils.action_base import FixAction
from ..plugin_utils.fixes.valid_ports import ValidPorts


class ActionModule(FixAction):
    """See plugins/modules/valid_ports.py for the documentation."""

    fix = ValidPorts
