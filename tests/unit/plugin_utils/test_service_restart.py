# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service is restarted with what needs it, and after every kind of trouble a rerun finishes the work."""

from __future__ import annotations

import datetime
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from plugins.modules import service_restart as documentation
from plugins.plugin_utils.deed import Deed
from plugins.plugin_utils.fixes.options import InvalidOptions
from plugins.plugin_utils.formats.sc import RUNNING, STOPPED
from plugins.plugin_utils.journal import FileJournal, JournalUnusable, Record
from plugins.plugin_utils.reads import Service
from plugins.plugin_utils.restart_note import Note
from plugins.plugin_utils.restart_order import Order
from plugins.plugin_utils.service_restart import Restart, ServiceRestartAction
from plugins.plugin_utils.service_words import start_advice
from plugins.plugin_utils.windows.shell import TimedOut, Unreachable

from .services_server import CLUSTER, EXCHANGE, NOON, FakeServer, Simulated, Ticking

SA, IS, POP = "MSExchangeSA", "MSExchangeIS", "MSExchangePOP3"


def mailbox(**of_sa: Any) -> FakeServer:
    """IS and, behind it, POP3 need SA; one more that needs SA does not run."""
    services = {
        SA: Simulated(**of_sa),
        IS: Simulated(needs=(SA,)),
        POP: Simulated(needs=(IS,)),
        "Idle": Simulated(needs=(SA,), state=STOPPED),
    }
    return FakeServer(services, {EXCHANGE: ("MailboxRole",)})


def restart(
    server: FakeServer, folder: Path, check_mode: bool = False, name: str = SA, **options: Any
) -> tuple[Deed, FileJournal]:
    journal = FileJournal(folder, "mbx1")
    given = {"timeout": 300, "mailbox_outage": True, **options}
    order = Order.parse({"name": name, **given})
    return Restart(order, server, journal, check_mode, Ticking(server)).run(), journal


def states(server: FakeServer) -> dict[str, int]:
    return {name: service.state for name, service in server.services.items()}


ALL_BACK = {SA: RUNNING, IS: RUNNING, POP: RUNNING, "Idle": STOPPED}


def failure_of(deed: Deed) -> Any:
    assert deed.stop is not None
    for part in ("setting", "problem", "found", "expected", "next_step"):
        assert getattr(deed.stop.failure, part)
    return deed.stop.failure


def notes(journal: FileJournal) -> list[Record]:
    return [record for record in journal.read().values() if record.value is not None]


def test_the_documentation_says_what_is_accepted() -> None:
    options = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    keys = ("type", "required", "default")
    said = {name: {key: option[key] for key in keys if key in option} for name, option in options.items()}
    assert said | {"command_timeout": ServiceRestartAction.argument_spec["command_timeout"]} == (
        ServiceRestartAction.argument_spec
    )


def test_a_service_and_what_needs_it_and_ran_run_again(tmp_path: Path) -> None:
    server = mailbox()
    deed, journal = restart(server, tmp_path)
    assert deed.stop is None
    assert deed.changed
    assert states(server) == ALL_BACK
    assert server.sent("net") == [f"net stop {SA} /y", f"net start {SA}", f"net start {IS}", f"net start {POP}"]
    memory = journal.read()
    assert list(memory) == [("service_restart", SA)]
    record = memory["service_restart", SA]
    assert record.value is None
    assert NOON < record.changed_at < server.now
    assert deed.as_result("mbx1", "service_restart")["diff"]["after"] == (
        f"{SA}: restarted, and behind it {IS}, {POP}\n"
    )


def test_the_note_is_written_before_the_stop_and_says_what_ran(tmp_path: Path) -> None:
    server = mailbox()
    seen: list[list[Record]] = []

    def watch(line: str) -> None:
        if line.startswith(("net stop", f"net start {SA}")):
            seen.append(notes(FileJournal(tmp_path, "mbx1")))

    server.on_line = watch
    restart(server, tmp_path)
    at_stop, at_start = (Note.of({record.name: record for record in found}, SA) for found in seen)
    assert at_stop is not None
    assert at_start is not None
    assert (at_stop.dependents, at_stop.stopped, at_start.stopped) == ((POP, IS), False, True)


def test_check_mode_says_the_same_and_sends_nothing_that_changes(tmp_path: Path) -> None:
    server = mailbox()
    checked, journal = restart(server, tmp_path, check_mode=True)
    assert not [line for line in server.lines if not line.startswith(("reg query", "sc query", "sc enum", "wmic"))]
    assert journal.read() == {}
    done, _journal = restart(server, tmp_path)
    assert (checked.changed, checked.before, checked.after) == (done.changed, done.before, done.after)


@pytest.mark.parametrize("seconds", [1, 40, 290])
def test_a_slow_service_is_waited_for_in_growing_pauses(tmp_path: Path, seconds: int) -> None:
    server = mailbox(stop_seconds=seconds, start_seconds=seconds)
    deed, _journal = restart(server, tmp_path)
    assert deed.stop is None
    assert states(server) == ALL_BACK
    assert deed.seconds >= 2 * seconds
    assert server.slept[:3] == [1, 2, 5][: len(server.slept[:3])] or seconds == 1
    assert max(server.slept) <= 30


def test_a_service_that_never_stops_is_told_with_its_figures_and_a_rerun_finishes(tmp_path: Path) -> None:
    server = mailbox(stops=False)
    deed, journal = restart(server, tmp_path, timeout=60)
    failure = failure_of(deed)
    assert "60 of 60 seconds" in failure.problem
    assert "state 3 (stopping)" in failure.found
    assert "could not be stopped" in failure.found
    assert deed.changed
    assert sum(server.slept) == 60
    assert len(notes(journal)) == 1
    # Somebody ends its process.
    server.services[SA].stops, server.services[SA].state = True, STOPPED
    deed, journal = restart(server, tmp_path, timeout=60)
    assert deed.stop is None
    assert "cut short" in deed.warnings[0]
    assert states(server) == ALL_BACK
    assert notes(journal) == []


def test_a_service_that_refuses_to_stop_gets_its_dependents_back(tmp_path: Path) -> None:
    server = mailbox()
    server.services[IS].stops = True
    server.services[POP].stops = True
    original = server._stop

    def refuse(name: str) -> Any:
        frame = original(name)
        server.services[SA].state = RUNNING
        return type(frame)(b"", b"System error 5 has occurred.", 2)

    server._stop = refuse  # type: ignore[method-assign]
    deed, journal = restart(server, tmp_path)
    failure = failure_of(deed)
    assert "System error 5" in failure.found
    assert states(server) == ALL_BACK
    assert server.slept == []
    assert journal.read() == {}


def test_zero_seconds_wait_for_nothing(tmp_path: Path) -> None:
    assert restart(mailbox(), tmp_path, timeout=0)[0].stop is None
    server = mailbox(stop_seconds=1)
    failure = failure_of(restart(server, tmp_path, timeout=0)[0])
    assert "0 of 0 seconds" in failure.problem
    assert server.slept == []


def test_a_service_that_does_not_start_is_told_and_a_rerun_starts_it_without_a_stop(tmp_path: Path) -> None:
    server = mailbox(failing_starts=[1053])
    deed, journal = restart(server, tmp_path)
    failure = failure_of(deed)
    assert "exit code 1053 (it did not report within the 30 seconds" in failure.found
    assert "KB 944752" in failure.next_step
    assert deed.stop is not None
    assert deed.stop.changed == f"{SA} was stopped"
    assert ("service_restart", SA) not in journal.read()
    server.lines.clear()
    deed, journal = restart(server, tmp_path)
    assert deed.stop is None
    assert not server.sent("net stop")
    assert states(server) == ALL_BACK
    assert list(journal.read()) == [("service_restart", SA)]


def test_a_dependent_that_does_not_start_is_named_and_only_what_is_left_is_tried_again(tmp_path: Path) -> None:
    server = mailbox()
    server.services[POP].failing_starts = [1067, 1067]
    deed, journal = restart(server, tmp_path)
    failure = failure_of(deed)
    assert failure.setting == POP
    assert f"{POP} is in state 1 (stopped) with exit code 1067" in failure.found
    assert deed.stop is not None
    assert deed.stop.changed == f"{SA} was stopped; {SA} runs again; {IS} runs again"
    stopped_at = journal.read()["service_restart", SA].changed_at
    for expected in (POP, None):
        server.lines.clear()
        checked, _journal = restart(server, tmp_path, check_mode=True)
        assert checked.changed
        deed, journal = restart(server, tmp_path)
        assert server.sent("net") == [f"net start {POP}"]
        assert (failure_of(deed).setting if expected else deed.stop) == expected
    assert states(server) == ALL_BACK
    assert list(journal.read()) == [("service_restart", SA)]
    assert journal.read()["service_restart", SA].changed_at == stopped_at


W3SVC, HOST = "W3SVC", "MSExchangeServiceHost"
REFER, KERNEL, POLLING = (
    ("dsproxy_referral", "Do Not Refer HTTP to DSProxy"),
    ("kernel_mode_authentication", "useKernelMode"),
    ("valid_ports", "PeriodicPollingMinutes"),
)


@pytest.mark.parametrize(
    ("name", "record", "whole"),
    [
        (SA, REFER, True),
        (SA.lower(), REFER, True),
        (W3SVC, KERNEL, True),
        (HOST, POLLING, True),
        (SA, KERNEL, False),
        (SA, POLLING, False),
        (W3SVC, REFER, False),
        (HOST, KERNEL, False),
        (HOST, ("valid_ports", "ValidPorts"), False),
        (HOST, ("valid_ports", "pinned"), False),
        (SA, ("hosts_ipv4", "hosts undo"), False),
        (SA, ("nspi_endpoint", "x"), False),
        (SA, ("service_restart", W3SVC), False),
    ],
)
def test_only_a_change_that_waits_for_this_very_service_makes_it_restart_as_a_whole(
    tmp_path: Path, name: str, record: tuple[str, str], whole: bool
) -> None:
    services = {name: Simulated(), POP: Simulated(needs=(name,), failing_starts=[1067]), IS: Simulated(needs=(name,))}
    server = FakeServer(services, {EXCHANGE: ("MailboxRole",)})
    _deed, journal = restart(server, tmp_path, name=name)
    journal.remember([Record(*record, "1", server.now)])
    server.lines.clear()
    # Without a fresh consent what is down is started all the same.
    consent = {"mailbox_outage": whole}
    checked, _journal = restart(server, tmp_path, name=name, check_mode=True, **consent)
    deed, journal = restart(server, tmp_path, name=name, **consent)
    assert deed.stop is None
    assert (checked.changed, checked.before, checked.after) == (deed.changed, deed.before, deed.after)
    assert bool(server.sent("net stop")) is whole
    assert len(server.sent("net start")) == (3 if whole else 1)
    assert set(states(server).values()) == {RUNNING}
    assert notes(journal) == [Record(*record, "1", journal.read()[record].changed_at)]


def test_a_change_that_a_boot_has_made_work_needs_no_restart(tmp_path: Path) -> None:
    server = mailbox()
    server.services[POP].failing_starts = [1067]
    _deed, journal = restart(server, tmp_path)
    journal.remember([Record(*REFER, "1", server.now)])
    server.boot = server.now + datetime.timedelta(seconds=1)
    server.lines.clear()
    assert restart(server, tmp_path)[0].stop is None
    assert not server.sent("net stop")


@pytest.mark.parametrize("stopped", [True, False])
def test_without_consent_what_is_down_is_started_and_the_restart_stays_due(tmp_path: Path, stopped: bool) -> None:
    server = mailbox()
    journal = FileJournal(tmp_path, "mbx1")
    at = server.now
    change = Record(*REFER, "1", at + datetime.timedelta(seconds=1))
    journal.remember([Note(SA, (POP, IS), stopped, at).record, change])
    server.services[POP].state = STOPPED
    checked, _journal = restart(server, tmp_path, check_mode=True, mailbox_outage=False)
    deed, journal = restart(server, tmp_path, mailbox_outage=False)
    assert (checked.changed, checked.after, checked.warnings) == (deed.changed, deed.after, deed.warnings)
    assert deed.stop is None
    assert deed.changed
    assert server.sent("net") == [f"net start {POP}"]
    assert "still due for a restart as a whole: mailbox_outage" in " ".join(deed.warnings)
    assert states(server) == ALL_BACK
    memory = journal.read()
    # What was not seen stopped is not remembered as restarted.
    assert memory.pop(("service_restart", SA), None) == (Record("service_restart", SA, None, at) if stopped else None)
    assert memory == {change.name: change}
    # With nothing down the consent is asked for.
    deed, _journal = restart(server, tmp_path, mailbox_outage=False)
    assert failure_of(deed).setting == "mailbox_outage"
    assert restart(server, tmp_path)[0].stop is None


@pytest.mark.parametrize(
    ("give_up", "says"),
    [
        (lambda server: vars(server.services[POP]).update(start=4), "disabled"),
        (lambda server: server.services.pop(POP), "not installed"),
    ],
)
@pytest.mark.parametrize("changed_since", [True, False])
def test_a_dependent_that_was_given_up_is_dropped_and_the_restart_closes(
    tmp_path: Path, give_up: Any, says: str, changed_since: bool
) -> None:
    server = mailbox()
    server.services[POP].failing_starts = [1053]
    _deed, journal = restart(server, tmp_path)
    give_up(server)
    if changed_since:
        journal.remember([Record(*REFER, "1", server.now)])
    server.lines.clear()
    checked, _journal = restart(server, tmp_path, check_mode=True)
    deed, journal = restart(server, tmp_path)
    assert (deed.stop, deed.changed) == (None, changed_since)
    assert (checked.changed, checked.after, checked.warnings) == (deed.changed, deed.after, deed.warnings)
    assert any(POP in warning and says in warning for warning in deed.warnings)
    assert f"net start {POP}" not in server.sent("net")
    assert bool(server.sent("net stop")) is changed_since
    assert ("service_restart", SA) in journal.read()
    assert ("service_restart", f"{SA.lower()} under way") not in journal.read()


def test_a_noted_dependent_that_was_given_up_and_runs_is_not_stopped(tmp_path: Path) -> None:
    server = mailbox()
    journal = FileJournal(tmp_path, "mbx1")
    journal.remember([Note(SA, (POP, IS), stopped=False, at=server.now).record])
    vars(server.services[POP]).update(start=4)
    assert failure_of(restart(server, tmp_path)[0]).setting == POP
    assert not server.sent("net")


@pytest.mark.parametrize(
    ("said", "exit_code", "says"),
    [
        ("System error 1058 has occurred.", 1053, "disabled"),
        ("Systemfehler 1069 aufgetreten.", 1053, "account"),
        ("System error 5 has occurred.", 1053, "administrator"),
        ("System error 1067 has occurred.", 1053, "System log"),
        ("System error 1053 has occurred.", 1053, "KB 944752"),
        ("The Exchange 2007 service could not be started.", 1053, "KB 944752"),
        ("", 0, "System log"),
    ],
)
def test_what_net_start_said_decides_the_advice(said: str, exit_code: int, says: str) -> None:
    assert says in start_advice(Service(STOPPED, exit_code), said)


@given(st.text() | st.from_regex(r"[A-Z]{3} \d{1,9}\.?"), st.integers(0, 2000))
def test_there_is_advice_whatever_net_start_said(said: str, exit_code: int) -> None:
    assert start_advice(Service(STOPPED, exit_code), said)


CUTS = ["net stop", f"net start {SA}", f"net start {IS}", f"net start {POP}"]


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("error", [Unreachable("reset by peer"), TimedOut("too long")])
def test_wherever_the_line_is_cut_a_rerun_brings_everything_back(
    tmp_path: Path, cut: str, error: Exception, arrived: bool
) -> None:
    server = mailbox()

    def break_off(line: str) -> None:
        if line.startswith(cut):
            server.on_line = lambda line: fail() if not isinstance(error, TimedOut) else None
            if arrived:
                server._answer(line.removesuffix(" <nul"))
            raise error

    def fail() -> None:
        raise error

    server.on_line = break_off
    deed, _journal = restart(server, tmp_path)
    if deed.stop is not None:
        assert deed.stop.unreachable is isinstance(error, Unreachable)
        assert "remembered" in deed.stop.failure.next_step or isinstance(error, TimedOut)
    server.on_line = lambda _line: None
    deed, journal = restart(server, tmp_path)
    assert deed.stop is None
    assert states(server) == ALL_BACK
    assert list(journal.read()) == [("service_restart", SA)]


@pytest.mark.parametrize(
    ("change", "setting", "says"),
    [
        (lambda server: server.keys.update({CLUSTER: ()}), SA, "Move-ClusteredMailboxServer"),
        (lambda server: server.keys.update({CLUSTER: None}), SA, "cannot be read"),
        (lambda server: server.services.pop(SA), SA, "no such service"),
        (lambda server: vars(server.services[SA]).update(state=STOPPED), SA, "does not run"),
        (lambda server: vars(server.services[SA]).update(state=7), SA, "paused"),
        (lambda server: vars(server.services[SA]).update(start=4), SA, "disabled"),
        (lambda server: vars(server.services[IS]).update(start=4), IS, "disabled"),
        (lambda server: server.services.update({"a&b": Simulated(needs=(SA,))}), SA, "sc enumdepend"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_must_not_be_stopped_is_left_alone(
    tmp_path: Path, change: Any, setting: str, says: str, check_mode: bool
) -> None:
    server = mailbox()
    change(server)
    before = states(server)
    deed, journal = restart(server, tmp_path, check_mode=check_mode)
    failure = failure_of(deed)
    assert failure.setting == setting
    assert says in f"{failure.problem} {failure.found} {failure.next_step}"
    assert not deed.changed
    assert deed.stop is not None
    assert deed.stop.changed == "nothing"
    assert states(server) == before
    assert not server.sent("net")
    assert journal.read() == {}


@pytest.mark.parametrize(
    ("keys", "name", "needs_consent"),
    [
        ({EXCHANGE: ("MailboxRole",)}, SA, True),
        ({EXCHANGE: ("ClientAccessRole",)}, SA, False),
        ({EXCHANGE: None}, SA, True),
        ({}, SA, False),
        ({EXCHANGE: ("MailboxRole",)}, "Other", True),
        ({EXCHANGE: ("ClientAccessRole",)}, "Other", False),
        ({EXCHANGE: None}, "Other", True),
        ({EXCHANGE: ("MailboxRole",)}, "Below", True),
    ],
)
def test_a_mailbox_servers_services_are_stopped_by_consent_only(
    tmp_path: Path, keys: dict[str, Any], name: str, needs_consent: bool
) -> None:
    services = {SA: Simulated(needs=("Below",)), "Below": Simulated(), "Other": Simulated()}
    server = FakeServer(services, keys)
    deed, _journal = restart(server, tmp_path, name=name, mailbox_outage=False)
    assert (deed.stop is not None) is needs_consent
    if needs_consent:
        assert failure_of(deed).setting == "mailbox_outage"
        assert restart(server, tmp_path, name=name)[0].stop is None


def test_a_service_under_way_is_waited_for_first(tmp_path: Path) -> None:
    server = mailbox(state=2, left=20)
    assert restart(server, tmp_path)[0].stop is None
    server = mailbox(state=2, left=500)
    assert "after 300 seconds" in failure_of(restart(server, tmp_path)[0]).problem


def test_a_long_list_of_dependents_is_asked_for_again(tmp_path: Path) -> None:
    server = mailbox()
    server.small_buffer = True
    assert restart(server, tmp_path)[0].stop is None
    assert server.sent("sc enumdepend") == [f"sc enumdepend {SA} 65536", f"sc enumdepend {SA} 262144"]


def test_without_a_journal_nothing_is_stopped_and_a_stopped_service_is_started_all_the_same(tmp_path: Path) -> None:
    server = mailbox()
    (tmp_path / "mbx1").write_text("a file", encoding="utf-8")
    deed, _journal = restart(server, tmp_path)
    assert "journal" in failure_of(deed).problem
    assert server.lines == []
    journal = FileJournal(tmp_path / "later", "mbx1")

    def lose(line: str) -> None:
        if line.startswith("net stop"):
            (tmp_path / "later" / "mbx1" / "pending.json").write_text("", encoding="utf-8")

    server.on_line = lose
    order = Order.parse({"name": SA, "timeout": 300, "mailbox_outage": True})
    deed = Restart(order, server, journal, False, Ticking(server)).run()
    assert "journal" in failure_of(deed).problem
    assert deed.changed
    assert states(server) == ALL_BACK


def test_a_damaged_note_is_not_guessed_at(tmp_path: Path) -> None:
    FileJournal(tmp_path, "mbx1").remember([Record("service_restart", "msexchangesa under way", "{", NOON)])
    server = mailbox()
    deed, _journal = restart(server, tmp_path)
    assert "damaged" in failure_of(deed).found
    assert server.lines == []


@given(st.lists(st.text(max_size=20), max_size=5).map(tuple), st.booleans(), st.datetimes())
def test_a_note_is_read_back_as_it_was(dependents: tuple[str, ...], stopped: bool, at: datetime.datetime) -> None:
    note = Note(SA, dependents, stopped, at.replace(tzinfo=datetime.UTC))
    assert Note.of({note.record.name: note.record}, SA) == note
    assert Note.of({}, SA) is None


@given(st.none() | st.text(max_size=40) | st.sampled_from(["[]", "1", "{}", '{"dependents": 1, "stopped": 1}']))
def test_any_note_is_read_or_refused(value: str | None) -> None:
    record = Record("service_restart", "msexchangesa under way", value, NOON)
    with suppress(JournalUnusable):
        assert Note.of({record.name: record}, SA) is not None


@pytest.mark.parametrize("options", [{"name": "a&b"}, {"name": ""}, {"timeout": -1}, {"timeout": 86401}])
def test_options_that_do_not_parse_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptions):
        Order.parse({"name": SA, "timeout": 1, "mailbox_outage": False, **options})
