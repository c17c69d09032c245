# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpc_virtual_directory: how /Rpc authenticates on a Client Access server."""

from __future__ import annotations

from ..plugin_utils.action_base import FixAction
from ..plugin_utils.fixes.rpc_virtual_directory import RpcVirtualDirectory


class ActionModule(FixAction):
    """See plugins/modules/rpc_virtual_directory.py for the documentation."""

    fix = RpcVirtualDirectory
