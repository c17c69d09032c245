# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""server_info: typed facts of one server, read by one command."""

from __future__ import annotations

from ..plugin_utils.server_info import ServerInfoAction


class ActionModule(ServerInfoAction):
    """See plugins/modules/server_info.py for the documentation."""
