# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in before reg.exe imports as Windows does, and lets everything else through to Wine's reg.exe."""

from __future__ import annotations

import pytest

from tests.lab.backend import Output, RegistryData
from tests.unit.lab_wine.reg_files import ANSI_HEADER, UNICODE_HEADER, hex_value, reg_file
from tests.unit.lab_wine.server import Servers

pytestmark = pytest.mark.wine

KEY = r"HKLM\SOFTWARE\Imported"
WINES = r"C:\lab\wine_reg.exe"
SPECIAL = 'say "x" \\ %TEMP% & \u00e4\u20ac\U0001f600'
PORTS = "".join(f"mbx{number:04}.contoso.example:6001-6002;" for number in range(1500))[:54000]


def imported(server: Servers, content: bytes, line: str = "reg import import.reg <nul") -> Output:
    """Import a file of which nothing shall be left but itself."""
    server.registry.delete(KEY)
    temp = temporary_files(server)
    output = server.run(f'cd /d "%TEMP%"&findstr "^" >import.reg&{line}', [content])
    assert temporary_files(server) - temp <= {"import.reg"}
    return output


def temporary_files(server: Servers) -> set[str]:
    return set(server.run('dir /b "%TEMP%"').stdout.decode("cp437").splitlines())


@pytest.mark.parametrize(
    ("value", "kind", "data"),
    [
        (hex_value("V", PORTS), "REG_SZ", PORTS),
        (hex_value("V", ""), "REG_SZ", ""),
        (hex_value("V", SPECIAL), "REG_SZ", SPECIAL),
        (hex_value("V", "%a%").replace("hex(1)", "hex(2)"), "REG_EXPAND_SZ", "%a%"),
        ('"V"=hex(7):61,00,00,00,62,00,00,00,00,00', "REG_MULTI_SZ", ["a", "b"]),
        (r'"V"="a \"quoted\" text \\ here"', "REG_SZ", r'a "quoted" text \ here'),
        ('"V"=dword:0000177a', "REG_DWORD", 6010),
        ('"V"=hex(b):01,00,00,00,00,00,00,80', "REG_QWORD", (1 << 63) + 1),
        ('"V"=hex:00,ff,\\\r\n  0d', "REG_BINARY", b"\x00\xff\x0d"),
    ],
    ids=["54,000 characters", "empty", "special", "expand", "multi", "quotes", "dword", "qword", "binary"],
)
def test_import_reads_hex_by_the_header(server: Servers, value: str, kind: str, data: RegistryData) -> None:
    assert imported(server, reg_file(KEY, value)).exit_code == 0
    assert server.registry.get(KEY, "V") == (kind, data)


def test_import_under_the_old_header_reads_ansi(server: Servers) -> None:
    imported(server, reg_file(KEY, '"V"=hex(1):6d,62,78,00', header=ANSI_HEADER))
    assert server.registry.get(KEY, "V") == ("REG_SZ", "mbx")


def test_import_of_all_values_of_a_file(server: Servers) -> None:
    imported(server, reg_file(KEY, '"A"=dword:1', hex_value("B", "one"), r'"C"="two"', "@=dword:2"))
    values = [server.registry.get(KEY, name) for name in ("A", "B", "C", "")]
    assert values == [("REG_DWORD", 1), ("REG_SZ", "one"), ("REG_SZ", "two"), ("REG_DWORD", 2)]


def test_plain_text_of_a_file_is_ansi(server: Servers) -> None:
    imported(server, reg_file(KEY, '"V"="caf?"').replace(b"?", b"\xe9"))
    assert server.registry.get(KEY, "V") == ("REG_SZ", "caf\u00e9")


@pytest.mark.parametrize("header", [f" \t{UNICODE_HEADER}", ANSI_HEADER, UNICODE_HEADER])
def test_utf_16_file_stays_as_it_is(server: Servers, header: str) -> None:
    text = reg_file(KEY, hex_value("V", "wide \u20ac"), header=header).decode()
    path = server.backends[0].drive / "wide.reg"
    path.write_bytes(text.encode("utf-16"))
    server.registry.delete(KEY)
    assert server.run(r"reg import C:\wide.reg").exit_code == 0
    assert server.registry.get(KEY, "V") == ("REG_SZ", "wide \u20ac")


@pytest.mark.parametrize(
    "line", ['REG.EXE Import ".\\import.reg" /reg:64', r'"C:\windows\system32\reg" import import.reg']
)
def test_import_however_it_is_written(server: Servers, line: str) -> None:
    assert imported(server, reg_file(KEY, hex_value("V", "x" * 100)), line).exit_code == 0
    assert server.registry.get(KEY, "V") == ("REG_SZ", "x" * 100)


def test_import_with_a_wrong_option_writes_nothing(server: Servers) -> None:
    assert imported(server, reg_file(KEY, hex_value("V", "x")), "reg import import.reg /wrong").exit_code == 1
    assert server.registry.get(KEY, "V") is None


@pytest.mark.parametrize(
    "content", [b"", b"x", b"Windows Registry Editor Version 5\r\n", UNICODE_HEADER.encode() + b"0\r\n"]
)
def test_import_of_no_registry_file_fails(server: Servers, content: bytes) -> None:
    assert imported(server, content).exit_code == 1


def test_import_of_a_missing_file_fails(server: Servers) -> None:
    message = b"reg: The file 'C:\\missing.reg' was not found.\r\n"
    assert server.run(r"reg import C:\missing.reg") == Output(message, b"", 1)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (r"query HKLM\SOFTWARE\Microsoft\Rpc", 0),
        (r"query HKLM\SOFTWARE\Nowhere", 1),
        (r'query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion" /v CurrentVersion', 0),
        (r'add HKLM\SOFTWARE\Passed /v "a b" /d "say \"x\" ^& go\\" /f', 0),
        (r"add HKLM\SOFTWARE\Passed /v a /t REG_NO_SUCH_TYPE /d 0 /f", 1),
        (r"delete HKLM\SOFTWARE\Passed /v Nothing /f", 1),
        ("import", 1),
        ("import a b c d", 1),
        ("import /?", 0),
        ("/?", 0),
        ("", 1),
        ("nonsense", 1),
    ],
)
def test_other_lines_reach_wines_own(server: Servers, arguments: str, exit_code: int) -> None:
    output = server.run(f"reg {arguments}")
    assert output == server.run(f"{WINES} {arguments}")
    assert output.exit_code == exit_code


def test_quotes_of_other_lines_are_kept(server: Servers) -> None:
    server.run(rf'reg add {KEY} /v "a b" /d "say \"x\" & go\\" /f')
    assert server.registry.get(KEY, "a b") == ("REG_SZ", 'say "x" & go\\')


def test_output_goes_where_it_is_sent(server: Servers) -> None:
    query = rf"reg query {KEY} /v V"
    server.registry.set(KEY, "V", "REG_SZ", PORTS)
    printed = server.run(query).stdout
    assert PORTS.encode() in printed
    assert server.run(rf'{query} >"%TEMP%\out.txt"&type "%TEMP%\out.txt"').stdout == printed
    assert server.run(r'reg query HKLM\SOFTWARE\Microsoft\Rpc|findstr "^"').stdout.count(b"SecurityService") == 1


def test_query_prints_the_line_breaks_of_a_text_as_they_are(server: Servers) -> None:
    server.registry.set(KEY, "v", "REG_SZ", "x\r\ny\nz")
    assert b"\r\n    v    REG_SZ    x\r\ny\nz\r\n" in server.run(f"reg query {KEY} /v v").stdout
