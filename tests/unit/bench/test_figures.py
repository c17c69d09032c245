# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench's arithmetic, on samples that are made up here."""

from __future__ import annotations

import pytest

from tests.bench import figures
from tests.bench.figures import BASELINE, DEBUG, READ_ALL, WIN_REGEDIT, Verdict
from tests.bench.requests import Count, tally
from tests.bench.run import Sample
from tests.lab.server import RequestRecord


def sample(what: str, servers: int = 100, wall: float = 1.0, cpu: float = 1.0, size: int = 1000) -> Sample:
    return Sample(what, servers, wall, cpu, lab_cpu_seconds=0.5, peak_kib=2048, requests=500, bytes=size)


def count(beside_receives: int, changed: bool = False) -> Count:
    operations = {"auth": 3, "command": beside_receives, "receive": 7}
    return Count("full", 2, "ntlm", changed, operations, bytes_up=1, bytes_down=2)


def values(verdicts: list[Verdict]) -> list[float]:
    return [round(verdict.value, 6) for verdict in verdicts]


def test_a_log_is_counted_by_operation_and_direction() -> None:
    log = [
        RequestRecord("auth", None, b"", 10, 0),
        RequestRecord("create", None, b"", 20, 3),
        RequestRecord("receive", "ver", b"", 30, 4),
        RequestRecord("receive", "ver", b"", 30, 5),
    ]
    counted = tally(log, "full", 2, "ntlm", changed=False)
    assert counted.operations == {"auth": 1, "create": 1, "receive": 2}
    assert (counted.bytes_up, counted.bytes_down) == (90, 12)


def test_receives_and_the_handshake_do_not_count_against_the_promise() -> None:
    assert figures.verdict_on(count(4)).met
    assert not figures.verdict_on(count(5)).met


def test_a_changed_server_may_cost_more() -> None:
    assert figures.verdict_on(count(10, changed=True)).met
    assert not figures.verdict_on(count(11, changed=True)).met


def test_a_ratio_is_the_median_of_runs_side_by_side() -> None:
    samples = [
        sample(WIN_REGEDIT, cpu=8.0),
        sample(BASELINE, cpu=2.0),
        sample(WIN_REGEDIT, cpu=30.0),
        sample(BASELINE, cpu=6.0),
        sample(WIN_REGEDIT, cpu=9.0),
        sample(BASELINE, cpu=1.0),
    ]
    assert figures.ratio(samples, WIN_REGEDIT, BASELINE, 100, figures.cpu) == 5.0


def test_a_run_without_its_partner_is_no_ratio() -> None:
    with pytest.raises(ValueError, match="zip"):
        figures.ratio([sample(BASELINE)], WIN_REGEDIT, BASELINE, 100, figures.cpu)


def test_each_size_is_compared_with_the_task_that_does_nothing() -> None:
    samples = [
        sample(DEBUG, 100, wall=1.0, cpu=2.0),
        sample(READ_ALL, 100, wall=1.5, cpu=2.5),
        sample(DEBUG, 1000, wall=10.0, cpu=20.0),
        sample(READ_ALL, 1000, wall=19.0, cpu=30.0),
    ]
    verdicts = figures.verdicts_on_many(samples)
    assert values(verdicts) == [1.5, 1.25, 1.9, 1.5, round(1.9 / 1.5, 6)]
    assert [verdict.met for verdict in verdicts] == [True, True, False, True, False]


def test_one_size_has_no_growth() -> None:
    assert len(figures.verdicts_on_many([sample(DEBUG), sample(READ_ALL)])) == 2


@pytest.mark.parametrize(("size", "code"), [(49_999, 1), (50_000, 0)])
def test_fewer_bytes_of_the_peer_than_promised_fail_the_bench(size: int, code: int) -> None:
    verdicts = figures.verdicts_on_peer([sample(BASELINE), sample(WIN_REGEDIT, size=size)])
    assert figures.exit_code(verdicts) == code


def test_too_many_requests_fail_the_bench() -> None:
    assert figures.exit_code([figures.verdict_on(count(5))]) == 1


def test_a_missed_target_that_is_no_floor_is_told_and_fails_nothing() -> None:
    missed = Verdict("time", 2.0, 1.8)
    assert figures.exit_code([missed]) == 0
    assert figures.table_of_verdicts([missed])[-1] == "| time | 2 | at most 1.8 | MISSED | no |"


def test_the_tables_show_medians() -> None:
    samples = [sample(DEBUG, wall=wall, cpu=wall) for wall in (9.0, 1.0, 2.0)]
    assert (
        figures.table_of_samples(samples)[-1] == "| 100 | debug | 3 | 2.00 | 2.00 | 20.0 | 0.50 | 2.0 | 500 | 1,000 |"
    )
    assert figures.table_of_counts([count(4)])[-1] == "| full | 2 | ntlm | compliant | 4 | 7 | 3 | 1 | 2 |"
