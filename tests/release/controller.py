# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that runs Ansible, and has no settings and no collections but its own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.integration.fleet import RUN_SECONDS


@dataclass(frozen=True)
class Controller:
    """The programs of an environment, and an empty folder for what they write."""

    programs: Path
    folder: Path

    @property
    def collections(self) -> Path:
        """The only place where collections are found."""
        return self.folder / "collections"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's: its collections path leads to the checkout."""
        return {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_NOCOLOR": "1",
        }

    def run(self, program: str, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program in a folder, its own where none is named."""
        return subprocess.run(
            [self.programs / program, *arguments],
            cwd=cwd or self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )

    def must(self, program: str, *arguments: str | Path, cwd: Path | None = None) -> str:
        """The output of a program that has to end with 0."""
        done = self.run(program, *arguments, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, tarball: Path) -> Path:
        """Install the collection as the README does; where it is then."""
        self.must("ansible-galaxy", "collection", "install", tarball, "-p", self.collections)
        (installed,) = self.collections.glob("ansible_collections/*/*")
        return installed
