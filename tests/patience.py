# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a test waits for what has to come: a machine that is busy is no defect."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.02


def wait(condition: Callable[[], object]) -> None:
    """Until it holds; AssertionError where it never does."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < PATIENCE_SECONDS
        time.sleep(_LOOK_SECONDS)
