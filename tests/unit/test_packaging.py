# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution environment and a commit find in the repository."""

from __future__ import annotations

import re
from typing import Any

import yaml
from packaging.requirements import Requirement

from tests.evidence import REPOSITORY
from tests.release.operating_page import yaml_block
from tools.lint import STEPS


def loaded(name: str) -> Any:
    """A YAML file of the repository."""
    return yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))


def lines_of(name: str) -> list[str]:
    """The lines of a file that say something."""
    lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_collection_is_for_the_releases_of_ansible_core_that_it_is_tested_on() -> None:
    (tested,) = [line for line in lines_of("requirements/test.txt") if line.startswith("ansible-core")]
    (oldest,) = [each.version for each in Requirement(tested).specifier if each.operator == ">="]
    assert loaded("meta/runtime.yml")["requires_ansible"] == f">={oldest}.0"
    assert f"ansible-core>={oldest},<2.19" in lines_of("requirements/lane-2.18.txt")
    definition = yaml_block("# execution-environment.yml")
    assert yaml.safe_load(definition)["dependencies"]["ansible_core"]["package_pip"] == tested


def test_ansible_test_sanity_is_told_to_ignore_nothing() -> None:
    assert not [path for path in REPOSITORY.glob("tests/sanity/ignore-*.txt") if path.read_text("utf-8").strip()]


def test_an_execution_environment_can_speak_kerberos() -> None:
    (requirement,) = lines_of("meta/ee-requirements.txt")
    assert re.match(r"pywinrm\[.*kerberos.*\]>=", requirement)
    packages = lines_of("meta/ee-bindep.txt")
    for platform, headers, client in (
        ("rpm", ("gcc", "krb5-devel", "python3-devel"), "krb5-workstation"),
        ("dpkg", ("gcc", "libkrb5-dev", "python3-dev"), "krb5-user"),
    ):
        assert {f"{name} [compile platform:{platform}]" for name in headers} <= set(packages)
        assert f"{client} [platform:{platform}]" in packages


def test_an_execution_environment_asks_for_the_pywinrm_that_the_modules_name() -> None:
    named = re.findall(r"pywinrm >= ([\d.]+)", (REPOSITORY / "plugins/doc_fragments/server.py").read_text("utf-8"))
    assert named == [lines_of("meta/ee-requirements.txt")[0].rpartition(">=")[2]]


def test_commits_and_pushes_are_checked_by_every_step_of_make_lint() -> None:
    (repository,) = loaded(".pre-commit-config.yaml")["repos"]
    hooks = {hook["id"]: hook for hook in repository["hooks"]}
    assert set(hooks) == set(STEPS)
    for name, hook in hooks.items():
        assert hook["entry"] == f"make --silent lint ARGS={name}"
