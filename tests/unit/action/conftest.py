# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of the model for each test, and a controller that has never met it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.cuts.harness import SERVER, Cut, Order, Stand, Subject, order_cut, run, stand
from tests.cuts.subjects import PORTS, server
from tests.lab.faults import HANDSHAKE

PINS = {**PORTS, "unknown_entries": "remove"}
Up = Callable[..., Stand]


@pytest.fixture
def up() -> Iterator[Up]:
    """Start a Client Access and Mailbox server on which none of the fixes is applied."""
    with ExitStack() as running:
        yield lambda **more: running.enter_context(stand(Subject(Order("baseline"), server(**more)), "model"))


def judge(module: str, options: dict[str, Any], on: Stand | None = None, **variables: Any) -> dict[str, Any]:
    """The result of a module that remembers nothing, on the controller or on a server."""
    return run(Order(module, options), on and on.inventory, inventory_hostname="localhost", **variables)


def restore(on: Stand, **options: Any) -> dict[str, Any]:
    return on.run(Order("restore", options))


def snapshots(on: Stand) -> list[Path]:
    """The files of the server's snapshots, the oldest first."""
    return sorted((on.snapshots / SERVER).glob("0*"))


def pending(on: Stand) -> list[dict[str, Any]]:
    """What the journal remembers of the server."""
    content = json.loads((on.snapshots / SERVER / "pending.json").read_text(encoding="utf-8"))
    return list(content["pending"])


def gone_at(on: Stand, line: str, order: Order) -> None:
    """Run a task, and lose the line to the server for good when the next one like it has sent this command line."""
    on.run(order)
    requests = [request for request in on.host.requests if request.operation != HANDSHAKE]
    nth = next(number for number, request in enumerate(requests, 1) if line in (request.command_line or ""))
    order_cut(on.host, Cut("any", nth, acted=True, line="gone"), lambda: None)
