# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""findstr as a copier and as a filter."""

from __future__ import annotations

import pytest

from tests.unit.lab.conftest import Server


@pytest.mark.parametrize(
    ("arguments", "stdin", "stdout"),
    [
        ('"^"', b"a\r\nb\n\r\nc\r\n", b"a\r\nb\n\r\nc\r\n"),
        ('"^"', b"a", b"a\r\n"),
        ('"^"', b"", b""),
        ("a", b"ab\r\ncd\r\n", b"ab\r\n"),
        ('"a c"', b"ab\r\ncd\r\nx\r\n", b"ab\r\ncd\r\n"),
        ('/c:" 0.0.0.0:0 " /c:" [::]:0 "', b"x 0.0.0.0:0 y\n1.2.3.4:0\n [::]:0 \n", b"x 0.0.0.0:0 y\n [::]:0 \n"),
        ("/i /v A", b"a\nb\n", b"b\n"),
        ("/b a", b"ab\nba\n", b"ab\n"),
        ('"a.c$"', b"abc\nabcd\n", b"abc\n"),
    ],
)
def test_lines(server: Server, arguments: str, stdin: bytes, stdout: bytes) -> None:
    output = server.run(f"findstr {arguments}", stdin)
    assert output.stdout == stdout
    assert output.exit_code == (0 if stdout else 1)


def test_long_lines_are_cut(server: Server) -> None:
    assert server.run('findstr "^"', b"a" * 9000 + b"\r\nb\r\n").stdout == b"a" * 8191 + b"\r\nb\r\n"


def test_a_file_keeps_its_last_line_end(server: Server) -> None:
    server.machine.files.write(r"C:\f", b"a\r\nb")
    assert server.run(r'findstr "^" C:\f').stdout == b"a\r\nb"
    assert server.run(r'findstr "^" <C:\f').stdout == b"a\r\nb\r\n"
