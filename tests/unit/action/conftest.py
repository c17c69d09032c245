# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of the model for each test, and a controller that has never met it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from unittest import mock

import pytest
import yaml
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader

from plugins.plugin_utils.action_base import plain
from tests.cuts.harness import SERVER, Cut, Order, Stand, Subject, order_cut, stand
from tests.cuts.subjects import server
from tests.lab.faults import HANDSHAKE

Up = Callable[..., Stand]


@pytest.fixture
def up() -> Iterator[Up]:
    """Start a Client Access and Mailbox server on which none of the fixes is applied."""
    with ExitStack() as running:
        yield lambda **more: running.enter_context(stand(Subject(Order("baseline"), server(**more)), "model"))


@contextmanager
def as_a_task_with(**keywords: Any) -> Iterator[None]:
    """Tasks have these keywords meanwhile, as with check_mode or become."""
    with ExitStack() as patched:
        for name, value in keywords.items():
            patched.enter_context(mock.patch.object(Task, name, value))
        yield


def judge(module: str, options: dict[str, Any], on: Stand | None = None, **variables: Any) -> dict[str, Any]:
    """The result of a module that remembers nothing, on the controller or on a server."""
    task = Task()
    task.action, task.args = module, options
    connection = connection_loader.get("winrm" if on else "local", PlayContext(), os.devnull)
    if on:
        hosts = yaml.safe_load(on.inventory.read_text(encoding="utf-8"))["all"]["hosts"]
        connection.set_options(var_options={**hosts[SERVER], "_extras": {}})
    action = importlib.import_module(f"plugins.action.{module}").ActionModule(
        task, connection, PlayContext(), None, None, None
    )
    with closing(connection):
        return dict(plain(action.run(task_vars={"inventory_hostname": "localhost", **variables})))


def gone_at(on: Stand, line: str, order: Order) -> None:
    """Run a task, and lose the line to the server for good when the next one like it has sent this command line."""
    on.run(order)
    requests = [request for request in on.host.requests if request.operation != HANDSHAKE]
    nth = next(number for number, request in enumerate(requests, 1) if line in (request.command_line or ""))
    order_cut(on.host, Cut("any", nth, acted=True, line="gone"), lambda: None)
