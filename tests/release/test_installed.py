# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook, from the tarball, in an environment that has ansible-core and pywinrm and nothing else."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.fleet import COLLECTION
from tests.integration.test_playbooks import CONSENT, few
from tests.lab import Lab
from tests.release.conftest import Built
from tests.release.controller import Controller

NEEDED = ("ansible-core", "pywinrm")
VARIABLES = {
    # Without affinity at the load balancer the whole fix for split connections is wanted.
    "outlook_anywhere_affinity": "none",
    "outlook_anywhere_settle_minutes": 0,
    "outlook_anywhere_rollback_grace_hours": 0,
}


@dataclass(frozen=True)
class Step:
    """One playbook: its arguments, how it ends, and what its record says."""

    playbook: str
    exit_code: int
    record: str
    says: dict[str, Any]
    arguments: tuple[str, ...] = ()


DRIFTED = {"clean": False, "changes_applied": False, "drifted": 7, "unknown": 0, "failed": 0, "unreachable": 0}
STEPS = (
    Step("preflight", 0, "preflight", {"clean": True, "hosts": 3, "differs": 0, "failed": 0, "unreachable": 0}),
    Step("diagnose", 2, "diagnosis", {"clean": False, "present": 2, "not_read": 0}),
    Step("drift", 2, "drift", DRIFTED),
    Step("site", 2, "drift", DRIFTED, ("--check",)),
    Step("site", 0, "drift", {"clean": True, "changes_applied": True, "corrected": 7, "drifted": 0}, CONSENT),
    Step("drift", 0, "drift", {"clean": True, "changes_applied": False, "corrected": 0, "drifted": 0}),
    Step("repin", 0, "repin", {"clean": True, "changes_applied": True, "corrected": 0, "compliant": 2}),
    Step("rollback", 0, "rollback", {"clean": True, "changes_applied": True, "corrected": 7, "drifted": 0}, CONSENT),
)


def pip(folder: Path, *arguments: str) -> str:
    """Run the tests' pip on an environment that has none."""
    command = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def bare_environment(folder: Path) -> Path:
    """The programs of a new environment with the tests' ansible-core and pywinrm, and what these ask for."""
    venv.create(folder, symlinks=True)
    pip(folder, "install", "--quiet", *(f"{name}=={importlib.metadata.version(name)}" for name in NEEDED))
    return folder / "bin"


def installed_collections(controller: Controller) -> list[str]:
    """All that Ansible finds, wherever it looks, beside what is part of ansible-core."""
    found = json.loads(controller.must("ansible-galaxy", "collection", "list", "--format", "json"))
    return [name for path in found.values() for name in path if not name.startswith("ansible.")]


def run(controller: Controller, inventory: Path, step: Step) -> None:
    """Run a playbook by its name; it ends and reports as expected."""
    variables = ("-e", json.dumps(VARIABLES))
    playbook = f"{COLLECTION}.{step.playbook}"
    done = controller.run("ansible-playbook", "-i", inventory, playbook, *variables, *step.arguments)
    assert done.returncode == step.exit_code, done.stdout + done.stderr
    path = controller.folder / "outlook_anywhere_report" / f"{step.record}.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()  # the next step has to write its own
    told = record | record["summary"]
    assert {name: told[name] for name in step.says} == step.says, step


def test_every_playbook_runs_on_ansible_core_and_pywinrm_alone(built: Built, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    controller = Controller(bare_environment(bare), tmp_path)
    packages = json.loads(pip(bare, "inspect"))["installed"]
    assert {each["metadata"]["name"] for each in packages if each["requested"]} == set(NEEDED)
    playbooks = controller.install(built.tarball) / "playbooks"
    assert installed_collections(controller) == [COLLECTION]
    assert {step.playbook for step in STEPS} == {path.stem for path in playbooks.glob("*.yml")}
    servers = {name: host | {"transport": "ntlm"} for name, host in few().items() if name != "cas2"}
    with Lab({"hosts": servers}) as lab:
        inventory = tmp_path / "inventory.yml"
        lab.write_inventory(inventory)
        for step in STEPS:
            run(controller, inventory, step)
