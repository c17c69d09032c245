# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks judge the fleet as it is now: servers outside of the limit too, and changed ones as they became."""

from __future__ import annotations

from typing import Any

from tests.integration.conftest import StartModel
from tests.integration.fleet import CONFIGURATOR, RPC_PROXY, Fleet
from tests.integration.test_fleet_order import CONSENT, MODEL, REFERRAL, site
from tests.integration.test_playbooks import SA_PARAMETERS, drift, few, report


def findings(fleet: Fleet) -> dict[str, dict[str, Any]]:
    return {finding["name"]: finding for finding in report(fleet)["fleet"]}


def test_findings_about_the_fleet_come_and_go_with_what_they_are_about(start_model: StartModel) -> None:
    fleet = start_model(MODEL, few())
    cas2, mbx1 = fleet.lab["cas2"].registry, fleet.lab["mbx1"].registry
    cas2.set(RPC_PROXY, "ValidPorts", "REG_SZ", "mbx1:6001-6002;mbx1:6004;old.contoso.com:6004")
    cas2.set(CONFIGURATOR, "PeriodicPollingMinutes", "REG_DWORD", 0)
    mbx1.set(SA_PARAMETERS, REFERRAL, "REG_DWORD", 1)

    told = drift(fleet, "--limit", "cas1")
    assert told.exit_code == 2, told.screen
    found = findings(fleet)
    assert {name for name, finding in found.items() if finding["level"] == "problem"} == {
        "split_connection_half_way",
        "valid_ports_lack_a_server",
    }
    assert {
        "valid_ports_list_nobody",
        "polling_frozen_on_some",
        "client_access_servers_differ",
    } <= set(found)
    assert "servers_not_read" not in found
    assert found["split_connection_half_way"]["hosts"] == ["mbx1"]
    assert "cas2" in found["valid_ports_lack_a_server"]["hosts"]
    assert "old.contoso.com" in " ".join(found["valid_ports_list_nobody"]["evidence"])
    assert report(fleet)["summary"]["fleet_problems"] == 2
    assert "fleet problem: 1 Mailbox server (mbx1) does not refer HTTP clients to DSProxy any more" in told.screen

    stopped = site(fleet, "-e", "outlook_anywhere_allow_removal=old.contoso.com")
    assert stopped.exit_code == 2
    (unjudged,) = [finding for name, finding in findings(fleet).items() if name == "servers_not_read"]
    assert {"cas1", "cas2"} <= set(unjudged["hosts"])
    assert "this run may have changed it" in unjudged["evidence"][0]

    mended = site(fleet, *CONSENT, "-e", "outlook_anywhere_allow_removal=old.contoso.com")
    assert mended.exit_code == 0, mended.screen
    left = findings(fleet)
    assert not [name for name, finding in left.items() if finding["level"] == "problem"]
    assert not {"split_connection_half_way", "polling_frozen_on_some", "servers_not_read"} & set(left)
    assert not {"valid_ports_lack_a_server", "valid_ports_list_nobody"} & set(left)
