# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icacls, whoami, wmic nicconfig and appcmd list vdir, as far as the lab knows them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab.model.machine import TEMP
from tests.unit.lab.conftest import Server

NewServer = Callable[..., Server]
NICCONFIG = "wmic nicconfig where IPEnabled=true get IPAddress,SettingID /value <nul"
GROUPS = "whoami /groups /fo csv /nh <nul"
APPCMD = r"C:\Windows\system32\inetsrv\appcmd.exe"
GUIDS = ("{11111111-0000-0000-0000-000000000001}", "{11111111-0000-0000-0000-000000000002}")


def lines(server: Server, line: str) -> list[str]:
    return [text for text in server.out(line).replace("\r", "").split("\n") if text]


def test_icacls_prints_an_entry_a_line_under_the_first(server: Server) -> None:
    server.machine.files.write(rf"{TEMP}\f", b"")
    assert server.out(rf"cd /d {TEMP}&icacls f <nul").split("\n") == [
        r"f NT AUTHORITY\SYSTEM:(I)(F)",
        r"  BUILTIN\Administrators:(I)(F)",
        "",
        "Successfully processed 1 files; Failed processing 0 files",
        "",
    ]


def test_icacls_grants_one_entry_more_and_only_there(server: Server) -> None:
    for name in ("f", "g"):
        server.machine.files.write(rf"{TEMP}\{name}", b"")
    assert server.run(rf'icacls {TEMP}\f /grant "*S-1-5-32-545:R" <nul').exit_code == 0
    assert lines(server, rf"cd /d {TEMP}&icacls f <nul")[2].strip() == r"BUILTIN\Users:(R)"
    assert r"BUILTIN\Users" not in server.out(rf"icacls {TEMP}\g <nul")


def test_icacls_shows_what_move_and_xcopy_take_along(server: Server) -> None:
    files = server.machine.files
    files.write(rf"{TEMP}\f", b"")
    files.set_permissions(rf"{TEMP}\f", "of its own")
    server.run(rf"cd /d {TEMP}&type nul >g&xcopy f g /o /y <nul&type nul >h&move /y f h <nul")
    for name in "gh":
        assert lines(server, rf"cd /d {TEMP}&icacls {name} <nul")[0] == f"{name} of its own:(F)"


def test_icacls_of_a_missing_file_fails(server: Server) -> None:
    assert server.run(rf"icacls {TEMP}\f <nul").exit_code == 2


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("broken", "level"), [([], "S-1-16-12288"), (["rights"], "S-1-16-8192")])
def test_whoami_tells_the_level_of_the_token(
    new_server: NewServer, broken: list[str], level: str, language: str
) -> None:
    printed = lines(new_server(broken=broken, language=language), GROUPS)
    assert [line.split('","')[2] for line in printed] == ["S-1-1-0", "S-1-5-32-544", level]


def test_whoami_of_2003_knows_no_levels(new_server: NewServer) -> None:
    assert "S-1-16-" not in new_server(windows="2003").out(GROUPS)


def test_nicconfig_lists_each_adapter_with_its_addresses(new_server: NewServer) -> None:
    server = new_server(
        adapters=[{"guid": GUIDS[0]}, {"guid": GUIDS[1], "ipv6_bound": False}],
        addresses={"ipv4": ["10.0.0.1", "10.0.0.2"], "ipv6": ["2001:db8::1", "2001:db8::2"]},
    )
    assert lines(server, NICCONFIG) == [
        'IPAddress={"10.0.0.1","2001:db8::1"}',
        f"SettingID={GUIDS[0]}",
        'IPAddress={"10.0.0.2"}',
        f"SettingID={GUIDS[1]}",
    ]


def test_an_application_is_listed_with_its_own_folder(new_server: NewServer) -> None:
    server = new_server(exchange={"roles": ["client_access"]})
    assert 'VDIR "Default Web Site/Rpc/" (physicalPath:)' in lines(server, f"{APPCMD} list vdir <nul")


def test_a_virtual_directory_is_listed_with_its_folder(new_server: NewServer) -> None:
    config = (
        "<configuration><system.applicationHost><sites><site name='S'><application path='/'>"
        "<virtualDirectory path='/' physicalPath='C:\\w' /><virtualDirectory path='/Rpc' physicalPath='C:\\r' />"
        "</application></site></sites></system.applicationHost></configuration>"
    )
    server = new_server(iis={"config": config})
    assert lines(server, f"{APPCMD} list vdir <nul") == [
        r'VDIR "S/" (physicalPath:C:\w)',
        r'VDIR "S/Rpc" (physicalPath:C:\r)',
    ]
