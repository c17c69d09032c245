# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test shares."""

from __future__ import annotations

import pytest
from hypothesis import settings

# A slow machine is no defect.
settings.register_profile("default", deadline=None)
settings.load_profile("default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Wine now and then ends a program at its start, without a word: its tests may run twice, and the run says so."""
    for item in items:
        if item.get_closest_marker("wine") or "lab_wine" in item.nodeid:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why a test ran twice, how many cuts each task survived, one line a survey, and the pace of the report."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"first try of {report.nodeid}")
        terminalreporter.line(report.longreprtext)
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for section in ("cuts", "browser"):
        lines = {str(value) for report in reports for name, value in report.user_properties if name == section}
        if lines:
            terminalreporter.section(section)
            for line in sorted(lines):
                terminalreporter.line(line)
