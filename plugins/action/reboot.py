# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reboot: one server booted, and waited for."""

from __future__ import annotations

from ..plugin_utils.reboot import RebootAction


class ActionModule(RebootAction):
    """See plugins/modules/reboot.py for the documentation."""
