# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netstat -ano: listeners of both stacks, some connections and UDP ports, in the columns of the sample."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.lab.samples import message, sample
from tests.lab.state.printed import NotModelled, Printed
from tests.lab.state.processes import AGENT_PID, SYSTEM

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

CLIENT_PORT = 50017
PEER = {"ipv4": "10.254.0.21", "ipv6": "2001:db8:ffff::21"}
# What findstr 6004 finds as well: a port of UDP and the far end of a connection.
DIRECTORY_PORT = 6004

Row = tuple[str, str, str, str, int]


def run(state: ServerState, arguments: list[str]) -> Printed:
    """Nothing but -ano, whatever way it is written."""
    letters = "".join(argument[1:] for argument in arguments if argument[:1] in ("-", "/"))
    if sorted(letters.lower()) != ["a", "n", "o"] or len("".join(arguments)) != len(letters) + len(arguments):
        raise NotModelled
    listening, established = message("netstat-states", state.spec.language).split()
    rows = [*_tcp(state, listening, established), *_udp(state)]
    return Printed(message("netstat-head", state.spec.language) + "".join(_line(*row) for row in rows))


def _tcp(state: ServerState, listening: str, established: str) -> Iterator[Row]:
    for stack in ("ipv4", "ipv6"):
        for listener in state.listeners():
            if listener.stack == stack:
                local = _end(listener.address, listener.port)
                yield "TCP", local, _end(listener.address, 0), listening, listener.pid
        addresses = state.addresses(stack)
        if not addresses:
            continue
        if stack == "ipv4":
            yield "TCP", _end(addresses[0], 139), _end("0.0.0.0", 0), listening, SYSTEM
        yield from _connections(state, stack, addresses[0], established)


def _connections(state: ServerState, stack: str, address: str, established: str) -> Iterator[Row]:
    """A client of each port that Outlook uses, and this server as another one's client."""
    for listener in state.listeners():
        if listener.stack == stack and listener.port in (6001, 6002, DIRECTORY_PORT):
            far = _end(PEER[stack], CLIENT_PORT + listener.port)
            yield "TCP", _end(address, listener.port), far, established, listener.pid
    yield "TCP", _end(address, CLIENT_PORT), _end(PEER[stack], DIRECTORY_PORT), established, AGENT_PID


def _udp(state: ServerState) -> Iterator[Row]:
    yield "UDP", _end("0.0.0.0", DIRECTORY_PORT), "*:*", "", AGENT_PID
    for address in state.addresses("ipv4")[:1]:
        yield "UDP", _end(address, 137), "*:*", "", SYSTEM
    for address in state.addresses("ipv6")[:1]:
        yield "UDP", _end(address, 546), "*:*", "", SYSTEM


def _line(protocol: str, local: str, remote: str, word: str, pid: int) -> str:
    """A text that is too long for its column moves the rest to the right."""
    match = re.match(r"( +)(\w+ +)(\S+ +)(\S+ +)(\S+ +)\d", sample("netstat-ano"))
    if match is None:
        raise ValueError("netstat-ano: no line of netstat")
    indent, *columns = match.groups()
    cells = (
        f"{text:<{len(column) - 1}} " for text, column in zip((protocol, local, remote, word), columns, strict=True)
    )
    return f"{indent}{''.join(cells)}{pid}\n"


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
