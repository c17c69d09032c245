# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a virtual environment hold what a requirements file says: python tools/environment.py FOLDER REQUIREMENTS

Does nothing when the folder already does. Several calls at once wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

STAMP = ".requirements.sha256"
# What else lives inside .venv outlasts its rebuild.
KEPT = ("cache", "collections", "docs", "home", "lanes", "lint", "molecule")


def wanted_stamp(folder: Path, requirements: Path) -> str:
    """What the environment depends on; the folder too, because its scripts name their interpreter by full path."""
    parts = (sys.version, sys.base_prefix, str(folder), *texts(requirements))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def texts(requirements: Path) -> list[str]:
    """The file and those that it refers to."""
    text = requirements.read_text(encoding="utf-8")
    referred = [line.split()[1] for line in text.splitlines() if line.startswith("-r ")]
    return [text, *(part for name in referred for part in texts(requirements.parent / name))]


def is_ready(folder: Path, stamp: str) -> bool:
    recorded = folder / STAMP
    return recorded.is_file() and recorded.read_text() == stamp and (folder / "bin" / "python").exists()


def empty(folder: Path) -> None:
    for child in folder.iterdir() if folder.is_dir() else ():
        if child.name in KEPT:
            continue
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()


def build(folder: Path, requirements: Path) -> None:
    empty(folder)
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--requirement", str(requirements)], check=True)
    subprocess.run([*pip, "--quiet", "check"], check=True)


def main() -> int:
    folder, requirements = Path(sys.argv[1]).absolute(), Path(sys.argv[2])
    name = folder.relative_to(Path.cwd())
    with requirements.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = wanted_stamp(folder, requirements)
        if is_ready(folder, stamp):
            return 0
        print(f"{name}: installing {requirements} for Python {sys.version.split()[0]}", flush=True)
        start = time.monotonic()
        try:
            build(folder, requirements)
        except subprocess.CalledProcessError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        # Written last: an interrupted build is never taken for a whole one.
        (folder / STAMP).write_text(stamp)
        print(f"{name}: ready after {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
