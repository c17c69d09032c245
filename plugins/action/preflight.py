# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""preflight: what the collection believes about Windows, proved on a server."""

from __future__ import annotations

from ..plugin_utils.preflight import PreflightAction


class ActionModule(PreflightAction):
    """See plugins/modules/preflight.py for the documentation."""
