# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wmic, netstat, sc and netsh become types, or are said not to fit; no word of theirs is relied on."""

from __future__ import annotations

import datetime
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats import netstat, sc, wmic
from plugins.plugin_utils.formats.builds import Build
from plugins.plugin_utils.formats.netsh import parse_ipv6_addresses
from plugins.plugin_utils.formats.netstat import Listener, parse_listeners
from plugins.plugin_utils.formats.sc import parse_dependents, parse_status
from plugins.plugin_utils.formats.wmic import parse_datetime, parse_list

PROCESSES = (
    "\r\r\n\r\r\nCreationDate=20081105081500.250000+060\r\r\nName=mad.exe\r\r\nProcessId=1808\r\r\n"
    "\r\r\n\r\r\nCreationDate=20081105081400.000000+060\r\r\nName=lsass.exe\r\r\nProcessId=640\r\r\n\r\r\n"
)


def test_wmic_lists_one_object_after_the_other() -> None:
    assert parse_list(PROCESSES) == (
        {"CreationDate": "20081105081500.250000+060", "Name": "mad.exe", "ProcessId": "1808"},
        {"CreationDate": "20081105081400.000000+060", "Name": "lsass.exe", "ProcessId": "640"},
    )
    assert parse_list("\r\r\n") == ()
    assert parse_list("A=1\nA=2\n") == ({"A": "1"}, {"A": "2"})


def test_what_wmic_does_not_print_is_refused() -> None:
    with pytest.raises(wmic.NotParsed, match="No Instance"):
        parse_list("No Instance(s) Available.")


def test_a_cim_datetime_knows_its_zone() -> None:
    moment = parse_datetime("20081105081500.250000+060")
    assert moment.utcoffset() == datetime.timedelta(hours=1)
    assert moment.astimezone(datetime.UTC) == datetime.datetime(2008, 11, 5, 7, 15, 0, 250000, tzinfo=datetime.UTC)
    for text in ("", "20081105", "20081305081500.000000+060", "20081105081500.250000+060x"):
        with pytest.raises(wmic.NotParsed):
            parse_datetime(text)


@given(
    st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2090, 1, 1)),
    st.integers(-720, 840),
)
def test_any_cim_datetime_is_read_back(moment: datetime.datetime, minutes: int) -> None:
    text = f"{moment:%Y%m%d%H%M%S.%f}{minutes:+04d}"
    assert parse_datetime(text).replace(tzinfo=None) == moment
    assert parse_datetime(text).utcoffset() == datetime.timedelta(minutes=minutes)


@pytest.mark.parametrize("word", ["LISTENING", "ABH\u00d6REN", "EN ESCUCHA"])
def test_a_listener_is_told_by_its_peer_and_not_by_a_word(word: str) -> None:
    text = (
        f"  TCP    0.0.0.0:6004           0.0.0.0:0              {word}       1808\r\n"
        f"  TCP    [::]:593               [::]:0                 {word}       948\r\n\r\n"
    )
    assert parse_listeners(text) == (
        Listener(6004, "IPv4", "0.0.0.0", 1808),
        Listener(593, "IPv6", "::", 948),
    )


@pytest.mark.parametrize(
    "line",
    [
        "  TCP    10.0.0.1:6004    10.0.0.2:6004    ESTABLISHED    7",
        "  UDP    0.0.0.0:6004     *:*                             7",
        "garbage",
        "  TCP    0.0.0.0:6004     0.0.0.0:0        LISTENING",
    ],
)
def test_what_is_no_listener_is_refused_and_shown(line: str) -> None:
    with pytest.raises(netstat.NotParsed) as error:
        parse_listeners(line)
    assert repr(line) in str(error.value)


def test_addresses_are_found_whatever_stands_around_them() -> None:
    text = "Schnittstelle 1\n Typ  Status\n X  Y  infinite ::1\n fe80::3%10 2001:DB8::5, 10.0.0.1 6004: ::\n"
    assert parse_ipv6_addresses(text) == ("::1", "fe80::3", "::")


@given(st.text(max_size=100))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    parse_ipv6_addresses(text)
    for parse, refusal in (
        (parse_list, wmic.NotParsed),
        (parse_listeners, netstat.NotParsed),
        (parse_status, sc.NotParsed),
        (parse_dependents, sc.NotParsed),
    ):
        with suppress(refusal):
            assert parse(text) is not None  # type: ignore[operator]


def test_builds_are_numbers() -> None:
    assert Build.parse("8.1.0240.006") == Build(8, 1, 240, 6)
    assert Build.parse("8.1.311.3") > Build.parse("8.1.0240.006")
    assert Build.parse("8.0.744.0") < Build.parse("8.1.240.6")
    assert str(Build.parse("8.1.0240.006")) == "8.1.240.6"
    assert Build.last_in("Update Rollup 4 for Exchange Server 2007 Service Pack 1 (KB952580) 8.1.311.3") == Build(
        8, 1, 311, 3
    )
    assert Build.last_in("Update Rollup 4") is None
    for text in ("", "8.1", "8.1.240.6.1", "eight"):
        with pytest.raises(ValueError, match="build"):
            Build.parse(text)
