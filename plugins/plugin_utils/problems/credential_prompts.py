# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problem C: endless credential prompts with NTLM while IIS 7 authenticates in kernel mode.

Sources: Exchange team blog, 2008-06-20; Microsoft's IIS documentation, windowsAuthentication.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..fixes.kernel_mode_authentication import KernelModeAuthentication, setting_of
from .answer import About, Problem, Verdict
from .case import Case, Row

ABOUT = About(
    name="C",
    title="endless credential prompts: NTLM with IIS's kernel-mode authentication",
    notice="Outlook asks for credentials again and again; an IIS restart cures it for a while",
    fix=(
        "playbook site (module kernel_mode_authentication, enabled: false); a restart of W3SVC proves it "
        "(outlook_anywhere_allow_restart)",
        "Basic instead of NTLM on Outlook Anywhere stops the prompts as well (a comment on the article)",
    ),
    reference="Exchange team blog, 2008-06-20; Microsoft's IIS documentation, windowsAuthentication",
)
# What is told beside /rpc, which alone decides.
OTHERS = ("oab", "autodiscover", "ews")
_BESIDE_LATER_EXCHANGE = replace(
    ABOUT,
    fix=(
        "none of this collection, which leaves the kernel mode of a server with Exchange 2010 or later alone: the "
        "article is about Exchange 2007. Judge such a server by the documentation of its own Exchange",
    ),
)


def credential_prompts(case: Case) -> Problem:
    """Problem C, judged for every Client Access server by how its /rpc authenticates."""
    # Possible is what it is beside a later Exchange, and nowhere else.
    problem = Problem.of(ABOUT, [_judge(case, host) for host in case.client_access])
    return replace(problem, about=_BESIDE_LATER_EXCHANGE) if problem.state == "possible" else problem


def _judge(case: Case, host: str) -> Verdict:
    if (unread := case.why_unread(host)) is not None:
        return Verdict(host, "unknown", unknown=(unread.told,))
    directories = case.facts(host).get("iis_authentication")
    if directories is None:
        return _without_iis_7(case, host)
    rpc = directories.get("rpc") or {}
    path = str(rpc.get("path") or "/rpc")
    told = (_told(host, rpc),)
    if rpc.get("windows") is False:
        return Verdict(host, "not_present", (*told, f"{host}: no NTLM is accepted there"))
    if rpc.get("windows") is None or rpc.get("kernel_mode") is None:
        why = case.why_unknown(host, "iis_authentication.rpc", "iis_authentication")
        return Verdict(host, "unknown", told, unknown=(f"{host}: how {path} authenticates is not known: {why}",))
    if rpc["kernel_mode"]:
        others = (directories.get(name) or {} for name in OTHERS)
        also = tuple(_told(host, item) for item in others if item.get("windows") and item.get("kernel_mode"))
        if case.facts(host).get("exchange_2010_or_later"):
            return Verdict(host, "possible", (*told, *also, f"{host}: Exchange 2010 or later is installed there"))
        return Verdict(host, "present", (*told, *also))
    return _switched_off(host, _deciding(case.rows(host, KernelModeAuthentication.name), path), told)


def _without_iis_7(case: Case, host: str) -> Verdict:
    facts = case.facts(host)
    if "iis_authentication" not in facts or "iis_authentication" in (facts.get("unknown") or {}):
        why = f"{host}: how IIS authenticates is not known: {case.why_unknown(host, 'iis_authentication')}"
        return Verdict(host, "unknown", unknown=(why,))
    return Verdict(host, "not_present", (f"{host}: no IIS 7 is there, and IIS 6 has no kernel-mode authentication",))


def _switched_off(host: str, row: Row | None, told: tuple[str, ...]) -> Verdict:
    """The configuration is as wanted; whether IIS has been started anew with it decides."""
    if row is None:
        why = f"{host}: whether IIS has been started anew since kernel mode was switched off is not known"
        return Verdict(host, "unknown", told, unknown=(why,))
    if row.effective == "yes":
        return Verdict(host, "not_present", (*told, f"{host}: {row.setting} is in force: {row.reason}"))
    return Verdict(host, "present" if row.effective == "no" else "unknown", told, (row.pending(host),))


def _deciding(rows: tuple[Row, ...], path: str) -> Row | None:
    """The row of the place nearest to /rpc that sets the attribute."""
    site = path.rpartition("/")[0]
    for place in (path, site, ""):
        for row in rows:
            if row.setting.lower() == setting_of(place).lower() and row.configured == "false":
                return row
    return None


def _told(host: str, directory: Mapping[str, Any]) -> str:
    words = {True: "on", False: "off", None: "not known"}
    return (
        f"{host}: {directory.get('path') or '/rpc'}: Windows authentication (NTLM) {words[directory.get('windows')]}, "
        f"Basic {words[directory.get('basic')]}, kernel mode {words[directory.get('kernel_mode')]}"
    )
