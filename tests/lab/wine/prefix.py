# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wine prefixes: one golden prefix a machine, made once, and a cheap copy of it for every server.

A prefix has 690 MB, nearly all of it Wine's own programs, which no server changes. A copy shares these as hard links
and has its own of all else, so it costs some 11 MB and a tenth of a second.

Whoever runs a server holds a lock on the file beside its prefix. A killed run leaves its prefixes behind, but not its
locks: whoever makes the next prefix removes those whose lock is free.
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
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.lab.wine.cannot import COMPILER

CACHE_VARIABLE = "LAB_WINE_CACHE"
DEFAULT_CACHE = Path(__file__).parents[3] / ".venv" / "cache"
SOURCES = Path(__file__).with_name("programs")
# Run by their path, so that no command line of a test meets them.
TOOLS = ("run_line", "registry")
TOOLS_DIRECTORY = Path("drive_c", "lab")
SYSTEM_DIRECTORY = Path("drive_c", "windows", "system32")
WBEM_DIRECTORY = SYSTEM_DIRECTORY / "wbem"
INETSRV_DIRECTORY = SYSTEM_DIRECTORY / "inetsrv"


@dataclass(frozen=True)
class StandIn:
    """Found where Windows has the program; Wine's own, if any, is kept among the tools as wine_NAME.exe."""

    name: str
    source: str
    directory: Path = SYSTEM_DIRECTORY


STAND_INS = (
    StandIn("attrib", "attrib"),
    StandIn("findstr", "findstr"),
    StandIn("reg", "reg"),
    StandIn("appcmd", "ask", INETSRV_DIRECTORY),
    StandIn("net", "ask"),
    StandIn("netsh", "ask"),
    StandIn("netstat", "ask"),
    StandIn("sc", "ask"),
    StandIn("shutdown", "ask"),
    StandIn("tasklist", "ask"),
    StandIn("wmic", "ask", WBEM_DIRECTORY),
    StandIn("xcopy", "xcopy"),
)
SHARED_SUFFIXES = frozenset({".acm", ".cpl", ".dll", ".drv", ".exe", ".nls", ".ocx", ".sys", ".tlb"})
# Drive Z: leads out of the server to the files of this machine.
FOREIGN_DRIVES = ("z:",)
LOCK_SUFFIX = ".lock"
UNFINISHED = "unfinished-"
BUILD_SECONDS = 300
STOP_SECONDS = 30


def environment(prefix: Path) -> dict[str, str]:
    """The environment of Wine's programs in a prefix, free of all that this machine's user has set."""
    native = [f"{stand_in.name}.exe=n" for stand_in in STAND_INS]
    return {
        "HOME": str(prefix),
        "LC_ALL": "C.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": ";".join(["mscoree,mshtml,winemenubuilder.exe=", *native]),
        "WINEPREFIX": str(prefix),
    }


class Prefix:
    """A prefix for one server, made at once; whoever makes it removes it."""

    def __init__(self) -> None:
        golden = _golden_prefix()
        hosts = golden.parent / "wine-hosts"
        hosts.mkdir(exist_ok=True)
        with _locked(golden.parent / "wine.lock"):
            _remove_abandoned(hosts)
            descriptor, name = tempfile.mkstemp(dir=hosts, suffix=LOCK_SUFFIX)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._lock: IO[bytes] = os.fdopen(descriptor, "wb")
        self._lock_path = Path(name)
        self.path = self._lock_path.with_suffix("")
        self.path.mkdir(mode=0o700)
        shutil.copytree(golden, self.path, symlinks=True, copy_function=_copy, dirs_exist_ok=True)

    def remove(self) -> None:
        """No program runs in it any more."""
        shutil.rmtree(self.path)
        self._lock_path.unlink()
        self._lock.close()


def end_programs(prefix: Path) -> None:
    """End all programs of a prefix, and Wine's server with them. Exit code 1 means that nothing was left to end."""
    for option in ("--kill", "--wait"):
        subprocess.run(["wineserver", option], env=environment(prefix), timeout=STOP_SECONDS, check=False)


def _remove_abandoned(hosts: Path) -> None:
    """Remove the prefixes of runs that have ended without doing so."""
    for name in {path.name.removesuffix(LOCK_SUFFIX) for path in hosts.iterdir()}:
        path = hosts / f"{name}{LOCK_SUFFIX}"
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _discard(hosts / name)
            path.unlink(missing_ok=True)


def _discard(prefix: Path) -> None:
    if prefix.exists():
        end_programs(prefix)
    shutil.rmtree(prefix, ignore_errors=True)


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
    """Make the golden prefix in a directory beside it, renamed only when it is complete; the cache is locked."""
    for left_behind in golden.parent.glob(f"{UNFINISHED}*"):
        _discard(left_behind)
    unfinished = Path(tempfile.mkdtemp(dir=golden.parent, prefix=UNFINISHED))
    try:
        _run(["wineboot", "--init"], environment(unfinished))
        _run(["wineserver", "--wait"], environment(unfinished))
        _install_programs(unfinished)
        for drive in FOREIGN_DRIVES:
            (unfinished / "dosdevices" / drive).unlink()
        unfinished.rename(golden)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _install_programs(prefix: Path) -> None:
    for name in TOOLS:
        _compile(name, prefix / TOOLS_DIRECTORY / f"{name}.exe")
    for stand_in in STAND_INS:
        wines = prefix / stand_in.directory / f"{stand_in.name}.exe"
        if wines.exists():
            wines.rename(prefix / TOOLS_DIRECTORY / f"wine_{stand_in.name}.exe")
        _compile(stand_in.source, wines)


def _compile(name: str, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    source = SOURCES / f"{name}.c"
    entry_point = "-municode" if "wmain" in source.read_text(encoding="utf-8") else "-mconsole"
    _run([COMPILER, entry_point, "-Wall", "-Os", "-s", "-o", str(target), str(source), "-lws2_32"])


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
