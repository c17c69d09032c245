# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All tests: the integration suite on the oldest supported ansible-core, then everything on the newest one.

python tools/test.py [arguments for pytest]: with arguments only this environment runs, and runs these.

A lane whose Python is not on this machine is left out, and says so; with CI set it fails instead. Everything then runs
in this environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

VENV = Path(".venv")
PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class Lane:
    """One supported pair of Python and ansible-core."""

    name: str
    pythons: tuple[str, ...]
    requirements: Path


OLDEST = Lane("ansible-core-2.18", ("3.11", "3.12", "3.13"), Path("requirements/lane-2.18.txt"))
NEWEST = Lane("newest-ansible-core", ("3.13", "3.12"), Path("requirements/test.txt"))
# What is the same for every ansible-core, Wine's programs among it, the run of everything has.
OF_A_RELEASE = ["tests/integration", "-m", "not wine and not one_core"]
# How much of plugins/ they have to cover says pyproject.toml.
OF_PLUGINS = [f"tests/unit/{folder}" for folder in ("action", "filter", "modules", "plugin_utils")]
EVERYTHING = [["--cov=plugins", *OF_PLUGINS], ["tests", *(f"--ignore={folder}" for folder in OF_PLUGINS)]]


def version_of(python: str | Path) -> str | None:
    """The version of an interpreter that works and can make environments; a shim on PATH may not."""
    try:
        done = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def find_python(versions: tuple[str, ...]) -> str | None:
    """The first of the versions that this machine has: the running one, on PATH, or with pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in versions:
        on_path = shutil.which(f"python{version}")
        candidates = [sys.executable, *([on_path] if on_path else [])]
        candidates += sorted(map(str, pyenv.glob(f"{version}.*/bin/python")))
        for candidate in candidates:
            if version_of(candidate) == version:
                return candidate
    return None


def pytest(python: Path, arguments: list[str], folder: Path) -> int:
    """Run pytest with the environment's own programs first on PATH; its exit code."""
    path = f"{folder.absolute() / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = [str(python), "-m", "pytest", *arguments]
    print("$", *command, flush=True)
    return subprocess.run(command, env={**os.environ, "PATH": path}, check=False).returncode


def environment(lane: Lane) -> Path | None:
    """The lane's environment, made where it is missing; None where this machine lacks its Python."""
    python = find_python(lane.pythons)
    if python is None:
        return None
    folder = VENV / "lanes" / lane.name
    subprocess.run([python, "tools/environment.py", str(folder), str(lane.requirements)], check=True)
    return folder


def run_lane(lane: Lane, runs: list[list[str]], otherwise: Path | None) -> int:
    """Runs of pytest in the lane's environment, or in another one where there is one; the first exit code not 0."""
    print(f"== {lane.name}", flush=True)
    folder = environment(lane)
    missing = 0
    if folder is None:
        instead = f"; its tests run in {otherwise}" if otherwise else ""
        print(f"SKIPPED: {lane.name} needs Python {' or '.join(lane.pythons)}, which is not on this machine{instead}")
        missing = 1 if os.environ.get("CI") else 0
        folder = otherwise
    ran = [pytest(folder / "bin" / "python", ["-n", "3", "-q", *chosen], folder) for chosen in runs] if folder else []
    return next((code for code in ran if code), missing)


def main() -> int:
    """The first exit code that is not 0."""
    if arguments := sys.argv[1:]:
        return pytest(VENV / "bin" / "python", arguments, VENV)
    codes = [run_lane(OLDEST, [OF_A_RELEASE], None), run_lane(NEWEST, EVERYTHING, VENV)]
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
