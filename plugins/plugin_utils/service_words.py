# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service's state in words for people."""

from __future__ import annotations

import re

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
_LOOK = "Look at the System log for why it does not start, and mend that."
# System errors with which net start says that something else was in the way; the code of sc may be of an older start.
_REFUSALS = {
    5: "The account of the connection may not start it: start it as an administrator.",
    1058: "It is disabled: give it its start type back (sc config), or leave it so if it is given up.",
    1060: "It is not installed any more.",
    1067: _LOOK,
    1068: "A service that it needs does not start: start that one first.",
    1069: "Its account could not log on: mend its password or its right to log on as a service.",
    1072: "It is marked for deletion.",
    1075: "A service that it needs is not installed.",
}


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


def start_advice(service: Service | Unreadable, said: str) -> str:
    """What to do about a service that did not start: net start's words count before the exit code that sc shows."""
    codes = map(int, re.findall(r"\b\d{1,5}\b", said))
    refusal = next((_REFUSALS[code] for code in codes if code in _REFUSALS), None)
    return refusal or (SLOW_START if timed_out_at_start(service) else _LOOK)
