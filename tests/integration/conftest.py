# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration suite runs on both back ends of the lab, over Basic and NTLM.

A test that cannot run on Wine says which program or right Wine lacks; any other skip fails the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.fleet import REPOSITORY, Fleet, programs
from tests.lab import Lab
from tests.lab.wine.cannot import WineCannot, missing_programs

WINE_CANNOT = "Wine cannot: "
WINE_MISSING = "the Wine lane did not run: "
EVIDENCE = REPOSITORY / "docs" / "evidence.md"

StartFleet = Callable[..., Fleet]
StartModel = Callable[..., Fleet]


# The lab itself speaks NTLM: what stands behind it makes no difference to that.
WAYS = pytest.mark.parametrize(
    ("backend", "transport"),
    [("model", "basic"), ("model", "ntlm"), pytest.param("wine", "basic", marks=pytest.mark.wine)],
    indirect=["backend"],
)


@pytest.fixture(params=["model", pytest.param("wine", marks=pytest.mark.wine)])
def backend(request: pytest.FixtureRequest) -> str:
    """Each back end in turn."""
    if request.param == "wine" and (missing := missing_programs()):
        reason = f"{WINE_MISSING}install {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return str(request.param)


@pytest.fixture
def start_on(tmp_path: Path) -> Iterator[StartFleet]:
    """Start a fleet on a named back end; every command line that it saw must be known to docs/evidence.md."""
    with ExitStack() as running:
        labs: list[Lab] = []

        def start(backend: str, hosts: dict[str, Any], **defaults: Any) -> Fleet:
            try:
                lab = Lab({"defaults": defaults, "hosts": hosts}, backend=backend)
            except WineCannot as lack:
                pytest.skip(f"{WINE_CANNOT}{lack}")
            labs.append(running.enter_context(lab))
            return Fleet(lab, tmp_path)

        yield start
        sent = {
            program
            for lab in labs
            for host in lab.hosts.values()
            for request in host.requests
            if request.command_line
            for program in programs(request.command_line)
        }
        leaked = [host.name for lab in labs for host in lab.hosts.values() if host.open_shells]
    assert not leaked, f"shells left open on {leaked}"
    assert not sent - evidence(), "programs that docs/evidence.md does not know"


@pytest.fixture
def start_model(start_on: StartFleet) -> StartModel:
    """Start a fleet on the model alone; the reason says what Wine lacks for this test."""

    def begin(reason: str, hosts: dict[str, Any], **defaults: Any) -> Fleet:
        assert reason
        return start_on("model", hosts, **defaults)

    return begin


@pytest.fixture
def start(start_on: StartFleet, backend: str) -> StartFleet:
    """Start a fleet on each back end."""

    def begin(hosts: dict[str, Any], **defaults: Any) -> Fleet:
        return start_on(backend, hosts, **defaults)

    return begin


def evidence() -> set[str]:
    """The programs and verbs that have a row in docs/evidence.md."""
    rows = (line.split("|") for line in EVIDENCE.read_text(encoding="utf-8").splitlines() if line.startswith("| `"))
    return {row[1].strip().strip("`") for row in rows}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A skip that names neither Wine's lack nor its absence is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if WINE_CANNOT not in reason and WINE_MISSING not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped without naming what Wine lacks: {reason}"
