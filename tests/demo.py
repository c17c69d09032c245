# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on the embedded lab: what drifted, mend it gate by gate, what drifted now. Behind C(make demo)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.lab import Lab

FLEETS = Path(__file__).with_name("lab") / "fleets"
COLLECTIONS = Path(__file__).resolve().parents[1] / ".venv" / "collections"
CLEAN, NOT_CLEAN = 0, 2
CONSENT = ("outlook_anywhere_allow_reboot=true", "outlook_anywhere_allow_restart=true")
# Where each step leaves its report, under its number.
REPORTS = Path("outlook_anywhere_report").absolute()
# The lab's RPC proxies read their lists at once; on real servers leave this at its 6 minutes.
NO_WAIT = ("outlook_anywhere_settle_minutes=0.1",)


@dataclass(frozen=True)
class Step:
    """One playbook, and how it should end."""

    title: str
    playbook: str
    affinity: str
    expected: int
    variables: tuple[str, ...] = ()


FLEET = (
    Step(
        "The load balancer keeps a client on one server. What has drifted? (drift only reads)", "drift", "source_ip", 2
    ),
    Step("Mend it (site): IPv6 for the Mailbox server with the old build, and kernel mode", "site", "source_ip", 0),
    Step("The load balancer loses that: now the fix for split connections is wanted as well", "drift", "none", 2),
    Step("Mend it (site), with no consent to reboot: the first gate stops the run", "site", "none", 2, NO_WAIT),
    Step("The same with consent: gate after gate opens", "site", "none", 0, NO_WAIT + CONSENT),
    Step("Clean, and proved to be effective", "drift", "none", 0),
)
SINGLE_SERVER = (
    Step("One server with both roles. What has drifted?", "drift", "source_ip", 2),
    Step("Mend it (site): its hosts file and kernel mode, IPv6 stays on", "site", "source_ip", 0, CONSENT),
    Step("Clean", "drift", "source_ip", 0),
)
DEMO = {"demo.yml": FLEET, "single.yml": SINGLE_SERVER}


def folder_of(number: int) -> Path:
    """Where a step leaves its report."""
    return REPORTS / f"demo-{number}"


def play(number: int, step: Step, inventory: Path, folder: Path) -> bool:
    """Run a playbook of the collection as an operator would; whether it ended as it should."""
    print(f"\n=== {number}. {step.title}", flush=True)
    command = [Path(sys.executable).with_name("ansible-playbook"), "--diff", "-i", inventory]
    command += [f"exchange_ops.outlook_anywhere.{step.playbook}"]
    report = json.dumps({"outlook_anywhere_report_dir": str(folder_of(number))})
    for variable in (f"outlook_anywhere_affinity={step.affinity}", report, *step.variables):
        command += ["-e", variable]
    environment = os.environ | {
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        "ANSIBLE_DISPLAY_OK_HOSTS": "false",
        "LC_ALL": "C.UTF-8",
    }
    code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    print(f"=== exit code {code}: {'clean' if code == CLEAN else 'not clean'}", flush=True)
    if code != step.expected:
        print(f"the demo expected exit code {step.expected}", file=sys.stderr)
    return code == step.expected


def show(fleet: Path, steps: tuple[Step, ...], first: int) -> bool:
    """All steps on one fleet; whether each ended as it should."""
    with tempfile.TemporaryDirectory(prefix="outlook-anywhere-demo-") as name, Lab(fleet) as lab:
        inventory = Path(name) / "inventory.yml"
        lab.write_inventory(inventory)
        print(f"\n{len(lab.hosts)} server(s) of the embedded lab (a stand-in: no Windows here)", flush=True)
        return all(play(number, step, inventory, Path(name)) for number, step in enumerate(steps, start=first))


def main() -> int:
    """Show everything; 1 when a step ends otherwise than it should."""
    first = 1
    for name, steps in DEMO.items():
        if not show(FLEETS / name, steps, first):
            return 1
        first += len(steps)
    print(f"\nEach step has left its report below {REPORTS}, as drift.html, .md, .json, .junit.xml and .prom.")
    print(f"What had drifted at first: {folder_of(1) / 'drift.html'}")
    print(f"What is so now: {folder_of(first - 1) / 'drift.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
