# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift_report: one table and one file of what a fleet's servers have and should have."""

from __future__ import annotations

from ..plugin_utils.drift_report import DriftReportAction


class ActionModule(DriftReportAction):
    """See plugins/modules/drift_report.py for the documentation."""
