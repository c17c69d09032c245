# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.prom, read by Prometheus' own parser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from prometheus_client.parser import text_string_to_metric_families

from plugins.plugin_utils.formats.text import printable
from plugins.plugin_utils.reports import drift_prom
from plugins.plugin_utils.reports.fleet import FleetReport
from tests.unit.plugin_utils.reports import records

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
PORTS = {"setting": "valid_ports.ValidPorts", "role": "client_access"}


def parsed(report: FleetReport) -> Samples:
    samples = {}
    for family in text_string_to_metric_families(drift_prom.render(report.as_dict())):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            assert sample.name == family.name
            key = sample.name.removeprefix("outlook_anywhere_"), frozenset(sample.labels.items())
            assert key not in samples, f"{key} is there twice"
            samples[key] = sample.value
    return samples


def value(samples: Samples, metric: str, **labels: str) -> float:
    return samples[metric, frozenset(labels.items())]


def test_what_drifted_is_unknown_unreachable_or_pending_by_setting_and_role() -> None:
    samples = parsed(records.everything())
    polling = {"setting": "valid_ports.PeriodicPollingMinutes", "role": "client_access"}
    assert value(samples, "drifted", **PORTS) == 1
    assert value(samples, "unknown", **PORTS) == 1
    assert value(samples, "unknown", **polling) == 1
    assert value(samples, "pending", **polling) == 1
    assert value(samples, "pending", **PORTS) == 0
    assert value(samples, "unreachable", setting="dsproxy_referral.NSPI Target Server", role="mailbox") == 1
    assert value(samples, "unreachable", **PORTS) == 0
    assert value(samples, "settings", state="compliant", **polling) == 1
    assert value(samples, "hosts", role="mailbox", state="unreachable") == 1
    assert value(samples, "hosts", role="mailbox", state="read") == 1, "a server of two roles counts for both"
    assert value(samples, "hosts_waiting", **{"role": "global_catalog", "for": "reboot"}) == 1
    assert value(samples, "fleet_problems") == 1
    assert value(samples, "stopped") == 1
    assert value(samples, "clean") == 0
    assert value(samples, "report_timestamp_seconds") == 1233633906


def test_every_known_setting_has_its_series_so_that_an_alert_can_clear() -> None:
    samples = parsed(records.clean())
    for setting, role in records.KNOWN:
        for metric in ("drifted", "unknown", "pending", "unreachable"):
            assert value(samples, metric, setting=setting, role=role) == 0
    assert value(samples, "clean") == 1
    assert set(parsed(records.of())) >= set(samples) - {
        key for key in samples if ("setting", "nspi_endpoint.x") in key[1]
    }


def test_a_fleet_that_was_not_judged_has_no_series_of_problems() -> None:
    assert ("fleet_problems", frozenset()) not in parsed(replace(records.clean(), fleet_not_judged="no inventory"))


def test_a_setting_that_nobody_knew_of_is_counted_for_the_role_of_its_fix() -> None:
    found = records.finding("cas1", "kernel_mode_authentication", "Default Web Site/EWS", "drifted")
    report = records.of(records.host("cas1", ("mailbox", "client_access"), {"findings": [found]}))
    setting = "kernel_mode_authentication.Default Web Site/EWS"
    assert value(parsed(report), "drifted", setting=setting, role="client_access") == 1


def test_the_counts_are_those_of_the_record() -> None:
    report = records.large(40)
    samples = parsed(report)
    for state in ("drifted", "unknown"):
        found = sum(count for (metric, _labels), count in samples.items() if metric == state)
        assert found == report.summary[state]
    assert all(math.isfinite(count) for count in samples.values())


@given(records.hostile_texts)
def test_any_text_stays_text_in_a_label(text: str) -> None:
    samples = parsed(records.hostile(text))
    fix = f"fix{text}".replace(".", "")
    assert value(samples, "drifted", setting=printable(f"{fix}.{text}"), role=printable(text)) == 1
