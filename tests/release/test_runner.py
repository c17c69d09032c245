# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift and site by ansible-runner, in folders laid out as AWX does, each gone when its job has ended."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.integration.fleet import REPOSITORY
from tests.lab import Lab
from tests.release.conftest import Built
from tests.release.controller import Controller
from tests.release.operating_page import yaml_block

SERVER = "all1"
# The page's file for one playbook; its first line names the others.
OF_DRIFT = yaml_block("# drift.yml")
PLAYBOOKS = re.findall(r"(\w+)(?:\.yml|(?=,|$))", OF_DRIFT.splitlines()[0])


@dataclass(frozen=True)
class Secrets:
    """What must not be shown: the password of the Machine credential, and one that comes as a variable."""

    user: str
    password: str
    probe_password: str


@dataclass(frozen=True)
class Job:
    """How a job ended, and its events."""

    exit_code: int
    status: str
    events: list[dict[str, Any]]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What the events of a kind say."""
        return [event["event_data"] for event in self.events if event["event"] == kind]


def take_credential(inventory: dict[str, Any]) -> Secrets:
    """Move user and password out of the inventory: a Machine credential has them."""
    server = inventory["all"]["hosts"][SERVER]
    return Secrets(server.pop("ansible_user"), server.pop("ansible_password"), secrets.token_urlsafe(12))


def write_project(folder: Path) -> None:
    """A file for each playbook, as the page says."""
    for name in PLAYBOOKS:
        (folder / f"{name}.yml").write_text(OF_DRIFT.replace("outlook_anywhere.drift", f"outlook_anywhere.{name}"))


def new_folder(controller: Controller, inventory: dict[str, Any], secret: Secrets, volume: Path) -> Path:
    """What a job finds: project, inventory with the page's paths on the volume, credentials."""
    folder = controller.folder / "job"
    for name in ("project", "inventory", "env"):
        (folder / name).mkdir(parents=True)
    write_project(folder / "project")
    paths = yaml.safe_load(yaml_block("outlook_anywhere_snapshot_dir").replace("/srv/outlook_anywhere", str(volume)))
    hosts = {"all": inventory["all"] | {"vars": paths}}
    (folder / "inventory" / "hosts.json").write_text(json.dumps(hosts))
    (folder / "env" / "cmdline").write_text(f"--user {secret.user} --ask-pass")
    (folder / "env" / "passwords").write_text(json.dumps({r"^SSH password:\s*?$": secret.password}))
    (folder / "env" / "extravars").write_text(json.dumps({"outlook_anywhere_rpcping_password": secret.probe_password}))
    return folder


def run_job(controller: Controller, folder: Path, playbook: str) -> Job:
    """Run a file of the project, and read what the runner leaves of it."""
    ask = ("--playbook", f"{playbook}.yml", "--ident", playbook, "-vvv", "--quiet")
    done = controller.run("ansible-runner", "run", folder, *ask)
    artifacts = folder / "artifacts" / playbook
    events = [json.loads(path.read_text(encoding="utf-8")) for path in (artifacts / "job_events").glob("*.json")]
    return Job(done.returncode, (artifacts / "status").read_text(encoding="utf-8"), events)


def record(volume: Path) -> dict[str, Any]:
    """The report on the volume; the next job has to write its own."""
    path = volume / "report" / "drift.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return found


def restarts_due(report: dict[str, Any]) -> list[str]:
    (server,) = report["hosts"]
    return list(server["restart_required"])


def holding(text: str, *folders: Path) -> list[str]:
    """The files that hold a text."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [path.name for path in files if text.encode() in path.read_bytes()]


def test_drift_and_site_as_jobs_whose_containers_go_and_whose_volume_stays(
    built: Built, controller: Controller, tmp_path: Path
) -> None:
    installed = controller.install(built.tarball)
    assert {path.stem for path in (installed / "playbooks").glob("*.yml")} == set(PLAYBOOKS)
    volume = tmp_path / "volume"
    with Lab(REPOSITORY / "tests" / "lab" / "fleets" / "single.yml") as lab:
        lab.write_inventory(tmp_path / "lab.yml")
        inventory = yaml.safe_load((tmp_path / "lab.yml").read_text(encoding="utf-8"))
        (tmp_path / "lab.yml").unlink()
        secret = take_credential(inventory)

        folder = new_folder(controller, inventory, secret, volume)
        looked = run_job(controller, folder, "drift")
        assert (looked.exit_code, looked.status) == (2, "failed")
        assert record(volume)["summary"]["drifted"] == 3
        (failure,) = looked.told("runner_on_failed")
        assert "3 drifted" in failure["res"]["msg"]
        tasks = looked.told("playbook_on_task_start")
        assert {task["task_path"].startswith(str(installed)) for task in tasks} == {True}

        mended = run_job(controller, folder, "site")
        assert (mended.exit_code, mended.status) == (0, "successful")
        told = record(volume)
        assert (told["summary"]["corrected"], restarts_due(told)) == (3, ["W3SVC"])
        assert holding(secret.password, folder, volume) == ["passwords"]
        assert holding(secret.probe_password, folder, volume) == ["extravars"]
        shutil.rmtree(folder)

        again = run_job(controller, new_folder(controller, inventory, secret, volume), "drift")
        told = record(volume)
        assert (again.exit_code, again.status, told["summary"]["drifted"]) == (0, "successful", 0)
        assert restarts_due(told) == ["W3SVC"]
        shutil.rmtree(folder)

        # Without the volume nobody knows: it was there that the last job had it from.
        forgetful = tmp_path / "another volume"
        forgotten = run_job(controller, new_folder(controller, inventory, secret, forgetful), "drift")
        assert (forgotten.exit_code, forgotten.status) == (0, "successful")
        assert restarts_due(record(forgetful)) == []
