# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.html as people use it: filters, details, keyboard, paper; and hostile text in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from plugins.plugin_utils.reports.words import lines
from tests.browser.page import ReportPage
from tests.unit.plugin_utils.reports import records

ALL = ["cas1.contoso.com", "cas2", "mbx1", "gc1", "gc2"]
PORTS, POLLING = 2, 3
# WCAG 2.2, contrast (minimum), for text of this size.
READABLE = 4.5
CONTRAST = """
const channel = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
const luminance = text => {
  const [r, g, b] = text.match(/[0-9.]+/g).map(Number);
  return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
};
const behind = e => {
  const colour = getComputedStyle(e).backgroundColor;
  return colour.startsWith("rgba(0, 0, 0, 0") && e.parentElement ? behind(e.parentElement) : colour;
};
const found = {};
const kinds = "td, th, button, dt, dd, p, li, h1, h2, summary, small, label, .tag, .verdict strong";
for (const e of document.querySelectorAll(kinds)) {
  if (!e.offsetParent) continue;
  const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  const name = `${e.tagName} ${e.className}`;
  found[name] = Math.min(found[name] ?? 99, ratio);
}
return found;
"""


def test_the_summary_comes_first_and_everything_is_there(page: ReportPage) -> None:
    page.open(records.everything())
    page.keep("report-light.png")
    text = page.browser.find_element(By.TAG_NAME, "body").text
    order = [
        "Not clean",
        "2 drifted",
        "The run stopped",
        "2 Client Access servers refuse",
        "Gates",
        "connection refused",
    ]
    assert sorted(order, key=text.index) == order
    assert page.servers == ALL
    assert page.shown == "5 servers"
    page.dark()
    page.keep("report-dark.png")


def test_filters_by_server_role_setting_and_state(page: ReportPage) -> None:
    page.open(records.everything())
    page.type_server("CAS")
    assert page.servers == ["cas1.contoso.com", "cas2"]
    assert page.shown == "2 of 5 servers"
    page.choose("state", "drifted")
    assert page.servers == ["cas1.contoso.com"]
    page.show_all()
    assert page.servers == ALL

    page.choose("role", "mailbox")
    assert page.servers == ["cas1.contoso.com", "mbx1"]
    page.choose("role", "global catalog")
    assert page.servers == ["gc1", "gc2"]
    assert page.columns == ["NSPI interface protocol sequences"], "settings of nobody shown only take room"
    page.show_all()

    page.choose("setting", "ValidPorts (valid_ports)")
    assert page.servers == ["cas1.contoso.com", "cas2"]
    assert page.columns == ["ValidPorts"]
    page.choose("state", "unknown")
    assert page.servers == ["cas2"]
    page.show_all()

    for state, servers in {
        "to see to": ALL,
        "unreachable": ["mbx1"],
        "failed": ["cas2"],
        "not read": ["gc2"],
        "pending": ["cas1.contoso.com", "gc1"],
        "not managed": ["cas1.contoso.com"],
        "corrected": [],
    }.items():
        page.choose("state", state)
        assert page.servers == servers, state
    assert page.shown == "0 of 5 servers"

    page.press_count("unreachable")
    assert page.servers == ["mbx1"]
    colour = "return getComputedStyle(document.querySelector('#matrix tbody tr:not([hidden]) td')).backgroundColor"
    assert page.run(colour) != "rgba(0, 0, 0, 0)", "what was looked for keeps its colour"
    page.keep("report-filtered.png")
    page.press_count("unreachable")
    assert page.servers == ALL


def test_show_all_shows_all_at_once(page: ReportPage) -> None:
    """No moment, however short, in which the fields say "all" above a table that is still filtered."""
    page.open(records.everything())
    page.choose("state", "unreachable")
    assert page.servers == ["mbx1"]
    script = """
      document.getElementById('f-all').click();
      return [document.getElementById('f-state').value, document.getElementById('shown').textContent];
    """
    assert page.run(script) == ["", "5 servers"]


def test_a_server_in_work_is_one_to_see_to_and_the_summary_counts_it_and_the_fleet_s_problems(page: ReportPage) -> None:
    (well,) = records.clean().hosts
    begun = records.host("cas1", ("client_access",), {"findings": [], "unfinished": "cas1: in work since noon"})
    page.open(records.of(well, begun, fleet=(records.fleet_finding(),)))
    summary = page.browser.find_element(By.CLASS_NAME, "counts").text
    assert page.shown == "2 servers"
    assert "1 server in work" in summary
    assert "1 problem of the fleet" in summary
    page.choose("state", "to see to")
    assert page.servers == ["cas1"]
    page.show_all()
    page.press_count("unfinished")
    assert page.servers == ["cas1"]


def test_details_of_a_setting_and_of_a_server(page: ReportPage) -> None:
    page.open(records.everything())
    page.click_cell(0, PORTS)
    page.keep("report-details.png")
    for line in (
        "ValidPorts valid_ports",
        "drifted",
        "mbx1:6001-6002;mbx1:6004;mbx2:6001-6002;mbx2:6004",
        "mbx2:6001-6002 and mbx2:6004 are missing",
        "Playbook site sets it",
        "MicrosoftDocs/win32, rpc-over-http-security",
    ):
        assert line in (page.details or ""), line
    page.click_cell(0, POLLING)
    assert "no, pending" in (page.details or "")
    assert "it waits for the restart of MSExchangeServiceHost" in (page.details or "")
    page.click_cell(2, 0)
    for line in ("mbx1: connection refused", "Nothing answered there", "No setting was looked at"):
        assert line in (page.details or ""), line
    page.browser.find_element(By.ID, "d-close").click()
    assert page.details is None


def test_the_keyboard_is_enough(page: ReportPage) -> None:
    page.open(records.everything())
    page.browser.find_element(By.ID, "f-all").send_keys(Keys.TAB)
    if not page.run("return document.activeElement.closest('#matrix tbody') !== null"):
        page.press(Keys.TAB)  # Chromium makes what scrolls a stop of its own
    assert page.focused == "cas1.contoso.com"
    outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "where the focus is can be seen"
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert page.focused == "unknown"
    page.press(Keys.ENTER)
    assert "access denied" in (page.details or "")
    assert page.focused == "cas2", "the panel's title, for a screen reader to begin with"
    page.keep("report-keyboard.png")
    page.press(Keys.ESCAPE)
    assert page.details is None
    assert page.focused == "unknown"
    page.press(Keys.HOME)
    assert page.focused == "cas2"
    page.press_with_control(Keys.END)
    page.press(Keys.HOME)
    assert page.focused == "gc2"
    page.press(Keys.ARROW_DOWN)
    assert page.focused == "gc2", "the last row"
    page.press_with_control(Keys.HOME)
    assert page.focused == "cas1.contoso.com"
    page.choose("role", "global catalog")
    assert page.run("return document.querySelector('#matrix [tabindex]').textContent") == "gc1"
    assert page.run("return document.querySelectorAll('#matrix tbody [tabindex]').length") == 1


def test_words_and_colours_can_be_read_in_light_and_dark(page: ReportPage) -> None:
    page.open(records.everything())
    page.click_cell(0, PORTS)
    for choose in (page.light, page.dark):
        choose()
        found = page.run(CONTRAST)
        assert len(found) > 20
        assert not {name: ratio for name, ratio in found.items() if ratio < READABLE}


@pytest.mark.parametrize("text", [*records.HOSTILE, "".join(records.HOSTILE)], ids=range(len(records.HOSTILE) + 1))
def test_hostile_text_stays_text(page: ReportPage, text: str) -> None:
    page.open(records.hostile(text))
    (name,) = page.servers
    assert page.shown == "1 server"
    assert name == lines(text)
    page.click_cell(0, 0)
    shown = page.run("return [...document.querySelectorAll('#details dd')].map(e => e.textContent)")
    assert shown.count(lines(text)) >= 6, "before, after, held back, reason, source, and the message"
    made = page.run("return document.querySelectorAll('img, iframe, object, embed, link, a:not(.skip), x').length")
    assert made == 0
    assert page.run("return [window.hit, document.scripts.length]") == [None, 2]
    if len(text) > 200:
        page.keep("report-hostile.png")


def test_another_script_would_not_run(page: ReportPage) -> None:
    """The policy holds even where escaping would fail."""
    page.open(records.clean())
    page.run("""
      const script = document.createElement('script');
      script.textContent = 'window.hit = 1';
      document.body.append(script);
      const image = document.createElement('img');
      image.src = 'http://127.0.0.1:9/x.png';
      document.body.append(image);
    """)
    assert page.run("return window.hit") is None
    refused = page.complaints()
    assert len(refused) == 2
    assert all("Content Security Policy" in line for line in refused)
    assert page.requests() == {page.address, "http://127.0.0.1:9/x.png"}, "asked for, and refused before it was sent"


def test_on_paper_the_details_of_what_is_not_right_are_there_and_no_controls(page: ReportPage) -> None:
    page.open(records.everything())
    page.keep("report.pdf", page.printed())
    assert page.printed().startswith(b"%PDF-")
    page.on_paper()
    page.run("dispatchEvent(new Event('beforeprint'))")
    paper = page.browser.find_element(By.ID, "print").text
    for line in (
        "mbx2:6001-6002 and mbx2:6004 are missing",
        "mbx1: connection refused",
        "access denied",
        "compliant pending",
    ):
        assert line in paper, line
    assert "DisabledComponents" not in paper, "nobody manages it"
    assert not page.browser.find_element(By.CLASS_NAME, "filters").is_displayed()
    assert page.run("return getComputedStyle(document.querySelector('#matrix thead')).display") == "table-header-group"
    assert page.run("return [...document.querySelectorAll('details')].every(e => e.open)")
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.browser.find_element(By.ID, "print").get_attribute("textContent") == ""


def test_a_thousand_servers_with_fifteen_settings(
    page: ReportPage, record_property: Callable[[str, object], None]
) -> None:
    """How long it takes is told, and fails nothing: the machine may be busy."""
    page.open(records.large(1000, 15))
    assert len(page.servers) == 1000
    assert len(page.columns) == 15
    ready = page.run("return performance.getEntriesByName('interactive')[0].startTime")
    script = """
      const began = performance.now(), control = document.getElementById('f-state');
      control.value = 'drifted';
      control.dispatchEvent(new Event('change'));
      document.body.offsetHeight;
      return performance.now() - began;
    """
    filtered = page.run(script)
    assert 0 < len(page.servers) < 1000
    page.keep("report-1000.png")
    page.click_cell(3, 0)
    assert page.details
    size = page.run("return performance.getEntriesByType('navigation')[0].decodedBodySize") / 1e6
    figures = (
        f"1,000 servers x 15 settings: interactive after {ready:.0f} ms, a filter {filtered:.0f} ms, {size:.1f} MB"
    )
    record_property("browser", figures)
    record_property("browser", f"screenshots: {page.screenshots}")
