# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution environment and a commit find in the repository."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any

import yaml

from tests.evidence import REPOSITORY
from tools.lint import STEPS


def loaded(name: str) -> Any:
    """A YAML file of the repository."""
    return yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))


def lines_of(name: str) -> list[str]:
    """The lines of a file that say something."""
    lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_what_an_execution_environment_needs_is_in_the_tarball() -> None:
    named = loaded("meta/execution-environment.yml")["dependencies"]
    assert set(named) == {"python", "system"}
    ignored = loaded("galaxy.yml")["build_ignore"]
    for name in named.values():
        assert lines_of(name)
        places = [name, *name.split("/")]
        assert not [pattern for pattern in ignored for place in places if fnmatch(place, pattern)]


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
