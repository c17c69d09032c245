# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as pywinrm sees it, over Basic and over NTLM with message encryption."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError
from winrm.protocol import Protocol

from tests.lab import Fault, Host, Lab, wsman
from tests.lab.model import Machine, ModelBackend
from tests.unit.lab.conftest import Client, connect

KEY = r"HKLM\SOFTWARE\Contoso"
Action = Callable[[], object]


def raises(code: int | None, action: Action) -> WSManFaultError:
    """The fault that an action gets, its number checked."""
    with pytest.raises(WSManFaultError) as caught:
        action()
    assert caught.value.wsman_fault_code == code
    return caught.value


def test_a_command(client: Client) -> None:
    assert client.run("echo a&echo b>&2&exit 1060") == (b"a\r\n", b"b\r\n", 1060)


def test_requests_are_logged(client: Client) -> None:
    client.run("echo a")
    log = [record for record in client.host.requests if record.operation != "auth"]
    assert [record.operation for record in log] == ["create", "command", "receive", "signal"]
    assert [record.command_line for record in log] == [None, "echo a", "echo a", "echo a"]
    assert all(record.body_bytes_in > 500 and record.body_bytes_out > 500 for record in log)


def test_ntlm_steps_are_logged_as_auth(client: Client) -> None:
    steps = [record.operation for record in client.host.requests].count("auth")
    assert steps == (3 if client.host.spec.transport == "ntlm" else 0)


def test_arguments_are_joined_by_blanks(client: Client) -> None:
    command = client.protocol.run_command(client.shell, "echo", ["a", "b&echo", "c"])
    assert client.finish(command)[0] == b"a b\r\nc\r\n"


def test_one_receive_tells_all_of_a_quick_command(client: Client) -> None:
    client.run("echo a&echo b")
    assert [record.operation for record in client.host.requests].count("receive") == 1


def test_large_output_comes_in_several_envelopes(client: Client) -> None:
    data = ("0123456789" * 40 + "\r\n").encode() * 1000
    machine_of(client.host).files.write(r"C:\large", data)
    assert client.run(r"type C:\large&type C:\large>&2") == (data, data, 0)
    receives = [record for record in client.host.requests if record.operation == "receive"]
    assert len(receives) > 5
    assert max(record.body_bytes_out for record in receives) < wsman.MAX_ENVELOPE + 500


def test_input_is_sent_in_pieces(client: Client) -> None:
    data = b"".join(b"%06d abcdefgh\r\n" % number for number in range(20000))
    command = client.start(r'findstr "^" >%TEMP%\sent&type %TEMP%\sent')
    pieces = [data[start : start + 90000] for start in range(0, len(data), 90000)]
    for number, piece in enumerate(pieces, 1):
        client.protocol.send_command_input(client.shell, command, piece, end=number == len(pieces))
    assert client.finish(command) == (data, b"", 0)
    assert b"".join(record.stdin for record in client.host.requests) == data


def test_a_command_without_news_times_out(client: Client) -> None:
    command = client.start('findstr "^"')
    with pytest.raises(WinRMOperationTimeoutError):
        client.protocol.get_command_output_raw(client.shell, command)
    client.protocol.cleanup_command(client.shell, command)


def test_a_request_over_the_envelope_limit_is_refused(client: Client) -> None:
    raises(None, lambda: client.start("echo " + "a" * wsman.MAX_ENVELOPE))
    assert client.run("echo a")[0] == b"a\r\n"


def test_a_server_of_a_later_winrm_takes_larger_envelopes() -> None:
    with Lab({"hosts": {"cas1": {"quotas": {"envelope_bytes": 2 * wsman.MAX_ENVELOPE}}}}) as lab:
        client = Client(lab["cas1"])
        assert client.run("echo " + "a" * wsman.MAX_ENVELOPE)[2] == 1
        raises(None, lambda: client.start("echo " + "a" * 2 * wsman.MAX_ENVELOPE))
        client.close()


def test_unknown_shells_and_commands(client: Client) -> None:
    gone = "00000000-0000-0000-0000-000000000000"
    raises(wsman.SHELL_NOT_FOUND, lambda: client.protocol.run_command(gone, "echo a"))
    raises(None, lambda: client.protocol.get_command_output_raw(client.shell, gone))
    command = client.start("echo a")
    client.protocol.cleanup_command(client.shell, command)
    raises(None, lambda: client.protocol.get_command_output_raw(client.shell, command))


def test_operations_of_a_shell_are_not_given_back(client: Client) -> None:
    for _number in range(15):
        client.run("echo a")
    error = raises(wsman.OPERATIONS_EXCEEDED, lambda: client.run("echo a"))
    assert error.code == 500
    assert error.wmierror_code == 0x803381A6 == 2150859174


def test_shells_of_a_user_are_given_back(host: Host) -> None:
    clients = [Client(host) for _number in range(5)]
    raises(wsman.SHELLS_PER_USER_EXCEEDED, lambda: Client(host))
    clients.pop().close()
    clients.append(Client(host))
    assert host.open_shells == 5
    for client in clients:
        client.close()


def test_wrong_passwords_are_refused(host: Host) -> None:
    endpoint = f"http://127.0.0.1:{host.port}/wsman"
    transport: Any = host.spec.transport
    with pytest.raises(InvalidCredentialsError):
        Protocol(endpoint, transport, host.user, "wrong").open_shell()


def test_plain_messages_over_ntlm_are_refused(lab: Lab) -> None:
    host = lab["ntlm"]
    protocol = Protocol(
        f"http://127.0.0.1:{host.port}/wsman", "ntlm", host.user, host.password, message_encryption="never"
    )
    with pytest.raises(WinRMTransportError):
        protocol.open_shell()


def test_deleting_a_shell_ends_its_commands(host: Host) -> None:
    client = Client(host)
    client.start('findstr "^"')
    client.close()
    assert host.open_shells == 0


# -- faults


def test_fault_is_not_acted_on(client: Client) -> None:
    client.host.faults.append(Fault("fault", "command", code=170))
    add = f"reg add {KEY} /v n /d x /f"
    raises(170, lambda: client.run(add))
    assert client.host.registry.get(KEY, "n") is None
    client.run(add)
    assert client.host.registry.get(KEY, "n") == ("REG_SZ", "x")
    client.host.registry.delete(KEY)


def test_fault_with_a_wmi_code(client: Client) -> None:
    client.host.faults.append(Fault("fault", "receive", code=5, wmi_code=0x803381A6))
    assert raises(5, lambda: client.run("echo a")).wmierror_code == 0x803381A6


@pytest.mark.parametrize(("kind", "acted"), [("cut_before", False), ("cut_after", True), ("truncate", True)])
def test_connections_that_break(host: Host, kind: str, acted: bool) -> None:
    client = Client(host)
    host.faults.append(Fault(kind, "command"))
    with pytest.raises(requests.RequestException):
        client.run(f"reg add {KEY} /v n /d x /f")
    assert (host.registry.get(KEY, "n") is not None) == acted
    host.registry.delete(KEY)
    connect_again(client)


@pytest.mark.parametrize("kind", ["http_status", "garbage"])
def test_answers_that_are_none(client: Client, kind: str) -> None:
    client.host.faults.append(Fault(kind, "command", status=503, body="busy"))
    with pytest.raises((WinRMTransportError, SyntaxError)):
        client.run("echo a")
    assert client.run("echo a")[0] == b"a\r\n"


def test_a_command_that_hangs(client: Client) -> None:
    client.host.faults.append(Fault("hang", command_regex="^echo a"))
    assert client.run("echo b")[0] == b"b\r\n"
    command = client.start("echo a")
    with pytest.raises(WinRMOperationTimeoutError):
        client.protocol.get_command_output_raw(client.shell, command)
    client.protocol.cleanup_command(client.shell, command)
    assert client.run("echo a")[0] == b"a\r\n"


def test_output_put_in_the_place_of_a_commands_own(client: Client) -> None:
    client.host.faults.append(Fault("output", stdout=b"x", stderr=b"y", exit_code=7))
    assert client.run(f"reg add {KEY} /v n /d x /f") == (b"x", b"y", 7)
    assert client.host.registry.get(KEY, "n") == ("REG_SZ", "x")
    client.host.registry.delete(KEY)


def test_output_told_whole(client: Client) -> None:
    client.host.faults.append(Fault("whole", times=0))
    command = client.start('echo a&findstr "^"&exit 3')
    with pytest.raises(WinRMOperationTimeoutError):
        client.protocol.get_command_output_raw(client.shell, command)
    client.protocol.send_command_input(client.shell, command, b"b\r\n", end=True)
    assert client.finish(command) == (b"a\r\nb\r\n", b"", 3)


@pytest.mark.parametrize(("kind", "acted"), [("cut_before", False), ("cut_after", True)])
def test_a_cut_is_told_while_the_client_waits(host: Host, kind: str, acted: bool) -> None:
    client = Client(host)
    seen: list[bool] = []
    host.faults.append(Fault(kind, "command", when_cut=lambda: seen.append(host.registry.get(KEY, "n") is not None)))
    with pytest.raises(requests.RequestException):
        client.run(f"reg add {KEY} /v n /d x /f")
    assert len(seen) == 1
    assert (host.registry.get(KEY, "n") is not None) == acted
    host.registry.delete(KEY)
    connect_again(client)


def test_a_handshake_can_be_cut(lab: Lab) -> None:
    host = lab["ntlm"]
    host.clear_requests()
    host.faults.append(Fault("cut_before", "auth", nth=2))
    with pytest.raises(requests.RequestException):
        Client(host)
    assert [request.operation for request in host.requests] == ["auth", "auth"]
    Client(host).close()


def test_other_faults_do_not_count_a_handshake(lab: Lab) -> None:
    host = lab["ntlm"]
    host.clear_requests()
    host.faults.append(Fault("fault", nth=2))
    client = Client(host)
    raises(170, lambda: client.start("echo a"))
    client.close()
    assert "auth" in [request.operation for request in host.requests]


def test_a_line_that_is_lost_ends_the_input_of_commands(client: Client) -> None:
    client.start(f'findstr "^"&reg add {KEY} /v n /d x /f')
    client.host.hang_up()
    assert client.host.registry.get(KEY, "n") == ("REG_SZ", "x")
    client.host.registry.delete(KEY)


def test_a_request_that_stalls(client: Client) -> None:
    client.host.faults.append(Fault("stall", "receive", seconds=0.3))
    start = time.monotonic()
    assert client.run("echo a")[0] == b"a\r\n"
    assert time.monotonic() - start >= 0.3


def test_faults_count_their_own_requests(client: Client) -> None:
    client.host.faults.append(Fault("fault", "command", nth=2, times=2, command_regex="a"))
    failed = []
    for line in ("echo a", "echo b", "echo a", "echo a", "echo a"):
        try:
            client.run(line)
        except WSManFaultError:
            failed.append(line)
            continue
        failed.append("")
    assert failed == ["", "", "echo a", "echo a", ""]


def test_faults_can_last(client: Client) -> None:
    client.host.faults.append(Fault("fault", "command", times=0))
    for _number in range(3):
        raises(170, lambda: client.run("echo a"))
    client.host.faults.clear()
    assert client.run("echo a")[2] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": "none"},
        {"kind": "stall", "operation": "none"},
        {"kind": "stall", "operation": "auth"},
        {"kind": "hang", "operation": "send"},
        {"kind": "lose", "operation": "command"},
        {"nth": 0},
    ],
)
def test_faults_that_make_no_sense(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"unknown|strike|counts"):
        Fault(**{"kind": "stall", **arguments})  # type: ignore[arg-type]


def machine_of(host: Host) -> Machine:
    """The inside of a modelled host."""
    assert isinstance(host.backend, ModelBackend)
    return host.backend.machine


def connect_again(client: Client) -> None:
    """Delete a client's shell over a new connection: after a break an encrypted session is worth nothing."""
    connect(client.host).close_shell(client.shell)
