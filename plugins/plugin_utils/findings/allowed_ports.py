# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of Client Access servers, each parsed and judged once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ..allowed_ports import AllowedPorts
from ..fixes.valid_ports import ValidPorts
from ..formats.names import ServerName
from ..formats.valid_ports import Entry
from .fleet import Seen

Judged = TypeVar("Judged")


def lists_of(servers: Iterable[Seen]) -> dict[str, AllowedPorts]:
    """The list of each server whose ValidPorts is known, absent ones as empty; equal texts are parsed once."""
    texts = {
        seen.host: str(seen.get("valid_ports") or "")
        for seen in servers
        if seen.known("valid_ports") and not seen.later_exchange
    }
    parsed = {text: AllowedPorts(text) for text in set(texts.values())}
    return {host: parsed[text] for host, text in texts.items()}


def each_once(lists: Mapping[str, AllowedPorts], judge: Callable[[AllowedPorts], Judged]) -> dict[str, Judged]:
    """What is to be said of each server's list; lists are long and mostly the same one, which is judged once."""
    judged = {id(allowed): judge(allowed) for allowed in {id(each): each for each in lists.values()}.values()}
    return {host: judged[id(allowed)] for host, allowed in lists.items()}


def mailbox_entries(server: ServerName) -> tuple[Entry, ...]:
    """The entries that a Mailbox server needs."""
    return ValidPorts(mailbox_servers=(server,)).wanted
