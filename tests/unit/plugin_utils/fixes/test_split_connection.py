# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dsproxy_referral and nspi_endpoint, decided on readings alone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import yaml

from plugins.modules import dsproxy_referral, nspi_endpoint
from plugins.plugin_utils.fixes.dsproxy_referral import MISPLACED, PARAMETERS, PROCESS, DsproxyReferral
from plugins.plugin_utils.fixes.nspi_endpoint import NTDS, OWNER, NspiEndpoint
from plugins.plugin_utils.fixes.options import InvalidOptions
from plugins.plugin_utils.fixes.plan import Plan
from plugins.plugin_utils.formats.netstat import Listener
from plugins.plugin_utils.formats.registry import (
    DeleteValue,
    KeyAbsent,
    KeyContent,
    KeyDenied,
    KeyState,
    SetNumber,
    SetText,
    SetTexts,
    Unreadable,
    Value,
)
from plugins.plugin_utils.journal import Memory, Record
from plugins.plugin_utils.reads import (
    Clock,
    Listeners,
    Observed,
    ProbeKey,
    Process,
    Processes,
    ReadClock,
    ReadKey,
    ReadListeners,
)

BOOT = datetime.datetime(2008, 11, 5, 8, 0, tzinfo=datetime.UTC)
NOW = BOOT + datetime.timedelta(hours=4)
REFER, TARGET = "Do Not Refer HTTP to DSProxy", "NSPI Target Server"
SEQUENCES = "NSPI interface protocol sequences"


def number(name: str, data: int) -> Value:
    return Value(name, "REG_DWORD", data, hex(data))


def text(name: str, data: str, kind: str = "REG_SZ") -> Value:
    return Value(name, kind, data, data)


def texts(*data: str) -> Value:
    return Value(SEQUENCES, "REG_MULTI_SZ", data, "\\0".join(data))


def documented(module: Any) -> dict[str, Any]:
    options = yaml.safe_load(module.DOCUMENTATION).get("options", {})
    keys = ("type", "elements", "required", "default", "choices")
    return {name: {key: option[key] for key in keys if key in option} for name, option in options.items()}


def test_the_documentation_says_what_is_accepted() -> None:
    assert documented(dsproxy_referral) == DsproxyReferral.argument_spec
    assert documented(nspi_endpoint) == NspiEndpoint.argument_spec


# --- Mailbox servers


CLOCK = Clock(BOOT, NOW)


def mailbox(*values: Value, started: datetime.datetime | None = BOOT, clock: Any = CLOCK, **keys: Any) -> Observed:
    running = (Process("mad.exe", 1808, started),) if started else ()
    return Observed(
        {
            ReadKey(PARAMETERS): keys.get("parameters", KeyContent(values, ())),
            ProbeKey(MISPLACED): keys.get("misplaced", KeyAbsent(MISPLACED)),
            ReadClock(): clock,
            PROCESS: Processes(running),
        }
    )


def referral(
    observed: Observed, memory: Memory | None = None, refer: bool | None = False, target: str | None = "gc1.contoso.com"
) -> Plan:
    options = {"refer_http_to_dsproxy": refer, "nspi_target_server": target}
    return DsproxyReferral.parse(options).plan(observed, memory or {})


def status(plan: Plan) -> dict[str, str]:
    return {finding.setting: finding.status for finding in plan.findings}


def effective(plan: Plan) -> dict[str, str]:
    return {finding.setting: finding.effective for finding in plan.findings}


def test_a_server_as_exchange_set_it_up_gets_both_values_and_waits_for_a_restart() -> None:
    plan = referral(mailbox())
    assert plan.changes == (SetNumber(PARAMETERS, REFER, 1), SetText(PARAMETERS, TARGET, "gc1.contoso.com"))
    assert plan.restart_required == ("MSExchangeSA",)
    assert plan.to_be_proved == (REFER, TARGET)
    assert status(plan) == {REFER: "drifted", TARGET: "drifted"}


@pytest.mark.parametrize("data", [1, 2, 0xFFFFFFFF])
def test_any_number_but_zero_is_as_good(data: int) -> None:
    assert referral(mailbox(number(REFER, data), text(TARGET, "GC1.Contoso.com"))).changes == ()


@pytest.mark.parametrize("value", [number(REFER, 0), text(REFER, "1"), None])
def test_zero_text_and_absence_mean_that_clients_are_referred(value: Value | None) -> None:
    values = (text(TARGET, "gc1.contoso.com"), *([value] if value else []))
    assert referral(mailbox(*values)).changes == (SetNumber(PARAMETERS, REFER, 1),)


def test_the_way_back_removes_the_values() -> None:
    on = mailbox(number(REFER, 1), text(TARGET, "gc1.contoso.com"))
    assert referral(on, refer=True, target="").changes == (
        DeleteValue(PARAMETERS, REFER),
        DeleteValue(PARAMETERS, TARGET),
    )
    assert referral(mailbox(number(REFER, 0)), refer=True, target="").changes == ()
    assert referral(mailbox(), refer=True, target="").changes == ()


def test_another_target_or_type_is_drift() -> None:
    for value in (text(TARGET, "gc2.contoso.com"), text(TARGET, "gc1.contoso.com", "REG_EXPAND_SZ")):
        assert referral(mailbox(number(REFER, 1), value)).changes == (SetText(PARAMETERS, TARGET, "gc1.contoso.com"),)


def test_what_is_left_out_is_not_managed() -> None:
    plan = referral(mailbox(), refer=None, target=None)
    assert status(plan) == {REFER: "not_managed", TARGET: "not_managed"}
    assert plan.changes == ()
    both = referral(mailbox(number(REFER, 1), text(TARGET, "gc1.contoso.com")), refer=None, target=None)
    assert status(both) == {REFER: "not_managed", TARGET: "not_managed"}


@pytest.mark.parametrize(("value", "setting"), [(number(REFER, 1), REFER), (text(TARGET, "gc1.contoso.com"), TARGET)])
def test_half_of_the_fix_is_drift_even_where_nobody_manages_it(value: Value, setting: str) -> None:
    plan = referral(mailbox(value), refer=None, target=None)
    assert status(plan)[setting] == "drifted"
    assert plan.changes == ()
    assert all(finding.blocked_by for finding in plan.findings if finding.setting == setting)


def record(fix: str, setting: str, value: str, at: datetime.datetime = NOW) -> Memory:
    return {(fix, setting): Record(fix, setting, value, at)}


def test_a_restart_is_pending_until_the_system_attendant_has_started_since() -> None:
    done = (number(REFER, 1), text(TARGET, "gc1.contoso.com"))
    memory = record("dsproxy_referral", REFER, "1")
    pending = referral(mailbox(*done), memory)
    assert pending.changes == ()
    assert pending.restart_required == ("MSExchangeSA",)
    assert effective(pending) == {REFER: "no", TARGET: "unknown"}
    stopped = referral(mailbox(*done, started=None), memory)
    assert stopped.restart_required == ("MSExchangeSA",)
    proved = referral(mailbox(*done, started=NOW + datetime.timedelta(seconds=1)), memory)
    assert proved.restart_required == ()
    assert effective(proved)[REFER] == "yes"


def test_without_a_record_of_this_value_nothing_is_known_and_nothing_asked_for() -> None:
    done = (number(REFER, 1), text(TARGET, "gc1.contoso.com"))
    for memory in ({}, record("dsproxy_referral", REFER, "2")):
        plan = referral(mailbox(*done), memory)
        assert plan.restart_required == ()
        assert effective(plan)[REFER] == "unknown"


@pytest.mark.parametrize(
    ("values", "keys", "says"),
    [
        ((text("RFR Target Server", "mbx1"),), {}, "RFR Target Server"),
        ((number("No RFR Service", 1),), {}, "No RFR Service"),
        ((), {"misplaced": KeyContent((number(REFER, 1),), ())}, "blank"),
    ],
)
def test_what_interacts_or_is_misplaced_is_told(values: tuple[Value, ...], keys: dict[str, Any], says: str) -> None:
    assert any(says in warning for warning in referral(mailbox(*values, **keys)).warnings)


def test_a_missing_key_below_an_existing_service_is_made() -> None:
    assert len(referral(mailbox(parameters=KeyAbsent(PARAMETERS))).changes) == 2


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (KeyAbsent(PARAMETERS.parent or PARAMETERS), "System Attendant"),
        (KeyDenied(PARAMETERS, "denied!"), "denied!"),
        (Unreadable("odd", "<html>"), "<html>"),
    ],
)
def test_a_key_that_cannot_be_read_stops_every_write(state: KeyState, says: str) -> None:
    plan = referral(mailbox(parameters=state))
    assert plan.failure is not None
    assert says in f"{plan.failure.problem} {plan.failure.found}"
    assert plan.changes == ()
    assert status(plan) == {REFER: "unknown", TARGET: "unknown"}


def test_a_change_that_nobody_could_prove_is_not_made() -> None:
    plan = referral(mailbox(clock=Unreadable("exit code 1", "no wmic here")))
    assert plan.failure is not None
    assert "no wmic here" in plan.failure.found


def test_a_target_must_be_an_fqdn() -> None:
    with pytest.raises(InvalidOptions, match="no dot"):
        DsproxyReferral.parse({"refer_http_to_dsproxy": False, "nspi_target_server": "gc1"})


# --- Global Catalogs


PROMOTED = number("Global Catalog Promotion Complete", 1)


def catalog(
    *values: Value,
    promoted: Value | None = PROMOTED,
    boot: datetime.datetime = BOOT,
    owner: int | None = None,
    **keys: Any,
) -> Observed:
    content = KeyContent((*([promoted] if promoted else []), *values), ())
    listeners = (Listener(6004, "IPv4", "0.0.0.0", owner),) if owner else ()
    return Observed(
        {
            ReadKey(NTDS): keys.get("ntds", content),
            ReadClock(): Clock(boot, max(boot, NOW)),
            OWNER: Processes((Process("lsass.exe", 640, boot),)),
            ReadListeners(): keys.get("listeners", Listeners(listeners)),
        }
    )


def endpoint(observed: Observed, memory: Memory | None = None, **options: Any) -> Plan:
    given = {"protocol_sequences": ["ncacn_http:6004"], "state": "present", **options}
    return NspiEndpoint.parse(given).plan(observed, memory or {})


def test_the_sequence_is_added_behind_the_others() -> None:
    assert endpoint(catalog()).changes == (SetTexts(NTDS, SEQUENCES, ("ncacn_http:6004",)),)
    plan = endpoint(catalog(texts("ncacn_ip_tcp", "x:1")))
    assert plan.changes == (SetTexts(NTDS, SEQUENCES, ("ncacn_ip_tcp", "x:1", "ncacn_http:6004")),)
    assert plan.reboot_required
    assert plan.to_be_proved == (SEQUENCES,)


def test_the_sequence_is_taken_away_from_among_the_others() -> None:
    plan = endpoint(catalog(texts("a", "NCACN_HTTP:6004", "b")), state="absent")
    assert plan.changes == (SetTexts(NTDS, SEQUENCES, ("a", "b")),)
    assert endpoint(catalog(texts("ncacn_http:6004")), state="absent").changes == (DeleteValue(NTDS, SEQUENCES),)
    assert endpoint(catalog(), state="absent").changes == ()


def test_case_does_not_matter_and_a_type_does() -> None:
    assert endpoint(catalog(texts("NCACN_http:6004"))).changes == ()
    assert endpoint(catalog(text(SEQUENCES, "ncacn_http:6004"))).changes


@pytest.mark.parametrize(
    ("state", "owner", "effect"),
    [
        ("present", 640, "yes"),
        ("present", 1808, "no"),
        ("present", None, "no"),
        ("absent", 640, "no"),
        ("absent", None, "yes"),
    ],
)
def test_port_6004_counts_only_when_lsass_owns_it(state: str, owner: int | None, effect: str) -> None:
    values = (texts("ncacn_http:6004"),) if state == "present" else ()
    plan = endpoint(catalog(*values, owner=owner), state=state)
    assert effective(plan) == {SEQUENCES: effect}
    assert not plan.reboot_required


def test_a_reboot_is_pending_until_the_boot_is_later_or_lsass_listens() -> None:
    memory = record("nspi_endpoint", SEQUENCES, "ncacn_http:6004")
    done = texts("ncacn_http:6004")
    assert endpoint(catalog(done), memory).reboot_required
    assert not endpoint(catalog(done, owner=640), memory).reboot_required
    rebooted = endpoint(catalog(done, boot=NOW + datetime.timedelta(minutes=1)), memory)
    assert not rebooted.reboot_required
    assert effective(rebooted) == {SEQUENCES: "no"}
    assert any("rebooted since" in warning for warning in rebooted.warnings)


def test_other_ports_are_judged_by_themselves() -> None:
    done = catalog(texts("ncacn_http:6004", "ncacn_http:6010"), owner=640)
    assert effective(endpoint(done, protocol_sequences=["ncacn_http:6004", "ncacn_http:6010"])) == {SEQUENCES: "no"}
    gone = catalog(texts("ncacn_http:6004"), owner=640)
    assert effective(endpoint(gone, protocol_sequences=["ncacn_http:6010"], state="absent")) == {SEQUENCES: "yes"}


def test_strings_that_cannot_be_read_are_not_overwritten() -> None:
    odd = Value(SEQUENCES, "REG_MULTI_SZ", None, "\udcff")
    plan = endpoint(catalog(odd))
    assert plan.changes == ()
    assert plan.failure is not None


def test_a_pending_restart_is_remembered_where_nobody_manages_the_setting_any_more() -> None:
    done = (number(REFER, 1), text(TARGET, "gc1.contoso.com"))
    plan = referral(mailbox(*done), record("dsproxy_referral", REFER, "1"), refer=None, target=None)
    assert plan.restart_required == ("MSExchangeSA",)


def test_listeners_that_cannot_be_read_leave_it_unknown() -> None:
    plan = endpoint(catalog(texts("ncacn_http:6004"), listeners=Unreadable("odd", "?")))
    assert effective(plan) == {SEQUENCES: "unknown"}


@pytest.mark.parametrize(
    "observed",
    [
        catalog(promoted=None),
        catalog(promoted=number("Global Catalog Promotion Complete", 0)),
        catalog(ntds=KeyAbsent(NTDS)),
    ],
)
def test_a_server_that_is_no_global_catalog_fails_with_that_reason(observed: Observed) -> None:
    plan = endpoint(observed)
    assert plan.failure is not None
    assert "no Global Catalog" in plan.failure.problem
    assert plan.changes == ()


def test_a_denied_key_is_unknown() -> None:
    plan = endpoint(catalog(ntds=KeyDenied(NTDS, "denied!")))
    assert plan.failure is not None
    assert status(plan) == {SEQUENCES: "unknown"}


@pytest.mark.parametrize(("value", "told"), [(None, True), (50, True), (200, False)])
def test_the_limit_of_sessions_is_told(value: int | None, told: bool) -> None:
    values = () if value is None else (number("NSPI max sessions per user", value),)
    assert any("949469" in warning for warning in endpoint(catalog(*values)).warnings) is told


@pytest.mark.parametrize("bad", ["", "ncacn_http:0", "ncacn_http:65536", "a b", "ncacn_http;6004", 'x"'])
def test_what_is_no_protocol_sequence_is_refused(bad: str) -> None:
    with pytest.raises(InvalidOptions, match="protocol_sequences"):
        NspiEndpoint.parse({"protocol_sequences": [bad], "state": "present"})
    with pytest.raises(InvalidOptions, match="at least one"):
        NspiEndpoint.parse({"protocol_sequences": [], "state": "present"})
