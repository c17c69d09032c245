# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator reads at the end of a run: what still waits and what its users will notice, and what the gates said.

Sources of what users notice: facts of the article (Exchange team blog, 2008-06-20); KB 302914; how long a restart or a
reboot takes is documented nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

_REBOOT = {
    "client_access": "its Outlook Anywhere, OWA and ActiveSync clients are cut off and have to connect again",
    "mailbox": "its mailboxes are not available",
    "global_catalog": "Outlook that was referred to it loses the directory (it keeps it until restarted, KB 302914)",
}
_RESTART = {
    "msexchangesa": "ports 6002 and 6004 of the server are interrupted: directory referral and DSProxy",
    "msexchangeservicehost": "nothing: it only makes polling stop at once instead of within 15 minutes",
    "w3svc": "every HTTP client of the server is cut off and has to connect again",
}
_CONSENT = {True: "outlook_anywhere_allow_reboot", False: "outlook_anywhere_allow_restart"}


@dataclass(frozen=True)
class Waits:
    """The services whose restart, and the reboot, that a server waits for; neither is ever done to a cluster node."""

    restarts: tuple[str, ...]
    reboot: bool
    cluster_node: bool = False


@dataclass(frozen=True)
class Pending:
    """One restart or reboot that waits: what users notice and for how long, and who may do it."""

    what: Literal["restart", "reboot"]
    service: str | None
    due: str
    users_notice: str
    how_long: str
    consent: str

    def as_dict(self) -> dict[str, Any]:
        """As drift.json carries it."""
        return asdict(self)

    def line(self, host: str) -> str:
        """As the screen shows it."""
        name = f"restart of {self.service}" if self.service else self.what
        return f"{host}: {name} {self.due}; users notice: {self.users_notice}; for {self.how_long}; {self.consent}"


def pending(groups: Iterable[str], waits: Waits, applied: bool) -> list[Pending]:
    """Each restart or reboot that waits."""
    due = "is due" if applied else "is due, or will be after the change"
    found = [
        Pending(
            "restart",
            service,
            due,
            _RESTART.get(service.lower(), "not known"),
            "as long as the service takes to stop and start",
            _consent(waits, False),
        )
        for service in waits.restarts
    ]
    if waits.reboot:
        notice = "; ".join(_REBOOT[group] for group in groups if group in _REBOOT) or "not known"
        found.append(Pending("reboot", None, due, notice, "as long as the reboot takes", _consent(waits, True)))
    return found


def _consent(waits: Waits, reboot: bool) -> str:
    if waits.cluster_node:
        return (
            "it is a cluster node, so this is yours to do: Move-ClusteredMailboxServer, or Stop- and "
            "Start-ClusteredMailboxServer"
        )
    return f"consent: {_CONSENT[reboot]}"


def gate_record(result: Mapping[str, Any]) -> dict[str, Any]:
    """What of a gate's result belongs into the report; a gate that could not be judged misses just that."""
    record: dict[str, Any] = {
        word: list(result.get(word) or ()) for word in ("proved", "attested", "expected", "missing")
    }
    is_open = result.get("open") is True
    if not is_open and not record["missing"]:
        record["missing"] = [str(result.get("msg") or "it was not judged")]
    return {"gate": str(result.get("gate") or "not judged"), "open": is_open, **record}


def gate_lines(gate: Mapping[str, Any]) -> list[str]:
    """What a gate has said: what was proved, what was only attested, what is missing."""
    told = [
        f"{word}: {', '.join(str(item) for item in gate.get(word) or ())}"
        for word in ("proved", "attested", "expected", "missing")
        if gate.get(word)
    ]
    state = "open" if gate.get("open") else "closed"
    return ["; ".join([f"gate {gate.get('gate')}: {state}", *told])]
