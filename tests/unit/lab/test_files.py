# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the model: attributes, permissions, files that others hold, and the programs that meet them."""

from __future__ import annotations

import asyncio
import base64
import ntpath
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lab import Lab
from tests.lab.host_files import DRIVERS_ETC, HOSTS
from tests.lab.samples import message
from tests.patience import PATIENCE_SECONDS
from tests.unit.lab.conftest import Client, Server

NewServer = Callable[..., Server]
TEMP = HOSTS + ".exchange_ops"
CD = r'cd /d "%SystemRoot%\system32\drivers\etc"'
STOCK = b"127.0.0.1       localhost\r\n::1             localhost\r\n"
DENIED = message("cmd-access-denied", "en").replace("\n", "\r\n").encode()
IN_USE = message("cmd-sharing-violation", "en").replace("\n", "\r\n").encode()
FAILED = "&(if errorlevel 1 (echo failed.))"
NOT_DONE = "||(echo failed.)"


def letters(server: Server, path: str) -> str:
    """The attributes as one word."""
    return "".join(sorted(server.machine.files.attributes(path)))


def test_the_way_a_hosts_file_is_replaced(server: Server) -> None:
    files = server.machine.files
    files.set_permissions(HOSTS, "its own")
    steps = (
        "copy /y hosts hosts.exchange_ops <nul",
        "xcopy hosts hosts.exchange_ops /o /x /k /h /r /y <nul",
        "attrib -r -h -s hosts.exchange_ops <nul",
        'findstr "^" >hosts.exchange_ops',
        "move /y hosts.exchange_ops hosts <nul",
    )
    line = "&".join([CD, *(f"{step}{FAILED}" for step in steps)])
    output = server.run(line, b"10.0.0.1 cas1\r\n")
    assert b"failed." not in output.stdout
    assert files.read(HOSTS) == b"10.0.0.1 cas1\r\n"
    assert files.permissions(HOSTS) == "its own"
    assert not files.exists(TEMP)


def test_read_shapes(server: Server) -> None:
    assert server.run(f"{CD}&type hosts").stdout == STOCK
    assert server.out(f"{CD}&(for %i in (hosts) do @echo %~zi)") == "54\n"
    assert server.out(f"{CD}&(if exist hosts (echo there))") == "there\n"
    assert server.out(f"{CD}&attrib hosts <nul").split() == ["A", HOSTS]


# -- attrib


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.frozensets(st.sampled_from("RHSA")))
def test_attrib_shows_every_letter(server: Server, attributes: frozenset[str]) -> None:
    server.machine.files.set_attributes(HOSTS, attributes)
    shown = server.out(f"attrib {HOSTS} <nul")
    assert set(shown.partition("C:")[0].split() and "".join(shown.partition("C:")[0].split())) == attributes
    assert shown.endswith(HOSTS + "\n")


@pytest.mark.parametrize(
    ("before", "switches", "after"),
    [
        ("A", "+r", "AR"),
        ("A", "+r +h", "AHR"),
        ("AR", "-r", "A"),
        ("AHR", "-r", "AHR"),
        ("ARS", "-r", "ARS"),
        ("AHR", "-r +h", "AH"),
        ("AHRS", "-r -h -s", "A"),
        ("AHRS", "-r -h", "AHRS"),
    ],
)
def test_attrib_leaves_hidden_and_system_files_alone_unless_that_is_named(
    server: Server, before: str, switches: str, after: str
) -> None:
    server.machine.files.set_attributes(HOSTS, frozenset(before))
    assert server.run(f"attrib {switches} {HOSTS} <nul").exit_code == 0
    assert letters(server, HOSTS) == after


def test_attrib_of_nothing_and_of_a_denied_file(server: Server) -> None:
    assert server.run(r"attrib C:\none <nul").stdout
    server.machine.files.deny(HOSTS)
    assert HOSTS in server.out(f"attrib +r {HOSTS} <nul")
    assert letters(server, HOSTS) == "A"


# -- type, redirection, del


def test_what_is_in_use_is_neither_read_nor_written_nor_moved(server: Server) -> None:
    files = server.machine.files
    files.write(TEMP, b"new")
    files.hold(HOSTS)
    for command, words in (
        ("type hosts", IN_USE),
        ("echo a>hosts", IN_USE),
        ("copy /y hosts.exchange_ops hosts <nul", IN_USE),
        ("copy /y hosts other <nul", IN_USE),
        ("move /y hosts other <nul", IN_USE),
        ("move /y hosts.exchange_ops hosts <nul", DENIED),
    ):
        output = server.run(f"{CD}&{command}{NOT_DONE}")
        assert (output.stdout, output.stderr) == (b"failed.\r\n", words), command
    assert server.run(f"{CD}&del /f /q hosts <nul").stderr == IN_USE
    assert server.out(f"{CD}&(for %i in (hosts) do @echo %~zi)") == "54\n"
    assert (files.read(HOSTS), files.read(TEMP)) == (STOCK, b"new")
    files.release(HOSTS)
    assert server.run(f"{CD}&move /y hosts.exchange_ops hosts <nul{FAILED}").stderr == b""
    assert files.read(HOSTS) == b"new"


def test_what_a_command_writes_others_can_read_and_nothing_else(server: Server) -> None:
    tries = ("echo b>out", "copy /y hosts out <nul", "move /y out other <nul", "del /f /q out <nul")

    async def while_it_is_written() -> list[bytes]:
        writer = await server.backend.run(f'{CD}&findstr "^" >out', False, False)
        await asyncio.sleep(0)
        answers = []
        for command in tries:
            process = await server.backend.run(f"{CD}&{command}", False, False)
            output = await process.read(PATIENCE_SECONDS)
            assert output is not None
            answers.append(output.stderr)
        read = await (await server.backend.run(f"{CD}&type out", False, False)).read(PATIENCE_SECONDS)
        assert read is not None
        assert read.stderr == b""
        await writer.write(b"a\r\n", end=True)
        await writer.read(PATIENCE_SECONDS)
        return answers

    assert asyncio.run(while_it_is_written()) == [IN_USE] * len(tries)
    assert server.out(f"{CD}&type out&del /f /q out <nul") == "a\n"
    assert server.machine.files.read(ntpath.join(ntpath.dirname(HOSTS), "out")) is None


def test_what_is_denied_is_there_and_cannot_be_read(server: Server) -> None:
    server.machine.files.deny(HOSTS)
    output = server.run(f"{CD}&type hosts{FAILED}&(if exist hosts (echo there))&attrib hosts <nul")
    assert output.stderr == DENIED
    assert output.stdout.startswith(b"failed.\r\nthere\r\nA ")
    server.machine.files.allow(HOSTS)
    assert server.run(f"{CD}&type hosts").stdout == STOCK


@pytest.mark.parametrize("letter", ["R", "H", "S"])
def test_redirection_into_a_guarded_file_is_denied(server: Server, letter: str) -> None:
    server.machine.files.set_attributes(HOSTS, frozenset(letter))
    output = server.run(f'{CD}&findstr "^" >hosts{NOT_DONE}', b"new\r\n")
    assert (output.stdout, output.stderr) == (b"failed.\r\n", DENIED)
    assert server.machine.files.read(HOSTS) == STOCK


def test_redirection_into_a_file_that_is_there_keeps_its_permissions(server: Server) -> None:
    server.machine.files.set_permissions(HOSTS, "its own")
    server.run(f'{CD}&findstr "^" >hosts&echo a>new', b"new\r\n")
    assert server.machine.files.permissions(HOSTS) == "its own"
    assert server.machine.files.permissions(DRIVERS_ETC + r"\new") == "inherited"


@pytest.mark.parametrize(
    ("attributes", "switches", "left"),
    [("A", "/q", False), ("R", "/q", True), ("R", "/f /q", False), ("H", "/f /q", True), ("S", "/f /q", True)],
)
def test_del(server: Server, attributes: str, switches: str, left: bool) -> None:
    server.machine.files.set_attributes(HOSTS, frozenset(attributes))
    output = server.run(f"nosuch 2>nul&{CD}&del {switches} hosts <nul{FAILED}")
    assert output.stdout == b"", "del clears errorlevel whatever happens"
    assert bool(output.stderr) == left
    assert server.machine.files.exists(HOSTS) == left


# -- copy, xcopy, move


def test_copy_takes_attributes_and_leaves_permissions(server: Server) -> None:
    files = server.machine.files
    files.set_permissions(HOSTS, "its own")
    files.set_attributes(HOSTS, frozenset("R"))
    assert server.run(f"{CD}&copy /y hosts hosts.exchange_ops <nul{FAILED}").stderr == b""
    assert (letters(server, TEMP), files.permissions(TEMP), files.read(TEMP)) == ("AR", "inherited", STOCK)


@pytest.mark.parametrize("command", ["copy", "move"])
def test_copy_and_move_do_not_find_what_is_hidden_or_missing(server: Server, command: str) -> None:
    server.machine.files.set_attributes(HOSTS, frozenset("H"))
    for name in ("hosts", "none"):
        output = server.run(f"{CD}&{command} /y {name} hosts.exchange_ops <nul{FAILED}")
        assert output.stdout == b"failed.\r\n"
        assert output.stderr
    assert not server.machine.files.exists(TEMP)


def test_move_carries_attributes_and_permissions(server: Server) -> None:
    files = server.machine.files
    files.write(TEMP, b"new")
    files.set_permissions(TEMP, "of the copy")
    files.set_attributes(TEMP, frozenset("AR"))
    assert server.run(f"{CD}&move /y hosts.exchange_ops hosts <nul{FAILED}").stderr == b""
    assert (letters(server, HOSTS), files.permissions(HOSTS)) == ("AR", "of the copy")
    assert files.list(DRIVERS_ETC) == ["hosts"]


def test_move_over_a_read_only_file_is_denied(server: Server) -> None:
    files = server.machine.files
    files.write(TEMP, b"new")
    files.set_attributes(HOSTS, frozenset("R"))
    output = server.run(f"{CD}&move /y hosts.exchange_ops hosts <nul{FAILED}")
    assert (output.stdout, output.stderr) == (b"failed.\r\n", DENIED)
    assert (files.read(HOSTS), files.read(TEMP)) == (STOCK, b"new")


@pytest.mark.parametrize("command", ["copy", "move"])
def test_without_its_yes_the_question_stays_unanswered(server: Server, command: str) -> None:
    server.machine.files.write(TEMP, b"new")
    assert b"failed." in server.run(f"{CD}&{command} hosts.exchange_ops hosts <nul{FAILED}").stdout
    assert server.machine.files.read(HOSTS) == STOCK
    assert b"failed." not in server.run(f"{CD}&{command} hosts.exchange_ops hosts{FAILED}", b"y\r\n").stdout
    assert server.machine.files.read(HOSTS) == b"new"


@pytest.mark.parametrize(
    ("source", "target", "switches", "after"),
    [
        ("A", "A", "/y", "A"),
        ("R", "A", "/y", "A"),
        ("R", "A", "/k /y", "AR"),
        ("A", "R", "/r /y", "A"),
        ("A", "R", "/y", None),
        ("H", "A", "/y", None),
        ("HR", "A", "/h /k /y", "AHR"),
        ("A", "H", "/h /r /y", None),
        ("A", "A", "", None),
        ("A", None, "/y", None),
    ],
)
def test_xcopy(server: Server, source: str, target: str | None, switches: str, after: str | None) -> None:
    files = server.machine.files
    files.set_attributes(HOSTS, frozenset(source))
    if target is not None:
        files.write(TEMP, b"old")
        files.set_attributes(TEMP, frozenset(target))
    output = server.run(f"{CD}&xcopy hosts hosts.exchange_ops {switches} <nul")
    assert output.exit_code == (4 if after is None else 0)
    assert files.read(TEMP) == (STOCK if after else (None if target is None else b"old"))
    if after:
        assert letters(server, TEMP) == after


@pytest.mark.parametrize(("switches", "permissions"), [("/y", "old"), ("/o /y", "its own"), ("/x /y", "its own")])
def test_xcopy_takes_permissions_where_asked(server: Server, switches: str, permissions: str) -> None:
    files = server.machine.files
    files.set_permissions(HOSTS, "its own")
    files.write(TEMP, b"old")
    files.set_permissions(TEMP, "old")
    server.run(f"{CD}&xcopy hosts hosts.exchange_ops {switches} <nul")
    assert files.permissions(TEMP) == permissions


# -- certutil


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=2000))
def test_certutil_decodes_any_bytes(server: Server, data: bytes) -> None:
    text = base64.encodebytes(data).replace(b"\n", b"\r\n")
    line = (
        'findstr "^" >h.b64&certutil -f -decode h.b64 h <nul>nul&(if not errorlevel 1 (if errorlevel 0 (echo done.)))'
    )
    assert server.run(f"{CD}&{line}", text).stdout == b"done.\r\n"
    assert server.machine.files.read(DRIVERS_ETC + r"\h") == data


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (b"YQ==", "-decode a.b64 a", 0x80070050),
        (b"Y!Q==", "-f -decode a.b64 a", 0x8007000D),
        (b"", "-f -decode a.b64 a", 0x8007000D),
        (b"YQ==", "-f -decode none a", 0x80070002),
    ],
)
def test_certutil_fails(server: Server, text: bytes, arguments: str, code: int) -> None:
    files = server.machine.files
    files.write(DRIVERS_ETC + r"\a.b64", text)
    files.write(DRIVERS_ETC + r"\a", b"old")
    output = server.run(f"{CD}&certutil {arguments} <nul")
    assert output.exit_code == code - (1 << 32)
    assert files.read(DRIVERS_ETC + r"\a") == b"old"


def test_certutil_knows_the_fences_of_a_certificate_and_keeps_permissions(server: Server) -> None:
    files = server.machine.files
    files.write(r"C:\a", b"-----BEGIN CERTIFICATE-----\r\nYWJj\r\n-----END CERTIFICATE-----\r\n")
    files.set_permissions(HOSTS, "its own")
    assert server.run(rf"certutil -f -decode C:\a {HOSTS} <nul").exit_code == 0
    assert (files.read(HOSTS), files.permissions(HOSTS)) == (b"abc", "its own")


def test_certutil_that_may_not_run(new_server: NewServer) -> None:
    server = new_server(certutil=False, files={r"C:\a": {"text": "YQ=="}})
    assert server.run(r"certutil -f -decode C:\a C:\b <nul").exit_code == 5
    assert not server.machine.files.exists(r"C:\b")


# -- the fleet file, and a test's hand


def test_files_of_the_fleet_file(new_server: NewServer) -> None:
    server = new_server(
        hosts_file={"base64": base64.b64encode(b"# caf\xe9").decode()},
        files={
            r"C:\Data\a.txt": {"text": "one\ntwo\r\n", "attributes": ["R", "H"]},
            r"C:\Data\b": {"base64": "AAE=", "in_use": True},
            r"C:\Data\c": {"text": "", "denied": True},
        },
    )
    files = server.machine.files
    assert files.read(HOSTS) == b"# caf\xe9"
    assert files.list(r"c:\data") == ["a.txt", "b", "c"]
    assert files.read(r"C:\DATA\A.TXT") == b"one\r\ntwo\r\n"
    assert letters(server, r"C:\Data\a.txt") == "AHR"
    assert server.run(r"type C:\Data\b").stderr == IN_USE
    assert server.run(r"type C:\Data\c").stderr == DENIED


def test_a_hosts_file_as_text_or_absent_or_with_attributes(new_server: NewServer) -> None:
    assert new_server(hosts_file="::1 localhost\n").machine.files.read(HOSTS) == b"::1 localhost\r\n"
    absent = new_server(hosts_file=None)
    assert absent.machine.files.read(HOSTS) is None
    assert absent.out(f"{CD}&(if exist hosts (echo there))") == ""
    server = new_server(files={HOSTS.upper(): {"text": "x", "attributes": ["S"]}})
    assert (server.machine.files.read(HOSTS), letters(server, HOSTS)) == (b"x", "AS")


@pytest.mark.parametrize(
    ("windows", "active"),
    [("2003", [b"127.0.0.1"]), ("2008", [b"127.0.0.1", b"::1"]), ("2008r2", []), ("2012", [])],
)
def test_every_release_has_its_hosts_file(new_server: NewServer, windows: str, active: list[bytes]) -> None:
    lines = new_server(windows=windows).machine.files.read(HOSTS).splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(b"#")] == active


def test_server_2012(new_server: NewServer) -> None:
    server = new_server(windows="2012")
    assert server.registry.get(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", "CurrentBuildNumber") == (
        "REG_SZ",
        "9200",
    )
    assert server.registry.get(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", "CSDVersion") is None


def test_the_hand_reaches_past_everything() -> None:
    with Lab({"hosts": {"a": {"files": {HOSTS: {"text": "x", "attributes": ["R"], "in_use": True}}}}}) as lab:
        files = lab["a"].files
        files.write(HOSTS, b"1 a\r\n")
        assert files.read(HOSTS.upper()) == b"1 a\r\n"
        assert files.attributes(HOSTS) == {"R", "A"}
        files.set_attributes(HOSTS, frozenset("H"))
        assert files.attributes(HOSTS) == {"H"}
        with pytest.raises(ValueError, match="X"):
            files.set_attributes(HOSTS, frozenset("X"))
        files.write(r"C:\New\a", b"")
        assert files.list(r"C:\new") == ["a"]
        files.delete(HOSTS)
        files.delete(HOSTS)
        assert files.read(HOSTS) is None
        client = Client(lab["a"])
        assert client.run(f"{CD}&(if exist hosts (echo there))")[0] == b""
        client.close()


@pytest.mark.parametrize(
    "line",
    ["copy a+b c", "move *.x y", "copy /v a b", "attrib", "attrib +q a", "xcopy a b /s", "certutil -encode a b"],
)
def test_what_the_model_lacks_is_loud(server: Server, line: str) -> None:
    assert b"not modelled" in server.run(f"{line} <nul").stderr
