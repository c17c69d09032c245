# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whichever request of preflight is cut, a rerun leaves the server as it was before the first run."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import pytest

from tests.cuts.harness import EVERYWHERE, NOT_MADE, Cut, Line, order_cut
from tests.evidence_ids import ids
from tests.integration.preflight_servers import contents, leave_out, preflight, rows, up
from tests.lab.faults import HANDSHAKE
from tests.lab.wine.cannot import missing_programs

EVERYTHING = "ALL_CUTS" in os.environ
# So many cuts of a line, spread over the run.
SAMPLE = {"model": 12, "wine": 2}
NOT_HERE = "" if os.environ.get("CI") else ", ".join(missing_programs())
ON_WINE = (pytest.mark.wine, pytest.mark.skipif(bool(NOT_HERE), reason=f"not installed: {NOT_HERE}"))
# A rerun removes what is left before it writes anything itself, whatever it looks at.
QUICKLY: dict[str, Any] = {"leave_out": leave_out(but="reg_add")}


def requests() -> int:
    """How many an uncut run makes, handshakes aside; they are the same on each back end."""
    with up("model") as on:
        preflight(on)
        return sum(request.operation != HANDSHAKE for request in on.host.requests)


def broken_promises(backend: str, cut: Cut) -> list[str]:
    """Cut one request and run again: what is not as it was before the first run."""
    with up(backend) as on:
        before = contents(on.host)
        struck: list[Cut] = []
        order_cut(on.host, cut, partial(struck.append, cut))
        first = preflight(on)
        if not struck:
            return [NOT_MADE]
        if cut.line == "hung up":
            on.host.hang_up()
        on.host.faults.clear()
        left = on.left_behind()
        again = preflight(on, **QUICKLY)
        broken = [f"the rerun failed: {again['msg']}"] if again.get("failed") else []
        if left and not any("left" in warning for warning in again["warnings"]):
            broken.append(f"the rerun does not tell that it removed {left}")
        if sorted(rows(first)) != sorted(ids()):
            broken.append(f"the cut run does not tell of every row: {first}")
        broken += [f"{name} is left behind" for name in on.left_behind()]
        if contents(on.host) != before:
            broken.append("registry or files are not as they were")
        return broken


def check(backend: str, line: Line) -> None:
    count = requests()
    every = 1 if EVERYTHING else max(1, count * 2 // SAMPLE[backend])
    cuts = [Cut("any", nth + 1, acted, line) for nth in range(count) for acted in (False, True)][every // 2 :: every]
    broken = {cut: broken_promises(backend, cut) for cut in cuts}
    # The number of requests is not quite the same each time.
    struck = [cut for cut in cuts if NOT_MADE not in broken[cut]]
    assert len(struck) >= len(cuts) * 0.9
    complaints = [f"{cut}: {promise}" for cut in struck for promise in broken[cut]]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("line", [*EVERYWHERE, "hung up"])
def test_a_rerun_after_a_cut_leaves_nothing(line: Line) -> None:
    check("model", line)


@pytest.mark.parametrize("line", [pytest.param("gone", marks=ON_WINE)])
def test_a_rerun_after_a_cut_leaves_nothing_among_windows_own_programs(line: Line) -> None:
    check("wine", line)
