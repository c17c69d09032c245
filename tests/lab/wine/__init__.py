# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Wine back end: Wine's own reg.exe, cmd.exe, registry and files, one prefix a server."""

from __future__ import annotations

from tests.lab.wine.backend import WineBackend
from tests.lab.wine.cannot import WineCannot

__all__ = ["WineBackend", "WineCannot"]
