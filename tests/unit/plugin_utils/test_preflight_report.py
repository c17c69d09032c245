# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight_report tells of all servers."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.preflight_report import lines, record


def row(name: str, result: str, seen: str = "seen") -> dict[str, str]:
    return {"id": name, "result": result, "seen": seen}


PROVED = {"rows": [row("echo", "proved"), row("net_stop", "not_testable", "would stop a service")], "warnings": []}
DIFFERS = {
    "rows": [row("echo", "differs", "'b'"), row("net_stop", "not_testable", "would stop a service")],
    "failed": False,
    "msg": "echo differs",
    "failure": {"setting": "echo"},
}
UNREACHABLE = {"unreachable": True, "msg": "no route", "rows": [row("echo", "not_testable", "no route")]}


def test_a_fleet_on_which_nothing_differs_is_clean() -> None:
    content = record({"cas1": PROVED, "mbx1": PROVED})
    assert content["clean"]
    assert content["summary"] == {
        "hosts": 2,
        "proved": 2,
        "differs": 0,
        "not_testable": 2,
        "left_out": 0,
        "failed": 0,
        "unreachable": 0,
        "not_run": 0,
        "not_judged": 0,
    }


def test_a_row_that_differs_a_server_that_was_not_judged_and_no_server_at_all_are_not_clean() -> None:
    for results in ({"a": DIFFERS}, {"a": UNREACHABLE}, {"a": {}}, {"a": {"failed": True, "msg": "no"}}, {}):
        assert not record(results)["clean"], results


def test_a_server_of_which_nothing_is_known_is_not_clean_and_says_why() -> None:
    nothing = {"rows": [row("echo", "not_testable"), row("shell", "not_testable")]}
    for result, told, why in (
        (nothing, "not judged, 0 proved, 0 differ, 2 not testable", "no row is proved"),
        (
            {**nothing, "left_out": ["echo", "shell"]},
            "not judged, 0 proved, 0 differ, 2 not testable (2 left out)",
            "shell, echo left out",
        ),
        (
            {**PROVED, "left_out": ["call"]},
            "not judged, 1 proved, 0 differ, 1 not testable (1 left out)",
            "call left out",
        ),
    ):
        content = record({"cas1": result})
        assert not content["clean"]
        assert content["summary"]["not_judged"] == 1
        shown = lines(content)
        assert shown[0] == f"cas1: {told}"
        assert why in shown[1]


def test_rows_that_were_left_out_are_counted() -> None:
    left_out = {"rows": [*PROVED["rows"], row("certutil", "not_testable", "left out")], "left_out": ["certutil"]}
    content = record({"cas1": left_out})
    assert content["clean"]
    assert content["summary"]["left_out"] == 1
    assert lines(content)[0] == "cas1: 1 proved, 0 differ, 2 not testable (1 left out)"


def test_each_server_has_its_state() -> None:
    results: dict[str, Any] = {"a": PROVED, "b": DIFFERS, "c": UNREACHABLE, "d": {}, "e": {"failed": True, "msg": "no"}}
    assert [host["state"] for host in record(results)["hosts"]] == [
        "judged",
        "judged",
        "unreachable",
        "not_run",
        "failed",
    ]


def test_scratch_that_is_left_makes_a_server_failed() -> None:
    left = {**PROVED, "failure": {"setting": "what was made for the test"}, "msg": "left"}
    assert record({"a": left})["hosts"][0]["state"] == "failed"


def test_the_table_says_once_what_is_the_same_on_every_server_and_what_differs_first() -> None:
    shown = lines(record({"cas1": PROVED, "mbx1": DIFFERS}))
    table = shown[shown.index("") + 2 :]
    assert table[0].startswith("differs")
    assert "mbx1" in table[0]
    assert "'b'" in table[0]
    assert [line for line in table if "net_stop" in line] == [line for line in table if "every server" in line]


def test_many_servers_are_counted() -> None:
    shown = "\n".join(lines(record({**{f"host{number}": DIFFERS for number in range(9)}, "zzz": PROVED})))
    assert "host0, host1, host2 and 6 more" in shown


def test_a_server_that_could_not_be_reached_is_told_with_its_reason() -> None:
    shown = lines(record({"cas1": UNREACHABLE}))
    assert "cas1: unreachable" in shown
    assert "  no route" in shown


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_that_a_server_said_moves_the_cursor(name: str, seen: str) -> None:
    results = {name: {"rows": [row("echo", "differs", seen)], "msg": seen, "warnings": [seen]}}
    assert all(line.isprintable() for line in lines(record(results)))
    assert json.loads(json.dumps(record(results)))["hosts"][0]["rows"][0]["seen"] == seen
