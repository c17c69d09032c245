# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""shutdown: a reboot or a power-off is ordered, or the order taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.samples import message
from tests.lab.state import system_errors
from tests.lab.state.power import POWER_OFF, REBOOT
from tests.lab.state.printed import NotModelled, Printed

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

KINDS = {"r": REBOOT, "s": POWER_OFF}
WITH_VALUE = ("t", "c", "d")
KNOWN = (*KINDS, "a", "f", *WITH_VALUE)
# What it waits where /t does not say.
DEFAULT_SECONDS = 30.0
IN_PROGRESS, NONE_IN_PROGRESS, SCHEDULED = 1115, 1116, 1190
# These know no error of its own for a shutdown that is only scheduled (facts of the collection, section 8).
WITHOUT_SCHEDULED = ("2003", "2008", "2008r2")


def run(state: ServerState, arguments: list[str]) -> Printed:
    """shutdown /r or /s with /t, /c, /d and /f; shutdown /a."""
    switches = _switches(arguments)
    if set(switches) == {"a"}:
        return Printed("") if state.abort_shutdown() else _failed(state, NONE_IN_PROGRESS)
    kinds = [KINDS[name] for name in switches if name in KINDS]
    if len(kinds) != 1 or "a" in switches:
        raise NotModelled
    if not state.schedule_shutdown(kinds[0], _seconds(state, switches)):
        return _failed(state, IN_PROGRESS if state.spec.windows in WITHOUT_SCHEDULED else SCHEDULED)
    return Printed("")


def _switches(arguments: list[str]) -> dict[str, str]:
    """Letters with their values."""
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name = argument[1:].lower()
        if argument[:1] not in ("/", "-") or name not in KNOWN or (name in WITH_VALUE and not rest):
            raise NotModelled
        found[name] = rest.pop(0) if name in WITH_VALUE else ""
    return found


def _seconds(state: ServerState, switches: dict[str, str]) -> float | None:
    reboot = state.spec.reboot
    if not reboot.happens:
        return None
    return float(switches.get("t", DEFAULT_SECONDS)) if reboot.warning_seconds is None else reboot.warning_seconds


def _failed(state: ServerState, code: int) -> Printed:
    words = system_errors.text(code, state.spec.language)
    return Printed("", message("shutdown-failed", state.spec.language, text=words, code=str(code)), code)
