# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as it is published. It is built once in a run, in a checkout that somebody has worked in."""

from __future__ import annotations

import fcntl
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.release.controller import Controller
from tools.lint import copy_checkout

PROGRAMS = Path(sys.executable).parent
# What make, a test, a run of a playbook and an earlier build leave in a checkout.
LEFT_BEHIND = (
    ".ansible/tmp/left",
    ".coverage",
    ".git/config",
    ".outlook_anywhere/snapshots/cas1/journal.json",
    ".pytest_cache/left",
    ".venv/bin/left",
    "build/docs/index.html",
    "exchange_ops-outlook_anywhere-0.0.1.tar.gz",
    "group_vars/all.yml",
    "host_vars/cas1.yml",
    "htmlcov/index.html",
    "importer_result.json",
    "inventory.yml",
    "outlook_anywhere_report/drift.json",
    "plugins/action/__pycache__/baseline.cpython-313.pyc",
    "tests/output/left",
    "vault.yml",
)
# Not in the repository: antsibull-changelog writes them for a release.
WRITTEN_BY_A_RELEASE = ("CHANGELOG.md", "changelogs/changelog.yaml")


@dataclass(frozen=True)
class Built:
    """A tarball, and the checkout that it was built in."""

    checkout: Path
    tarball: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The tarball; the first worker of a run builds it for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "artefact"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("*.tar.gz")):
            build(folder)
    (tarball,) = folder.glob("*.tar.gz")
    (checkout,) = folder.glob("ansible_collections/*/*")
    return Built(checkout, tarball)


def build(folder: Path) -> None:
    """Build in a copy of what git would commit, with what work leaves behind and a release adds."""
    checkout = copy_checkout(folder)
    for name in LEFT_BEHIND + WRITTEN_BY_A_RELEASE:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("made for a test", encoding="utf-8")
    Controller(PROGRAMS, folder).must("ansible-galaxy", "collection", "build", "--output-path", folder, cwd=checkout)


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    """One with the programs of the tests, as yet without the collection."""
    return Controller(PROGRAMS, tmp_path)
