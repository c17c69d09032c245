# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""diagnosis: which of the article's problems a fleet has, by what was read of it."""

from __future__ import annotations

from ..plugin_utils.diagnosis import DiagnosisAction


class ActionModule(DiagnosisAction):
    """See plugins/modules/diagnosis.py for the documentation."""
