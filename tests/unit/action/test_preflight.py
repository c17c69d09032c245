# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""preflight judges every row on a server, finds the one that is not as written, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils.preflight_rows.rows import ROWS
from tests.cuts.harness import Order
from tests.evidence_ids import ids
from tests.integration.preflight_servers import contents, leave_out, preflight, rows, those, up
from tests.lab.broken import UNBREAKABLE
from tests.unit.action.conftest import gone_at

WRITING = {"reg_add", "reg_delete", "reg_import", "move", "xcopy", "type", "certutil"}


def test_a_server_as_documented_proves_all_that_can_be_tried() -> None:
    with up("model") as on:
        before = contents(on.host)
        result = preflight(on)
        assert contents(on.host) == before
        assert not on.left_behind()
        assert not on.host.open_shells
    assert sorted(rows(result)) == sorted(ids())
    assert not result.get("failed"), result
    assert result["summary"]["differs"] == 0
    assert set(those(result, "not_testable")) <= set(UNBREAKABLE)


@pytest.mark.parametrize("name", ["reg_add", "operation_quota"])
def test_a_row_that_is_not_as_written_differs_alone_and_its_users_are_named(name: str) -> None:
    (used_by,) = (probe.used_by for probe in ROWS if probe.row == name)
    with up("model", broken=[name]) as on:
        before = contents(on.host)
        result = preflight(on)
        assert contents(on.host) == before
    assert set(those(result, "differs")) == {name}
    assert result["failed"]
    assert name in result["failure"]["setting"]
    assert used_by in result["failure"]["next_step"]


def test_in_check_mode_nothing_is_written_and_the_rows_that_write_say_so() -> None:
    with up("model") as on:
        before = contents(on.host)
        result = preflight(on, check_mode=True)
        assert contents(on.host) == before
    assert {name for name, seen in those(result, "not_testable").items() if "check mode" in seen} >= WRITING
    assert not result.get("failed")


def test_a_row_that_does_not_exist_cannot_be_left_out() -> None:
    with up("model") as on:
        result = preflight(on, leave_out=["echo", "ecco"])
        assert not on.host.requests
    assert result["failed"]
    assert result["failure"]["setting"] == "leave_out"
    assert "ecco" in result["failure"]["found"]


def test_what_stands_on_a_row_that_is_left_out_is_not_testable_and_says_so() -> None:
    with up("model") as on:
        others = leave_out(but="move")
        result = preflight(on, leave_out=[*others, "icacls"])
    assert result["left_out"] == [row for row in rows(result) if row in (*others, "icacls")]
    assert "because icacls could not be tested" in rows(result)["move"][1]


def test_what_a_cut_run_left_is_removed_and_told_by_the_next() -> None:
    quickly: dict[str, Any] = {"leave_out": leave_out(but="move")}
    with up("model") as on:
        before = contents(on.host)
        gone_at(on, "echo two.", Order("preflight", quickly))
        assert preflight(on, **quickly)["unreachable"]
        on.host.faults.clear()
        assert on.left_behind()
        looked = preflight(on, check_mode=True, **quickly)
        assert any("a run removes it" in warning for warning in looked["warnings"])
        assert on.left_behind()
        again = preflight(on, **quickly)
        assert any("it has been removed" in warning for warning in again["warnings"])
        assert contents(on.host) == before


def test_a_server_that_is_off_has_every_row_and_each_says_why() -> None:
    with up("model") as on:
        on.host.power_off()
        result = on.run(Order("preflight"))
    assert result["unreachable"]
    assert sorted(rows(result)) == sorted(ids())
    assert all("does not answer" in seen for _result, seen in rows(result).values())
