# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to say of a setting whose registry key could not be read."""

from __future__ import annotations

from ..formats.registry import Key, KeyAbsent, KeyDenied, Unreadable
from .plan import Configured, Failure

_RIGHTS = (
    "Give the connection's account the right to read it and run again. A local administrator other than the built-in "
    "one gets a filtered token over the network (KB 951016), which looks just like this."
)


def unread_setting(setting: str, failure: Failure) -> Configured:
    """A setting of which nothing is known, for the reason that would stop a task."""
    return Configured(setting, None, "unknown", f"{failure.problem}: {failure.found}", known=False)


def unread_failure(setting: str, key: Key, state: KeyAbsent | KeyDenied | Unreadable, absent_means: str) -> Failure:
    """The failure for a key that was absent, denied or not understood; absent_means says what its absence tells."""
    expected = f"the key {key.path}, readable"
    if isinstance(state, KeyAbsent):
        return Failure(
            setting=setting,
            problem=f"the registry key does not exist: {absent_means}",
            found=f"{state.missing.path} does not exist (the key above it could be read and does not list it)",
            expected=expected,
            next_step="Install what is missing, or take this server out of the inventory group, and run again.",
        )
    if isinstance(state, KeyDenied):
        return Failure(
            setting=setting,
            problem="the server does not let us read the registry key",
            found=f"{state.denied.path} exists and cannot be read; the server said {state.answer!r}",
            expected=expected,
            next_step=_RIGHTS,
        )
    return Failure(
        setting=setting,
        problem=f"the server's answer could not be understood: {state.why}",
        found=repr(state.answer),
        expected=expected,
        next_step=f'Run reg query "{key.path}" on the server by hand and compare; nothing was written.',
    )
