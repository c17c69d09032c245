# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line that reads all there is to know of a server, as the collection sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from tests.lab.roles import PATCHES
from tests.unit.lab.conftest import Server

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
COMMANDS = (
    r'reg query "HKLM\SOFTWARE\Microsoft\Exchange\v8.0\MailboxRole" <nul',
    rf'reg query "{SERVICES}\MSExchangeSA\Parameters" <nul',
    f'reg query "{PATCHES}" /s <nul',
    "wmic os get LastBootUpTime,LocalDateTime /value <nul",
    "wmic process where \"name='mad.exe' or name='lsass.exe'\" get CreationDate,Name,ProcessId /value <nul",
    "sc query RemoteAccess <nul",
    "netsh interface ipv6 show addresses <nul",
    'netstat -ano <nul|findstr /c:" 0.0.0.0:0 " /c:" [::]:0 "',
)
SC = 5


def line(commands: Iterable[str]) -> str:
    """Each command between its marks, its exit code behind it."""
    frames = (
        f"echo T.{number}.&echo T.{number}.>&2&{command}"
        f"&(if errorlevel 0 (if not errorlevel 1 (echo T.{number}=0.)))"
        f"&(if errorlevel 1 (echo T.{number}=1.&set oa=1))"
        f"&(if not errorlevel 0 (echo T.{number}=-1.&set oa=1))"
        f"&(if errorlevel 1060 (if not errorlevel 1061 (echo T.{number}=missing.)))"
        for number, command in enumerate(commands)
    )
    return f"set oa=&{'&'.join(frames)}&(if defined oa (echo T.failed.))"


@pytest.fixture
def mailbox(new_server: Callable[..., Server]) -> Server:
    rollups = [{"build": "8.1.311.3"}]
    return new_server(exchange={"roles": ["mailbox"], "rollups": rollups})


def parts(text: str) -> list[str]:
    """What stands behind each command's mark, up to its exit code."""
    return [text.partition(f"T.{number}.\r\n")[2].partition(f"\r\nT.{number}=")[0] for number in range(len(COMMANDS))]


def test_the_line_brings_everything(mailbox: Server) -> None:
    output = mailbox.run(line(COMMANDS))
    text = output.stdout.decode()
    marks = [word for word in text.split("\r\n") if word.startswith("T.") and ("=" in word or "failed" in word)]
    codes = [f"T.{number}={int(number == SC)}." for number in range(len(COMMANDS))]
    assert marks == [*codes[: SC + 1], f"T.{SC}=missing.", *codes[SC + 1 :], "T.failed."]
    role, _parameters, patches, system, processes, service, addresses, ports = parts(text)
    assert "    ConfiguredVersion    REG_SZ    8.1.0240.006" in role
    assert "(KB952580) 8.1.311.3\r\n" in patches
    assert "LastBootUpTime=" in system
    assert {"Name=mad.exe", "Name=lsass.exe"} <= set(processes.replace("\r", "").split("\n"))
    assert "1060" in service
    assert " ::1" in addresses
    assert " [::]:6004 " in ports
    assert "ESTABLISHED" not in ports


def test_a_running_service_does_not_fail(new_server: Callable[..., Server]) -> None:
    server = new_server(services={"RemoteAccess": "running"})
    text = server.out(line([COMMANDS[SC]]))
    assert "T.0=0.\n" in text
    assert "failed" not in text
    assert ": 4  " in text


def test_a_filter_that_finds_nothing_fails(server: Server) -> None:
    text = server.out(line(['netstat -ano <nul|findstr /c:" nothing " /c:" none "']))
    assert text == "T.0.\nT.0=1.\nT.failed.\n"


def test_the_line_is_short_enough() -> None:
    assert len(line(COMMANDS)) < 8191
