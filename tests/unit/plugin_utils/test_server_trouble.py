# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a change a server must run and listen as it did before."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils.server_trouble import server_trouble


def reading(services: Any = None, ports: Any = None, owners: Any = ()) -> dict[str, Any]:
    given = {"W3SVC": 4, "MSExchangeIS": 1} if services is None else services
    return {
        "server": {
            "services": given,
            "ports": {"443": ["IPv4"], "593": ["IPv4", "IPv6"]} if ports is None else ports,
            "directory_owners": list(owners),
            "unknown": {},
        }
    }


def test_as_well_as_before_is_no_trouble() -> None:
    better = reading({"W3SVC": 4, "MSExchangeIS": 4, "NTDS": 4}, {"443": ["IPv4"], "593": ["IPv4"], "6004": ["IPv4"]})
    assert server_trouble(reading(), reading()) == []
    assert server_trouble(reading(), better) == []


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (reading({"W3SVC": 1}), "service W3SVC ran before and is now in state 1"),
        (reading({}), "service W3SVC ran before and is now in state missing"),
        (reading(ports={"443": ["IPv4"]}), "port 593 was listened on before and is not now"),
        ({"unreachable": True, "failure": {"found": "no answer"}}, "it could not be read: no answer"),
        (
            {"server": {"services": None, "unknown": {"services": "odd"}, "ports": {}}},
            "its services could not be read: odd",
        ),
        ({"server": {"services": {"W3SVC": 4}, "ports": None}}, "its listeners could not be read: no reason was given"),
    ],
)
def test_what_is_worse_is_named(after: dict[str, Any], says: str) -> None:
    assert says in server_trouble(reading(), after)


def test_a_global_catalog_must_offer_the_directory_after_its_reboot() -> None:
    assert server_trouble(reading(), reading(owners=["mad.exe"]), directory=True) == [
        "6004 owned by lsass.exe is missing"
    ]
    assert server_trouble(reading(), reading(owners=["lsass.exe"]), directory=True) == []


def test_a_port_that_the_change_is_meant_to_close_is_not_missed() -> None:
    before, after = reading(ports={"443": ["IPv4"], "6004": ["IPv4"]}), reading(ports={"443": ["IPv4"]})
    assert server_trouble(before, after) == ["port 6004 was listened on before and is not now"]
    assert server_trouble(before, after, closes=[6004]) == []
