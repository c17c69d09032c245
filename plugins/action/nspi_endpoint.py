# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nspi_endpoint: directory service over RPC over HTTP on a Global Catalog."""

from __future__ import annotations

from ..plugin_utils.action_base import FixAction
from ..plugin_utils.fixes.nspi_endpoint import NspiEndpoint


class ActionModule(FixAction):
    """See plugins/modules/nspi_endpoint.py for the documentation."""

    fix = NspiEndpoint
