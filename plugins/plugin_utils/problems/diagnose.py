# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the article's problems a fleet has, by what was read of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..findings.fleet import gathered
from ..fleet_finding import FleetFinding
from .answer import Diagnosis, Problem
from .case import Case
from .comments import remarks
from .credential_prompts import credential_prompts
from .directory_by_ipv6 import between_servers, on_one_server
from .ladders import ladder_of
from .split_connection import split_connections

# In the article's order.
PROBLEMS = (between_servers, on_one_server, split_connections, credential_prompts)


def diagnose(case: Case, findings: Iterable[FleetFinding] = (), rpcping: Iterable[Mapping[str, Any]] = ()) -> Diagnosis:
    """The whole answer, of readings alone."""
    problems = tuple(_gathered(judge(case)) for judge in PROBLEMS)
    ladders = tuple(ladder_of(result, problems) for result in rpcping)
    return Diagnosis(
        problems=problems,
        fleet=tuple(findings),
        ladders=ladders,
        remarks=remarks(case, problems, ladders),
        unread=case.unread,
        not_known=gathered(
            f"{host}: {part}: {why}"
            for host in case.hosts
            for part, why in (case.facts(host).get("unknown") or {}).items()
        ),
    )


def _gathered(problem: Problem) -> Problem:
    """Lines that are true of several servers once: a fleet may have a thousand of them."""
    return replace(
        problem,
        evidence=gathered(problem.evidence),
        pending=gathered(problem.pending),
        unknown=gathered(problem.unknown),
    )
