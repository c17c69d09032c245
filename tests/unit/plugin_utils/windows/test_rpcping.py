# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpcping's arguments mean the same to a C runtime and to cmd.exe; ours is told from others by its age."""

from __future__ import annotations

import datetime
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.reads import Clock, Process
from plugins.plugin_utils.secret import Secret
from plugins.plugin_utils.windows.command_line import Frame, Frames
from plugins.plugin_utils.windows.rpcping import (
    MAX_PASSWORD,
    Identity,
    Interval,
    Ping,
    check_password,
    end_step,
    found_path,
    guard_line,
    look_step,
    may_be_ours,
    parse_path,
    parse_user,
)
from tests.lab import argv
from tests.lab.model.parser import expand_percent, parse
from tests.lab.model.syntax import Pair, Simple

NOON = datetime.datetime(2008, 11, 5, 12, 0, tzinfo=datetime.UTC)
PATH = r"C:\Windows\system32\rpcping.exe"
ALLOWED = "".join(char for char in string.printable[:95] if char not in '",%')


def is_taken(password: str) -> bool:
    try:
        check_password(password)
    except ValueError:
        return False
    return True


PASSWORDS = st.text(ALLOWED, min_size=1, max_size=MAX_PASSWORD).filter(is_taken)


def ping(password: str = "Secret!1", port: int | None = 6004) -> Ping:
    identity = Identity("user", "CONTOSO", Secret(password))
    return Ping("cas1.contoso.com", "mbx1.contoso.com", port, 1, 9, identity)


def test_it_is_the_line_of_the_article() -> None:
    assert ping().arguments() == (
        '-t ncacn_http -s mbx1.contoso.com -o RpcProxy=cas1.contoso.com -P "user,CONTOSO,Secret!1" -H 1 -F 3 '
        '-a connect -u 9 -v 3 -I "user,CONTOSO,Secret!1" -e 6004'
    )


def test_asking_the_proxy_alone_logs_on_to_the_proxy_alone() -> None:
    arguments = ping(port=None).arguments()
    assert arguments.endswith("-a connect -u 9 -v 3 -E")
    assert arguments.count("Secret!1") == 1


@given(PASSWORDS, st.sampled_from([None, 6001]))
def test_the_program_sees_the_password_as_it_is(password: str, port: int | None) -> None:
    arguments = ping(password, port).arguments()
    seen = argv.split(f"{PATH} {arguments}")
    assert seen[seen.index("-P") + 1] == f"user,CONTOSO,{password}"
    assert len(seen) == (23 if port else 20)
    assert seen[-1] == ("6001" if port else "-E")


@given(PASSWORDS, st.sampled_from([None, 6001]))
def test_to_cmd_exe_it_is_one_command_of_the_same_text(password: str, port: int | None) -> None:
    """A server may hand the line to cmd.exe all the same."""
    line = f"{PATH} {ping(password, port).arguments()}"
    assert not line.startswith('"')
    expanded = expand_percent(line, {"USER": "x", "PATH": "y"})
    node = parse(expanded)
    assert isinstance(node, Simple)
    assert (node.text, node.redirections) == (line, ())


@pytest.mark.parametrize(
    "password",
    ["", "*", "a,b", 'a"b', "50%off", "%TEMP%", " abc", "abc ", "p\u00e4ss", "a\tb", "a\r\nb", "a\0b", "x" * 128],
)
def test_a_password_that_might_not_arrive_is_refused_without_being_shown(password: str) -> None:
    with pytest.raises(ValueError, match="it ") as caught:
        check_password(password)
    assert len(password) < 2 or password not in str(caught.value)


@given(st.text(min_size=1))
def test_what_is_taken_is_printable_and_has_no_syntax(password: str) -> None:
    assert is_taken(password) == (
        password != "*"
        and len(password) <= MAX_PASSWORD
        and password == password.strip(" ")
        and all(char in ALLOWED for char in password)
    )


@pytest.mark.parametrize("user", ["", "a,b", 'a"b', "CONTOSO\\a", "a@contoso.com", "-a", "a b", "%a%", "\u00e4"])
def test_a_user_name_is_of_plain_letters(user: str) -> None:
    with pytest.raises(ValueError, match="is not a user name"):
        parse_user(user)
    assert parse_user("svc-rpc.ping_1$") == "svc-rpc.ping_1$"


@pytest.mark.parametrize(
    "path",
    [
        "rpcping.exe",
        r"\\server\share\rpcping.exe",
        r"C:\Program Files\rpcping.exe",
        r"C:\x\other.exe",
        r'C:\x"&calc&"\rpcping.exe',
        r"C:\%TEMP%\rpcping.exe",
        r"C:\x&y\rpcping.exe",
    ],
)
def test_a_path_that_cmd_exe_could_read_otherwise_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is not the full path"):
        parse_path(path)
    assert parse_path(r"C:\PROGRA~1\Tools\RpcPing.exe") == r"C:\PROGRA~1\Tools\RpcPing.exe"


def frames(stdout: bytes) -> Frames:
    return Frames({look_step(None).name: Frame(stdout, b"", 0)}, "")


def test_the_path_is_what_the_server_says() -> None:
    assert look_step(None).line == (
        r'(if exist "%SystemRoot%\system32\rpcping.exe" (echo %SystemRoot%\system32\rpcping.exe))'
    )
    assert found_path(frames(rb"D:\WINNT\system32\rpcping.exe" + b"\r\n")) == r"D:\WINNT\system32\rpcping.exe"
    for answer in (b"", b"rpcping.exe", rb"%SystemRoot%\system32\rpcping.exe", b'C:\\x" & calc\\rpcping.exe'):
        assert found_path(frames(answer)) is None
    assert found_path(Frames({}, "the server said something else")) is None


def process(pid: int = 1000, age: float = 5.0, image: str = "rpcping.exe") -> Process:
    return Process(image, pid, NOON - datetime.timedelta(seconds=age))


def test_the_guard_ends_those_that_came_after_it_and_only_when_its_pause_was_not_cut() -> None:
    line = guard_line(90, [process(12), process(34)])
    assert line == (
        'ping -n 91 127.0.0.1 <nul >nul&&taskkill /f /im rpcping.exe /fi "pid ne 12" /fi "pid ne 34" <nul >nul 2>nul'
    )
    node = parse(line)
    assert isinstance(node, Pair)
    assert node.operator == "&&"


def test_one_process_is_ended_by_its_id_while_it_is_an_rpcping() -> None:
    assert end_step(process(12)).line == 'taskkill /f /fi "pid eq 12" /fi "imagename eq rpcping.exe" <nul'


def ours(running: list[Process], before: tuple[Process, ...] = ()) -> list[int]:
    """Ours was started at 100.0 to 100.3 and the server read at 105.0 to 105.2 of our clock."""
    found = may_be_ours(running, before, Clock(NOON, NOON), Interval(100.0, 100.3), Interval(105.0, 105.2))
    return [item.pid for item in found]


def test_ours_is_as_old_as_it_must_be() -> None:
    assert ours([process(1, 4.8), process(2, 60), process(3, 1.0), process(4, 7.5)]) == [1]


def test_one_that_ran_before_is_not_ours_and_one_that_took_its_id_may_be() -> None:
    assert ours([process(1, 5)], (process(1, 5),)) == []
    assert ours([process(1, 5)], (process(1, 500),)) == [1]


@given(st.floats(100.0, 100.3), st.floats(105.0, 105.2), st.floats(-1.9, 1.9))
def test_wherever_the_start_fell_ours_is_among_them(started: float, read: float, error: float) -> None:
    assert ours([process(1, read - started + error)]) == [1]
