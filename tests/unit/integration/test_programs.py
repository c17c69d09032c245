# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of docs/evidence.md sees every place where a command can stand."""

from __future__ import annotations

import pytest

from tests.integration.fleet import programs


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("reg query HKLM <nul", {"reg query"}),
        ("set oa=&echo a.>&2&REG.EXE add x", {"set", "echo", "reg add"}),
        ('if exist "x" del "x"', {"if", "del"}),
        ("if not errorlevel 1 shutdown /s", {"if", "shutdown /s"}),
        ("if not defined oa (sc stop MSExchangeSA)", {"if", "sc stop"}),
        ('(if not "%~zi"=="5" (set oa=1))', {"if", "set"}),
        ("if a==b (echo c) else wmic os get x", {"if", "echo", "wmic os"}),
        ("echo y|wmic os get x >nul 2>nul", {"echo", "wmic os"}),
        ("netstat -ano <nul|findstr /c:x", {"netstat", "findstr"}),
        ('"C:\\Windows\\system32\\wmic.exe" os', {"wmic os"}),
        ("(for %i in (a.reg b) do (wmic os))", {"for", "wmic os"}),
        ("for %i in (a) do wmic os", {"for", "wmic os"}),
        ("(for %i in (a) do @echo %~zi)", {"for", "echo"}),
        ('for %i in (a) do @if not "%~zi"=="5" set oa=1', {"for", "if", "set"}),
        (r'%windir%\system32\inetsrv\appcmd.exe list config "A B/Rpc" "/config:*" <nul', {"appcmd list"}),
        ('findstr "^" >a.reg&del /q a.reg', {"findstr", "del"}),
    ],
)
def test_every_command_is_seen(line: str, found: set[str]) -> None:
    assert programs(line) == found
