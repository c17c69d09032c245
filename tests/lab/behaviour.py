# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How services and reboots go on a server that does not behave: what the fleet file says of it, and tests change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# ERROR_SERVICE_REQUEST_TIMEOUT
NO_ANSWER_IN_TIME = 1053


@dataclass(frozen=True)
class ServiceBehaviour:
    """Seconds are the server's own. exit_code is how a start that fails ends."""

    stop_seconds: float = 0.0
    start_seconds: float = 0.0
    stops: str = "normally"  # or never
    starts: str = "normally"  # or fails
    boot: str = "normally"  # or fails: it can be started by hand later
    exit_code: int = NO_ANSWER_IN_TIME


@dataclass(frozen=True)
class RebootBehaviour:
    """How a shutdown that falls due goes on; all seconds are real ones.

    happens: false leaves it pending. warning_seconds stands in for what shutdown /t says. The port refuses connections
    for outage_seconds, and for winrm_late_seconds more after the boot; then shells_late requests for a shell fail.
    comes_back: false ends in a server that is off, network_lost in one that is up and out of reach.
    """

    happens: bool = True
    warning_seconds: float | None = None
    outage_seconds: float = 0.3
    comes_back: bool = True
    network_lost: bool = False
    winrm_late_seconds: float = 0.0
    shells_late: int = 0


@dataclass(frozen=True)
class PendingShutdown:
    """Somebody else's shutdown; kind is reboot or power_off, seconds None: it waits until a test lets it happen."""

    kind: str = "reboot"
    seconds: float | None = None


def services(raw: Mapping[str, Any]) -> dict[str, ServiceBehaviour]:
    """What the fleet file says of each service's behaviour, by its name in lower case."""
    fields = ServiceBehaviour.__dataclass_fields__
    return {
        name.lower(): ServiceBehaviour(**{key: value for key, value in entry.items() if key in fields})
        for name, entry in raw.get("services", {}).items()
        if not isinstance(entry, str)
    }


def pending_shutdown(raw: Mapping[str, Any]) -> PendingShutdown | None:
    """True is a reboot that waits."""
    given = raw.get("pending_shutdown", False)
    if isinstance(given, bool):
        return PendingShutdown() if given else None
    return PendingShutdown(**given)
