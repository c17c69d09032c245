# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts_ipv4 over arbitrary bytes, by the command lines that it sends and the model's cmd.exe, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.plugin_utils.converge import Controller, Managed, Outcome, Task, converge
from plugins.plugin_utils.fixes.hosts_ipv4 import HostsIpv4
from plugins.plugin_utils.journal import Memory, Record
from plugins.plugin_utils.places import Place
from plugins.plugin_utils.snapshot import Snapshot
from plugins.plugin_utils.windows.server import Server
from plugins.plugin_utils.windows.shell import Completed, Shell
from tests.lab import load_hosts
from tests.lab.host_files import HOSTS
from tests.lab.model import ModelBackend
from tests.patience import PATIENCE_SECONDS

# How these modules meet ansible-core is what every module does, and tested with others.
pytestmark = pytest.mark.one_core

OURS = (HOSTS + ".exchange_ops", HOSTS + ".exchange_ops.b64")
SPEC: dict[str, Any] = {"fqdn": "cas1.contoso.com", "addresses": {"ipv4": ["10.0.0.1"]}}
TOKENS = [
    *(b"::1 localhost", b"#::1 localhost", b":::1", b"10.0.0.1", b"10.0.0.2", b"cas1", b"CAS1.contoso.com", b"other"),
    *(b"#", b" ", b"\t", b"\r", b"\n", b"\r\n", b"\r\n", b"\xff", b"\xe4", b"\xef\xbb\xbf", b"\x00", b"%PATH%", b"^&|"),
]
FILES = st.one_of(st.lists(st.sampled_from(TOKENS), max_size=25).map(b"".join), st.binary(max_size=80))


class ModelShell:
    """The model's cmd.exe in the place of a WinRS shell."""

    def __init__(self, backend: ModelBackend) -> None:
        self._backend = backend
        self.lines: list[str] = []

    name = "the only one"

    def open(self) -> None:
        """Nothing to do."""

    def end_other(self, name: str) -> None:
        """There is no other one."""

    def runs_over_ipv6(self) -> bool:
        """Never."""
        return False

    def run(self, line: str, stdin: bytes | None = None, waits: int = 0) -> Completed:
        """Run a line to its end."""
        self.lines.append(line)
        return asyncio.run(self._run(line, stdin or b""))

    async def _run(self, line: str, stdin: bytes) -> Completed:
        process = await self._backend.run(line, console_stdin=False, skip_cmd_shell=False)
        await process.write(stdin, end=True)
        stdout, stderr = b"", b""
        while True:
            output = await process.read(PATIENCE_SECONDS)
            assert output is not None, "the command does not end"
            stdout, stderr = stdout + output.stdout, stderr + output.stderr
            if output.exit_code is not None:
                return Completed(stdout, stderr, output.exit_code)


class KeptJournal:
    """A journal in memory."""

    def __init__(self) -> None:
        self.memory: dict[tuple[str, str], Record] = {}

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    def read(self) -> Memory:
        """What is remembered."""
        return dict(self.memory)

    def remember(self, records: Iterable[Record], forget: Iterable[tuple[str, str]] = ()) -> None:
        """Put and drop."""
        self.memory.update({record.name: record for record in records})
        for name in forget:
            self.memory.pop(name, None)


class KeptSnapshots:
    """Snapshots without files."""

    def __init__(self) -> None:
        self.kept: list[Snapshot] = []

    def keep(self, snapshot: Snapshot) -> str:
        self.kept.append(snapshot)
        return str(len(self.kept))

    def settle(self, where: str, snapshot: Snapshot, made: Collection[tuple[str, Place]]) -> str | None:
        return where if made else None


class Host:
    """A modelled server, its journal, and what is done to it."""

    def __init__(self, **host: Any) -> None:
        spec = load_hosts({"hosts": {"cas1": {**SPEC, **host}}}).hosts[0]
        self.backend = ModelBackend(spec)
        self.shell = ModelShell(self.backend)
        self.journal = KeptJournal()
        self.snapshots = KeptSnapshots()
        self.files = self.backend.machine.files

    def bring(self, state: str, check_mode: bool = False) -> Outcome:
        """Run the fix."""
        fix = HostsIpv4.parse({"state": state})
        task = Task(fix.name, "cas1", (Managed(fix),))
        controller = Controller(self.journal, self.snapshots)
        return converge(task, Server(cast(Shell, self.shell)), controller, check_mode)


def findings(outcome: Outcome) -> list[tuple[str, str, str | None, str | None]]:
    return [(item.setting, item.status, item.before, item.after) for item in outcome.findings]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FILES, st.frozensets(st.sampled_from("RHS")), st.booleans())
def test_present_and_absent_give_every_byte_attribute_and_permission_back(
    data: bytes, attributes: frozenset[str], certutil: bool
) -> None:
    host = Host(certutil=certutil)
    host.files.write(HOSTS, data)
    host.files.set_permissions(HOSTS, "its own")
    host.files.set_attributes(HOSTS, attributes | {"A"})
    predicted = host.bring("present", check_mode=True)
    assert host.files.read(HOSTS) == data
    outcome = host.bring("present")
    assert findings(outcome) == findings(predicted)
    complete = not data or data.endswith(b"\n") or data == b"\xef\xbb\xbf"
    if not outcome.stops:
        assert not host.bring("present").changed
        predicted = host.bring("absent", check_mode=True)
        undone = host.bring("absent")
        assert not undone.stops
        assert findings(undone) == findings(predicted)
        assert not host.bring("absent").changed
    else:
        assert not outcome.changed
    after = host.files.read(HOSTS)
    if certutil or complete:
        assert after == data
    else:
        assert after in (data, data + b"\n", data + b"\r\n", data.rstrip(b"\r") + b"\r\n", data.rstrip(b"\r") + b"\n")
    assert host.files.permissions(HOSTS) == "its own"
    assert host.files.attributes(HOSTS) == attributes | {"A"}
    assert not [path for path in OURS if host.files.exists(path)]


def test_certutil_is_asked_only_for_a_last_line_without_its_end() -> None:
    host = Host(hosts_file="127.0.0.1 localhost\n")
    host.bring("present")
    assert not [line for line in host.shell.lines if "certutil" in line]
    host = Host(hosts_file="127.0.0.1 localhost")
    host.bring("present")
    assert len([line for line in host.shell.lines if "certutil" in line]) == 1


def test_a_change_costs_three_commands() -> None:
    host = Host()
    assert host.bring("present").changed
    assert len(host.shell.lines) == 3
    assert max(map(len, host.shell.lines)) < 8191


@pytest.mark.parametrize("left", [frozenset("A"), frozenset("ARHS")])
def test_what_a_cut_run_left_is_removed(left: frozenset[str]) -> None:
    host = Host()
    for path in OURS:
        host.files.write(path, b"left")
        host.files.set_attributes(path, left)
    before = host.bring("present", check_mode=True)
    assert any("the next run" in warning for warning in before.warnings)
    assert host.files.exists(OURS[0])
    outcome = host.bring("present")
    assert not outcome.stops
    assert any("has been removed" in warning for warning in outcome.warnings)
    assert not [path for path in OURS if host.files.exists(path)]


@pytest.mark.parametrize("hosts_file", ["127.0.0.1 localhost\n", "127.0.0.1 localhost", None])
def test_a_copy_that_cannot_be_written_is_told_as_what_it_is(hosts_file: str | None) -> None:
    host = Host(hosts_file=hosts_file)
    for path in OURS:
        host.files.write(path, b"left")
        host.files.deny(path)
    before = host.files.read(HOSTS)
    outcome = host.bring("present")
    assert outcome.stops
    assert "denied" in outcome.stops[0][1].failure.found
    assert "may write it" in outcome.stops[0][1].failure.next_step
    assert any("delete by hand: hosts.exchange_ops, hosts.exchange_ops.b64" in text for text in outcome.warnings)
    assert (outcome.changed, host.files.read(HOSTS)) == (False, before)


def test_without_a_hosts_file_one_is_made_and_an_empty_one_stays() -> None:
    host = Host(hosts_file=None)
    assert host.bring("absent").findings[0].status == "compliant"
    assert host.bring("present").changed
    assert host.files.read(HOSTS) == b"10.0.0.1 cas1\r\n10.0.0.1 cas1.contoso.com\r\n"
    undone = host.bring("absent")
    assert undone.changed
    assert "the empty file stays" in undone.findings[1].reason
    assert host.files.read(HOSTS) == b""
    assert not host.bring("absent").changed


def test_without_the_journal_the_rule_undoes_the_fix_once() -> None:
    host = Host()
    stock = host.files.read(HOSTS)
    host.bring("present")
    host.journal.memory.clear()
    outcome = host.bring("absent")
    assert outcome.changed
    assert all("by the rule" in finding.reason for finding in outcome.findings)
    assert host.files.read(HOSTS) == stock
    assert not host.bring("absent").changed


def test_names_that_were_there_before_stay_also_when_absent_is_asked_for_twice() -> None:
    data = b"# mine\r\n10.0.0.1 cas1\r\n#::1 localhost\r\n::1 localhost\r\n"
    host = Host(hosts_file=data.decode())
    host.bring("present")
    for changed in (True, False, False):
        assert host.bring("absent").changed is changed
        assert host.files.read(HOSTS) == data
