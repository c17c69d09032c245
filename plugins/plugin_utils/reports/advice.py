# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does next about a setting or a server that is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .summary import Pending

_HOST = {
    "unreachable": "Nothing answered there. See that its WinRM listener can be reached from the controller with the "
    "account of the inventory, then run again.",
    "failed": "A task failed there. Its message says what it found and what to do; then run again.",
    "not_read": "It was not read in this run: a limit or a tag left it out, or the run stopped before it. Run again "
    "with it.",
}
_UNFINISHED = "A change has begun there and is not finished: run the same playbook again, which takes it up."


def for_host(state: str, unfinished: bool) -> list[str]:
    """What to do about a server; empty where there is nothing to do."""
    return [*([_HOST[state]] if state in _HOST else []), *([_UNFINISHED] if unfinished else [])]


def for_finding(
    finding: Mapping[str, Any], state: str, waits: bool, waiting: Iterable[Pending], applied: bool, playbook: str
) -> str | None:
    """What to do about a setting; None where there is nothing to do."""
    if state == "drifted":
        return _drifted(finding, applied, playbook)
    if state == "unknown":
        return "It could not be told, and so does not count as right. See to what the reason names, then run again."
    if waits:
        names = [one.what if one.service is None else f"the restart of {one.service}" for one in waiting]
        due = " and ".join("the reboot" if name == "reboot" else name for name in names)
        return f"It is set and not in force yet: it waits for {due or 'what the reason names'}."
    return None


def _drifted(finding: Mapping[str, Any], applied: bool, playbook: str) -> str:
    # Drift only reads: what it finds site mends. On the way back drift would ask for what is being undone.
    mends = "site" if playbook == "drift" else playbook
    if finding["blocked_by"]:
        then = "then run rollback again" if playbook == "rollback" else "then drift tells whether it is right"
        return f"It is held back: {finding['blocked_by']}. See to that first; {then}."
    if finding["before"] == finding["after"]:
        return "No module changes it. The reason says what is wanted."
    if applied:
        return f"The run did not mend it: read the messages of the server, see to them, and run {mends} again."
    what = "removes it" if finding["after"] is None else "sets it to what stands under after"
    return f"Playbook {mends} {what}. In check mode it shows that and changes nothing."
