# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kernel_mode_authentication: IIS 7's kernel-mode authentication on a Client Access server."""

from __future__ import annotations

from ..plugin_utils.action_base import FixAction
from ..plugin_utils.fixes.kernel_mode_authentication import KernelModeAuthentication


class ActionModule(FixAction):
    """See plugins/modules/kernel_mode_authentication.py for the documentation."""

    fix = KernelModeAuthentication
