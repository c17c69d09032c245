# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIS 7 of a server: its configuration as the XML document that it is, and what of it is in effect."""

from tests.lab.state.iis.configuration import Configuration
from tests.lab.state.iis.server import Iis

__all__ = ["Configuration", "Iis"]
