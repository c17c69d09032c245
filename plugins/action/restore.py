# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""restore: what snapshots say of a server brought back."""

from __future__ import annotations

from ..plugin_utils.restore import RestoreAction


class ActionModule(RestoreAction):
    """See plugins/modules/restore.py for the documentation."""
