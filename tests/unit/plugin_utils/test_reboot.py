# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reboot is believed when the boot time has changed, and every wait ends with its figure."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from plugins.modules import reboot as documentation
from plugins.plugin_utils.deed import Deed
from plugins.plugin_utils.fixes.options import InvalidOptions
from plugins.plugin_utils.formats.sc import RUNNING, STOPPED
from plugins.plugin_utils.patience import Patience
from plugins.plugin_utils.reboot import Order, Reboot, RebootAction
from plugins.plugin_utils.windows.shell import AnswerUnusable, TimedOut, Unreachable

from .services_server import BOOT, CLUSTER, FakeServer, Simulated, Ticking

DEFAULTS: dict[str, Any] = {
    "timeout": 1800,
    "services": ["NTDS"],
    "services_timeout": 600,
    "delay": 5,
    "pending_shutdown": "fail",
}


class Booting(FakeServer):
    """Goes down when a shutdown is accepted, by a plan of seconds on its own clock."""

    def __init__(self, down_after: int = 10, up_after: int | None = 120, service_after: int = 0) -> None:
        super().__init__({"NTDS": Simulated()})
        self.plan = (down_after, up_after, service_after)
        self.ordered: datetime.datetime | None = None
        self.failing_service: int | None = None
        self.opens_down = 0

    def order(self) -> None:
        self.ordered = self.now

    def open(self) -> None:
        if self.ordered is not None:
            down, up, service = self.plan
            since = (self.now - self.ordered).total_seconds()
            self.is_up = since < down or (up is not None and since >= up)
            if up is not None and since >= up:
                self.boot = self.ordered + datetime.timedelta(seconds=up - 20)
                late = since < up + service or self.failing_service is not None
                code = self.failing_service if self.failing_service is not None else 1077
                vars(self.services["NTDS"]).update(state=STOPPED if late else RUNNING, exit_code=code if late else 0)
        self.opens_down += not self.is_up
        super().open()

    def _answer(self, line: str) -> Any:
        if line.startswith("shutdown") and self.shutdown_code == 0:
            self.order()
        return super()._answer(line)


def reboot(server: FakeServer, check_mode: bool = False, **options: Any) -> Deed:
    clock = Ticking(server)
    timeouts: list[int] = []

    def connect(seconds: int) -> FakeServer:
        timeouts.append(seconds)
        return server

    deed = Reboot(Order.parse({**DEFAULTS, **options}), connect, 120, check_mode, clock, clock.sleep).run()
    assert all(30 <= seconds <= 120 for seconds in timeouts)
    return deed


def failure_of(deed: Deed) -> Any:
    assert deed.stop is not None
    assert not deed.stop.unreachable
    for part in ("setting", "problem", "found", "expected", "next_step"):
        assert getattr(deed.stop.failure, part)
    return deed.stop.failure


def test_the_documentation_says_what_is_accepted() -> None:
    options = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    keys = ("type", "elements", "choices", "default")
    said = {name: {key: option[key] for key in keys if key in option} for name, option in options.items()}
    assert said | {"command_timeout": RebootAction.argument_spec["command_timeout"]} == RebootAction.argument_spec


def test_the_server_is_waited_for_until_its_boot_time_changes_and_its_services_run() -> None:
    server = Booting(service_after=90)
    deed = reboot(server)
    assert deed.stop is None
    assert deed.changed
    assert server.sent("shutdown") == [
        'shutdown /r /t 5 /c "exchange_ops.outlook_anywhere: a planned restart" /d p:2:4'
    ]
    assert server.opens_down > 0
    assert server.opened == server.left
    assert (deed.before, deed.after) == (f"booted: {BOOT.isoformat()}", f"booted: {server.boot.isoformat()}")
    assert 120 <= deed.seconds <= 300
    assert server.slept[:3] == [1, 2, 5]


def test_check_mode_orders_nothing() -> None:
    server = Booting()
    deed = reboot(server, check_mode=True)
    assert (deed.changed, deed.stop, deed.after) == (True, None, "booted: a later boot")
    assert not server.sent("shutdown")
    assert server.slept == []


@pytest.mark.parametrize("code", [1115, 1190])
def test_a_pending_shutdown_may_not_be_ours(code: int) -> None:
    server = Booting()
    server.shutdown_code = code
    deed = reboot(server)
    failure = failure_of(deed)
    assert str(code) in failure.found
    assert "power-off" in failure.problem
    assert not deed.changed
    assert server.slept == []


def test_a_pending_shutdown_is_waited_for_when_told_so() -> None:
    server = Booting()
    server.shutdown_code = 1115
    server.order()
    deed = reboot(server, pending_shutdown="wait")
    assert deed.stop is None
    assert deed.changed
    off = Booting(up_after=None)
    off.shutdown_code = 1190
    off.order()
    deed = reboot(off, pending_shutdown="wait", timeout=100)
    assert "100 seconds" in failure_of(deed).problem
    assert not deed.changed
    assert deed.stop is not None
    assert "1190" in deed.stop.changed


def test_an_order_that_is_refused_is_told() -> None:
    server = Booting()
    server.shutdown_code = 5
    deed = reboot(server)
    assert "shutdown ended with 5" in failure_of(deed).found
    assert not deed.changed


def test_a_server_that_never_comes_back_is_a_failure_with_the_figure_and_what_was_last_seen() -> None:
    server = Booting(up_after=None)
    deed = reboot(server, timeout=300)
    failure = failure_of(deed)
    assert "300 seconds" in failure.problem
    assert "connection refused" in failure.found
    assert "iLO" in failure.next_step
    assert deed.changed
    assert deed.stop is not None
    assert "accepted" in deed.stop.changed


def test_a_server_that_answers_with_the_old_boot_time_has_not_booted() -> None:
    server = Booting(down_after=10_000, up_after=None)
    deed = reboot(server, timeout=60)
    failure = failure_of(deed)
    assert "has not booted" in failure.found
    assert BOOT.isoformat() in failure.found
    assert deed.changed


def set_clock(server: FakeServer, seconds: int) -> None:
    """Setting a clock moves the boot time with it."""
    moved = datetime.timedelta(seconds=seconds)
    server.now, server.boot = server.now + moved, server.boot + moved


@pytest.mark.parametrize("up_for", [40, 14400])
@pytest.mark.parametrize("moved", [0, 5, 6, 60, 86400, -60, -86400])
def test_a_clock_that_is_set_is_no_boot(moved: int, up_for: int) -> None:
    server = Booting(down_after=10_000_000, up_after=None)
    server.boot = server.now - datetime.timedelta(seconds=up_for)

    def correct(line: str) -> None:
        if line.startswith("shutdown"):
            set_clock(server, moved)

    server.on_line = correct
    failure = failure_of(reboot(server, timeout=60))
    assert "has not booted" in failure.found
    assert f"up since {server.boot.isoformat()}" in failure.found
    assert f"shorter than the {up_for + 1} seconds" in failure.expected


@pytest.mark.parametrize("up_for", [5, 40, 14400])
@pytest.mark.parametrize("moved", [0, 7200, -7200, -86400])
def test_a_boot_is_seen_whatever_it_did_to_the_clock(moved: int, up_for: int) -> None:
    server = Booting()
    server.boot = server.now - datetime.timedelta(seconds=up_for)
    original = server._clock

    def late() -> str:
        """From the boot on the clock is another."""
        if not server.ordered or server.opens_down == 0:
            return original()
        set_clock(server, moved)
        printed = original()
        set_clock(server, -moved)
        return printed

    server._clock = late  # type: ignore[method-assign]
    deed = reboot(server)
    assert deed.stop is None
    assert deed.changed
    moment = server.boot + datetime.timedelta(seconds=moved)
    assert deed.after == f"booted: {moment.isoformat()}"


def test_a_clock_that_cannot_be_read_after_the_reboot_is_told() -> None:
    server = Booting()
    before = server._clock
    server._clock = lambda: "no words" if server.ordered else before()  # type: ignore[method-assign]
    failure = failure_of(reboot(server, timeout=200))
    assert "no words" in failure.found


LOST = pytest.mark.parametrize("error", [Unreachable("reset by peer"), TimedOut("too long"), AnswerUnusable("half")])


@LOST
@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("pending_shutdown", ["wait", "fail"])
def test_after_a_lost_answer_the_server_is_booted_once(error: Exception, arrived: bool, pending_shutdown: str) -> None:
    server = Booting()
    orders: list[bool] = []

    def lose(line: str) -> None:
        if not line.startswith("shutdown"):
            return
        orders.append(server.ordered is None)
        if len(orders) == 1:
            if arrived:
                server.order()
            raise error
        server.shutdown_code = 1115 if arrived else 0

    server.on_line = lose
    deed = reboot(server, pending_shutdown=pending_shutdown)
    assert deed.changed
    assert orders == [True, not arrived]
    if not arrived or pending_shutdown == "wait":
        assert deed.stop is None
        return
    # Nobody knows whose the pending one is.
    failure = failure_of(deed)
    assert "may be ours" in failure.problem
    assert "power-off" in failure.problem
    assert "1115" in failure.found
    assert "shutdown /a" in failure.next_step
    assert "pending_shutdown: wait" in failure.next_step
    assert deed.stop is not None
    assert deed.stop.changed.startswith("not known")


def test_a_pending_shutdown_that_may_be_ours_and_never_comes_is_told() -> None:
    server = Booting(down_after=10_000, up_after=None)

    def lose(line: str) -> None:
        if line.startswith("shutdown"):
            server.on_line = lambda _line: None
            server.shutdown_code = 1190
            raise Unreachable("reset by peer")

    server.on_line = lose
    deed = reboot(server, pending_shutdown="wait", timeout=60)
    assert "has not booted" in failure_of(deed).found
    assert deed.changed
    assert deed.stop is not None
    assert deed.stop.changed.startswith("not known")
    assert "somebody else's" in deed.stop.changed


@LOST
def test_an_answer_that_is_always_lost_is_told(error: Exception) -> None:
    server = Booting()

    def lose(line: str) -> None:
        if line.startswith("shutdown"):
            raise error

    server.on_line = lose
    deed = reboot(server, timeout=60)
    assert "has not booted" in failure_of(deed).found
    assert deed.stop is not None
    assert deed.stop.changed.startswith("not known")


def test_an_order_that_is_refused_after_a_lost_one_ends_the_wait() -> None:
    server = Booting()

    def lose(line: str) -> None:
        if line.startswith("shutdown"):
            server.on_line = lambda _line: None
            server.shutdown_code = 5
            raise Unreachable("reset by peer")

    server.on_line = lose
    assert "shutdown ended with 5" in failure_of(reboot(server)).found


def test_a_network_that_comes_and_goes_is_borne() -> None:
    server = Booting(service_after=60)
    flaky = iter([False, True] * 50)
    original = server.open

    def sometimes() -> None:
        original()
        if server.ordered and next(flaky):
            raise Unreachable("no route")

    server.open = sometimes  # type: ignore[method-assign]
    assert reboot(server).stop is None


def test_services_that_miss_the_start_limit_are_named_with_the_way_out() -> None:
    server = Booting()
    server.failing_service = 1053
    deed = reboot(server, services_timeout=60)
    failure = failure_of(deed)
    assert failure.setting == "NTDS"
    assert "60 seconds" in failure.problem
    assert "exit code 1053 (it did not report within the 30 seconds" in failure.found
    assert "revocation" in failure.next_step
    assert deed.stop is not None
    assert deed.stop.changed.startswith("it was booted")
    assert deed.changed


def test_zero_seconds_look_once() -> None:
    deed = reboot(Booting(), timeout=0)
    assert "0 seconds" in failure_of(deed).problem
    server = Booting(service_after=30)
    assert "0 seconds" in failure_of(reboot(server, services_timeout=0)).problem
    assert reboot(Booting(), services_timeout=0).stop is None
    assert reboot(Booting(), services=[], delay=0).stop is None


@pytest.mark.parametrize(
    ("change", "setting", "says"),
    [
        (lambda server: server.keys.update({CLUSTER: ()}), "reboot", "Move-ClusteredMailboxServer"),
        (lambda server: server.keys.update({CLUSTER: None}), "reboot", "cannot be read"),
        (lambda server: server.services.clear(), "NTDS", "not installed"),
        (lambda server: setattr(server, "_clock", lambda: "?"), "reboot", "clock"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_must_not_be_booted_is_left_alone(
    change: Callable[[Any], Any], setting: str, says: str, check_mode: bool
) -> None:
    server = Booting()
    change(server)
    deed = reboot(server, check_mode=check_mode)
    failure = failure_of(deed)
    assert failure.setting == setting
    assert says in f"{failure.problem} {failure.found} {failure.next_step}"
    assert not deed.changed
    assert not server.sent("shutdown")


def test_a_server_that_cannot_be_read_is_unreachable() -> None:
    server = Booting()
    server.is_up = False
    deed = reboot(server)
    assert deed.stop is not None
    assert deed.stop.unreachable
    assert not deed.changed


def test_a_service_that_is_down_before_is_a_warning() -> None:
    server = Booting()
    server.services["NTDS"].state = STOPPED
    assert "before the reboot" in reboot(server).warnings[0]


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": -1},
        {"services_timeout": 86401},
        {"delay": 601},
        {"services": ["a&b"]},
        {"services": ["a", ""]},
        {"timeout": 5},
        {"timeout": 60, "delay": 61},
    ],
)
def test_options_that_do_not_parse_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptions):
        Order.parse({**DEFAULTS, **options})


@given(st.integers(0, 5000), st.floats(0, 40))
def test_pauses_fill_the_time_and_end(seconds: int, overhead: float) -> None:
    now = 0.0
    patience = Patience(seconds, lambda: now)
    pauses = []
    while (pause := patience.pause()) is not None:
        assert 1 <= pause <= 30
        pauses.append(pause)
        now += pause + overhead
    assert patience.left == 0
    assert sum(pauses) <= seconds
    assert len(pauses) <= 7 + seconds / 30 + 1
    assert patience.spent >= seconds
