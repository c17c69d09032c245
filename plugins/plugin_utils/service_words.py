# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service's state in words for people."""

from __future__ import annotations

from .formats.registry import Unreadable
from .formats.sc import MEANINGS, NEVER_STARTED, START_TIMED_OUT, STOPPED
from .reads import Service

_CODES = {
    START_TIMED_OUT: "it did not report within the 30 seconds that Windows gives a service to start",
    NEVER_STARTED: "nobody has tried to start it since the boot",
}
SLOW_START = (
    "Without access to the certificate revocation lists, .NET's check of signatures takes longer than Windows waits "
    "(KB 944752): start it by hand, or let the server reach the lists, or set generatePublisherEvidence to false in "
    "the configuration file of the service's program."
)


def timed_out_at_start(service: Service | Unreadable) -> bool:
    """Whether a service is down because it did not start in time."""
    return isinstance(service, Service) and service.state == STOPPED and service.exit_code == START_TIMED_OUT


def told(service: Service | Unreadable) -> str:
    """The state, by its number and a word, and how the last start or run ended."""
    if isinstance(service, Unreadable):
        return f"in a state that was not understood: {service.why}; the server said {service.answer!r}"
    if service.state is None:
        return "not installed"
    state = f"in state {service.state} ({MEANINGS[service.state]})"
    if service.state != STOPPED or not service.exit_code:
        return state
    meaning = _CODES.get(service.exit_code)
    return f"{state} with exit code {service.exit_code}" + (f" ({meaning})" if meaning else "")
