# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Wine server for the tests that only need one; skipped by name where this machine lacks a program."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab.hosts import HostSpec, RegistryValue
from tests.lab.wine.cannot import missing_programs
from tests.unit.lab_wine.server import Servers

DENIED = r"HKLM\SOFTWARE\Denied"


@pytest.fixture(scope="session")
def wine_installed() -> None:
    """Skip without Wine, except in CI, where it must be there."""
    if missing := missing_programs():
        reason = f"program {', '.join(missing)} is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def server(wine_installed: None) -> Iterator[Servers]:
    """A Server 2008 with one key that is denied, and one below it."""
    spec = HostSpec(
        "cas1",
        "cas1.contoso.example",
        registry={
            rf"{DENIED}\Below": {"Name": RegistryValue("REG_SZ", "hidden")},
            r"HKLM\SOFTWARE\Loaded": {"Some number": RegistryValue("REG_DWORD", 0xFFFFFFFF)},
        },
        denied=(DENIED,),
    )
    with Servers(spec) as servers:
        yield servers
