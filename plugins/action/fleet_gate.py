# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_gate: whether the next part of a fleet may change."""

from __future__ import annotations

from ..plugin_utils.fleet_gate import FleetGateAction


class ActionModule(FleetGateAction):
    """See plugins/modules/fleet_gate.py for the documentation."""
