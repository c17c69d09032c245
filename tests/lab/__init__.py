# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows servers for tests: a fleet that a WinRM client cannot tell from real ones, as far as this collection goes."""

from __future__ import annotations

from tests.lab.faults import Fault
from tests.lab.fleet import Host, Lab
from tests.lab.hosts import load_hosts

__all__ = ["Fault", "Host", "Lab", "load_hosts"]
