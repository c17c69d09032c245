# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wine prefixes: one golden prefix a machine, made once, and a cheap copy of it for every server.

A prefix has 690 MB, nearly all of it Wine's own programs, which no server changes. A copy shares these as hard links
and has its own of all else, so it costs some 11 MB and a tenth of a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.lab.wine.cannot import COMPILER

CACHE_VARIABLE = "LAB_WINE_CACHE"
DEFAULT_CACHE = Path(__file__).parents[3] / ".venv" / "cache"
SOURCES = Path(__file__).with_name("programs")
# Run by their path, so that no command line of a test meets them.
TOOLS = ("run_line", "registry")
# Found on the PATH under the name of what they stand in for.
STAND_INS = ("findstr",)
TOOLS_DIRECTORY = Path("drive_c", "lab")
SYSTEM_DIRECTORY = Path("drive_c", "windows", "system32")
SHARED_SUFFIXES = frozenset({".acm", ".cpl", ".dll", ".drv", ".exe", ".nls", ".ocx", ".sys", ".tlb"})
# Drive Z: leads out of the server to the files of this machine.
FOREIGN_DRIVES = ("z:",)
BUILD_SECONDS = 300


def environment(prefix: Path) -> dict[str, str]:
    """The environment of Wine's programs in a prefix, free of all that this machine's user has set."""
    return {
        "HOME": str(prefix),
        "LC_ALL": "C.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": ";".join(["mscoree,mshtml,winemenubuilder.exe=", *(f"{name}.exe=n" for name in STAND_INS)]),
        "WINEPREFIX": str(prefix),
    }


def new_prefix() -> Path:
    """A prefix for one server; whoever asked removes it."""
    golden = _golden_prefix()
    hosts = golden.parent / "wine-hosts"
    hosts.mkdir(exist_ok=True)
    prefix = Path(tempfile.mkdtemp(dir=hosts))
    shutil.copytree(golden, prefix, symlinks=True, copy_function=_copy, dirs_exist_ok=True)
    return prefix


def _copy(source: str, target: str) -> None:
    if Path(source).suffix.lower() in SHARED_SUFFIXES and not Path(source).is_symlink():
        os.link(source, target)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _golden_prefix() -> Path:
    """The golden prefix of this Wine and these sources, made where it is absent. Safe with parallel runs."""
    cache = Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE).resolve()
    cache.mkdir(parents=True, exist_ok=True)
    golden = cache / f"wine-{_fingerprint()}"
    with _locked(cache / "wine.lock"):
        if not golden.exists():
            _build(golden)
    return golden


def _fingerprint() -> str:
    """Names what a golden prefix depends on: Wine's version, and everything in the programs and in this module."""
    answer = subprocess.run(["wine", "--version"], env=environment(Path(os.devnull)), capture_output=True, check=True)
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for source in sorted(SOURCES.glob("*.c")):
        digest.update(source.read_bytes())
    version = answer.stdout.decode().split()[0].removeprefix("wine-")
    return f"{version}-{digest.hexdigest()[:12]}"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(golden: Path) -> None:
    """Make the golden prefix in a directory beside it, renamed only when it is complete."""
    unfinished = Path(tempfile.mkdtemp(dir=golden.parent, prefix="unfinished-"))
    try:
        _run(["wineboot", "--init"], environment(unfinished))
        _run(["wineserver", "--wait"], environment(unfinished))
        for name in TOOLS:
            _compile(name, unfinished / TOOLS_DIRECTORY)
        for name in STAND_INS:
            _compile(name, unfinished / SYSTEM_DIRECTORY)
        for drive in FOREIGN_DRIVES:
            (unfinished / "dosdevices" / drive).unlink()
        unfinished.rename(golden)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _compile(name: str, directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    target = directory / f"{name}.exe"
    target.unlink(missing_ok=True)
    source = SOURCES / f"{name}.c"
    entry_point = "-municode" if "wmain" in source.read_text(encoding="utf-8") else "-mconsole"
    _run([COMPILER, entry_point, "-Wall", "-Os", "-s", "-o", str(target), str(source)])


def _run(command: list[str], variables: Mapping[str, str] | None = None) -> None:
    """Streams on /dev/null: what Wine starts in the background keeps the streams of whoever started it."""
    subprocess.run(
        command,
        env=variables and dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=BUILD_SECONDS,
        check=True,
    )
