# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rpcping proved, where it stopped, and what that means beside what was read of the servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..formats.text import shortened
from .answer import Ladder, Problem, Step

PROVED = "succeeded"
# Which of the article's problems can stop which step; those of mail and referral none of them can.
CAN_STOP = {"proxy": ("C",), "6004": ("A", "A'", "B")}
_NOT_STARTED = "rpcping did not run"
_MOST = 300


def ladder_of(result: Mapping[str, Any], problems: Iterable[Problem]) -> Ladder:
    """From a result of the module rpcping; C(host) in it is where it ran."""
    steps = tuple(_step(item) for item in result.get("steps") or ())
    stopped = result.get("failed_step")
    proved = result.get("proved") is True
    failed: Mapping[str, Any] = next((item for item in result.get("steps") or () if item.get("name") == stopped), {})
    return Ladder(
        host=str(result.get("host") or "a server that is not named"),
        target=_target(result),
        proved=proved,
        stopped_at=None if stopped is None else str(stopped),
        steps=steps,
        trouble="" if proved or stopped is not None else f"{_NOT_STARTED}: {_why(result)}",
        look_at=tuple(str(text) for text in failed.get("look_at") or ()),
        fits=_fits(None if stopped is None else str(stopped), steps, tuple(problems)),
    )


def _target(result: Mapping[str, Any]) -> str:
    proxy, server = result.get("rpc_proxy") or "?", result.get("mailbox_server") or "?"
    method = result.get("proxy_authentication")
    return f"to {server} through {proxy}{f' ({method} at the proxy)' if method else ''}"


def _why(result: Mapping[str, Any]) -> str:
    found = (result.get("failure") or {}).get("found") or result.get("msg") or "no reason was given"
    return shortened(str(found), _MOST)


def _step(item: Mapping[str, Any]) -> Step:
    state = str(item.get("state") or "not_run")
    code = item.get("exit_code")
    told = [] if code is None else [f"exit code {code}"]
    told += [str(text) for text in item.get("recognised") or ()]
    return Step(str(item.get("name")), state, str(item.get("meaning") or ""), "; ".join(told))


def _fits(stopped: str | None, steps: tuple[Step, ...], problems: tuple[Problem, ...]) -> tuple[str, ...]:
    """The problems that explain where it stopped; and those that it speaks against."""
    if stopped is not None:
        able = [problem for problem in problems if problem.about.name in CAN_STOP.get(stopped, ())]
        fitting = [problem for problem in able if problem.state != "not_present"]
        if not fitting:
            return ("none of the article's problems explains it by what was read",)
        return tuple(
            f"problem {problem.about.name} ({problem.state.replace('_', ' ')}) would stop it there"
            for problem in fitting
        )
    done = {step.name for step in steps if step.state == PROVED}
    return tuple(
        f"step {name} succeeded, although problem {problem.about.name} is present: one connection was made, from this "
        "server alone"
        for name, able in CAN_STOP.items()
        for problem in problems
        if name in done and problem.about.name in able and problem.state == "present"
    )
