# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for findstr does what is documented of Windows 2008's."""

from __future__ import annotations

import pytest

from tests.unit.lab_wine.server import Servers

pytestmark = pytest.mark.wine

NETSTAT = (
    b"  TCP    0.0.0.0:6004           0.0.0.0:0              LISTENING       1808\r\n"
    b"  TCP    10.0.0.1:6004          10.0.0.2:51000         ESTABLISHED     1808\r\n"
    b"  TCP    [::]:593               [::]:0                 LISTENING       948\r\n"
)


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        (b"", b""),
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\r\nb", b"a\r\nb\r\n"),
        (b"\r\n\r\na\r\n", b"\r\n\r\na\r\n"),
        (b"caf\xe9\t\xff \r\n", b"caf\xe9\t\xff \r\n"),
        (b"x" * 8191 + b"\r\n", b"x" * 8191 + b"\r\n"),
        (b"x" * 9000 + b"\r\ny\r\n", b"x" * 8191 + b"\r\ny\r\n"),
    ],
)
def test_caret_copies_its_input(server: Servers, given: bytes, printed: bytes) -> None:
    assert server.run('findstr "^"', [given]).stdout == printed


def test_caret_copies_a_long_file_to_a_file(server: Servers) -> None:
    content = b"".join(b"  %06d,00,\\\r\n" % number for number in range(25000))
    server.run(r'findstr "^" >"%TEMP%\copy.txt"', [content[:100000], content[100000:]])
    assert server.run(r'type "%TEMP%\copy.txt"').stdout == content


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ('/c:" 0.0.0.0:0 " /c:" [::]:0 "', [0, 2]),
        ("/l LISTENING", [0, 2]),
        ('/i /c:"established"', [1]),
        ("/l established", []),
        ('/l "51000 593"', [1, 2]),
        ("/v LISTENING", [1]),
    ],
)
def test_literal_search(server: Servers, arguments: str, lines: list[int]) -> None:
    output = server.run(f"findstr {arguments}", [NETSTAT])
    rows = NETSTAT.splitlines(keepends=True)
    assert output.stdout == b"".join(rows[line] for line in lines)
    assert output.exit_code == (0 if lines else 1)


def test_whole_lines(server: Servers) -> None:
    assert server.run("findstr /x ab", [b"ab\r\nabc\r\n ab\r\n"]).stdout == b"ab\r\n"


def test_other_regular_expressions_are_refused(server: Servers) -> None:
    assert server.run('findstr "a.*b"', [b"axb\r\n"]).exit_code == 2
