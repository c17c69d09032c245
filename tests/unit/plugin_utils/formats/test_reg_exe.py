# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg.exe's output becomes typed values, or is said not to fit; it is never half understood."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats.reg_exe import NotParsed, format_import, parse_query
from plugins.plugin_utils.formats.registry import Key, SetText, Value

PARAMETERS = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters")
# Shape: a public transcript of Windows Server 2008.
SERVER_2008 = "\r\n".join(
    [
        "",
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NTDS\Parameters",
        "    System Schema Version    REG_DWORD    0x38",
        "    Root Domain    REG_SZ    DC=test,DC=local",
        r"    ServiceDll    REG_EXPAND_SZ    %systemroot%\system32\ntdsa.dll",
        "    Hierarchy Table Recalculation interval (minutes)    REG_DWORD    0x2d0",
        "    Global Catalog Promotion Complete    REG_DWORD    0x1",
        r"    NSPI interface protocol sequences    REG_MULTI_SZ    ncacn_http:6004\0ncacn_ip_tcp",
        "    Empty    REG_SZ    ",
        "    Nothing    REG_SZ",
        "    Octets    REG_BINARY    00FF",
        "    (Standard)    REG_SZ    default",
        "",
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NTDS\Parameters\Sub Key",
        "",
    ]
)
# Shape: the documentation of Windows Server 2003.
SERVER_2003 = "\r\n".join(
    [
        "",
        "! REG.EXE VERSION 3.0",
        "",
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NTDS\Parameters",
        "    <NO NAME>\tREG_SZ\t",
        "    Root Domain\tREG_SZ\tDC=test,DC=local",
        "    Global Catalog Promotion Complete\tREG_DWORD\t0x1",
        "",
    ]
)


def test_every_value_of_windows_server_2008_is_typed() -> None:
    content = parse_query(SERVER_2008, PARAMETERS)
    data = {value.name: value.data for value in content.values}
    assert data == {
        "System Schema Version": 0x38,
        "Root Domain": "DC=test,DC=local",
        "ServiceDll": r"%systemroot%\system32\ntdsa.dll",
        "Hierarchy Table Recalculation interval (minutes)": 0x2D0,
        "Global Catalog Promotion Complete": 1,
        "NSPI interface protocol sequences": ("ncacn_http:6004", "ncacn_ip_tcp"),
        "Empty": "",
        "Nothing": "",
        "Octets": b"\x00\xff",
        "(Standard)": "default",
    }
    assert content.subkeys == ("Sub Key",)
    assert content.has_subkey("SUB key")


@pytest.mark.parametrize("text", [SERVER_2003, SERVER_2003.replace("    ", "\t")])
def test_windows_server_2003_is_read_too(text: str) -> None:
    content = parse_query(text, PARAMETERS)
    found = content.value("global catalog PROMOTION complete")
    assert found is not None
    assert (found.kind, found.data) == ("REG_DWORD", 1)
    assert content.value("Root Domain") == Value("Root Domain", "REG_SZ", "DC=test,DC=local", "DC=test,DC=local")


@pytest.mark.parametrize(
    "text",
    [
        "garbage",
        "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Other\r\n    A    REG_SZ    b\r\n",
        SERVER_2008.replace("0x38", "0x38\r\nwhat is this"),
        "<html>busy</html>",
        SERVER_2008 + "    Late    REG_SZ    behind the subkeys\r\n",
        SERVER_2008.replace("    Nothing    REG_SZ", "    empty    REG_SZ    again"),
    ],
)
def test_what_does_not_fit_is_refused_and_shown(text: str) -> None:
    with pytest.raises(NotParsed) as error:
        parse_query(text, PARAMETERS)
    assert "'" in str(error.value)


def test_an_empty_key_has_no_values() -> None:
    for text in ("", "\r\n", f"\r\n{PARAMETERS.long_path}\r\n\r\n"):
        assert parse_query(text, PARAMETERS).values == ()


def test_a_line_break_inside_a_text_belongs_to_the_text() -> None:
    values = "    ValidPorts    REG_SZ    a:1;\r\nb:2\r\n    Enabled    REG_DWORD    0x1\r\n"
    text = f"\r\n{PARAMETERS.long_path}\r\n{values}\r\n"
    content = parse_query(text, PARAMETERS)
    assert [value.data for value in content.values] == ["a:1;\r\nb:2", 1]


def test_a_line_break_at_the_end_of_a_text_is_not_lost() -> None:
    text = f"\r\n{PARAMETERS.long_path}\r\n    ValidPorts    REG_SZ    a:1\r\n\r\n\r\n"
    value = parse_query(text, PARAMETERS).value("ValidPorts")
    assert value is not None
    assert value.data == "a:1\r\n"


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("REG_DWORD", "1"),
        ("REG_DWORD", "0xZZ"),
        ("REG_BINARY", "0"),
        ("REG_NONE", "0"),
        ("REG_LINK", "00"),
        ("REG_SZ", "\udcff"),
    ],
)
def test_data_that_is_not_of_its_type_is_kept_as_text_only(kind: str, raw: str) -> None:
    value = parse_query(f"\r\n{PARAMETERS.long_path}\r\n    V    {kind}    {raw}\r\n\r\n", PARAMETERS).value("V")
    assert value is not None
    assert value.data is None
    assert value.raw == raw


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=40)
NAME = st.text(st.sampled_from("abcXYZ() 0129-_."), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.dictionaries(NAME.map(str.lower), TEXT, max_size=5))
def test_values_printed_in_the_documented_shape_are_read_back(values: dict[str, str]) -> None:
    values = {name: text for name, text in values.items() if "    " not in name}
    lines = ["", PARAMETERS.long_path, *(f"    {name}    REG_SZ    {text}" for name, text in values.items()), "", ""]
    content = parse_query("\r\n".join(lines), PARAMETERS)
    assert {value.name: value.data for value in content.values} == values


@given(st.text(max_size=80))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(NotParsed):
        assert parse_query(text, PARAMETERS).values is not None


def imported(file: str) -> str:
    """What the .reg file says, read by the rules of the format and by none of our code."""
    head, _equals, tail = file.partition("=hex(1):")
    assert head == f'Windows Registry Editor Version 5.00\r\n\r\n[{PARAMETERS.long_path}]\r\n"V"'
    octets = tail.replace("\\\r\n", "").strip().replace(" ", "")
    return bytes.fromhex(octets.replace(",", "")).decode("utf-16-le", "surrogatepass")


@given(st.text(max_size=3000))
def test_an_import_file_holds_any_text_in_short_ascii_lines(text: str) -> None:
    file = format_import(SetText(PARAMETERS, "V", text))
    assert imported(file) == text + "\0"
    assert file.isascii()
    assert file.endswith("\r\n")
    assert all(len(line) < 8191 for line in file.split("\r\n"))
    assert "\n" not in file.replace("\r\n", "")


def test_a_value_name_that_could_be_syntax_is_refused() -> None:
    with pytest.raises(ValueError, match="value name"):
        format_import(SetText(PARAMETERS, 'a"=dword:1', "x"))


def test_keys_are_equal_whatever_their_case_and_below_a_known_hive() -> None:
    assert Key(r"HKLM\Software\A") == Key(r"HKLM\SOFTWARE\a")
    assert len({Key(r"HKLM\Software\A"), Key(r"HKLM\SOFTWARE\a")}) == 1
    assert Key(r"HKLM\A\B").parent == Key(r"HKLM\A")
    assert Key("HKLM").parent is None
    for path in (r"HKCU\A", r"HKLM\\A", "", "HKLM\\A\\"):
        with pytest.raises(ValueError, match="is not a key"):
            Key(path)
