# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of whoami, and what the account's token can do: by security identifiers, as names are localised.

Sources: Microsoft's well-known security identifiers (S-1-5-32-544 Administrators; S-1-16-8192 medium, S-1-16-12288 high
and S-1-16-16384 system integrity); KB 951016 for the token that is filtered over the network.
"""

from __future__ import annotations

import re

from ..windows.command_line import Step, command
from .probe import FRAME, Answers, Ask, Probe, Untestable, chain, expect, shown

ADMINISTRATORS = "S-1-5-32-544"
_LEVEL = re.compile(r"S-1-16-(\d+)$")
_SID = re.compile(r"\bS-1-\d+(?:-\d+)+\b")
_HIGH = 12288
_STEP = "groups"
GROUPS = Ask("whoami", steps=(Step(_STEP, command("whoami", "/groups", "/fo", "csv", "/nh"), may_fail=True),))


def _sids(answers: Answers) -> tuple[str, ...]:
    frame = answers.frame(GROUPS, _STEP)
    return tuple(_SID.findall(frame.stdout.decode("utf-8", "backslashreplace"))) if frame.succeeded else ()


def _level(sids: tuple[str, ...]) -> int | None:
    found = [int(match[1]) for sid in sids if (match := _LEVEL.match(sid))]
    return found[0] if found else None


def has_full_token(answers: Answers) -> bool | None:
    """Whether the account has an administrator's rights in this session; None where that is not known.

    A filtered token still lists the group, for denying only; its level is medium. Windows Server 2003 has no levels.
    """
    sids = _sids(answers)
    level = _level(sids)
    if not sids:
        return None
    return ADMINISTRATORS in sids and (level is None or level >= _HIGH)


def token(answers: Answers) -> str:
    """What is known of the token, for people."""
    sids = _sids(answers)
    level = _level(sids)
    if not sids:
        return "the account's token is not known, as whoami says nothing of it"
    if level is not None and level < _HIGH and ADMINISTRATORS in sids:
        return (
            "the account's token is filtered (KB 951016): it is an administrator, and its rights are taken away over "
            f"the network (S-1-16-{level}). Use the built-in Administrator or an account of the domain, or have "
            "LocalAccountTokenFilterPolicy set on the server"
        )
    if ADMINISTRATORS not in sids:
        return f"the account is no member of Administrators ({ADMINISTRATORS} is not among its groups)"
    return f"the account's token is an administrator's, {'of no level' if level is None else f'S-1-16-{level}'}"


def _whoami(answers: Answers) -> str:
    frame = answers.frame(GROUPS, _STEP)
    if not frame.succeeded:
        raise Untestable(f"there is no whoami here, or it fails: {shown(frame)}")
    expect(bool(_sids(answers)), shown(frame))
    return chain(token(answers), shown(frame))


PROBES = (Probe("whoami", _whoami, (GROUPS,), FRAME, used_by="nothing but preflight itself"),)
