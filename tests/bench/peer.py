# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry settings of a Client Access server by baseline and by C(ansible.windows.win_regedit)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.figures import BASELINE, RAW, WIN_REGEDIT
from tests.bench.run import Bench, Sample
from tests.bench.servers import TCPIP6_PARAMETERS, baseline, compliant, valid_ports_text
from tests.integration.fleet import CONFIGURATOR, REPOSITORY, RPC_PROXY
from tests.lab import Lab

ENVIRONMENT = Path(".venv/lanes/peer")
REQUIREMENTS = Path("requirements/bench.txt")
SERVERS = 100
# The same work on both sides: the fixes that hold values of the registry, and these values.
FIXES = ("valid_ports", "ipv6_components")
VALUES = (
    (RPC_PROXY, "ValidPorts", "string", valid_ports_text()),
    (CONFIGURATOR, "PeriodicPollingMinutes", "dword", 0),
    (TCPIP6_PARAMETERS, "DisabledComponents", "dword", 0xFF),
)
# The peer sends pieces of 268 KB. WinRM 3.0 takes envelopes of 500 KB; WinRM 2.0 and the lab take 150.
WINRM_3 = {"envelope_bytes": 500 * 1024}
# The lab tells this in place of PowerShell, at once: what the module says of a value that is as wanted.
_ANSWER = json.dumps({"changed": False, "data_changed": False, "data_type_changed": False})
INSTANT_POWERSHELL = {
    "kind": "output",
    "operation": "command",
    "command_regex": "(?i)^powershell",
    "times": 0,
    "stdout": _ANSWER,
}


def collections() -> Path:
    """The folder of the peer's collections, installed where it is missing."""
    command = [sys.executable, "tools/environment.py", str(ENVIRONMENT), str(REQUIREMENTS)]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    return next((REPOSITORY / ENVIRONMENT / "lib").glob("python*/site-packages"))


def win_regedit() -> list[dict[str, Any]]:
    """One task a value."""
    return [
        {
            "ansible.windows.win_regedit": {
                "path": key.replace("HKLM\\", "HKLM:\\"),
                "name": name,
                "type": kind,
                "data": data,
            }
        }
        for key, name, kind, data in VALUES
    ]


def compare(repeats: int, forks: int) -> Iterator[Sample]:
    """Runs of both on compliant servers, in turn; the same ansible-core runs both.

    Beside them the least that a task over this connection can cost: one command that says nothing.
    """
    peer = str(collections())
    names = [f"cas{count:02}" for count in range(SERVERS)]
    hosts = {name: compliant(f"{name}.contoso.com", faults=[INSTANT_POWERSHELL], quotas=WINRM_3) for name in names}
    with tempfile.TemporaryDirectory() as folder, Lab({"hosts": hosts}) as lab:
        bench = Bench(lab, Path(folder), forks, [peer])
        for _repeat in range(repeats):
            yield bench.run(BASELINE, [baseline(FIXES)])
            yield bench.run(WIN_REGEDIT, win_regedit())
            yield bench.run(RAW, [{"ansible.builtin.raw": "exit"}])
