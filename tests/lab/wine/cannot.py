# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Wine server cannot be, said by name: a test that asks for it is skipped with these words."""

from __future__ import annotations

import shutil

from tests.lab.hosts import HostSpec

COMPILER = "x86_64-w64-mingw32-gcc"
PROGRAMS = {"wine": "wine", "wineserver": "wine", COMPILER: "gcc-mingw-w64-x86-64"}


class WineCannot(RuntimeError):
    """Wine, or this machine, lacks a program or a right that a server needs."""


def missing_programs() -> list[str]:
    """The programs this machine lacks, each with its Debian package."""
    return [f"{program} (package {package})" for program, package in PROGRAMS.items() if not shutil.which(program)]


def check(spec: HostSpec) -> None:
    """Raise WineCannot for what a server is asked to be and Wine cannot."""
    if missing := missing_programs():
        raise WineCannot(f"program {', '.join(missing)} is not installed")
    if spec.windows == "2003":
        raise WineCannot("reg.exe with the output of Windows Server 2003 is missing")
    if spec.language != "en":
        raise WineCannot(f"reg.exe with messages in another language ({spec.language}) is missing")
    if spec.empty_stderr:
        raise WineCannot("reg.exe without error messages is missing")
    files = [file for file in spec.files.values() if file is not None]
    if any(file.in_use for file in files):
        raise WineCannot("program that holds a file open is missing")
    if any(file.denied for file in files):
        raise WineCannot("right that could be taken from the user of Wine is missing: root reads every file")
    if spec.servicelet is not None:
        raise WineCannot("program MSExchangeServiceHost.exe (RpcHttpConfigurator) is missing")
