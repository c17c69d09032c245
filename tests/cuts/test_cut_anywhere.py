# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whichever request is cut, nothing is lost and a plain rerun finishes the work."""

from __future__ import annotations

import os

import pytest

from tests.cuts.harness import EVERYWHERE, LINES, Line, survey
from tests.cuts.subjects import LONG_LIST, MAIN, NEEDS_CERTUTIL, OVER_NTLM, PARTS, THREE_SNAPSHOTS
from tests.lab.wine.cannot import missing_programs

EVERYTHING = "ALL_CUTS" in os.environ
EVERY_ON_WINE = 1 if EVERYTHING else 5
NOT_HERE = "" if os.environ.get("CI") else ", ".join(missing_programs())
ON_WINE = (pytest.mark.wine, pytest.mark.skipif(bool(NOT_HERE), reason=f"not installed: {NOT_HERE}"))


def check(request: pytest.FixtureRequest, name: str, backend: str, line: Line, every: int = 1) -> None:
    report = survey(name, {**MAIN, **PARTS}[name], backend, line, every)
    request.node.user_properties.append(("cuts", str(report)))
    assert report.struck
    if line in EVERYWHERE:
        assert report.struck == len(range(0, 2 * report.requests, every))
    assert not report.complaints, "\n".join([str(report), *report.complaints])


# These send no input. A file without its last line end is given one where certutil fails, as it does for lack of input.
NEVER_LOSSY = ("service_restart", OVER_NTLM, THREE_SNAPSHOTS, NEEDS_CERTUTIL)
# What these are there for; the rest costs much and shows what others show.
ENOUGH: dict[str, tuple[Line, ...]] = {LONG_LIST: ("hung up", "lossy"), OVER_NTLM: ("dropped",)}


def lines_of(name: str) -> list[Line]:
    lines = LINES if EVERYTHING else ENOUGH.get(name, LINES)
    return [line for line in lines if line != "lossy" or name not in NEVER_LOSSY]


ON_MODEL = [(name, line) for name in (*MAIN, *PARTS) for line in lines_of(name)]


@pytest.mark.parametrize(("name", "line"), ON_MODEL)
def test_no_cut_loses_anything(request: pytest.FixtureRequest, name: str, line: Line) -> None:
    check(request, name, "model", line)


# Wine's certutil decodes nothing, so that the line end is added there.
NAMES_ON_WINE = [name for name in (*MAIN, *PARTS) if name != NEEDS_CERTUTIL] if EVERYTHING else list(MAIN)
LINES_ON_WINE = [(name, line) for name in NAMES_ON_WINE for line in (lines_of(name) if EVERYTHING else LINES[:1])]


@pytest.mark.parametrize(("name", "line"), [pytest.param(*item, marks=ON_WINE) for item in LINES_ON_WINE])
def test_no_cut_loses_anything_with_windows_own_programs(request: pytest.FixtureRequest, name: str, line: Line) -> None:
    check(request, name, "wine", line, EVERY_ON_WINE)
