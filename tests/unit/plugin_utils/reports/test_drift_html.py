# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.html as a parser sees it; what a browser does with it stands in tests/browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given

from plugins.plugin_utils.formats.text import printable
from plugins.plugin_utils.reports import drift_html
from plugins.plugin_utils.reports.fleet import FleetReport
from plugins.plugin_utils.reports.words import lines
from tests.unit.plugin_utils.reports import records

RAW = ("script", "style")


class Page(HTMLParser):
    """Tags with their attributes, the texts between them, and the contents of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.raw: list[tuple[str, str]] = []
        self.comments: list[str] = []
        self._part: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self._part.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def _flush(self) -> None:
        text = "".join(self._part)
        self._part = []
        if self._inside in RAW:
            self.raw.append((self._inside, text))
        elif text.strip():
            self.texts.append(text)

    @property
    def shape(self) -> list[str]:
        return [tag for tag, _attributes in self.tags if tag != "wbr"]


def page(report: FleetReport) -> Page:
    return Page(drift_html.render(report.as_dict()))


def test_nothing_is_loaded_from_elsewhere_and_no_other_script_may_run() -> None:
    found = page(records.everything())
    named = {name for _tag, attributes in found.tags for name in attributes}
    assert not named & {"src", "srcset", "action", "style", "background", "poster", "data"}
    assert not [name for name in named if name.startswith("on")]
    assert [attributes["href"] for _tag, attributes in found.tags if "href" in attributes] == ["#matrix"]
    assert not re.search(
        r"url\(|@import|fetch|XMLHttpRequest|innerHTML|eval", "".join(text for _tag, text in found.raw)
    )
    (policy,) = (item["content"] for tag, item in found.tags if item.get("http-equiv") == "Content-Security-Policy")
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _tag, text in found.raw]
    style, data, script = hashes
    assert [tag for tag, _text in found.raw] == ["style", "script", "script"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; "
        "form-action 'none'"
    )
    assert data not in str(policy)


def test_every_server_and_every_state_is_there_in_words() -> None:
    texts = page(records.everything()).texts
    joined = " ".join(texts)
    for word in ("gc2", "unreachable", "failed", "not read", "drifted", "unknown", "not managed", "not applicable"):
        assert word in joined
    for line in ("mbx1: connection refused", "2 Client Access servers refuse mbx9.contoso.com"):
        assert line in joined
    assert "Not clean" in texts
    assert "Clean" in page(records.clean()).texts


def test_a_run_over_a_part_of_the_fleet_says_what_it_has_looked_at() -> None:
    texts = page(records.part_of_the_fleet()).texts
    assert "1 of 3 servers, parts: pin: every setting looked at is as it should be." in texts
    assert "Outlook Anywhere repin: clean" in texts


def test_a_fleet_that_was_not_judged_has_no_count_of_problems() -> None:
    texts = " ".join(page(replace(records.clean(), fleet_not_judged="no inventory")).texts)
    assert "Not judged: no inventory" in texts
    assert "problems of the fleet" not in texts


def test_every_control_has_its_label() -> None:
    found = page(records.everything())
    controls = [tag for tag, _attributes in found.tags if tag in ("input", "select")]
    assert controls == ["input", "select", "select", "select"]
    assert found.shape.count("label") == len(controls)
    stops = [tag for tag, attributes in found.tags if attributes.get("tabindex") == "0"]
    assert stops == ["th"], "one cell of the matrix is in the tab order"


def test_texts_that_many_findings_share_are_there_once() -> None:
    size = len(drift_html.render(records.large(100).as_dict()))
    assert size < 150 * 100 * 200
    found = page(records.everything())
    data = json.loads(next(text for _tag, text in found.raw if text.startswith("{")))
    assert len(set(data["texts"])) == len(data["texts"])


@given(records.hostile_texts)
def test_any_text_stays_text(text: str) -> None:
    found, tame = page(records.hostile(text)), page(records.hostile("tame"))
    assert found.shape == tame.shape
    assert not found.comments
    assert [part for part in found.raw if not part[1].startswith("{")] == [
        part for part in tame.raw if not part[1].startswith("{")
    ]
    block = next(part for _tag, part in found.raw if part.startswith("{"))
    assert not set(block) & set("<>&"), "no parser, however old, can find a tag in it"
    data = json.loads(block)
    assert lines(text) in data["texts"]
    if text.strip() and "\n" not in text:
        assert any(printable(text).strip() in shown for shown in found.texts)
