# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""whoami: the groups of the connection's account."""

from __future__ import annotations

from tests.lab import argv
from tests.lab.model.call import Call
from tests.lab.model.parser import NotModelled

GROUPS = ["/groups", "/fo", "csv", "/nh"]
# It has no integrity levels.
WITHOUT_LEVELS = ("2003",)


async def run(call: Call) -> int:
    """whoami /groups /fo csv /nh."""
    if [word.lower() for word in argv.split(call.text)[1:]] != GROUPS:
        raise NotModelled(call.text)
    machine = call.machine
    filtered = not machine.rules.full_token
    text = call.localised("whoami-groups-filtered" if filtered else "whoami-groups")
    lines = text.splitlines(keepends=True)
    call.print("".join(line for line in lines if machine.spec.windows not in WITHOUT_LEVELS or "S-1-16-" not in line))
    return 0
