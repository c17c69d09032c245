# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""baseline: any number of fixes by one reading of the server."""

from __future__ import annotations

from ..plugin_utils.baseline import BaselineAction


class ActionModule(BaselineAction):
    """See plugins/modules/baseline.py for the documentation."""
