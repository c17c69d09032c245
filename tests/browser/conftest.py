# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium and its driver, both Debian's; nothing is downloaded.

Without them the tests are skipped and say so; with CI set they fail instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.browser.page import ReportPage
from tests.evidence import REPOSITORY

SCREENSHOTS = Path(os.environ.get("SCREENSHOTS") or REPOSITORY / "tests" / "output" / "screenshots")
PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """One Chromium for a module's tests; what it asks the network for is logged."""
    if missing := [package for program, package in PROGRAMS.items() if shutil.which(program) is None]:
        reason = f"the browser tests did not run: install {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1500,1000"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's sandbox does not start for root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def page(browser: Chrome, tmp_path: Path) -> Iterator[ReportPage]:
    """To open reports with; afterwards nothing may have gone wrong or been asked for."""
    opened = ReportPage(browser, tmp_path, SCREENSHOTS)
    opened.light()
    yield opened
    assert not opened.complaints()
    assert opened.requests() <= {opened.address}
