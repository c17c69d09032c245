# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wmic: when the server booted, what time it is there, which processes run since when, and its adapters' addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.lab.samples import message, sample
from tests.lab.state.printed import NotModelled, Printed

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

# Redirected output has them twice.
LINE_END = "\r\r\n"
COMPARISON = re.compile(r"""\s*name\s*=\s*(?:'([^']*)'|"([^"]*)")\s*""", re.IGNORECASE)


def run(state: ServerState, arguments: list[str]) -> Printed:
    """wmic os, process [where CONDITION] or nicconfig where IPEnabled=true, then get PROPERTIES /value."""
    words = [argument.lower() for argument in arguments]
    if "get" not in words or words[-1] not in ("/value", "/format:list"):
        raise NotModelled
    get = words.index("get")
    properties = [name for word in words[get + 1 : -1] for name in word.split(",") if name]
    if words[:get] == ["os"]:
        return _list([_operating_system(state)], properties)
    if words[:1] == ["process"] and words[1:2] in ([], ["get"], ["where"]):
        blocks = _processes(state, " ".join(arguments[2:get]))
        if not blocks:
            return Printed("\n", message("wmic-no-instance", state.spec.language), 0, LINE_END)
        return _list(blocks, properties)
    if words[:get] == ["nicconfig", "where", "ipenabled=true"]:
        return _list(_adapters(state), properties)
    raise NotModelled


def _operating_system(state: ServerState) -> dict[str, str]:
    offset = state.spec.utc_offset
    return {"LastBootUpTime": _time(state.boot_time, offset), "LocalDateTime": _time(state.clock.now(), offset)}


def _adapters(state: ServerState) -> list[dict[str, str]]:
    """One block an adapter; a list is in braces, its texts in quotes."""
    stacks = [state.interfaces(stack) for stack in ("ipv4", "ipv6")]
    blocks = []
    for adapter, *interfaces in zip(state.spec.adapters, *stacks, strict=True):
        addresses = ",".join(f'"{address}"' for interface in interfaces for address in interface.addresses)
        blocks.append({"IPAddress": f"{{{addresses}}}" if addresses else "", "SettingID": adapter.guid})
    return blocks


def _processes(state: ServerState, condition: str) -> list[dict[str, str]]:
    names = _names(condition)
    return [
        {
            "CreationDate": _time(process.started, state.spec.utc_offset),
            "Name": process.image,
            "ProcessId": str(process.pid),
        }
        for process in state.processes()
        if names is None or process.image.lower() in names
    ]


def _names(condition: str) -> set[str] | None:
    """The names of name='a' or name='b'; None for every process."""
    text = condition.strip()
    if not text:
        return None
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    names = set()
    for part in re.split(r"\bor\b", text, flags=re.IGNORECASE):
        match = COMPARISON.fullmatch(part)
        if match is None:
            raise NotModelled(f"where {condition}")
        names.add((match[1] or match[2] or "").lower())
    return names


def _list(blocks: Sequence[Mapping[str, str]], properties: list[str]) -> Printed:
    """Blocks of NAME=VALUE in the order of the alphabet, laid out as the sample is."""
    known = {name.lower(): name for name in blocks[0]}
    if not properties or not all(name in known for name in properties):
        raise NotModelled(f"get {','.join(properties)}")
    names = sorted(known[name] for name in set(properties))
    before, _first, between, _second, after = re.split(r"(?m)^((?:\w+=.*\n)+)", sample("wmic-value"))
    texts = ["".join(f"{name}={block[name]}\n" for name in names) for block in blocks]
    return Printed(before + between.join(texts) + after, line_end=LINE_END)


def _time(seconds: float, offset: int) -> str:
    """CIM's date and time, in local time with the distance from UTC in minutes."""
    local = datetime.fromtimestamp(seconds, UTC) + timedelta(minutes=offset)
    return f"{local:%Y%m%d%H%M%S.%f}{offset:+04d}"
