# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a server that was changed is as well as it was: its services and listeners, and what a reboot brings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .formats import sc
from .gates import DIRECTORY, LSASS

Result = Mapping[str, Any]


def server_trouble(before: Result, after: Result, directory: bool = False, closes: Iterable[int] = ()) -> list[str]:
    """What is worse than before, a line each; what could not be read is trouble too.

    C(directory) asks for port 6004 owned by lsass, which a Global Catalog has after the reboot that its value needs.
    C(closes) are ports that the change is meant to close.
    """
    # A task that was tried in vain for some time counts as failed, whatever it read.
    if after.get("unreachable") or after.get("failure") or "server" not in after:
        return [f"it could not be read: {(after.get('failure') or {}).get('found') or after.get('msg')}"]
    was, now = before.get("server") or {}, after.get("server") or {}
    trouble = [*_services(was, now), *_ports(was, now, {str(port) for port in closes})]
    if directory and LSASS not in (now.get("directory_owners") or ()):
        trouble.append(f"{DIRECTORY} is missing")
    return trouble


def _services(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    ran = [name for name, state in (was.get("services") or {}).items() if state == sc.RUNNING]
    states = now.get("services")
    if states is None:
        return [f"its services could not be read: {(now.get('unknown') or {}).get('services', 'no reason was given')}"]
    return [
        f"service {name} ran before and is now in state {states.get(name, 'missing')}"
        for name in ran
        if states.get(name) != sc.RUNNING
    ]


def _ports(was: Mapping[str, Any], now: Mapping[str, Any], closes: set[str]) -> list[str]:
    ports = now.get("ports")
    if ports is None:
        return [f"its listeners could not be read: {(now.get('unknown') or {}).get('ports', 'no reason was given')}"]
    return [
        f"port {port} was listened on before and is not now"
        for port in was.get("ports") or {}
        if port not in ports and port not in closes
    ]
