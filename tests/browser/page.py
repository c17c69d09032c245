# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report in the browser, in the words of its reader."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

from plugins.plugin_utils.reports import drift_html
from plugins.plugin_utils.reports.fleet import FleetReport

_READY = "return performance.getEntriesByName('interactive').length > 0 && document.readyState === 'complete'"


class ReportPage:
    """drift.html, opened from a file."""

    def __init__(self, browser: Chrome, folder: Path, screenshots: Path) -> None:
        self.browser = browser
        self._path = folder / "drift.html"
        self.screenshots = screenshots
        self.address = self._path.as_uri()

    def open(self, report: FleetReport) -> None:
        self._path.write_text(drift_html.render(report.as_dict()), encoding="utf-8")
        self.browser.get(self.address)
        WebDriverWait(self.browser, 60).until(lambda _browser: self.run(_READY))

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    # What is shown

    @property
    def servers(self) -> list[str]:
        return self.run(
            "return [...document.querySelectorAll('#matrix tbody tr:not([hidden]) th')].map(e => e.textContent)"
        )

    @property
    def columns(self) -> list[str]:
        script = "return [...document.querySelectorAll('#matrix thead th:not([hidden]) span')].map(e => e.textContent)"
        return self.run(script)

    @property
    def shown(self) -> str:
        return self.browser.find_element(By.ID, "shown").text

    @property
    def details(self) -> str | None:
        """The text of the panel; None when it is closed."""
        panel = self.browser.find_element(By.ID, "details")
        return panel.text if panel.is_displayed() else None

    @property
    def focused(self) -> str:
        return self.run("return document.activeElement.textContent")

    # What a reader does

    def choose(self, control: str, text: str) -> None:
        Select(self.browser.find_element(By.ID, f"f-{control}")).select_by_visible_text(text)

    def type_server(self, text: str) -> None:
        field = self.browser.find_element(By.ID, "f-host")
        field.clear()
        field.send_keys(text)

    def show_all(self) -> None:
        self.browser.find_element(By.ID, "f-all").click()

    def press_count(self, state: str) -> None:
        self.browser.find_element(By.CSS_SELECTOR, f"button.count[data-state={state}]").click()

    def click_cell(self, row: int, column: int) -> None:
        cell = self.run(
            "return document.querySelector('#matrix').tBodies[0].rows[arguments[0]].cells[arguments[1]]", row, column
        )
        self.run("arguments[0].click()", cell)

    def press(self, *keys: str) -> None:
        ActionChains(self.browser).send_keys(*keys).perform()

    def press_with_control(self, key: str) -> None:
        ActionChains(self.browser).key_down(Keys.CONTROL).send_keys(key).key_up(Keys.CONTROL).perform()

    # The browser

    def light(self) -> None:
        self._media("", "light")

    def dark(self) -> None:
        self._media("", "dark")

    def on_paper(self) -> None:
        self._media("print", "light")

    def _media(self, kind: str, scheme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": [feature]})

    def printed(self) -> bytes:
        return base64.b64decode(self.browser.print_page())

    def keep(self, name: str, content: bytes | None = None) -> None:
        """Leave a screenshot, or a file, for people to look at."""
        self.screenshots.mkdir(parents=True, exist_ok=True)
        (self.screenshots / name).write_bytes(content or self.browser.get_screenshot_as_png())

    def complaints(self) -> list[str]:
        """What the console says: errors of the script, and whatever the page's policy has refused."""
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def requests(self) -> set[str]:
        """Every address that the page asked for, its own among them."""
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        sent = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return set(sent)
