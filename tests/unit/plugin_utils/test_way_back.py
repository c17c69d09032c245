# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot is restored where it undoes the fix, else Exchange's defaults do; a server without the fix is left."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils.way_back import way_back

REFER, TARGET = "Do Not Refer HTTP to DSProxy", "NSPI Target Server"
POLLING, PORTS = "PeriodicPollingMinutes", "ValidPorts"
SEQUENCES = "NSPI interface protocol sequences"
GC1 = {"host": "gc1", "fqdn": "gc1.contoso.com", "attested": False}
NAMELESS = {"host": "gc2", "attested": False, "unknown": "not read"}
FREE, WITH = "mbx1:6001-6002;mbx1:6004", "mbx1:6001-6002;gc1:6004"
LATER = "MBX2.contoso.com:6001-6002"


def restore(**after: Any) -> dict[str, Any]:
    names = {"refer": REFER, "target": TARGET, "polling": POLLING, "ports": PORTS, "sequences": SEQUENCES}
    return {"findings": [{"setting": names[name], "after": value} for name, value in after.items()]}


@pytest.mark.parametrize("part", ["mailbox", "pin", "global_catalog"])
@pytest.mark.parametrize("word", ["failed", "unreachable"])
def test_a_prediction_that_went_wrong_stops_the_server(part: str, word: str) -> None:
    assert way_back({word: True, "findings": []}, part) == "stop"


@pytest.mark.parametrize("part", ["mailbox", "pin", "global_catalog"])
def test_what_its_role_does_not_look_after_stays(part: str) -> None:
    assert way_back({"skipped": True, "changed": False}, part) == "stop"


@pytest.mark.parametrize(
    ("prediction", "way"),
    [
        (restore(), "defaults"),
        (restore(refer=None, target=None), "restore"),
        (restore(refer="0", target=None), "restore"),
        (restore(refer="1", target="gc1.contoso.com"), "defaults"),
        (restore(refer=None, target="gc7.contoso.com"), "defaults"),
        (restore(refer=None), "defaults"),
        (restore(target=None), "defaults"),
    ],
)
def test_a_referral_comes_back_from_snapshots_that_are_without_the_fix(prediction: Any, way: str) -> None:
    assert way_back(prediction, "mailbox") == way


@pytest.mark.parametrize(
    ("prediction", "ports", "polling", "way"),
    [
        (restore(), WITH, 0, "defaults"),
        (restore(), WITH, 15, "defaults"),
        (restore(), FREE, 0, "defaults"),
        (restore(), FREE, 15, "leave"),
        (restore(), FREE, None, "leave"),
        (restore(), None, None, "leave"),
        (restore(polling="15", ports=FREE), WITH, 0, "restore"),
        (restore(polling="15"), FREE, 0, "restore"),
        (restore(polling="15"), WITH, 0, "defaults"),
        (restore(polling=None, ports=None), "gc1:6004", 0, "restore"),
        (restore(polling=None, ports=None), WITH, 0, "defaults"),
        (restore(polling="15", ports=FREE), f"{WITH};{LATER}", 0, "defaults"),
        (restore(polling="15", ports=f"{FREE};{LATER}"), f"{WITH};{LATER}", 0, "restore"),
        (restore(polling="15", ports=FREE), f"{WITH};old:6001-6002", 0, "restore"),
        (restore(polling="0", ports=WITH), FREE, 15, "leave"),
        (restore(polling="15", ports=WITH), WITH, 0, "defaults"),
    ],
)
def test_a_list_comes_back_from_snapshots_without_global_catalogs_and_with_all_mailbox_servers_of_now(
    prediction: Any, ports: str | None, polling: int | None, way: str
) -> None:
    server = {"valid_ports": ports, "polling_minutes": polling}
    assert way_back(prediction, "pin", server, [GC1, NAMELESS], ["mbx1.contoso.com", "mbx2.contoso.com"]) == way


def test_a_global_catalog_that_is_a_mailbox_server_too_is_no_pin() -> None:
    server = {"valid_ports": WITH, "polling_minutes": 15}
    assert way_back(restore(), "pin", server, [GC1], [{"fqdn": "gc1.contoso.com"}]) == "leave"


@pytest.mark.parametrize(("now", "way"), [("gc1:6004", "restore"), ("gc1:6001-6002;gc1:6004", "defaults")])
def test_of_a_global_catalog_that_is_a_mailbox_server_too_the_directory_port_may_go(now: str, way: str) -> None:
    server = {"valid_ports": f"{FREE};{now}", "polling_minutes": 0}
    others = ["mbx1.contoso.com", "gc1.contoso.com"]
    assert way_back(restore(polling="15", ports=FREE), "pin", server, [GC1], others) == way


@pytest.mark.parametrize(
    ("prediction", "way"),
    [
        (restore(), "defaults"),
        (restore(sequences=None), "restore"),
        (restore(sequences="ncacn_ip_tcp"), "restore"),
        (restore(sequences="ncacn_ip_tcp; NCACN_HTTP:6004"), "defaults"),
    ],
)
def test_protocol_sequences_come_back_from_snapshots_that_are_without_the_fix(prediction: Any, way: str) -> None:
    assert way_back(prediction, "global_catalog", protocol_sequences=["ncacn_http:6004"]) == way
