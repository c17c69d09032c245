# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on Wine: the shapes that replace a hosts file, and a test's hand in the files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.host_files import DRIVERS_ETC, HOSTS, FileSpec
from tests.lab.hosts import HostSpec
from tests.lab.wine import WineBackend, WineCannot
from tests.lab.wine.files import WineFiles
from tests.unit.lab_wine.server import Servers

pytestmark = pytest.mark.wine

TEMP = HOSTS + ".exchange_ops"
CD = r'cd /d "%SystemRoot%\system32\drivers\etc"'
STOCK = b"127.0.0.1       localhost\r\n::1             localhost\r\n"
FAILED = "&(if errorlevel 1 (echo failed.))"


@pytest.fixture
def files(server: Servers) -> Iterator[WineFiles]:
    """The stock hosts file and nothing beside it, before and after."""
    files = server.backends[0].files
    yield files
    files.delete(TEMP)
    files.delete(HOSTS)
    files.write(HOSTS, STOCK)


def test_the_way_a_hosts_file_is_replaced(server: Servers, files: WineFiles) -> None:
    steps = (
        "copy /y hosts hosts.exchange_ops <nul",
        "xcopy hosts hosts.exchange_ops /o /x /k /h /r /y <nul",
        "attrib -r -h -s hosts.exchange_ops <nul",
        'findstr "^" >hosts.exchange_ops',
        "attrib +r hosts.exchange_ops <nul",
        "attrib -r hosts <nul",
        "move /y hosts.exchange_ops hosts <nul",
    )
    files.set_attributes(HOSTS, frozenset("RA"))
    output = server.run("&".join([CD, *(f"{step}{FAILED}" for step in steps)]), [b"10.0.0.1 cas1\r\n"])
    assert b"failed." not in output.stdout
    assert files.read(HOSTS) == b"10.0.0.1 cas1\r\n"
    assert files.attributes(HOSTS) == {"R", "A"}
    assert files.read(TEMP) is None


def test_read_shapes(server: Servers, files: WineFiles) -> None:
    assert server.run(f"{CD}&type hosts").stdout == STOCK
    assert server.run(f"{CD}&(for %i in (hosts) do @echo %~zi)").stdout == b"54\r\n"
    assert server.run(f"{CD}&(if exist hosts (echo there))").stdout == b"there\r\n"


@pytest.mark.parametrize("letters", ["", "R", "H", "S", "RHS"])
def test_attributes_are_the_same_from_both_sides(server: Servers, files: WineFiles, letters: str) -> None:
    files.set_attributes(HOSTS, frozenset(letters))
    shown = server.run(f"{CD}&attrib hosts <nul").stdout.decode()
    assert set("".join(shown.partition("C:")[0].split())) == {"A", *letters}
    switches = " ".join(f"+{letter}" for letter in letters.lower())
    server.run(f"{CD}&copy /y hosts hosts.exchange_ops&attrib -r -h -s hosts.exchange_ops <nul")
    assert files.attributes(TEMP) == {"A"}
    if switches:
        server.run(f"{CD}&attrib {switches} hosts.exchange_ops <nul")
    assert files.attributes(TEMP) == {"A", *letters}


def test_attrib_leaves_hidden_files_alone_unless_that_is_named(server: Servers, files: WineFiles) -> None:
    files.set_attributes(HOSTS, frozenset("RH"))
    server.run(f"{CD}&attrib -r hosts <nul")
    assert files.attributes(HOSTS) == {"A", "R", "H"}
    server.run(f"{CD}&attrib -r +h hosts <nul")
    assert files.attributes(HOSTS) == {"A", "H"}


def test_del(server: Servers, files: WineFiles) -> None:
    files.write(TEMP, b"x")
    files.set_attributes(TEMP, frozenset("R"))
    server.run(f"{CD}&del /q hosts.exchange_ops <nul")
    assert files.read(TEMP) == b"x"
    server.run(f"{CD}&del /f /q hosts.exchange_ops <nul")
    assert files.read(TEMP) is None


def test_xcopy_to_nothing_ends(server: Servers, files: WineFiles) -> None:
    assert server.run(f"{CD}&xcopy hosts hosts.exchange_ops /o /x /k /h /r /y <nul").exit_code == 4
    assert files.read(TEMP) is None


def test_the_hand(server: Servers, files: WineFiles) -> None:
    files.write(r"C:\New Folder\a", b"1")
    files.set_attributes(r"c:\new folder\A", frozenset("R"))
    files.write(r"C:\New Folder\a", b"2")
    assert (files.read(r"c:\NEW FOLDER\a"), files.attributes(r"C:\New Folder\a")) == (b"2", {"R", "A"})
    assert files.list(r"C:\new folder") == ["a"]
    assert files.list(r"C:\none") == []
    files.delete(r"C:\New Folder\A")
    files.delete(r"C:\New Folder\A")
    assert files.read(r"C:\New Folder\a") is None
    with pytest.raises(ValueError, match="X"):
        files.set_attributes(HOSTS, frozenset("X"))


def test_files_of_the_fleet_file(wine_installed: None) -> None:
    named = {HOSTS: None, r"C:\Data\a": FileSpec(b"x", frozenset("RHA"))}
    with Servers(HostSpec("cas1", "cas1.test", windows="2012", files=named)) as servers:
        files = servers.backends[0].files
        assert files.read(HOSTS) is None
        assert "networks" in files.list(DRIVERS_ETC)
        assert (files.read(r"C:\Data\a"), files.attributes(r"C:\Data\a")) == (b"x", {"R", "H", "A"})
        assert b"6.2.9200" in servers.run("ver").stdout


@pytest.mark.parametrize(
    ("file", "reason"),
    [(FileSpec(b"", in_use=True), "holds a file open"), (FileSpec(b"", denied=True), "right")],
)
def test_what_wine_cannot_is_named(wine_installed: None, file: FileSpec, reason: str) -> None:
    with pytest.raises(WineCannot, match=reason):
        WineBackend(HostSpec("cas1", "cas1.test", files={r"C:\a": file}))
