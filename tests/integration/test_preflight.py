# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""preflight proves the rows of docs/evidence.md, finds each that is not as written there, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from plugins.plugin_utils.preflight_rows.rows import ROWS
from tests.evidence_ids import ids
from tests.integration.conftest import WINE_MISSING, StartModel
from tests.integration.fleet import COLLECTION, Fleet
from tests.integration.preflight_servers import EVERYTHING, contents, preflight, printed, rows, those, up
from tests.lab import wine
from tests.lab.broken import BREAKABLE, UNBREAKABLE
from tests.lab.state.programs import wmic
from tests.lab.wine.cannot import missing_programs

DIFFERENCES = yaml.safe_load(Path(wine.__file__).with_name("differences.yml").read_text(encoding="utf-8"))
GLOBAL_CATALOG = {"domain_controller": {"global_catalog": True}}
# Rows that have something to show only on some servers.
IIS = {"appcmd_is_there", "appcmd_list", "appcmd_search", "kernel_mode_default", "rpc_web_site"}
OF_IPV6 = {"netsh_interface", "adapter_binding"}
OF_A_NODE = {"cluster_key"}
# What must be there before anything can be written.
WRITING = {"reg_add", "reg_delete", "reg_import", "move", "xcopy", "type", "certutil", "redirection_keeps_permissions"}
UNBROKEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a server with everything": ({}, set()),
    "in German": ({"language": "de"}, set()),
    "over NTLM": ({"transport": "ntlm"}, set()),
    "Windows Server 2008 R2": ({"windows": "2008r2"}, set()),
    "Windows Server 2012": ({"windows": "2012"}, set()),
    "without error messages": ({"empty_stderr": True}, set()),
    "a Global Catalog": (GLOBAL_CATALOG, set()),
    "a Mailbox server": ({"exchange": {"roles": ["mailbox"]}}, IIS),
    "a Client Access server": ({"exchange": {"roles": ["client_access"]}, "cluster": False}, OF_A_NODE),
    # That appcmd is not there is proved there.
    "Windows Server 2003": ({"windows": "2003"}, (IIS | OF_IPV6) - {"appcmd_is_there"}),
}


@pytest.mark.one_core
@pytest.mark.parametrize("name", UNBROKEN)
def test_a_server_as_documented_has_no_row_that_differs(name: str) -> None:
    host, nothing_to_show = UNBROKEN[name]
    with up("model", **host) as on:
        before = contents(on.host)
        result = preflight(on)
        assert sorted(rows(result)) == sorted(ids())
        assert not those(result, "differs")
        assert not result.get("failed"), result
        assert result["changed"] is False
        assert set(those(result, "not_testable")) - set(UNBREAKABLE) == nothing_to_show
        assert contents(on.host) == before
        assert not on.left_behind()
        assert not on.host.open_shells
        assert all(seen for _result, seen in rows(result).values())


def shows(seen: str, lines: list[str]) -> bool:
    """Whether a line that the server printed is there, or that it printed nothing, or its fault."""
    begun = {line.rstrip()[:60] for line in lines if len(line.strip()) > 1}
    printed_some = any(f"{before}{line}" in seen for line in begun for before in ("'", "\\n"))
    return printed_some or "'', exit code" in seen or "fault" in seen.lower()


@pytest.mark.one_core
@pytest.mark.parametrize("name", sorted(BREAKABLE))
def test_exactly_the_broken_row_differs(name: str) -> None:
    with up("model", broken=[name]) as on:
        before = contents(on.host)
        with printed() as lines:
            result = preflight(on)
        assert set(those(result, "differs")) == {name}, those(result, "differs")
        assert shows(those(result, "differs")[name], lines), those(result, "differs")[name]
        assert result["failed"]
        assert name in result["msg"]
        assert sorted(rows(result)) == sorted(ids())
        assert contents(on.host) == before


@pytest.mark.one_core
@pytest.mark.parametrize(("cluster", "result"), [(True, "proved"), (False, "differs")])
def test_addresses_that_wmi_alone_names_are_those_of_a_cluster_or_differ(cluster: bool, result: str) -> None:
    adapters = wmic._adapters

    def with_more(state: Any) -> list[dict[str, str]]:
        return [{**block, "IPAddress": block["IPAddress"].replace("}", ',"10.99.0.1"}')} for block in adapters(state)]

    with up("model", cluster=cluster) as on, mock.patch.object(wmic, "_adapters", with_more):
        found = rows(preflight(on))["adapter_address"]
    assert found[0] == result
    assert "more by wmic" in found[1]
    assert "10.99.0.1" in found[1].partition("more by wmic")[2].partition(";")[0]


def test_in_check_mode_nothing_is_written_and_what_needs_it_is_not_testable() -> None:
    with up("model") as on:
        before = contents(on.host)
        result = preflight(on, check_mode=True)
        sent = [request.command_line or "" for request in on.host.requests]
        assert not those(result, "differs")
        assert {name for name, seen in those(result, "not_testable").items() if "check mode" in seen} >= WRITING
        assert contents(on.host) == before
    written = [line for line in sent if any(word in line for word in ("reg add", "reg import", "xcopy", "certutil"))]
    assert not written


@pytest.mark.one_core
@pytest.mark.parametrize("name", [probe.row for probe in ROWS if probe.also])
def test_in_check_mode_a_broken_row_is_never_proved(name: str) -> None:
    with up("model", broken=[name]) as on:
        result = preflight(on, check_mode=True)
    assert rows(result)[name][0] != "proved", rows(result)[name]
    assert set(those(result, "differs")) <= {name}


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("name", "tool"),
    [("move", "icacls"), ("xcopy", "icacls"), ("redirection_keeps_permissions", "icacls"), ("type", "certutil")],
)
def test_a_broken_row_is_never_proved_without_the_tools_that_show_it(name: str, tool: str) -> None:
    with up("model", broken=[name, tool]) as on:
        result = preflight(on)
    assert rows(result)[name][0] != "proved", rows(result)[name]


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("tool", "not_testable"),
    [("icacls", {"move", "xcopy", "type", "redirection_keeps_permissions"}), ("certutil", {"type"})],
)
def test_without_a_tool_what_it_shows_is_not_testable_and_says_so(tool: str, not_testable: set[str]) -> None:
    with up("model") as on:
        result = preflight(on, leave_out=[tool])
    found = those(result, "not_testable")
    assert set(found) - set(UNBREAKABLE) == {tool, *not_testable}
    assert all(f"because {tool} could not be tested" in found[name] for name in not_testable)


@pytest.mark.wine
def test_on_wine_the_rows_differ_that_its_known_differences_explain() -> None:
    if missing := missing_programs():
        pytest.skip(f"{WINE_MISSING}install {', '.join(missing)}")
    known = {entry["row"] for entry in DIFFERENCES if "row" in entry}
    with up("wine") as on:
        before = contents(on.host)
        result = preflight(on)
        assert set(those(result, "differs")) == known, those(result, "differs")
        assert sorted(rows(result)) == sorted(ids())
        assert contents(on.host) == before
        assert not on.left_behind()


THE_PLAYBOOK = "nothing: this is what the playbook does, whatever the servers are"


def server(name: str, **more: Any) -> dict[str, Any]:
    return {**EVERYTHING, "fqdn": f"{name}.contoso.com", "groups": ["client_access", "mailbox"], **more}


def written(fleet: Fleet) -> dict[str, Any]:
    """The playbook's report."""
    file = fleet.folder / "outlook_anywhere_report" / "preflight.json"
    return dict(json.loads(file.read_text(encoding="utf-8")))


def test_the_playbook_tells_of_every_server_and_of_each_row_that_differs(start_model: StartModel) -> None:
    names = ("good1", "odd1", "off1")
    fleet = start_model(
        THE_PLAYBOOK, {name: server(name) for name in names} | {"odd1": server("odd1", broken=["move"])}
    )
    fleet.lab["off1"].power_off()
    run = fleet.play(f"{COLLECTION}.preflight")
    assert run.exit_code == 2, run.screen
    report = json.loads((fleet.folder / "outlook_anywhere_report" / "preflight.json").read_text(encoding="utf-8"))
    hosts = {host["name"]: host for host in report["hosts"]}
    assert {name: host["state"] for name, host in hosts.items()} == {
        "good1": "judged",
        "odd1": "judged",
        "off1": "unreachable",
    }
    differing = {
        (name, row["id"]) for name, host in hosts.items() for row in host["rows"] if row["result"] == "differs"
    }
    assert differing == {("odd1", "move")}
    assert not report["clean"]
    (line,) = (line for line in run.screen.splitlines() if line.startswith("differs"))
    assert line.split()[1:3] == ["move", "odd1"]
    assert "off1: unreachable" in run.screen


@pytest.mark.parametrize(("name", "exit_code", "state"), [("good1", 0, "judged"), ("off1", 2, "unreachable")])
def test_the_playbook_tells_of_those_servers_alone_that_it_is_limited_to(
    start_model: StartModel, name: str, exit_code: int, state: str
) -> None:
    fleet = start_model(THE_PLAYBOOK, {name: server(name) for name in ("good1", "off1", "other1")})
    fleet.lab["off1"].power_off()
    run = fleet.play(f"{COLLECTION}.preflight", "--limit", name)
    assert run.exit_code == exit_code, run.screen
    assert [(host["name"], host["state"]) for host in written(fleet)["hosts"]] == [(name, state)]


def test_the_playbook_is_not_content_where_what_all_rows_stand_on_was_left_out(start_model: StartModel) -> None:
    fleet = start_model(THE_PLAYBOOK, {"good1": server("good1")})
    run = fleet.play(f"{COLLECTION}.preflight", "-e", '{"outlook_anywhere_preflight_leave_out": ["echo", "shell"]}')
    assert run.exit_code == 2, run.screen
    assert not written(fleet)["clean"]
    assert "shell, echo left out" in run.screen


def test_the_playbook_is_content_with_servers_as_documented(start_model: StartModel) -> None:
    fleet = start_model(THE_PLAYBOOK, {"good1": server("good1")})
    run = fleet.play(f"{COLLECTION}.preflight")
    assert run.exit_code == 0, run.screen
    assert json.loads((fleet.folder / "outlook_anywhere_report" / "preflight.json").read_text(encoding="utf-8"))[
        "clean"
    ]
