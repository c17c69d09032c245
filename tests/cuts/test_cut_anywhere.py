# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whichever request is cut, nothing is lost and a plain rerun finishes the work."""

from __future__ import annotations

import os

import pytest

from tests.cuts.harness import LINES, Line, survey
from tests.cuts.subjects import LONG_LIST, MAIN, NEEDS_CERTUTIL, PARTS
from tests.lab.wine.cannot import missing_programs

EVERYTHING = "ALL_CUTS" in os.environ
EVERY_ON_WINE = 1 if EVERYTHING else 5
NOT_HERE = "" if os.environ.get("CI") else ", ".join(missing_programs())
ON_WINE = (pytest.mark.wine, pytest.mark.skipif(bool(NOT_HERE), reason=f"not installed: {NOT_HERE}"))


def check(request: pytest.FixtureRequest, name: str, backend: str, line: Line, every: int = 1) -> None:
    report = survey(name, {**MAIN, **PARTS}[name], backend, line, every)
    request.node.user_properties.append(("cuts", str(report)))
    assert not report.complaints, "\n".join([str(report), *report.complaints])


# What the end of the input does to a long list is what it is there for, and it costs as much as all others.
ON_MODEL = [(name, line) for name in (*MAIN, *PARTS) for line in LINES if name != LONG_LIST or line != "dropped"]


@pytest.mark.parametrize(("name", "line"), ON_MODEL)
def test_no_cut_loses_anything(request: pytest.FixtureRequest, name: str, line: Line) -> None:
    check(request, name, "model", line)


# Wine's certutil decodes nothing, so that the line end is added there.
NAMES_ON_WINE = [name for name in (*MAIN, *PARTS) if name != NEEDS_CERTUTIL] if EVERYTHING else list(MAIN)


@pytest.mark.parametrize("line", LINES if EVERYTHING else LINES[:1])
@pytest.mark.parametrize("name", [pytest.param(name, marks=ON_WINE) for name in NAMES_ON_WINE])
def test_no_cut_loses_anything_with_windows_own_programs(request: pytest.FixtureRequest, name: str, line: Line) -> None:
    check(request, name, "wine", line, EVERY_ON_WINE)
