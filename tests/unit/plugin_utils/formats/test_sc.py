# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sc prints is read by its numbers and its form, in every language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats import sc
from plugins.plugin_utils.formats.sc import Status, parse_dependents, parse_status
from plugins.plugin_utils.formats.service_names import parse_service_name
from plugins.plugin_utils.windows.command_line import quote

TEXT = (
    "\r\nSERVICE_NAME: spooler\r\n        TYPE               : 110  WIN32_OWN_PROCESS  (interactive)\r\n"
    "        STATE              : 4  RUNNING \r\n                                (STOPPABLE, NOT_PAUSABLE)\r\n"
    "        WIN32_EXIT_CODE    : 1053  (0x41d)\r\n        SERVICE_EXIT_CODE  : 0  (0x0)\r\n"
)
NAMES = st.from_regex(r"\A[A-Za-z0-9_.$-]{1,12}( [A-Za-z0-9_.$-]{1,8})?\Z")
DISPLAYS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
STATUSES = st.builds(Status, st.sampled_from(list(sc.STATES)), st.integers(0, 0xFFFFFFFF))
WORDS = st.sampled_from([("SERVICE_NAME", "DISPLAY_NAME", "Enum: entriesRead"), ("DIENSTNAME", "ANZEIGE", "Anzahl")])


def test_state_and_exit_code_are_the_second_and_third_number() -> None:
    assert parse_status(TEXT) == Status(sc.RUNNING, 1053)
    german = TEXT.replace("TYPE", "TYP").replace("STATE", "STATUS").replace("4  RUNNING", "1  BEENDET")
    assert parse_status(german) == Status(sc.STOPPED, 1053)
    assert parse_status(TEXT.partition("        WIN32")[0]) == Status(sc.RUNNING, None)
    assert parse_status(TEXT.replace("1053  (0x41d)", "-2147023836  (0x80070424)")).exit_code == 0x80070424
    for bad in (
        "",
        "STATE : 4",
        TEXT.replace(": 4", ": 9"),
        TEXT.replace(": 1053", ": af"),
        "[SC] OpenService FAILED 5:",
    ):
        with pytest.raises(sc.NotParsed):
            parse_status(bad)


def entry(name: str, display: str, status: Status, words: tuple[str, str, str]) -> str:
    return (
        f"\r\n{words[0]}: {name}\r\n{words[1]}: {display}\r\n        T : 20  X\r\n        S : {status.state}  Y \r\n"
        f"                                (A, B)\r\n        E : {status.exit_code}  (0x{status.exit_code:x})\r\n"
    )


@given(st.lists(st.tuples(NAMES, DISPLAYS, STATUSES), max_size=6), WORDS)
def test_every_dependent_is_found_in_its_order(
    services: list[tuple[str, str, Status]], words: tuple[str, str, str]
) -> None:
    text = f"{words[2]} = {len(services)}\r\n" + "".join(entry(*service, words) for service in services)
    assert parse_dependents(text) == tuple((name, status) for name, _display, status in services)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Enum: entriesRead = 1\n",
        "SERVICE_NAME: x\nDISPLAY_NAME: y\n" + TEXT.partition("spooler\r\n")[2],
        "Enum: entriesRead = 2\n" + TEXT.replace("spooler", "spooler\r\nDISPLAY_NAME: Spooler"),
        "Enum: entriesRead = 1\n" + TEXT,
        "Enum: entriesRead = 1\nSERVICE_NAME: x\nDISPLAY_NAME: y\n        TYPE : 20\n",
    ],
)
def test_a_list_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(sc.NotParsed):
        parse_dependents(text)


@given(st.text(max_size=40) | NAMES)
def test_a_service_name_that_parses_can_stand_on_a_command_line(text: str) -> None:
    try:
        name = parse_service_name(text)
    except ValueError:
        return
    assert name == text
    assert quote(name).strip('"') == name


@pytest.mark.parametrize(
    "text", ["", " ", "a  b", "a ", "-a", "/y", 'a"b', "a&b", "%a%", "a=b", "a\\b", "a\nb", "\u00e4", "a" * 257]
)
def test_what_is_no_service_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="service"):
        parse_service_name(text)


@pytest.mark.parametrize("text", ["MSExchangeSA", "MSSQL$A", "vmware tools", "a-b_c.d"])
def test_names_of_real_services_parse(text: str) -> None:
    assert parse_service_name(text) == text
