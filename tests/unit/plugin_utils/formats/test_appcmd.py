# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What appcmd prints, as documented and as it must not be believed."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats.appcmd import (
    SERVER,
    ConfigPath,
    NotParsed,
    advice,
    parse_boolean,
    parse_error,
    parse_flags,
    parse_places,
    parse_section,
    parse_value,
)
from plugins.plugin_utils.windows.command_line import quote

DATA = Path(__file__).resolve().parents[3] / "data"
SECTION = "system.webServer/security/authentication/windowsAuthentication"


def sample(name: str) -> str:
    return (DATA / f"{name}.txt").read_text(encoding="utf-8").partition("# ---\n")[2]


def nested(attributes: str, section: str = SECTION) -> str:
    *groups, last = section.split("/")
    return "".join(
        [
            *(f"<{name}>\r\n" for name in groups),
            f"<{last} {attributes}/>\r\n",
            *(f"</{name}>\r\n" for name in reversed(groups)),
        ]
    )


def test_a_section_as_published() -> None:
    assert parse_section(sample("appcmd-list-config"), SECTION) == {
        "enabled": "true",
        "authPersistSingleRequest": "false",
        "authPersistNonNTLM": "false",
        "useKernelMode": "true",
        "useAppPoolCredentials": "false",
    }


# What attributes of XML 1.0 may hold, less what its parsers normalise.
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn")), max_size=30)


@given(st.dictionaries(st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{0,10}", fullmatch=True), TEXTS, max_size=5))
def test_attributes_are_as_they_are(attributes: dict[str, str]) -> None:
    written = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    assert parse_section(nested(written), SECTION) == attributes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "oops",
        sample("appcmd-denied"),
        nested('useKernelMode="false"', "system.webServer/security/access"),
        nested('useKernelMode="false"', "system.web/authentication"),
        nested('useKernelMode="false"') * 2,
        nested('useKernelMode="false"')[:-8],
        '<!DOCTYPE a [<!ENTITY b "c">]>' + nested('useKernelMode="&b;"'),
        "<!doctype a>" + nested('useKernelMode="false"'),
        nested('useKernelMode="\udcfc"'),
        nested('useKernelMode="\x00"'),
        "<system.webServer><security><authentication/><authentication/></security></system.webServer>",
    ],
)
def test_what_is_no_such_section_is_not_parsed(text: str) -> None:
    with pytest.raises(NotParsed):
        parse_section(text, SECTION)


@given(st.text())
def test_nothing_makes_the_parsers_fail_otherwise(text: str) -> None:
    for parse in (lambda: parse_section(text, SECTION), lambda: parse_places(text), lambda: parse_flags(text)):
        try:
            parse()
        except NotParsed:
            continue
    parse_error(text)
    assert advice(text)


@given(st.lists(st.from_regex(r"[^\"/\x00-\x1f\x7f-\xa0\s\u2028\u2029]{1,8}(/[a-z]{1,8})?", fullmatch=True)))
def test_places_keep_their_order_and_spelling(paths: list[str]) -> None:
    text = "".join(f'CONFIGSEARCH "{SERVER}/{path}"\r\n' for path in paths)
    assert parse_places(text) == tuple(paths)


def test_the_servers_own_level_has_no_path() -> None:
    assert parse_places(f'CONFIGSEARCH "{SERVER}"\r\nCONFIGSEARCH "{SERVER}/Default Web Site/Rpc"\r\n') == (
        "",
        "Default Web Site/Rpc",
    )
    assert parse_places("\r\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        sample("appcmd-denied"),
        f'CONFIGSEARCH "{SERVER}"\r\noops\r\n',
        'CONFIGSEARCH "MACHINE/WEBROOT"\r\n',
        f'CONFIGSEARCH "{SERVER}X/Default Web Site"\r\n',
        'CONFIGSEARCH "\r\n',
    ],
)
def test_a_line_that_is_no_place_spoils_the_search(text: str) -> None:
    with pytest.raises(NotParsed):
        parse_places(text)


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), st.sampled_from(("", "\r\n", "\r\n\r\n"))
)
def test_a_value_stands_alone(value: str, end: str) -> None:
    assert parse_value(f"{value}{end}") == value
    for text in (f"{value}\r\n{value}", end, f"ERROR ( message:{value} )\r\n"):
        with pytest.raises(NotParsed):
            parse_value(text)


def test_an_error_is_told_with_all_of_its_lines() -> None:
    message = parse_error(sample("appcmd-denied"))
    assert message is not None
    assert message.startswith("Configuration error\nFilename: redirection.config\n")
    assert message.endswith("insufficient permissions.")
    assert parse_error("") is None
    assert parse_error(sample("appcmd-list-config")) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("appcmd-denied", "KB 951016"),
        ("appcmd-share-unreachable", "second hop"),
        ("appcmd-locked", "unlock"),
        ("appcmd-no-site", "WebSite"),
        ("appcmd-unknown-section", "by hand"),
    ],
)
def test_each_error_has_its_advice(name: str, says: str) -> None:
    assert says in advice(sample(name))


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("TRUE", True)])
def test_booleans(text: str, value: bool) -> None:
    assert parse_boolean(text) is value


@pytest.mark.parametrize("text", ["", "1", "yes", " true"])
def test_what_is_no_boolean(text: str) -> None:
    with pytest.raises(NotParsed):
        parse_boolean(text)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("None", set()),
        ("", set()),
        ("Ssl", {"ssl"}),
        ("Ssl, Ssl128", {"ssl", "ssl128"}),
        ("Ssl128,SslNegotiateCert", {"ssl128", "sslnegotiatecert"}),
    ],
)
def test_flags(text: str, flags: set[str]) -> None:
    assert parse_flags(text) == flags


@pytest.mark.parametrize("text", ["264", "Ssl Ssl128", "Ssl;Ssl128"])
def test_what_are_no_flags(text: str) -> None:
    with pytest.raises(NotParsed):
        parse_flags(text)


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9 ._()\[\]{}#$+~',=@/-]{1,40}", fullmatch=True))
def test_whatever_is_a_path_can_be_sent_and_is_no_option(text: str) -> None:
    try:
        path = ConfigPath.parse(text)
    except ValueError:
        return
    assert quote(path.text).strip('"') == text
    assert not text.startswith(("/", "-"))
    assert path == ConfigPath.parse(text.upper())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "a//b",
        "a/",
        "-a",
        ".",
        "a/..",
        "%TEMP%",
        'a"b',
        "a&b",
        "a|b",
        "a^b",
        "a!b",
        "a\\b",
        "a\nb",
        "B\u00fcro",
    ],
)
def test_what_must_not_be_sent_is_no_path(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        ConfigPath.parse(text)
