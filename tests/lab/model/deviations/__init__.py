# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a server of the model breaks a behaviour of docs/evidence.md, by the id of its row, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from tests.lab.model.deviations import cmd, files, registry, states
from tests.lab.model.deviations.kinds import Deviation
from tests.lab.model.rules import WINDOWS, Rules

DEVIATIONS: dict[str, Deviation] = {**cmd.DEVIATIONS, **files.DEVIATIONS, **registry.DEVIATIONS, **states.DEVIATIONS}


def rules(broken: Iterable[str]) -> Rules:
    """What a server goes by; ids that are broken elsewhere than in the model are left to those."""
    changed = WINDOWS
    for name in broken:
        if name in DEVIATIONS:
            changed = DEVIATIONS[name](changed)
    return changed
