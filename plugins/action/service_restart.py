# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""service_restart: one service stopped and started again, with what needs it."""

from __future__ import annotations

from ..plugin_utils.service_restart import ServiceRestartAction


class ActionModule(ServiceRestartAction):
    """See plugins/modules/service_restart.py for the documentation."""
