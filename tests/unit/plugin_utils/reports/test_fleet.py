# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of which every report is made."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils.reports.fleet import FleetReport, HostReport
from plugins.plugin_utils.reports.run import PARTS, Run
from plugins.plugin_utils.reports.summary import Waits, gate_lines, gate_record, pending
from plugins.plugin_utils.reports.words import outcome


def finding(status: str, setting: str = "ValidPorts", **more: Any) -> dict[str, Any]:
    return {"fix": "valid_ports", "setting": setting, "status": status, "reason": "why", "blocked_by": None, **more}


def fleet(*hosts: HostReport, applied: bool = False) -> FleetReport:
    return FleetReport(hosts, applied, "2009-01-01T00:00:00+00:00", "0.1.0")


def host(*results: dict[str, Any], name: str = "cas1", applied: bool = False) -> HostReport:
    return HostReport.of(name, ["client_access"], results, applied)


def pending_lines(name: str, groups: list[str], waits: Waits) -> list[str]:
    return [one.line(name) for one in pending(groups, waits, True)]


@pytest.mark.parametrize(
    ("result", "applied", "cell", "clean"),
    [
        ({"findings": [finding("compliant")]}, False, "compliant", True),
        ({"findings": [finding("drifted")], "changed": True}, False, "drifted", False),
        ({"findings": [finding("drifted")], "changed": True}, True, "corrected", True),
        ({"findings": [finding("drifted")], "changed": False}, True, "drifted", False),
        ({"findings": [finding("drifted", blocked_by="gate")], "changed": True}, True, "drifted", False),
        ({"findings": [finding("drifted")], "changed": True, "failed": True, "msg": "m"}, True, "drifted", False),
        ({"findings": [finding("unknown")], "unreachable": True, "msg": "m"}, True, "unknown", False),
        ({"findings": [finding("unknown")]}, False, "unknown", False),
        ({"findings": [finding("not_managed")]}, False, "not_managed", True),
        ({"findings": [finding("not_applicable")]}, False, "not_applicable", True),
    ],
)
def test_a_cell_says_what_is_so_after_the_run(result: dict[str, Any], applied: bool, cell: str, clean: bool) -> None:
    report = fleet(host(result, applied=applied), applied=applied)
    assert report.hosts[0].cells == {"valid_ports.ValidPorts": cell}
    assert report.clean is clean


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ([], "not_read"),
        ([{"skipped": True}], "not_read"),
        ([{"server": {}}, {"failed": True, "msg": "m"}], "failed"),
        ([{"unreachable": True, "msg": "m"}, {"failed": True, "msg": "n"}], "unreachable"),
    ],
)
def test_a_host_that_was_not_read_is_not_clean(results: list[dict[str, Any]], state: str) -> None:
    report = fleet(host(*results))
    assert report.hosts[0].state == state
    assert report.clean is (state == "read")


def test_where_nothing_was_compared_nothing_is_clean() -> None:
    assert not fleet().clean
    report = fleet(host({"server": {}}))
    assert report.hosts[0].state == "read"
    assert not report.clean


def test_the_table_has_the_words_of_the_record() -> None:
    report = fleet(
        host({"findings": [finding("compliant", "A"), finding("drifted", "B")]}), host(name="mbx1.contoso.com")
    )
    assert report.table() == [
        "HOST              STATE     1          2",
        "cas1              read      compliant  drifted",
        "mbx1.contoso.com  not_read  -          -",
        "1 = valid_ports.A",
        "2 = valid_ports.B",
    ]
    assert [list(entry["cells"].values()) for entry in report.as_dict()["hosts"]] == [["compliant", "drifted"], []]
    assert report.summary["hosts"] == 2
    assert (report.summary["drifted"], report.summary["not_read"]) == (1, 1)


def test_a_name_cannot_move_the_cursor() -> None:
    report = fleet(host({"findings": [], "failed": True, "msg": "bell\x07"}, name="evil\x1b[2J\r\n"))
    assert report.table()[1].startswith("evil\\x1b[2J\\r\\n  failed")
    assert report.details() == ["bell\\x07"]


def test_details_name_what_is_not_as_it_should_be() -> None:
    report = fleet(
        host(
            {
                "findings": [finding("drifted", blocked_by="unknown_entries: fail"), finding("compliant", "B")],
                "failed": True,
                "msg": "message",
                "warnings": ["careful"],
                "restart_required": ["MSExchangeServiceHost"],
            }
        )
    )
    assert report.details() == [
        "cas1: ValidPorts drifted (held back: unknown_entries): why",
        "message",
        "warning: careful",
        "cas1: restart of MSExchangeServiceHost is due, or will be after the change; users notice: nothing: it only "
        "makes polling stop at once instead of within 15 minutes; for as long as the service takes to stop and start; "
        "consent: outlook_anywhere_allow_restart",
    ]


def test_what_waits_says_what_users_will_notice_and_whose_consent_it_needs() -> None:
    (line,) = pending_lines("gc1", ["global_catalog", "mailbox"], Waits((), True))
    assert line.startswith("gc1: reboot is due; users notice: ")
    assert "KB 302914" in line
    assert "mailboxes" in line
    assert line.endswith("consent: outlook_anywhere_allow_reboot")
    (line,) = pending_lines("x", [], Waits(("Other",), False))
    assert "users notice: not known" in line
    (line,) = pending_lines("x", [], Waits(("msexchangesa",), False, cluster_node=True))
    assert "6002 and 6004" in line
    assert "Move-ClusteredMailboxServer" in line
    assert "allow_restart" not in line


def test_a_server_in_work_is_not_clean_and_is_told() -> None:
    unfinished = host({"findings": [finding("compliant")], "unfinished": "cas1: it has been in work since noon"})
    report = fleet(unfinished)
    assert not report.clean
    assert report.summary["unfinished"] == 1
    assert "cas1: it has been in work since noon" in report.details()


def test_a_run_that_stopped_is_not_clean_and_says_why_with_what_the_gates_saw() -> None:
    gate = gate_record(
        {"gate": "global_catalogs", "open": False, "proved": ["gc1"], "attested": ["gc9"], "missing": ["gc2 is off"]}
    )
    assert gate_record({"failed": True, "msg": "odd"})["missing"] == ["odd"]
    clean = host({"findings": [finding("compliant")]})
    report = FleetReport((clean,), False, "now", "0.1.0", stopped=("the gate is closed",), gates=(gate,))
    assert not report.clean
    assert report.details()[-2:] == [
        "gate global_catalogs: closed; proved: gc1; attested: gc9; missing: gc2 is off",
        "the gate is closed",
    ]
    assert report.as_dict()["stopped"] == ["the gate is closed"]
    assert report.as_dict()["gates"] == [gate]
    assert fleet(clean).clean
    assert gate_lines({"gate": "x", "open": True}) == ["gate x: open"]


def test_a_fleet_that_was_not_judged_is_told_as_that() -> None:
    report = FleetReport((host({"findings": []}),), False, "now", "0.1.0", fleet_not_judged="no inventory")
    assert report.details() == ["the fleet as a whole was not judged: no inventory"]


def test_a_predicted_change_is_not_called_corrected() -> None:
    predicted = {"findings": [finding("drifted")], "changed": True, "predicted": True}
    assert host(predicted, applied=True).cells == {"valid_ports.ValidPorts": "drifted"}


def test_the_record_carries_groups_messages_warnings_and_what_is_due() -> None:
    told = {
        "failed": True,
        "msg": "message",
        "warnings": ["careful"],
        "restart_required": ["A"],
        "reboot_required": True,
    }
    document = fleet(host({**told, "findings": [finding("drifted")]})).as_dict()
    (entry,) = document["hosts"]
    assert (entry["groups"], entry["messages"], entry["warnings"]) == (["client_access"], ["message"], ["careful"])
    assert (entry["restart_required"], entry["reboot_required"]) == (["A"], True)
    (told,) = entry["findings"]
    assert told.items() >= finding("drifted").items()
    assert (told["host"], told["state"], told["pending"]) == ("cas1", "drifted", False)
    assert [(item["what"], item["service"]) for item in entry["pending"]] == [("restart", "A"), ("reboot", None)]
    assert document["settings"] == ["valid_ports.ValidPorts"]


def test_a_setting_that_is_set_and_not_in_force_is_pending_and_names_what_it_waits_for() -> None:
    results = {"findings": [finding("compliant", effective="no")], "restart_required": ["A"], "reboot_required": True}
    ((told,),) = [entry["findings"] for entry in fleet(host(results)).as_dict()["hosts"]]
    assert told["pending"]
    assert told["what_to_do"].endswith("it waits for the restart of A and the reboot.")
    results = {"findings": [finding("compliant", effective="no")]}
    ((told,),) = [entry["findings"] for entry in fleet(host(results)).as_dict()["hosts"]]
    assert told["what_to_do"].endswith("it waits for what the reason names.")


@pytest.mark.parametrize(
    ("status", "more", "applied", "advice"),
    [
        ("compliant", {}, False, None),
        ("not_managed", {}, False, None),
        ("drifted", {"before": "a", "after": "b"}, False, "Playbook site sets it"),
        ("drifted", {"before": "a", "after": None}, False, "Playbook site removes it"),
        ("drifted", {"before": "a", "after": "b"}, True, "The run did not mend it"),
        ("drifted", {"before": "a", "after": "a"}, False, "No module changes it"),
        ("drifted", {"before": "a", "after": "b", "blocked_by": "a gate"}, False, "It is held back: a gate."),
        ("unknown", {}, False, "It could not be told"),
    ],
)
def test_whoever_reads_of_a_setting_reads_what_to_do(
    status: str, more: dict[str, Any], applied: bool, advice: str | None
) -> None:
    report = fleet(host({"findings": [finding(status, **more)]}, applied=applied), applied=applied)
    (told,) = report.as_dict()["hosts"][0]["findings"]
    assert (told["what_to_do"] or "").startswith(advice or "")
    assert (told["what_to_do"] is None) is (advice is None)


@pytest.mark.parametrize(
    ("playbook", "more", "applied", "advice"),
    [
        ("rollback", {"before": "a", "after": None}, False, "Playbook rollback removes it"),
        ("rollback", {"before": "a", "after": "b"}, True, "run rollback again."),
        ("rollback", {"before": "a", "after": "a", "blocked_by": "a gate"}, True, "then run rollback again."),
        ("repin", {"before": "a", "after": "b"}, False, "Playbook repin sets it"),
        ("repin", {"before": "a", "after": "b"}, True, "run repin again."),
        ("site", {"before": "a", "after": "b"}, False, "Playbook site sets it"),
        ("drift", {"before": "a", "after": "b"}, False, "Playbook site sets it"),
    ],
)
def test_what_to_do_names_the_playbook_that_does_it(
    playbook: str, more: dict[str, Any], applied: bool, advice: str
) -> None:
    report = FleetReport(
        (host({"findings": [finding("drifted", **more)]}),), applied, "now", "0.1.0", run=Run(playbook)
    )
    (told,) = report.as_dict()["hosts"][0]["findings"]
    assert advice in told["what_to_do"]
    if playbook == "rollback":
        assert "site" not in told["what_to_do"]
        assert "drift tells" not in told["what_to_do"]


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (Run(), "1 server: every setting is as it should be."),
        (Run("site"), "1 server: every setting is as it should be."),
        (Run("rollback"), "1 server: every setting looked at is as it should be."),
        (Run("drift", outside=("mbx1",)), "1 of 2 servers: every setting looked at is as it should be."),
        (
            Run("repin", ("pin", "global_catalog"), ("mbx1", "gc1")),
            "1 of 3 servers, parts: pin, global catalog: every setting looked at is as it should be.",
        ),
    ],
)
def test_the_sentence_and_the_record_say_what_was_looked_at(run: Run, sentence: str) -> None:
    record = FleetReport((host({"findings": [finding("compliant")]}),), True, "now", "0.1.0", run=run).as_dict()
    assert outcome(record) == sentence
    assert record["run"] == {
        "playbook": run.playbook,
        "whole": not run.outside and run.parts == PARTS,
        "parts": list(run.parts),
        "outside": list(run.outside),
    }


def test_a_server_that_was_not_read_says_what_to_do() -> None:
    for results in ([], [{"unreachable": True, "msg": "m"}], [{"failed": True, "msg": "m"}], [{"unfinished": "x"}]):
        (entry,) = fleet(host(*results)).as_dict()["hosts"]
        assert entry["what_to_do"], results
    assert not fleet(host({"server": {}})).as_dict()["hosts"][0]["what_to_do"]


def test_why_a_fleet_is_not_clean_is_told_in_the_record() -> None:
    assert fleet().as_dict()["why_not_clean"] == ["nothing was compared"]
    assert fleet(host({"findings": [finding("compliant")]})).as_dict()["why_not_clean"] == []
    report = FleetReport((host({"findings": [finding("drifted")]}),), False, "now", "0.1.0", stopped=("a gate",))
    assert report.as_dict()["why_not_clean"] == ["a gate", "1 drifted"]
