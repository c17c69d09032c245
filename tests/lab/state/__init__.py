# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a Windows server beyond its registry and files: services, processes, listeners, addresses, boots."""

from tests.lab.state.listeners import Listener
from tests.lab.state.processes import Process
from tests.lab.state.readings import Referral
from tests.lab.state.server import ServerState
from tests.lab.state.services import Service

__all__ = ["Listener", "Process", "Referral", "ServerState", "Service"]
