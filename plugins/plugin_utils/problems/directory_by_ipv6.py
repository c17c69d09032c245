# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems A and A': the RPC proxy of Windows Server 2008 prefers IPv6, where mad.exe does not listen on 6004.

Sources: Exchange team blog, 2008-06-20; KB 952580; TechNet cc411322; KB 929852.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..fixes import ipv6_components
from ..fixes.hosts_ipv4 import LOOPBACK, NAMES, HostsIpv4
from ..fixes.ipv6_components import Ipv6Components
from ..ipv6_need import BOTH_STACKS, FIXED, hosts_file_need, ipv6_need
from .answer import About, Problem, State, Verdict
from .case import MAILBOX_ROLE, Case

COMPONENTS = (Ipv6Components.name, ipv6_components.COMPONENTS)
# Both switch IPv6 off; 0x20 prefers IPv4 and is Microsoft's alternative.
OFF = ("0xff", "0xffffffff")
PREFER_IPV4 = "0x20"
HOSTS_FIX = HostsIpv4.name
_NOT_KNOWN = "whether it has the problem is not known"
_FILE_NOT_KNOWN = "its hosts file is not known"
# How a Mailbox server listens on 6004.
Listens = Literal["as it should", "against its build", "broken", "silent", "unknown"]
_SOURCE = "Exchange team blog, 2008-06-20; KB 952580; TechNet cc411322"

BETWEEN_SERVERS = About(
    name="A",
    title="the directory fails over IPv6 between a Client Access server and a Mailbox server",
    notice="mail works, and connections to the directory (port 6004) fail: address book, profile creation",
    fix=(
        f"on the Mailbox servers: Exchange 2007 SP1 Update Rollup 4 (build {FIXED}) or later mends mad.exe, and where "
        "all of them have it nothing has to be done to IPv6",
        "else on the Client Access servers: playbook site (module ipv6_components, state disabled), then a reboot "
        "(outlook_anywhere_allow_reboot)",
    ),
    reference=_SOURCE,
)
ON_ONE_SERVER = About(
    name="A'",
    title="the directory fails over IPv6 on a server with both roles",
    notice="mail works, and connections to the directory (port 6004) fail: address book, profile creation",
    fix=(
        f"Exchange 2007 SP1 Update Rollup 4 (build {FIXED}) or later mends mad.exe",
        "else playbook site (module hosts_ipv4): ::1 localhost becomes a comment, and the server's own names stand "
        "behind its IPv4 address",
    ),
    reference=_SOURCE,
)


@dataclass(frozen=True)
class _Mailbox:
    """A Mailbox server's port 6004, and what says so."""

    listens: Listens
    seen: tuple[str, ...]


def between_servers(case: Case) -> Problem:
    """Problem A, judged for every Client Access server by the Mailbox servers that it serves."""
    mailbox = {host: _Mailbox(_listens(case, host), _seen_on(case, host)) for host in case.mailbox}
    return Problem.of(BETWEEN_SERVERS, [_between(case, host, mailbox) for host in case.client_access])


def on_one_server(case: Case) -> Problem:
    """Problem A', judged for every server that has both roles, by the inventory or by its own registry."""
    verdicts = [verdict for host in case.client_access if (verdict := _on_one(case, host)) is not None]
    if case.client_access and not verdicts:
        verdicts = [Verdict(None, "not_present", ("no server has both roles",))]
    return Problem.of(ON_ONE_SERVER, verdicts)


def _between(case: Case, host: str, mailbox: Mapping[str, _Mailbox]) -> Verdict:
    if (unread := case.why_unread(host)) is not None:
        return Verdict(host, "unknown", unknown=(unread.told,))
    if not case.mailbox and not case.further_mailbox_servers:
        return Verdict(host, "unknown", unknown=("the inventory has no Mailbox server",))
    need = ipv6_need(case.mailbox, case.hostvars, case.further_mailbox_servers, host)
    served = {name: server for name, server in mailbox.items() if name != host}
    doubtful = [name for name, server in served.items() if server.listens in ("silent", "unknown")]
    by_server = _by_server(need.reason, served)
    if not need.needed and not (by_server and doubtful):
        return Verdict(host, "not_present", by_server or (f"{host}: {need.reason}",))
    unknown = [_why_in_doubt(case, name, served[name].listens) for name in doubtful]
    outside = {_fqdn(name) for name in case.further_mailbox_servers}
    unknown += [f"{name}: {_NOT_KNOWN}: it is not in the inventory" for name in need.unread if name in outside]
    broken = [server for server in served.values() if server.listens in ("broken", "against its build")]
    if not broken and not unknown:
        return Verdict(host, "not_present", tuple(line for server in served.values() for line in server.seen))
    reached = _reached_by_ipv6(case, host)
    if reached.state == "not_present":
        silent = tuple(f"{name}: nobody listens on 6004" for name in doubtful if served[name].listens == "silent")
        return replace(reached, evidence=(*reached.evidence, *silent))
    state: State = "possible" if broken else "unknown"
    if any(server.listens == "broken" for server in broken):
        state = reached.state
    return Verdict(
        host,
        state,
        (*(line for server in broken for line in server.seen), *reached.evidence),
        reached.pending,
        (*reached.unknown, *unknown),
    )


def _by_server(reason: str, served: Iterable[str]) -> tuple[str, ...]:
    """The reason as a line for each Mailbox server, which is the same for every Client Access server."""
    names = tuple(f"{name}: " for name in served)
    lines = tuple(reason.split("; "))
    return lines if names and all(line.startswith(names) for line in lines) else ()


def _fqdn(name: Any) -> str:
    return str(name.get("fqdn") if isinstance(name, Mapping) else name)


def _listens(case: Case, host: str) -> Listens:
    """By the build where that is known, and by what was seen on 6004: where nobody listens that is another fault."""
    facts, need = case.facts(host), ipv6_need([host], case.hostvars)
    if facts.get("domain_controller") or facts.get("exchange_2010_or_later"):
        return "as it should"
    stacks = set(facts.get("directory_stacks") or ())
    # Nobody listens on the passive node of a cluster.
    if facts.get("directory_stacks") is not None and not stacks and not facts.get("cluster_node"):
        return "silent"
    if not need.needed:
        return "as it should" if facts.get("directory_stacks") is not None else "unknown"
    if stacks == BOTH_STACKS:
        # The documented fault of this build, which it does not show.
        return "as it should" if need.unread else "against its build"
    return "unknown" if need.unread and not stacks else "broken"


def _why_in_doubt(case: Case, host: str, listens: Listens) -> str:
    if listens == "silent":
        return f"{host}: nobody listens on 6004, which is not this problem: see first why MSExchangeSA does not listen"
    why = case.why_unknown(host, "directory_stacks", "listeners", "exchange_rollups", "exchange_build")
    return f"{host}: {_NOT_KNOWN}: {why}"


def _seen_on(case: Case, host: str) -> tuple[str, ...]:
    need = ipv6_need([host], case.hostvars)
    build = case.facts(host).get("exchange_build")
    told = f"{host}: build {build or 'not known'}, its update rollups are not known" if need.unread else need.reason
    return told, case.directory_listeners(host)


def _reached_by_ipv6(case: Case, host: str) -> Verdict:
    """Whether a Client Access server can choose IPv6 at all: configured is not effective, so its addresses decide."""
    left = case.ipv6(host)
    row = case.row(host, *COMPONENTS)
    configured = (row.configured or "").lower() if row else ""
    told = (f"{host}: DisabledComponents is {row.configured or 'absent'}",) if row else ()
    if left == ():
        return Verdict(host, "not_present", (f"{host}: no IPv6 address beside loopback is left", *told))
    pending = (row.pending(host),) if row and configured in (*OFF, PREFER_IPV4) and row.effective != "yes" else ()
    if left is None:
        why = f"{host}: its IPv6 addresses are not known: {case.why_unknown(host, 'addresses.ipv6', 'addresses')}"
        return Verdict(host, "unknown", told, pending, (why,))
    addresses = f"{host}: IPv6 addresses beside loopback: {', '.join(left)}"
    return Verdict(host, "possible" if configured == PREFER_IPV4 else "present", (addresses, *told), pending)


def _on_one(case: Case, host: str) -> Verdict | None:
    """None where the server has one role, for certain."""
    if (unread := case.why_unread(host)) is not None:
        return Verdict(host, "unknown", unknown=(unread.told,))
    roles = case.facts(host).get("exchange_roles")
    if host in case.mailbox or MAILBOX_ROLE in (roles or ()):
        return _on_itself(case, host)
    if roles is not None or _why_without(case, host):
        return None
    why = case.why_unknown(host, "exchange_roles")
    return Verdict(host, "unknown", unknown=(f"{host}: whether it has the Mailbox role is not known: {why}",))


def _why_without(case: Case, host: str) -> str:
    """Why a server with both roles has not the problem, whatever its hosts file holds; empty where it may have it."""
    need, own = hosts_file_need([host], case.hostvars, host), f"{host}: "
    # Where its Windows or Exchange has no such problem, nobody's port decides.
    certain = not need.needed and (not need.reason.startswith(own) or _listens(case, host) == "as it should")
    return need.reason.removeprefix(own) if certain else ""


def _on_itself(case: Case, host: str) -> Verdict:
    if without := _why_without(case, host):
        return Verdict(host, "not_present", (f"{host}: {without}",))
    listens = _listens(case, host)
    outside = () if host in case.mailbox else (f"{host}: it has the Mailbox role and is not in group mailbox",)
    seen = (*outside, *_seen_on(case, host))
    if listens in ("silent", "unknown"):
        return Verdict(host, "unknown", seen, unknown=(_why_in_doubt(case, host, listens),))
    if listens == "as it should":
        return Verdict(host, "not_present", seen)
    return _by_the_hosts_file(case, host, "present" if listens == "broken" else "possible", seen)


def _by_the_hosts_file(case: Case, host: str, without: State, seen: tuple[str, ...]) -> Verdict:
    """Windows reads the file by itself, and nothing can prove more of it than what it holds."""
    loopback, names = case.row(host, HOSTS_FIX, LOOPBACK), case.row(host, HOSTS_FIX, NAMES)
    if loopback is None or names is None:
        return Verdict(host, "unknown", seen, unknown=(f"{host}: {_FILE_NOT_KNOWN}",))
    unread = tuple(f"{host}: {_FILE_NOT_KNOWN}: {row.reason}" for row in (loopback, names) if not row.known)
    told = tuple(f"{host}: {row.setting}: {row.configured or 'none'}" for row in (loopback, names))
    if loopback.configured is not None:
        return Verdict(host, without, (*seen, *told), unknown=unread)
    if unread:
        return Verdict(host, "unknown", seen, unknown=unread)
    own = case.facts(host)
    wanted = [str(own[part]).lower() for part in ("hostname", "fqdn") if own.get(part)]
    here = _addresses_by_name(names.configured or "")
    addresses = [item.get("address") for item in (own.get("addresses") or {}).get("ipv4") or ()]
    done = all(here.get(name) and (not addresses or here[name] <= set(addresses)) for name in wanted)
    return Verdict(host, "not_present" if done and wanted else without, (*seen, *told))


def _addresses_by_name(lines: str) -> dict[str, set[str]]:
    """The addresses that lines of a hosts file give each name."""
    found: dict[str, set[str]] = {}
    for line in lines.split(";"):
        address, *names = line.partition("#")[0].lower().split() or ("",)
        for name in names:
            found.setdefault(name, set()).add(address)
    return found
