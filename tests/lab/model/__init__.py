# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model: a Windows server in pure Python, as far as public documentation goes."""

from __future__ import annotations

from tests.lab.model.backend import ModelBackend, ModelProcess
from tests.lab.model.machine import Machine

__all__ = ["Machine", "ModelBackend", "ModelProcess"]
