# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All tests: the integration suite on every supported ansible-core, then everything in this environment.

python tools/test.py [arguments for pytest]: with arguments only this environment runs.

A lane whose Python is not on this machine is skipped, and says so; with CI set it fails instead.
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


LANES = (
    Lane("ansible-core-2.18", ("3.11",), Path("requirements/lane-2.18.txt")),
    Lane("newest-ansible-core", ("3.13", "3.12"), Path("requirements/test.txt")),
)


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


def run_lane(lane: Lane) -> int:
    """The integration suite in the lane's environment, made where it is missing."""
    print(f"== {lane.name}", flush=True)
    python = find_python(lane.pythons)
    if python is None:
        wanted = " or ".join(lane.pythons)
        print(f"SKIPPED: {lane.name} needs Python {wanted}, which is not on this machine", flush=True)
        return 1 if os.environ.get("CI") else 0
    folder = VENV / "lanes" / lane.name
    made = subprocess.run([python, "tools/environment.py", str(folder), str(lane.requirements)], check=False)
    if made.returncode:
        return made.returncode
    # What is the same for every ansible-core, Wine's programs among it, the whole run below has.
    chosen = ["-n", "2", "-q", "tests/integration", "-m", "not wine and not one_core"]
    return pytest(folder / "bin" / "python", chosen, folder)


def main() -> int:
    """The first exit code that is not 0."""
    arguments = sys.argv[1:]
    codes = [] if arguments else [run_lane(lane) for lane in LANES]
    if not arguments:
        print("== everything, in this environment", flush=True)
    codes.append(pytest(VENV / "bin" / "python", arguments or ["-n", "2", "tests"], VENV))
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
