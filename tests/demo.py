# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on the embedded lab: what drifted, mend it, what drifted now. Behind C(make demo)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.lab import Lab

FLEET = Path(__file__).with_name("lab") / "fleets" / "demo.yml"
COLLECTIONS = Path(__file__).resolve().parents[1] / ".venv" / "collections"
CLEAN, NOT_CLEAN = 0, 2


@dataclass(frozen=True)
class Step:
    """One playbook, and how it should end."""

    title: str
    playbook: str
    affinity: str
    expected: int


BEFORE_RESTARTS = (
    Step(
        "1. The load balancer keeps a client on one server. What has drifted? (drift only reads)",
        "drift",
        "source_ip",
        2,
    ),
    Step("2. Mend it (site): only IPv6, for the Mailbox server with the old build", "site", "source_ip", 0),
    Step("3. The load balancer loses that: now the fix for split connections is wanted as well", "drift", "none", 2),
    Step("4. Mend it (site)", "site", "none", 0),
    Step("5. Clean: all is configured. What still waits for a restart or a reboot is named", "drift", "none", 0),
)
AFTER_RESTARTS = (Step("7. Clean, and proved to be effective", "drift", "none", 0),)


def play(step: Step, inventory: Path, folder: Path) -> bool:
    """Run a playbook of the collection as an operator would; whether it ended as it should."""
    print(f"\n=== {step.title}", flush=True)
    command = [Path(sys.executable).with_name("ansible-playbook"), "--diff", "-i", inventory]
    command += [f"exchange_ops.outlook_anywhere.{step.playbook}", "-e", f"outlook_anywhere_affinity={step.affinity}"]
    environment = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "LC_ALL": "C.UTF-8"}
    code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    print(f"=== exit code {code}: {'clean' if code == CLEAN else 'not clean'}", flush=True)
    if code != step.expected:
        print(f"the demo expected exit code {step.expected}", file=sys.stderr)
    return code == step.expected


def restart(lab: Lab) -> None:
    """What an operator does at the next maintenance window, in an order that no client notices."""
    print(
        "\n=== 6. The operator reboots the Global Catalogs and Client Access servers and restarts MSExchangeSA",
        flush=True,
    )
    for host in lab.hosts.values():
        if "mailbox" in host.spec.groups:
            host.state.restart_service("MSExchangeSA")
        else:
            host.state.reboot()


def main() -> int:
    """Show the steps; 1 when one of them ends otherwise than it should."""
    with tempfile.TemporaryDirectory(prefix="outlook-anywhere-demo-") as name, Lab(FLEET) as lab:
        folder = Path(name)
        inventory = folder / "inventory.yml"
        lab.write_inventory(inventory)
        print(f"{len(lab.hosts)} servers of the embedded lab (a stand-in: no Windows here)", flush=True)
        if not all(play(step, inventory, folder) for step in BEFORE_RESTARTS):
            return 1
        restart(lab)
        return 0 if all(play(step, inventory, folder) for step in AFTER_RESTARTS) else 1


if __name__ == "__main__":
    sys.exit(main())
