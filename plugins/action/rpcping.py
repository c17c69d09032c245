# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpcping: the way of an Outlook Anywhere client, tried step by step from one server."""

from __future__ import annotations

from ..plugin_utils.rpcping import RpcpingAction


class ActionModule(RpcpingAction):
    """See plugins/modules/rpcping.py for the documentation."""
