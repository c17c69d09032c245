# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""server_info reads by one command, and its documentation has every part that it returns."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from plugins.plugin_utils import server_info
from plugins.plugin_utils.baseline import FIXES
from plugins.plugin_utils.formats.registry import Unreadable
from plugins.plugin_utils.reads import Link, Observed, Read, ReadLink
from plugins.plugin_utils.server_info import EVERY_READ, read_every_fact, read_facts
from plugins.plugin_utils.windows.command_line import MAX_LINE, Batch
from plugins.plugin_utils.windows.reading import read_steps
from plugins.plugin_utils.windows.server import Reading, parts_of_a_line
from tests.evidence import REPOSITORY

RETURN = (REPOSITORY / "plugins" / "modules" / "server_info.py").read_text(encoding="utf-8").partition('RETURN = r"""')
DOCUMENTED: dict[str, Any] = yaml.safe_load(RETURN[2].partition('"""')[0])
PAGE = (REPOSITORY / "docs" / "server-info.md").read_text(encoding="utf-8")


class Unread:
    """A server whose every answer makes no sense."""

    def __init__(self) -> None:
        self.asked: list[tuple[Read, ...]] = []

    def open(self) -> None:
        """Nothing to do."""

    def look(self, reads: tuple[Read, ...]) -> Observed:
        self.asked.append(reads)
        odd = Unreadable("odd", "garbage")
        return Observed({read: Link(ipv6=False) if isinstance(read, ReadLink) else odd for read in reads})

    def read(self, reads: tuple[Read, ...]) -> Reading:
        return Reading(self.look(reads), left_behind=False)


def test_everything_is_one_command() -> None:
    assert parts_of_a_line(EVERY_READ, lambda _part: []) == [EVERY_READ]
    # Room for what the next fact needs.
    assert len(Batch(read_steps(EVERY_READ)).line) < MAX_LINE - 300


def test_every_fix_can_look_with_these_reads() -> None:
    assert {read for fix in FIXES for read in fix.reads} <= set(EVERY_READ)


def test_what_is_asked_again_and_again_is_less() -> None:
    server = Unread()
    facts = read_facts(server)  # type: ignore[arg-type]
    assert len(server.asked[0]) * 2 < len(EVERY_READ)
    assert {"services", "ports", "read_at", "directory_owners"} <= set(facts)


def test_every_part_is_documented_and_null_with_its_reason_where_nothing_is_understood() -> None:
    server = Unread()
    facts, warnings = read_every_fact(server, {})  # type: ignore[arg-type]
    assert warnings == ()
    assert set(DOCUMENTED["server"]["contains"]) == set(facts)
    assert facts["addresses"] == {"ipv4": None, "ipv6": None}
    parts = set(facts) - {"unknown", "settings", "addresses"}
    assert {part for part in parts if facts[part] is not None} == set()
    for part in (*parts, "addresses.ipv4", "addresses.ipv6"):
        assert "garbage" in facts["unknown"][part], part
    assert len(server.asked) == 1


def test_every_fix_tells_its_settings_by_the_names_of_its_findings() -> None:
    facts, _warnings = read_every_fact(Unread(), {})  # type: ignore[arg-type]
    told = [(item["fix"], item["setting"]) for item in facts["settings"]]
    assert told == [(fix.name, finding.setting) for fix in FIXES for finding in fix.unknown("")]
    for item in facts["settings"]:
        assert (item["configured"], item["effective"]) == (None, "unknown")
        assert "garbage" in item["reason"], item
    shown = DOCUMENTED["server"]["contains"]["settings"]["contains"]
    assert set(shown) == set(facts["settings"][0])


@pytest.mark.parametrize("part", sorted(DOCUMENTED["server"]["contains"]))
def test_the_page_has_every_part(part: str) -> None:
    assert f"| `{part}` |" in PAGE


def test_a_server_that_was_not_read_has_the_same_parts() -> None:
    facts, _warnings = read_every_fact(Unread(), {})  # type: ignore[arg-type]
    result = server_info.nothing("why", {"failed": True})
    assert set(result["server"]) == set(facts)
    assert {part for part, value in result["server"].items() if value is not None} == {"unknown"}
    assert set(result["server"]["unknown"]) == set(facts) - {"unknown"}
    assert set(result["server"]["unknown"].values()) == {"why"}
    assert result["failed"] is True
