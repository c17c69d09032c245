# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tasklist /svc: images, process ids and services in columns under a rule."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tests.lab.samples import message
from tests.lab.state.printed import NotModelled, Printed
from tests.lab.state.processes import Process

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState


def run(state: ServerState, arguments: list[str]) -> Printed:
    """Nothing but /svc."""
    if [argument.lower() for argument in arguments] != ["/svc"]:
        raise NotModelled
    head = message("tasklist-svc-head", state.spec.language)
    none = message("tasklist-svc-none", state.spec.language).strip()
    widths = [len(rule) for rule in head.splitlines()[-1].split()]
    return Printed(head + "".join(_lines(process, widths, none) for process in state.processes()))


def _lines(process: Process, widths: list[int], none: str) -> str:
    """Long image names are cut, long lists of services go on in the next line."""
    name, pid, services = widths
    rows = textwrap.wrap(", ".join(process.services), services) or [none]
    first = f"{process.image[:name]:<{name}} {process.pid:>{pid}} "
    return "".join(
        f"{first if number == 0 else ' ' * len(first)}{row:<{services}}\n" for number, row in enumerate(rows)
    )
