# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""valid_ports on a server that a WinRM client cannot tell from a real one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import WAYS, StartFleet, StartModel
from tests.integration.fleet import CONFIGURATOR, RPC_PROXY, client_access, number, text

PINNED = "mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004;gc1:6004;gc1.contoso.com:6004"
SAME = ("changed", "diff", "findings", "restart_required", "reboot_required")


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {finding["setting"]: finding["status"] for finding in result["findings"]}


@WAYS
def test_check_mode_predicts_the_run_and_the_next_run_finds_nothing_to_do(start: StartFleet, transport: str) -> None:
    fleet = start({"cas1": client_access(text("mbx1:6001-6002"), number(15))}, transport=transport)
    registry = fleet.lab["cas1"].registry

    predicted = fleet.valid_ports("--check")
    assert predicted["changed"] is True
    assert registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", "mbx1:6001-6002")
    assert registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15)
    lines = [request.command_line for request in fleet.lab["cas1"].requests if request.command_line]
    assert not [line for line in lines if "reg add" in line or "reg import" in line or "del" in line]

    done = fleet.valid_ports()
    assert {name: done[name] for name in SAME} == {name: predicted[name] for name in SAME}
    assert registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", PINNED)
    assert registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 0)
    assert done["restart_required"] == ["MSExchangeServiceHost"]
    assert statuses(done) == {"PeriodicPollingMinutes": "drifted", "ValidPorts": "drifted"}

    again = fleet.valid_ports()
    assert again["changed"] is False
    assert statuses(again) == {"PeriodicPollingMinutes": "compliant", "ValidPorts": "compliant"}


FORMS = {
    "upper-case": (text(PINNED.upper()), True),
    "reversed": (text(";".join(reversed(PINNED.split(";")))), True),
    "doubled": (text(PINNED + ";" + PINNED), True),
    "split-ranges": (text(PINNED.replace("6001-6002", "6002") + ";mbx1:6001;mbx1.contoso.com:6001"), True),
    "empty-entries": (text(PINNED + ";;"), True),
    "last-port-missing": (text(PINNED.replace("6001-6002", "6001")), False),
    "last-server-missing": (text(PINNED.removesuffix(";gc1.contoso.com:6004")), False),
    "blanks": (text(PINNED.replace(";", "; ")), False),
    "quotes": (text(f'"{PINNED}"'), False),
    "line-breaks": (text(PINNED.replace(";", ";\r\n")), False),
    "expandable": (text(PINNED, "REG_EXPAND_SZ"), False),
    "multi": ({"type": "REG_MULTI_SZ", "data": PINNED.split(";")}, False),
}


@pytest.mark.one_core
def test_values_are_compared_by_meaning_and_written_in_clean_form(start: StartFleet) -> None:
    fleet = start({name: client_access(value, number(0)) for name, (value, _same) in FORMS.items()})
    before = {name: host.registry.get(RPC_PROXY, "ValidPorts") for name, host in fleet.lab.hosts.items()}
    results = fleet.valid_ports_everywhere()
    for name, (_value, same) in FORMS.items():
        assert results[name]["outcome"] == "ok", name
        assert statuses(results[name])["ValidPorts"] == ("compliant" if same else "drifted"), name
        assert results[name]["changed"] is not same, name
        after = fleet.lab[name].registry.get(RPC_PROXY, "ValidPorts")
        assert after == (before[name] if same else ("REG_SZ", PINNED)), name
    assert not [name for name, result in fleet.valid_ports_everywhere().items() if result["changed"]]


@pytest.mark.one_core
def test_targets_that_nobody_asked_for_are_kept_or_removed_as_asked(start: StartFleet) -> None:
    ports = text('old:6004;odd & 100% "mad"!;mbx1:6001')
    wanted = {"keep": PINNED + ';old:6004;odd & 100% "mad"!', "remove": PINNED}
    fleet = start({word: client_access(ports, number(0), vars={"wanted": word}) for word in wanted})
    for changed in (True, False):
        results = fleet.valid_ports_everywhere(unknown_entries="{{ wanted }}")
        assert {name: result["changed"] for name, result in results.items()} == dict.fromkeys(wanted, changed)
        for name, value in wanted.items():
            assert fleet.lab[name].registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", value)


@pytest.mark.one_core
def test_targets_that_nobody_asked_for_stop_the_task_before_anything_is_written(start_model: StartModel) -> None:
    value = PINNED + ";old:6001-6002;old.contoso.com:6004"
    fleet = start_model("nothing: the list is judged, not written", {"cas1": client_access(text(value), number(15))})
    for arguments in ((), ("--check",)):
        result = fleet.valid_ports(*arguments)
        assert result["outcome"] == "failed"
        assert result["changed"] is False
        assert "old:6001-6002" in result["failure"]["found"]
        assert "old.contoso.com:6004" in result["msg"]
    assert fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", value)
    assert fleet.lab["cas1"].registry.get(CONFIGURATOR, "PeriodicPollingMinutes") == ("REG_DWORD", 15)
    assert fleet.valid_ports(allow_removal=["old.contoso.com"])["changed"] is True
    assert fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts") == ("REG_SZ", PINNED)


POLLING = {
    "stopped": (number(15), 0, True),
    "stays-stopped": (number(0), 0, False),
    "text": (text("0"), 0, True),
    "absent-stopped": (None, 0, True),
    "absent-restored": (None, 15, False),
    "restored": (number(0), 15, True),
    "all-bits": (number(0xFFFFFFFF), 255, True),
    "one-octet": (number(255), 255, False),
}


@pytest.mark.one_core
def test_polling_is_a_number_of_minutes(start: StartFleet) -> None:
    fleet = start(
        {
            name: client_access(text(PINNED), polling, vars={"wanted": wanted})
            for name, (polling, wanted, _changed) in POLLING.items()
        }
    )
    before = {name: host.registry.get(CONFIGURATOR, "PeriodicPollingMinutes") for name, host in fleet.lab.hosts.items()}
    results = fleet.valid_ports_everywhere(polling_minutes="{{ wanted }}", settle_seconds=0)
    for name, (_polling, wanted, changed) in POLLING.items():
        assert results[name]["changed"] is changed, name
        after = fleet.lab[name].registry.get(CONFIGURATOR, "PeriodicPollingMinutes")
        assert after == (("REG_DWORD", wanted) if changed else before[name]), name


@WAYS
def test_five_hundred_mailbox_servers_work_as_two_do(start: StartFleet, transport: str) -> None:
    servers = [f"mailbox{count:03}.exchange.contoso.com" for count in range(500)]
    fleet = start({"cas1": client_access(text("mbx1:6004"), number(15))}, transport=transport)
    options = {"mailbox_servers": servers, "unknown_entries": "remove"}
    result = fleet.valid_ports(**options)
    assert result["changed"] is True
    found = fleet.lab["cas1"].registry.get(RPC_PROXY, "ValidPorts")
    assert found is not None
    written = str(found[1])
    assert len(written) > 50_000
    assert written.split(";")[:2] == ["mailbox000:6001-6002", "mailbox000:6004"]
    assert written.endswith("gc1:6004;gc1.contoso.com:6004")
    assert fleet.valid_ports(**options)["changed"] is False


def test_warnings_reach_the_operator_with_the_host(start: StartFleet) -> None:
    server = client_access(text(PINNED + ";mbx1:100-5000"), number(0))
    server["registry"][RPC_PROXY]["Enabled"] = number(0)
    server["registry"][RPC_PROXY]["ValidPorts_AutoConfig_Exchange"] = text("")
    server["registry"][CONFIGURATOR + r"\PeriodicPollingMinutes"] = {}
    server["registry"][r"HKLM\SYSTEM\CCS\Services"] = {}
    fleet = start({"cas1": server})
    warnings = fleet.valid_ports("--check", unknown_entries="keep")["warnings"]
    for words in ("as wide as", "Enabled", "ValidPorts_AutoConfig_Exchange", "subkey", "CCS"):
        assert [warning for warning in warnings if words in warning and warning.startswith("cas1: ")], words


def test_a_finding_has_its_documented_parts(start_model: StartModel) -> None:
    fleet = start_model("nothing: this is what is made of an answer", {"cas1": client_access(text("x:1"), number(15))})
    result = fleet.valid_ports("--check", unknown_entries="remove")
    assert [set(finding) for finding in result["findings"]] == [
        {
            "host",
            "fix",
            "setting",
            "status",
            "before",
            "after",
            "reason",
            "reference",
            "effective",
            "blocked_by",
        }
    ] * 2


@pytest.mark.parametrize("transport", ["basic", "ntlm"])
@pytest.mark.parametrize("servers", [2, 500])
def test_requests_stay_within_the_promise(start_model: StartModel, servers: int, transport: str) -> None:
    fleet = start_model(
        "counting is the model's: Wine's answers arrive in more receives",
        {"cas1": client_access(text("mbx1:6001"), number(15))},
        transport=transport,
    )
    names = [f"mailbox{count:03}.exchange.contoso.com" for count in range(servers)]
    for changed, most in ((True, 10), (False, 4)):
        fleet.lab["cas1"].clear_requests()
        assert fleet.valid_ports(mailbox_servers=names, unknown_entries="remove")["changed"] is changed
        counted = [item.operation for item in fleet.lab["cas1"].requests if item.operation not in ("receive", "auth")]
        assert len(counted) <= most, counted
        if not changed:
            assert counted == ["create", "command", "signal", "delete"]
