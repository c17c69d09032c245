# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on the embedded lab: what drifted, mend it, what drifted now. Behind C(make demo)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.lab import Lab

FLEET = Path(__file__).with_name("lab") / "fleets" / "demo.yml"
COLLECTIONS = Path(__file__).resolve().parents[1] / ".venv" / "collections"
CLEAN, NOT_CLEAN = 0, 2
STEPS = (
    ("drift", NOT_CLEAN, "1. What has drifted? (drift only reads)"),
    ("site", CLEAN, "2. Mend it (site)"),
    ("drift", CLEAN, "3. And now?"),
)


def play(playbook: str, inventory: Path, folder: Path) -> int:
    """Run a playbook of the collection as an operator would; its exit code."""
    command = [Path(sys.executable).with_name("ansible-playbook"), "--diff", "-i", inventory]
    environment = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*command, f"exchange_ops.outlook_anywhere.{playbook}"], cwd=folder, env=environment, check=False
    )
    return done.returncode


def main() -> int:
    """Show the three steps; 1 when one of them ends otherwise than it should."""
    with tempfile.TemporaryDirectory(prefix="outlook-anywhere-demo-") as name, Lab(FLEET) as lab:
        folder = Path(name)
        inventory = folder / "inventory.yml"
        lab.write_inventory(inventory)
        print(f"{len(lab.hosts)} servers of the embedded lab (a stand-in: no Windows here)", flush=True)
        for playbook, expected, title in STEPS:
            print(f"\n=== {title}", flush=True)
            code = play(playbook, inventory, folder)
            print(f"=== exit code {code}: {'clean' if code == CLEAN else 'not clean'}", flush=True)
            if code != expected:
                print(f"the demo expected exit code {expected}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
