# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run every linter, or those named: python tools/lint.py [STEP ...]"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import yaml

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOME = ROOT / ".venv" / "home"
BOOTSTRAP_PIP = "import ensurepip\n\nensurepip.bootstrap(upgrade=True, default_pip=True)\n"


class Failure(Exception):
    """A step found something."""


def environment(**more: str) -> dict[str, str]:
    """The caller's environment with the linters first on PATH, and Ansible's files kept out of the user's home."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "ANSIBLE_HOME": str(HOME / ".ansible")} | more


def run(*command: str, cwd: Path = ROOT, **more: str) -> None:
    """Run one of the linters' programs, its output going where ours goes."""
    done = subprocess.run(command, check=False, cwd=cwd, env=environment(**more), stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failure(f"{command[0]} ended with {done.returncode}")


def galaxy() -> dict[str, str]:
    metadata: dict[str, str] = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    return metadata


def checkout() -> list[str]:
    """The files that git would commit."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"a clone is needed, because git says which files there are: {done.stderr.strip()}")
    names = filter(None, done.stdout.split("\0"))
    # A deleted file is listed until the deletion is committed.
    return [name for name in names if (ROOT / name).is_file() or (ROOT / name).is_symlink()]


def copy_checkout(scratch: Path) -> Path:
    """Copy what git would commit to where Ansible's tools want a collection to be."""
    names = checkout()
    copy = scratch / "ansible_collections" / galaxy()["namespace"] / galaxy()["name"]
    for name in names:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    return copy


def write_changelog(copy: Path, scratch: Path) -> None:
    """Make the changelog of the next release in the copy: Ansible's tools look at what would be published."""
    if any((copy / "changelogs" / "fragments").glob("*.y*ml")):
        run("antsibull-changelog", "release", "--update-existing", cwd=copy, ANSIBLE_COLLECTIONS_PATH=str(scratch))


def ruff_check(_scratch: Path) -> None:
    run("ruff", "check")


def ruff_format(_scratch: Path) -> None:
    run("ruff", "format", "--check", "--diff")


def mypy(_scratch: Path) -> None:
    run("mypy", "--strict", "plugins/plugin_utils")


def yamllint(_scratch: Path) -> None:
    run("yamllint", "--strict", ".")


def shellcheck(_scratch: Path) -> None:
    run("shellcheck", ".ci/run")  # ansible-test looks at *.sh alone


def changelog(_scratch: Path) -> None:
    run("antsibull-changelog", "lint")


def ansible_lint(scratch: Path) -> None:
    copy = copy_checkout(scratch)
    write_changelog(copy, scratch)
    run("ansible-lint", "--nocolor", cwd=copy, ANSIBLE_COLLECTIONS_PATH=str(scratch))


def sanity(scratch: Path) -> None:
    from ansible_test._internal.python_requirements import get_venv_packages

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ("ansible-test", "sanity", "--local", "--requirements", "--python", version, "--color", "no")
    copy = copy_checkout(scratch)
    with open(__file__, encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # runs at the same time share this home
        # ansible-test fetches pip's bootstrap script from a site of its own unless it is here; Python brings one.
        pip = get_venv_packages(SimpleNamespace(version=version))["pip"]
        bootstrap = HOME / ".ansible" / "test" / "cache" / f"get_pip_{pip.replace('.', '_')}.py"
        bootstrap.parent.mkdir(parents=True, exist_ok=True)
        bootstrap.write_text(BOOTSTRAP_PIP)
        # A home of its own keeps that script out of the user's; pip's settings and cache stay the user's.
        for name in (".config/pip", ".pip", ".cache/pip"):
            link = HOME / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(Path.home() / name)
        run(*command, cwd=copy, HOME=str(HOME))


def docs(scratch: Path) -> None:
    options = ("--plugin-docs", "--validate-collection-refs", "all", "--disallow-unknown-collection-refs")
    copy = copy_checkout(scratch)
    run("antsibull-docs", "lint-collection-docs", *options, ".", cwd=copy, ANSIBLE_COLLECTIONS_PATH=str(scratch))


def importer(scratch: Path) -> None:
    copy = copy_checkout(scratch)
    write_changelog(copy, scratch)
    run("ansible-galaxy", "collection", "build", "--output-path", str(scratch), cwd=copy)
    tarball = scratch / "{namespace}-{name}-{version}.tar.gz".format(**galaxy())
    with tarfile.open(tarball) as content:
        print("holds:", *sorted({name.split("/")[0] for name in content.getnames()}))
    command = (sys.executable, "-m", "galaxy_importer.main", str(tarball))
    env = environment(
        GALAXY_IMPORTER_CONFIG=str(ROOT / "tools" / "galaxy-importer.cfg"),
        GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP=str(scratch / "tmp"),
    )
    done = subprocess.run(command, check=False, cwd=scratch, env=env, capture_output=True, text=True)
    print(done.stdout + done.stderr, end="", flush=True)
    # The importer ends with 0 whatever it says about the content.
    if done.returncode or any(line.startswith(("WARNING:", "ERROR:")) for line in done.stdout.splitlines()):
        raise Failure("galaxy-importer has complaints")


STEPS: dict[str, Callable[[Path], None]] = {
    "ruff-check": ruff_check,
    "ruff-format": ruff_format,
    "mypy": mypy,
    "yamllint": yamllint,
    "shellcheck": shellcheck,
    "changelog": changelog,
    "ansible-lint": ansible_lint,
    "sanity": sanity,
    "docs": docs,
    "importer": importer,
}


def main() -> int:
    names = sys.argv[1:] or list(STEPS)
    if unknown := [name for name in names if name not in STEPS]:
        print(f"no such step: {', '.join(unknown)}; there are: {', '.join(STEPS)}", file=sys.stderr)
        return 2
    results: list[str] = []
    failed = False
    for name in names:
        print(f"== {name}", flush=True)
        start = time.monotonic()
        outcome = "ok"
        with tempfile.TemporaryDirectory(prefix="outlook_anywhere-lint-") as scratch:
            try:
                STEPS[name](Path(scratch))
            except (Failure, OSError, subprocess.CalledProcessError) as error:
                failed = True
                outcome = f"FAILED: {error}"
        results.append(f"{name:<13} {time.monotonic() - start:5.1f} s  {outcome}")
        print(f"-- {results[-1]}", flush=True)
    print("", "lint:", *results, sep="\n", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
