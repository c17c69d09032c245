# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""preflight_report: what module preflight found on all servers."""

from __future__ import annotations

from ..plugin_utils.preflight_report import PreflightReportAction


class ActionModule(PreflightReportAction):
    """See plugins/modules/preflight_report.py for the documentation."""
