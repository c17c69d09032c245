# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer gets its target-side time for free, and manages what the registry-only baseline would write."""

from __future__ import annotations

import re

from tests.bench.peer import INSTANT_POWERSHELL, win_regedit
from tests.bench.servers import compliant, drifted
from tests.lab import load_hosts


def test_powershell_is_answered_in_its_place_and_nothing_else_is() -> None:
    pattern = str(INSTANT_POWERSHELL["command_regex"])
    assert re.search(pattern, "PowerShell -NoProfile -EncodedCommand AAAA")
    assert not re.search(pattern, "set oa=&reg query HKLM")


def test_the_peer_has_one_task_a_value_with_the_registry_s_own_data() -> None:
    (host,) = load_hosts({"hosts": {"cas1": compliant("cas1.contoso.com")}}).hosts
    for task in win_regedit():
        (options,) = task.values()
        value = host.registry[options["path"].replace("HKLM:", "HKLM")][options["name"]]
        assert value.data == options["data"]


def test_the_two_servers_differ_in_every_value() -> None:
    fleet = load_hosts({"hosts": {"cas1": compliant("cas1.contoso.com"), "cas2": drifted("cas2.contoso.com")}})
    good, bad = (host.registry for host in fleet.hosts)
    for task in win_regedit():
        (options,) = task.values()
        key, name = options["path"].replace("HKLM:", "HKLM"), options["name"]
        assert bad.get(key, {}).get(name) != good[key][name]
