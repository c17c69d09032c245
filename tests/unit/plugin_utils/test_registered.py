# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report is made of: nothing that a role should have looked at is missing from it."""

from __future__ import annotations

from typing import Any

from plugins.plugin_utils.registered import registered_results

DONE = {"findings": []}
ALL = {
    "client_access_valid_ports": DONE,
    "client_access_ipv6_components": {"skipped": True},
    "client_access_ipv6_binding": DONE,
}


def of(variables: dict[str, Any], group: str = "client_access") -> list[Any]:
    return registered_results(["cas1"], {"cas1": variables}, {group: ["cas1"]})["cas1"]


def test_results_are_collected_for_our_groups_only() -> None:
    hostvars = {"cas1": {"outlook_anywhere_identity": {"server": {}}, **ALL, "other": 1}, "localhost": ALL}
    results = registered_results(hostvars, hostvars, {"client_access": ["cas1"], "all": ["localhost"]})
    assert results == {"cas1": [{"server": {}}, DONE, {"skipped": True}, DONE]}


def test_a_fix_that_was_not_looked_at_is_a_failure_with_its_settings_unknown() -> None:
    (result,) = of({}, "mailbox")
    assert result["failed"]
    assert "not looked at" in result["msg"]
    assert [(item["setting"], item["status"]) for item in result["findings"]] == [
        ("Do Not Refer HTTP to DSProxy", "unknown"),
        ("NSPI Target Server", "unknown"),
    ]


def test_what_stopped_a_server_is_told_once() -> None:
    stopped = {"failed": True, "msg": "the proxy is denied"}
    before = of({"outlook_anywhere_stopped": {"failed": True, "msg": "an option of the role"}})
    assert [item["msg"] for item in before if "an option of the role" in item["msg"]]
    after = of({"client_access_valid_ports": stopped, "outlook_anywhere_stopped": stopped})
    assert [item.get("msg") for item in after].count("the proxy is denied") == 1
    assert [item["msg"] for item in after if "stopped before it" in item["msg"]]
