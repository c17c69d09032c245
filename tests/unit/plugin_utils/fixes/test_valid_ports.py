# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What valid_ports promises, decided on readings alone."""

from __future__ import annotations

import datetime
import random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from plugins.modules import valid_ports as documented
from plugins.plugin_utils.fixes.options import InvalidOptions
from plugins.plugin_utils.fixes.plan import LeaveAlone, Plan
from plugins.plugin_utils.fixes.valid_ports import CONFIGURATOR, RPC_PROXY, SERVICE_HOST, SYSTEM, ValidPorts
from plugins.plugin_utils.formats.registry import (
    KeyAbsent,
    KeyContent,
    KeyDenied,
    SetNumber,
    SetText,
    Unreadable,
    Value,
)
from plugins.plugin_utils.journal import Memory, Record
from plugins.plugin_utils.reads import Clock, Observed, ReadClock, ReadKey, State

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.UTC)

PINNED = "mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004;gc1:6004;gc1.contoso.com:6004"


def options(**given_options: Any) -> dict[str, Any]:
    return {
        "mailbox_servers": ["mbx1.contoso.com"],
        "global_catalogs": ["gc1.contoso.com"],
        "extra_entries": [],
        "unknown_entries": "fail",
        "allow_removal": [],
        "polling_minutes": 0,
        "settle_seconds": 5,
        "repin_only": False,
        **given_options,
    }


def text(data: str, kind: str = "REG_SZ") -> Value:
    return Value("ValidPorts", kind, data, data)


def number(name: str, data: int) -> Value:
    return Value(name, "REG_DWORD", data, hex(data))


def observe(
    ports: Value | None = None, polling: Value | None = None, enabled: Value | None = None, **keys: State
) -> Observed:
    proxy = tuple(value for value in (enabled or number("Enabled", 1), ports) if value)
    return Observed(
        {
            ReadKey(RPC_PROXY): keys.get("proxy", KeyContent(proxy, ())),
            ReadKey(CONFIGURATOR): keys.get("configurator", KeyContent((polling,) if polling else (), ())),
            ReadKey(SYSTEM): keys.get("system", KeyContent((), ("CurrentControlSet",))),
            ReadClock(): keys.get("clock", Clock(NOON - datetime.timedelta(hours=1), NOON)),
        }
    )


def plan(observed: Observed, memory: Memory | None = None, **given_options: Any) -> Plan:
    return ValidPorts.parse(options(**given_options)).plan(observed, memory or {})


def finding(result: Plan, setting: str = "ValidPorts") -> Any:
    return next(item for item in result.findings if item.setting == setting)


ZERO = number("PeriodicPollingMinutes", 0)


def remembered(setting: str, value: str, seconds_ago: int) -> Memory:
    at = NOON - datetime.timedelta(seconds=seconds_ago)
    return {("valid_ports", setting): Record("valid_ports", setting, value, at)}


@pytest.mark.parametrize(("seconds_ago", "effective"), [(0, "no"), (359, "no"), (360, "yes"), (99999, "yes")])
def test_a_list_works_once_the_rpc_proxy_has_read_it_since_it_was_written(seconds_ago: int, effective: str) -> None:
    wanted = ValidPorts.parse(options()).wanted
    listed = text(";".join(entry.text for entry in wanted))
    memory = remembered("ValidPorts", listed.raw.upper(), seconds_ago)
    assert finding(plan(observe(listed, ZERO), memory)).effective == effective
    assert finding(plan(observe(listed, ZERO))).effective == "unknown"
    other = remembered("ValidPorts", "other:6004", seconds_ago)
    assert finding(plan(observe(listed, ZERO), other)).effective == "unknown"
    assert finding(plan(observe(listed, ZERO, clock=Unreadable("odd", "")), memory)).effective == "unknown"


def test_a_change_is_remembered_as_a_pin_and_giving_it_back_forgets_it() -> None:
    pinned = plan(observe(None, number("PeriodicPollingMinutes", 15)))
    assert pinned.to_be_proved == ("PeriodicPollingMinutes", "ValidPorts")
    assert plan(observe(None, ZERO)).to_be_proved == ("ValidPorts",)
    assert (pinned.notes, pinned.forget) == ((("pinned", "by this controller"),), ())
    given_back = plan(observe(None, ZERO), polling_minutes=15)
    assert (given_back.notes, given_back.forget) == ((), ("pinned",))


def test_a_repin_puts_back_only_what_was_pinned_before() -> None:
    undone = observe(text("mbx1:6001-6002"), number("PeriodicPollingMinutes", 15))
    never = plan(undone, repin_only=True, unknown_entries="remove")
    assert {item.status for item in never.findings} == {"not_managed"}
    assert never.changes == ()
    assert "site" in never.findings[0].reason
    before = plan(undone, remembered("pinned", "by this controller", 5), repin_only=True, unknown_entries="remove")
    assert len(before.changes) == 2


def test_the_documentation_says_what_is_accepted() -> None:
    documentation = yaml.safe_load(documented.DOCUMENTATION)
    described = {
        name: {key: option[key] for key in ("type", "elements", "required", "default", "choices") if key in option}
        for name, option in documentation["options"].items()
    }
    assert described == ValidPorts.argument_spec


def test_the_clean_form_is_compliant_and_nothing_is_written() -> None:
    result = plan(observe(text(PINNED), ZERO))
    assert [(item.setting, item.status) for item in result.findings] == [
        ("PeriodicPollingMinutes", "compliant"),
        ("ValidPorts", "compliant"),
    ]
    assert (result.changes, result.warnings, result.restart_required, result.failure) == ((), (), (), None)


def test_an_absent_value_is_written_in_the_documented_form_after_polling() -> None:
    result = plan(observe(None, number("PeriodicPollingMinutes", 15)))
    assert result.changes == (
        SetNumber(CONFIGURATOR, "PeriodicPollingMinutes", 0),
        SetText(RPC_PROXY, "ValidPorts", PINNED),
    )
    assert result.restart_required == ("MSExchangeServiceHost",)
    assert finding(result).before is None
    assert finding(result).after == PINNED


def test_the_order_given_is_the_order_written_and_netbios_names_are_honoured() -> None:
    result = plan(
        observe(None, ZERO),
        mailbox_servers=["b.contoso.com", {"fqdn": "a.contoso.com", "netbios": "OTHER"}],
        global_catalogs=[],
        extra_entries=["proxy:593"],
    )
    assert finding(result).after == (
        "b:6001-6002;b:6004;b.contoso.com:6001-6002;b.contoso.com:6004;"
        "OTHER:6001-6002;OTHER:6004;a.contoso.com:6001-6002;a.contoso.com:6004;proxy:593"
    )


@pytest.mark.parametrize(
    "value",
    [
        PINNED.upper(),
        ";".join(reversed(PINNED.split(";"))),
        f"{PINNED};{PINNED}",
        PINNED.replace("6001-6002", "6002") + ";mbx1:6001;mbx1.contoso.com:6001",
        PINNED.replace("mbx1:6001-6002;mbx1:6004", "mbx1:6004;mbx1:6001-6001;mbx1:6002"),
    ],
)
def test_the_same_meaning_is_compliant(value: str) -> None:
    result = plan(observe(text(value), ZERO))
    assert finding(result).status == "compliant"
    assert finding(result).after == value
    assert not result.changes


def test_empty_entries_are_compliant_with_a_warning() -> None:
    result = plan(observe(text(PINNED.replace("gc1:", ";gc1:") + ";"), ZERO))
    assert finding(result).status == "compliant"
    assert any("2 empty entries" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (text(PINNED.replace(";", "; ")), "blanks"),
        (text(f'"{PINNED}"'), "quotes"),
        (text(PINNED.replace(";", ";\r\n")), "line breaks"),
        (text(PINNED, "REG_EXPAND_SZ"), "REG_EXPAND_SZ"),
        (Value("ValidPorts", "REG_MULTI_SZ", tuple(PINNED.split(";")), PINNED.replace(";", "\\0")), "REG_MULTI_SZ"),
    ],
)
def test_another_form_is_drifted_and_rewritten(value: Value, reason: str) -> None:
    result = plan(observe(value, ZERO))
    assert finding(result).status == "drifted"
    assert reason in finding(result).reason
    assert result.changes == (SetText(RPC_PROXY, "ValidPorts", PINNED),)


@pytest.mark.parametrize(
    "value",
    [
        text(PINNED + ";old:6004"),
        text(PINNED + ";mbx1:6003"),
        text(PINNED + ";what is this"),
        text(PINNED + ";[::1]:6004"),
        number("ValidPorts", 5),
    ],
)
def test_unknown_targets_stop_the_task_and_are_named(value: Value) -> None:
    result = plan(observe(value, number("PeriodicPollingMinutes", 15)))
    assert result.failure is not None
    assert result.changes == ()
    assert result.restart_required == ()
    unknown = str(value.data).rpartition(";")[2] if value.kind == "REG_SZ" else "5"
    assert unknown in result.failure.found
    assert "nobody asked for" in result.failure.problem
    assert "allow_removal" in result.failure.next_step
    assert finding(result).blocked_by == "unknown_entries: fail"
    assert finding(result).status == "drifted"
    assert finding(result).after == finding(result).before


def test_unknown_targets_are_kept_behind_the_others_or_removed() -> None:
    value = text("zz:1;garbage here;" + PINNED.replace(";gc1.contoso.com:6004", ""))
    kept = plan(observe(value, ZERO), unknown_entries="keep")
    assert finding(kept).after == PINNED + ";zz:1;garbage here"
    removed = plan(observe(value, ZERO), unknown_entries="remove")
    assert finding(removed).after == PINNED


def test_what_is_kept_alone_is_compliant() -> None:
    assert plan(observe(text(PINNED + ";zz:1;garbage here"), ZERO), unknown_entries="keep").changes == ()


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("Data*:4000-8000", "data*"),
        ("mbx9:06001", "mbx9"),
        ("mbx9:06001", "MBX9:06001"),
        ("[fe80::1]:6004", "fe80::1"),
        ("what is this", "What is this"),
    ],
)
def test_every_entry_can_be_named_for_removal(entry: str, allowed: str) -> None:
    value = text(f"{PINNED};{entry}")
    assert plan(observe(value, ZERO)).failure is not None
    assert finding(plan(observe(value, ZERO), allow_removal=[allowed])).after == PINNED


def test_an_fqdn_does_not_cover_the_netbios_name_of_another_server() -> None:
    result = plan(observe(text(PINNED + ";mbx1:593"), ZERO), allow_removal=["mbx1.fabrikam.com"])
    assert result.failure is not None
    assert result.failure.found == "mbx1:593"


def test_data_that_is_no_text_is_never_kept() -> None:
    for value in (number("ValidPorts", 5), Value("ValidPorts", "REG_BINARY", b"mbx1", "6d627831")):
        result = plan(observe(value, ZERO), unknown_entries="keep")
        assert finding(result).after in (PINNED, finding(result).before)
        assert not any("REG_" in str(change) for change in result.changes)


def test_a_message_stays_readable_however_many_targets_there_are() -> None:
    many = ";".join(f"old{count}.contoso.com:6004" for count in range(500))
    result = plan(observe(text(many), ZERO), mailbox_servers=[f"mbx{count}.contoso.com" for count in range(500)])
    assert result.failure is not None
    assert "and 450 more" in result.failure.found
    assert sum(map(len, vars(result.failure).values())) < 4000


def test_names_that_may_go_are_removed_with_their_netbios_name_and_no_others() -> None:
    value = text(PINNED + ";mbx9:6001-6002;MBX9.contoso.com:6004")
    assert plan(observe(value, ZERO), allow_removal=["mbx9.contoso.com"]).changes
    refused = plan(observe(text(PINNED + ";mbx9:6004;mbx8:6004"), ZERO), allow_removal=["mbx9"])
    assert refused.failure is not None
    assert refused.failure.found == "mbx8:6004"


@pytest.mark.parametrize(
    ("present", "wanted", "changed"),
    [
        (0, 0, False),
        (15, 0, True),
        (15, 15, False),
        (0, 15, True),
        (None, 0, True),
        (None, 15, False),
    ],
)
def test_polling_is_a_number_and_its_absence_means_fifteen(present: int | None, wanted: int, changed: bool) -> None:
    value = None if present is None else number("PeriodicPollingMinutes", present)
    result = plan(observe(text(PINNED), value), polling_minutes=wanted)
    assert bool(result.changes) is changed
    assert finding(result, "PeriodicPollingMinutes").status == ("drifted" if changed else "compliant")
    assert result.restart_required == (("MSExchangeServiceHost",) if changed else ())


def test_polling_of_another_type_is_drifted() -> None:
    result = plan(observe(text(PINNED), Value("PeriodicPollingMinutes", "REG_SZ", "0", "0")))
    assert "REG_SZ" in finding(result, "PeriodicPollingMinutes").reason
    assert result.changes == (SetNumber(CONFIGURATOR, "PeriodicPollingMinutes", 0),)


def test_a_missing_configurator_key_is_made_where_the_service_exists() -> None:
    result = plan(observe(text(PINNED), configurator=KeyAbsent(CONFIGURATOR)))
    assert result.failure is None
    assert result.changes == (SetNumber(CONFIGURATOR, "PeriodicPollingMinutes", 0),)


@pytest.mark.parametrize(
    ("keys", "setting", "status", "says"),
    [
        ({"proxy": KeyAbsent(RPC_PROXY)}, "ValidPorts", "drifted", "not installed"),
        ({"configurator": KeyAbsent(SERVICE_HOST)}, "PeriodicPollingMinutes", "drifted", "Exchange 2007"),
        ({"proxy": KeyDenied(RPC_PROXY, "ERROR: Access is denied.")}, "ValidPorts", "unknown", "Access is denied"),
        ({"configurator": KeyDenied(SERVICE_HOST, "")}, "PeriodicPollingMinutes", "unknown", "''"),
        ({"proxy": Unreadable("not its shape", "<html>")}, "ValidPorts", "unknown", "<html>"),
    ],
)
def test_a_key_that_cannot_be_read_is_never_compliant_and_stops_every_write(
    keys: dict[str, State], setting: str, status: str, says: str
) -> None:
    result = plan(observe(None, number("PeriodicPollingMinutes", 15), **keys))
    assert result.changes == ()
    assert result.restart_required == ()
    assert result.failure is not None
    assert result.failure.setting == setting
    assert says in f"{result.failure.problem} {result.failure.found}"
    assert finding(result, setting).status == status
    assert {item.setting for item in result.findings} == {"PeriodicPollingMinutes", "ValidPorts"}


@pytest.mark.parametrize(
    ("observed", "says"),
    [
        (observe(text(PINNED), ZERO, number("Enabled", 0)), "Enabled"),
        (observe(text(PINNED), ZERO, Value("Enabled", "REG_SZ", "1", "1")), "Enabled"),
        (observe(text(PINNED + ";mbx1:100-5000"), ZERO), "as wide as"),
        (observe(text(PINNED + ";[::1]:6004"), ZERO), "IPv6"),
        (
            observe(proxy=KeyContent((text(PINNED), Value("ValidPorts_AutoConfig_Exchange", "REG_SZ", "", "")), ())),
            "ValidPorts_AutoConfig_Exchange",
        ),
        (observe(proxy=KeyContent((text(PINNED),), ())), "Enabled in"),
        (observe(text(PINNED), configurator=KeyContent((ZERO,), ("PERIODICPollingMinutes",))), "subkey"),
        (observe(text(PINNED), ZERO, system=KeyContent((), ("CurrentControlSet", "ccs"))), "CCS"),
        (observe(text(PINNED), ZERO, system=KeyDenied(SYSTEM, "")), "could not be looked for"),
    ],
)
def test_warnings(observed: Observed, says: str) -> None:
    assert any(says in warning for warning in plan(observed, unknown_entries="keep").warnings)


def test_polling_that_goes_on_is_a_warning() -> None:
    warnings = plan(observe(text(PINNED), number("PeriodicPollingMinutes", 15)), polling_minutes=15).warnings
    assert any("at each poll the servicelet replaces ValidPorts" in warning for warning in warnings)


def test_only_a_servicelet_that_has_just_been_stopped_is_waited_for() -> None:
    assert plan(observe(None, number("PeriodicPollingMinutes", 15)), settle_seconds=7).settle_seconds == 7
    assert plan(observe(None, ZERO), settle_seconds=7).settle_seconds == 0
    assert plan(observe(None, ZERO), settle_seconds=7, polling_minutes=15).settle_seconds == 0


@pytest.mark.parametrize(
    ("value", "polling", "half"),
    [
        (PINNED, 0, None),
        (PINNED, 15, "ValidPorts"),
        (PINNED.partition(";gc1")[0], 0, "PeriodicPollingMinutes"),
        (PINNED.partition(";gc1")[0], 15, None),
    ],
)
def test_half_of_the_fix_is_noticed(value: str, polling: int, half: str | None) -> None:
    fix = ValidPorts.parse(options())
    observed = observe(text(value), number("PeriodicPollingMinutes", polling))
    found = fix.half_applied(observed)
    assert (found[0] if found else None) == half
    left = LeaveAlone("not_managed", "nobody asked").of(fix, fix.plan(observed, {}), observed)
    assert left.changes == ()
    assert {item.setting: item.status for item in left.findings} == {
        **dict.fromkeys(("PeriodicPollingMinutes", "ValidPorts"), "not_managed"),
        **({half: "drifted"} if half else {}),
    }


def test_two_servers_with_one_netbios_name_are_a_warning() -> None:
    result = plan(observe(), mailbox_servers=["exchange-mailbox-1.contoso.com", "exchange-mailbox-2.contoso.com"])
    assert any("exchange-mailbo" in warning for warning in result.warnings)


def test_a_disabled_proxy_is_not_effective_however_compliant_the_list() -> None:
    assert finding(plan(observe(text(PINNED), ZERO, number("Enabled", 0)))).effective == "no"
    assert finding(plan(observe(text(PINNED), ZERO))).effective == "unknown"


def test_the_servicelet_is_named_when_it_has_just_been_stopped() -> None:
    fix = ValidPorts.parse(options())
    before = fix.plan(observe(text(PINNED), number("PeriodicPollingMinutes", 15)), {})
    servicelet_wrote = text("mbx1:6001-6002;mbx1:6004;mbx1.contoso.com:6001-6002;mbx1.contoso.com:6004")
    assert "RpcHttpConfigurator" in (fix.other_writer(before, observe(servicelet_wrote, ZERO)) or "")
    assert fix.other_writer(before, observe(text("mine:1"), ZERO)) is None
    assert fix.other_writer(before, observe(None, ZERO)) is None
    pinned_before = fix.plan(observe(text("zz"), ZERO), {})
    assert fix.other_writer(pinned_before, observe(servicelet_wrote, ZERO)) is None


@pytest.mark.parametrize(
    ("bad", "where", "why"),
    [
        ({"mailbox_servers": []}, "mailbox_servers", "at least one"),
        ({"mailbox_servers": ["mbx1.contoso.com", "mbx 2"]}, "mailbox_servers[1]", "mbx 2"),
        ({"global_catalogs": ["gc1"]}, "global_catalogs[0]", "no dot"),
        ({"extra_entries": ["mbx1:0"]}, "extra_entries[0]", "port 0"),
        ({"allow_removal": [" "]}, "allow_removal[0]", "neither"),
        ({"polling_minutes": -1}, "polling_minutes", "between"),
        ({"polling_minutes": 2**32}, "polling_minutes", "between"),
        ({"settle_seconds": 601}, "settle_seconds", "between"),
    ],
)
def test_options_that_do_not_parse_are_named(bad: dict[str, Any], where: str, why: str) -> None:
    with pytest.raises(InvalidOptions) as error:
        ValidPorts.parse(options(**bad))
    assert [problem.option for problem in error.value.problems] == [where]
    assert why in error.value.problems[0].why


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(InvalidOptions) as error:
        ValidPorts.parse(options(mailbox_servers=["a", "b"], extra_entries=["c"]))
    assert len(error.value.problems) == 3


PIECE = st.sampled_from(
    [
        "mbx1:6001",
        "MBX1:6001-6004",
        "old:1-9",
        "gc1.contoso.com:6004",
        "",
        " ",
        "junk",
        '"mbx1:6002"',
        "a b:6",
        "x;y",
        "\r\n",
    ]
)


@given(st.lists(PIECE, max_size=8).map(";".join), st.sampled_from(["keep", "remove"]))
def test_what_was_written_is_compliant_when_it_is_read_again(value: str, unknown: str) -> None:
    first = plan(observe(text(value), ZERO), unknown_entries=unknown)
    written = finding(first).after
    second = plan(observe(text(written), ZERO), unknown_entries=unknown)
    assert second.changes == ()
    assert finding(second).status == "compliant"


def test_five_hundred_mailbox_servers_are_planned_like_two() -> None:
    servers = [f"mailbox{number:03}.exchange.contoso.com" for number in range(500)]
    result = plan(observe(None, ZERO), mailbox_servers=servers)
    written = finding(result).after
    assert len(written) > 50_000
    shuffled = ";".join(random.Random(0).sample(written.split(";"), written.count(";") + 1))
    assert plan(observe(text(shuffled), ZERO), mailbox_servers=servers).changes == ()
