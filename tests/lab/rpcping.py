# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How rpcping.exe goes on a server of the lab: what the fleet file says of each step, and the reading of its arguments.

No transcript of a real one was found: what it prints here is invented, and nothing may rely on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.lab.samples import sample

RPCPING = r"C:\Windows\system32\rpcping.exe"
IMAGE = "rpcping.exe"
PROXY = "proxy"
UNAVAILABLE = 1722
UNAUTHORISED = 401
BAD_ARGUMENTS = 87
# -x VALUE; the others stand alone.
WITH_VALUE = ("t", "s", "e", "o", "P", "I", "H", "F", "a", "u", "v")
ALONE = ("E",)
NEED_SECURITY = ("P", "I", "H", "F", "E")


@dataclass(frozen=True)
class Outcome:
    """One step. {identity} in its output is what was given behind -P.

    hangs: it never ends. survives: not even when WinRS ends the command; then taskkill does, unless it is unkillable.
    """

    exit_code: int = 0
    output: str | None = None
    hangs: bool = False
    survives: bool = False
    unkillable: bool = False

    @property
    def text(self) -> str:
        """What it prints."""
        if self.output is not None:
            return self.output
        return sample("rpcping").replace("{code}", str(self.exit_code))


@dataclass(frozen=True)
class RpcpingSpec:
    """Steps that are not named succeed; with a password, any other is refused at every step."""

    steps: Mapping[str, Outcome] = field(default_factory=dict)
    password: str | None = None


def rpcping(raw: Mapping[str, Any]) -> RpcpingSpec | None:
    """From a fleet file; None where the server has no rpcping.exe."""
    given = raw.get("rpcping")
    if given is None:
        return None
    steps = {str(name): Outcome(**outcome) for name, outcome in given.get("steps", {}).items()}
    return RpcpingSpec(**{**given, "steps": steps})


def outcome(spec: RpcpingSpec, arguments: Sequence[str]) -> Outcome:
    """How a run with these arguments goes."""
    options = _options(arguments)
    if options is None:
        return Outcome(BAD_ARGUMENTS)
    step = spec.steps.get(options.get("e", PROXY), Outcome())
    identities = [options[name] for name in ("P", "I") if name in options]
    if spec.password is not None and any(identity.split(",", 2)[2] != spec.password for identity in identities):
        step = Outcome(UNAUTHORISED, sample("rpcping").replace("{code}", str(UNAUTHORISED)))
    return replace(step, output=step.text.replace("{identity}", options["P"]))


def _options(arguments: Sequence[str]) -> dict[str, str] | None:
    """What is said by which letter; None for what rpcping would not take, or would ask about."""
    options: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        letter = argument[1:]
        if argument[:1] not in ("-", "/") or letter in options:
            return None
        if letter in WITH_VALUE and rest:
            options[letter] = rest.pop(0)
        elif letter in ALONE:
            options[letter] = ""
        else:
            return None
    return options if _is_complete(options) else None


def _is_complete(options: Mapping[str, str]) -> bool:
    if options.get("t") != "ncacn_http" or not options.get("o", "").startswith("RpcProxy=") or "s" not in options:
        return False
    if any(name in options for name in NEED_SECURITY) and not {"a", "u"} <= set(options):
        return False
    if ("E" in options) == ("e" in options):
        return False
    identities = [options[name] for name in ("P", "I") if name in options]
    parts = [identity.split(",", 2) for identity in identities]
    return "P" in options and all(len(part) == 3 and part[2] not in ("", "*") for part in parts)
