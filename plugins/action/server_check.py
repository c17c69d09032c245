# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""server_check: whether a server that was changed runs as well as before."""

from __future__ import annotations

from ..plugin_utils.server_check import ServerCheckAction


class ActionModule(ServerCheckAction):
    """See plugins/modules/server_check.py for the documentation."""
