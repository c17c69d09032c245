# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets to report on: one with everything a report can hold, a large one, and any text anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from plugins.plugin_utils.fleet_finding import FleetFinding
from plugins.plugin_utils.reports.fleet import FleetReport, HostReport
from plugins.plugin_utils.reports.run import Run

GENERATED = "2009-02-03T04:05:06+00:00"
SETTINGS = {
    "client_access": (
        ("ipv6_components", "DisabledComponents"),
        ("ipv6_binding", "IPv6 binding"),
        ("hosts_ipv4", "hosts ::1"),
        ("hosts_ipv4", "hosts own names"),
        ("kernel_mode_authentication", "server useKernelMode"),
        ("rpc_virtual_directory", "Default Web Site/Rpc basicAuthentication enabled"),
        ("rpc_virtual_directory", "Default Web Site/Rpc windowsAuthentication enabled"),
        ("rpc_virtual_directory", "Default Web Site/Rpc anonymousAuthentication enabled"),
        ("rpc_virtual_directory", "Default Web Site/Rpc access sslFlags"),
        ("valid_ports", "PeriodicPollingMinutes"),
        ("valid_ports", "ValidPorts"),
    ),
    "mailbox": (
        ("dsproxy_referral", "Do Not Refer HTTP to DSProxy"),
        ("dsproxy_referral", "NSPI Target Server"),
    ),
    "global_catalog": (("nspi_endpoint", "NSPI interface protocol sequences"),),
}
KNOWN = tuple((f"{fix}.{setting}", role) for role, settings in SETTINGS.items() for fix, setting in settings)

# Each means something to one of the formats, to a terminal or to a reader's eye.
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>window.hit = 1</script>",
    "<!-- <script >",
    "</script x",
    "]]><x/>",
    "\"quoted\" 'quoted' `quoted`",
    "one\nnew\r\nline\ttab",
    "| a | b |",
    "[link](http://x.example/) ![image](http://x.example/i.png) http://x.example/",
    "# heading",
    "1. one",
    "--- ***",
    "&lt;b&gt; &amp; &#60;",
    "\x00\x01\x08\x0b\x1b[31m\x7f\x85\ufffe\uffff",
    "\u2028\u2029\u202e\u2066abc\u200b\ufeff",
    'x{a="b"} 1\n# HELP y',
    "back\\slash \\n",
    "{{ 7 * 7 }} {% raw %} ${x}",
    "\ud800",
    "<img src=x onerror=window.hit=1>",
)
hostile_texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map("".join),
    st.text(st.characters(), min_size=1, max_size=30),
)


def finding(host: str, fix: str, setting: str, status: str, **more: Any) -> dict[str, Any]:
    """As a module returns it."""
    return {
        "host": host,
        "fix": fix,
        "setting": setting,
        "status": status,
        "before": "5",
        "after": "0" if status == "drifted" else "5",
        "reason": "because",
        "reference": "KB 1",
        "effective": "yes",
        "blocked_by": None,
        **more,
    }


def fleet_finding(level: Any = "problem", **more: Any) -> FleetFinding:
    """About two servers."""
    found = FleetFinding(
        name="valid_ports_lack_a_server",
        level=level,
        hosts=("cas1", "cas2"),
        summary="2 Client Access servers refuse mbx9.contoso.com",
        evidence=("cas1: ValidPorts has no mbx9", "cas2: ValidPorts has no mbx9"),
        why="Outlook cannot reach the mailboxes of mbx9 through them",
        fix="playbook site",
        undo="playbook rollback",
        reference="Exchange team blog, 2008-06-20",
    )
    return replace(found, **more)


def of(*hosts: HostReport, **more: Any) -> FleetReport:
    """A report on these servers."""
    return FleetReport(hosts, False, GENERATED, "0.1.0", known_settings=KNOWN, **more)


def host(name: str, groups: tuple[str, ...], *results: dict[str, Any]) -> HostReport:
    """A server with the results of its tasks."""
    return HostReport.of(name, groups, results, False)


def everything() -> FleetReport:
    """A small fleet with each thing that a report can tell."""
    ports = "mbx1:6001-6002;mbx1:6004"
    cas1 = [
        finding(
            "cas1",
            "valid_ports",
            "ValidPorts",
            "drifted",
            before=ports,
            after=f"{ports};mbx2:6001-6002;mbx2:6004",
            reason="mbx2:6001-6002 and mbx2:6004 are missing",
            effective="no",
            reference="MicrosoftDocs/win32, rpc-over-http-security; Exchange team blog, 2008-06-20",
        ),
        finding("cas1", "valid_ports", "PeriodicPollingMinutes", "compliant", effective="no", before="0", after="0"),
        finding("cas1", "ipv6_components", "DisabledComponents", "not_managed", before=None, after=None),
        finding("cas1", "hosts_ipv4", "hosts ::1", "not_applicable"),
        finding(
            "cas1", "rpc_virtual_directory", "Default Web Site/Rpc access sslFlags", "drifted", blocked_by="its home"
        ),
    ]
    cas2 = [
        finding("cas2", "valid_ports", setting, "unknown", before=None, after=None, reason="access denied")
        for setting in ("PeriodicPollingMinutes", "ValidPorts")
    ]
    return of(
        host(
            "cas1.contoso.com",
            ("client_access", "mailbox"),
            {"findings": cas1, "restart_required": ["MSExchangeServiceHost"], "warnings": ["careful"]},
        ),
        host("cas2", ("client_access",), {"findings": cas2, "failed": True, "msg": "cas2: ValidPorts: access denied"}),
        host("mbx1", ("mailbox",), {"unreachable": True, "msg": "mbx1: connection refused"}),
        host(
            "gc1",
            ("global_catalog",),
            {
                "findings": [finding("gc1", "nspi_endpoint", "NSPI interface protocol sequences", "compliant")],
                "reboot_required": True,
            },
        ),
        host("gc2", ("global_catalog",)),
        stopped=("gate global_catalogs: gc2 was not read",),
        gates=(
            {
                "gate": "global_catalogs",
                "open": False,
                "proved": ["gc1"],
                "attested": [],
                "expected": [],
                "missing": ["gc2"],
            },
        ),
        fleet=(fleet_finding(), fleet_finding("notice", name="default_app_pool_recycles", summary="29 hours")),
    )


def clean() -> FleetReport:
    """One server, as it should be."""
    return of(host("gc1", ("global_catalog",), {"findings": [finding("gc1", "nspi_endpoint", "x", "compliant")]}))


def part_of_the_fleet(*found: HostReport, **more: Any) -> FleetReport:
    """One of three servers, and its pin alone, as playbook repin looks after it."""
    ours = found or (
        host("cas1", ("client_access",), {"findings": [finding("cas1", "valid_ports", "x", "compliant")]}),
    )
    return of(*ours, **{"run": Run("repin", ("pin",), ("mbx1", "gc1")), **more})


def long_values(hosts: int) -> FleetReport:
    """Lists as long as one command takes, on each of these servers, and in their warnings and messages."""
    ports = ";".join(f"mbx{number}.contoso.com:6001-6002" for number in range(1500))
    names = [f"cas{number}" for number in range(hosts)]
    return of(
        *(
            host(
                name,
                ("client_access",),
                {
                    "findings": [
                        finding(name, "valid_ports", "ValidPorts", "drifted", before=ports, after=ports, reason=ports)
                    ],
                    "failed": True,
                    "msg": ports,
                    "warnings": [ports],
                    "reboot_required": True,
                },
            )
            for name in names
        )
    )


def large(hosts: int, settings: int = 15) -> FleetReport:
    """A fleet whose servers all have every setting, a third of them not as they should be."""
    return of(*_many(hosts, settings))


def _many(hosts: int, settings: int) -> Iterator[HostReport]:
    names = [*KNOWN, *((f"kernel_mode_authentication.Default Web Site/V{more}", "") for more in range(settings))]
    states = ("compliant", "compliant", "not_managed", "drifted", "unknown", "compliant", "not_applicable", "drifted")
    roles = tuple(SETTINGS)
    for number in range(hosts):
        name = f"srv{number:04}.site{number % 7}.contoso.com"
        ports = ";".join(f"mbx{one}:6001-6002" for one in range(number % 20))
        found = [
            finding(
                name,
                *setting.split(".", 1),
                states[(number * 3 + place * 5) % len(states)],
                before=f"{ports}{place}",
                reason=f"{name} has {place} where {number} is wanted, as its list was written by another hand",
                effective="no" if (number + place) % 11 == 0 else "yes",
            )
            for place, (setting, _role) in enumerate(names[:settings])
        ]
        result: dict[str, Any] = {"findings": found, "reboot_required": number % 40 == 0}
        if number % 50 == 1:
            result = {"unreachable": True, "msg": f"{name}: no answer"}
        yield host(name, (roles[number % 3],), result)


def hostile(text: str) -> FleetReport:
    """The text in every place that a server, an inventory or an operator can fill."""
    found = finding(
        text,
        f"fix{text}".replace(".", ""),
        text,
        "drifted",
        before=text,
        after=text,
        reason=text,
        reference=text,
        blocked_by=text,
    )
    waits = finding(text, "valid_ports", text, "compliant", reason=text, effective="no")
    result = {"findings": [found, waits], "failed": True, "msg": text, "warnings": [text], "restart_required": [text]}
    gate = {"gate": text, "open": False, **{part: [text] for part in ("proved", "attested", "expected", "missing")}}
    problem = FleetFinding(text, "problem", (text,), text, (text, text), text, text, text, text)
    return of(
        host(text, (text,), {**result, "unfinished": text}),
        stopped=(text,),
        gates=(gate,),
        fleet=(problem,),
        fleet_not_judged=text,
        run=Run("drift", outside=(text,)),
    )
