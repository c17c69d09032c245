# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the comments of the article and its neighbours add: told where its condition is seen, else as worth knowing.

Sources: Exchange team blog, 2008-06-20, and its comments; KB 949469; Exchange 2007 help, RpcHttpConfigurator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..findings.fleet import gathered
from .answer import Ladder, Problem, Remark
from .case import Case

# Its Global Catalogs allow this many NSPI sessions a user where no value says otherwise.
LIMITED_WINDOWS, LIMIT = "6.0", 50
_COMMENTS = "Exchange team blog, 2008-06-20, comments"


def remarks(case: Case, problems: Iterable[Problem], ladders: Iterable[Ladder]) -> tuple[Remark, ...]:
    """Those that were seen first."""
    found = (
        _ntlm(case),
        _basic(case, {problem.about.name: problem for problem in problems}),
        _session_limit(case),
        _names_and_certificates(tuple(ladders)),
        _fallback_from_tcp(),
    )
    return tuple(sorted(found, key=lambda remark: not remark.seen))


def _ntlm(case: Case) -> Remark:
    ntlm = [host for host in case.client_access if _directory(case, host, "rpc").get("windows")]
    evidence = []
    for host in ntlm:
        for name in ("oab", "autodiscover"):
            item = _directory(case, host, name)
            if item:
                evidence.append(f"{host}: {item.get('path')}: Windows authentication {_word(item.get('windows'))}")
    return Remark(
        name="ntlm_breaks_oab",
        seen=bool(ntlm),
        hosts=tuple(ntlm),
        text="NTLM on Outlook Anywhere is reported to break /OAB and Autodiscover until IIS restarts, even with it "
        "disabled. Where they fail, restart IIS",
        evidence=gathered(evidence),
        reference=_COMMENTS,
    )


def _basic(case: Case, problems: Mapping[str, Problem]) -> Remark:
    prompts = problems["C"]
    seen = prompts.state == "present"
    evidence = gathered(
        f"{host}: {item.get('path')}: Basic {_word(item.get('basic'))}"
        for host in case.client_access
        if (item := _directory(case, host, "rpc"))
    )
    return Remark(
        name="basic_fallback",
        seen=seen,
        hosts=prompts.hosts if seen else (),
        text="Basic instead of NTLM also stops the prompts. It is set in Active Directory (Set-OutlookAnywhere), from "
        "where RpcHttpConfigurator stamps it on /rpc at each poll and overwrites what was set in IIS by hand; with "
        "PeriodicPollingMinutes 0 nobody stamps it any more",
        evidence=evidence,
        reference=f"{_COMMENTS}; Exchange 2007 help, RpcHttpConfigurator",
    )


def _session_limit(case: Case) -> Remark:
    limited, evidence = [], []
    for host in case.global_catalog:
        facts = case.facts(host)
        limit = facts.get("nspi_max_sessions_per_user")
        default = facts.get("windows_version") == LIMITED_WINDOWS and "nspi_max_sessions_per_user" not in (
            facts.get("unknown") or {}
        )
        if facts and limit is None and default:
            limited.append(host)
            evidence.append(f"{host}: NSPI max sessions per user is absent, so {LIMIT} are allowed")
        elif limit is not None:
            limited += [host] if limit <= LIMIT else []
            evidence.append(f"{host}: NSPI max sessions per user is {limit}")
    return Remark(
        name="nspi_session_limit",
        seen=bool(limited),
        hosts=tuple(limited),
        text=f"a Global Catalog on Windows Server 2008 allows {LIMIT} NSPI sessions a user. More can show a credential "
        "prompt that looks like problem C; NSPI max sessions per user in NTDS\\Parameters raises the limit",
        evidence=gathered(evidence),
        reference="KB 949469",
    )


def _names_and_certificates(ladders: tuple[Ladder, ...]) -> Remark:
    failed = [ladder for ladder in ladders if ladder.stopped_at == "proxy"]
    return Remark(
        name="names_and_certificates",
        seen=bool(failed),
        hosts=tuple(ladder.host for ladder in failed),
        text="names and certificates are to be checked by hand, from where the users are: the name that Outlook uses "
        "resolves to the Client Access servers, the certificate carries it, is in date and trusted. rpcping's proxy "
        "step (-E) proves that way and the logon, as far as the server that it runs on goes",
        evidence=tuple(f"rpcping from {ladder.host} stopped at its proxy step: {ladder.target}" for ladder in failed),
        reference=_COMMENTS,
    )


def _fallback_from_tcp() -> Remark:
    return Remark(
        name="slow_fallback_from_tcp",
        seen=False,
        hosts=(),
        text="slow fallback from TCP to HTTP: known, not one of these. No fix of this collection changes it",
        evidence=(),
        reference=_COMMENTS,
    )


def _directory(case: Case, host: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (case.facts(host).get("iis_authentication") or {}).get(name) or {}
    return found


def _word(on: object) -> str:
    return "not known" if on is None else "on" if on else "off"
