# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RpcHttpConfigurator: when it overwrites ValidPorts, and when it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab.model.servicelet import CONFIGURATOR, RPC_PROXY
from tests.unit.lab.conftest import Server

MINUTE = 60
OWN_LIST = (
    "mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004;"
    "averylongserver:6001-6002;averylongserver:6004;"
    "averylongservername.contoso.com:6001-6002;averylongservername.contoso.com:6004"
)
POLL = "PeriodicPollingMinutes"


@pytest.fixture
def new_cas(new_server: Callable[..., Server]) -> Callable[..., Server]:
    def make(polling: int | None = None, **servicelet: object) -> Server:
        values = {} if polling is None else {POLL: {"type": "REG_DWORD", "data": polling}}
        return new_server(
            registry={CONFIGURATOR: values, RPC_PROXY: {"ValidPorts": {"type": "REG_SZ", "data": "mine"}}},
            servicelet={"mailbox_servers": ["mbx1.contoso.com", "averylongservername.contoso.com"], **servicelet},
        )

    return make


def ports(server: Server) -> object:
    """ValidPorts as it is now."""
    return server.registry.get(RPC_PROXY, "ValidPorts")[1]


@pytest.mark.parametrize(("polling", "minutes"), [(None, 15), (15, 15), (5, 5)])
def test_it_overwrites_on_every_poll(new_cas: Callable[..., Server], polling: int | None, minutes: int) -> None:
    server = new_cas(polling)
    server.machine.advance(minutes * MINUTE - 5)
    assert ports(server) == "mine"
    server.machine.advance(10)
    assert ports(server) == OWN_LIST
    server.registry.set(RPC_PROXY, "ValidPorts", "REG_SZ", "again")
    server.machine.advance(minutes * MINUTE)
    assert ports(server) == OWN_LIST


def test_it_is_idle_at_zero_and_looks_again(new_cas: Callable[..., Server]) -> None:
    server = new_cas(0)
    server.machine.advance(300 * MINUTE)
    assert ports(server) == "mine"
    server.registry.set(CONFIGURATOR, POLL, "REG_DWORD", 15)
    server.machine.advance(15 * MINUTE)
    assert ports(server) == OWN_LIST


def test_zero_counts_at_the_next_loop(new_cas: Callable[..., Server]) -> None:
    server = new_cas(15)
    server.machine.advance(14 * MINUTE)
    server.registry.set(CONFIGURATOR, POLL, "REG_DWORD", 0)
    server.machine.advance(100 * MINUTE)
    assert ports(server) == "mine"


def test_a_pass_in_progress_writes_once_more(new_cas: Callable[..., Server]) -> None:
    server = new_cas(15, pass_in_progress=True, pass_seconds=3)
    server.run(f"reg add {CONFIGURATOR} /v {POLL} /t REG_DWORD /d 0 /f <nul")
    server.run(f"reg add {RPC_PROXY} /v ValidPorts /d new /f <nul")
    assert ports(server) == "new"
    assert OWN_LIST in server.out(f"ping -n 6 127.0.0.1 <nul >nul&reg query {RPC_PROXY}")
    server.registry.set(RPC_PROXY, "ValidPorts", "REG_SZ", "new")
    server.machine.advance(100 * MINUTE)
    assert ports(server) == "new"


def test_another_writer_can_be_played(server: Server) -> None:
    server.machine.after_program(
        "reg add .*ValidPorts", lambda machine: machine.registry.set(RPC_PROXY, "ValidPorts", "REG_SZ", "theirs")
    )
    add = f"reg add {RPC_PROXY} /v ValidPorts /d mine /f <nul"
    server.run(add)
    assert ports(server) == "theirs"
    server.run(add)
    assert ports(server) == "mine"
