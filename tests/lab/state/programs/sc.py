# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sc query, queryex, enumdepend, start and stop of one service, laid out as the samples are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.lab.samples import message, sample
from tests.lab.state import system_errors
from tests.lab.state.printed import NotModelled, Printed
from tests.lab.state.services import RUNNING, STOPPED, Service, ServiceFailure

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

MISSING = 1060
MORE_DATA = 234
OWN_PROCESS, SHARED_PROCESS = (10, "WIN32_OWN_PROCESS"), (20, "WIN32_SHARE_PROCESS")
DEFAULT_BUFFER = 1024
# ENUM_SERVICE_STATUSW on a 64-bit system: two pointers, seven numbers, padding.
ENTRY_BYTES = 48


def run(state: ServerState, arguments: list[str]) -> Printed:
    """Numbers are the same in every language; labels and words are not."""
    verb = arguments[0].lower() if arguments else ""
    if len(arguments) == 2 and verb in ("query", "queryex"):
        return _query(state, verb, arguments[1])
    if len(arguments) == 2 and verb in ("start", "stop"):
        return _control(state, verb, arguments[1])
    if len(arguments) in (2, 3) and verb == "enumdepend":
        return _dependents(state, arguments[1], int(arguments[2]) if arguments[2:] else DEFAULT_BUFFER)
    raise NotModelled


def _query(state: ServerState, verb: str, name: str) -> Printed:
    try:
        service = state.service(name)
    except KeyError:
        return Printed(sample("sc-query-missing") + "\n", exit_code=MISSING)
    return Printed(_full(service, name, state.spec.language, extended=verb == "queryex"))


def _control(state: ServerState, verb: str, name: str) -> Printed:
    """It does not wait: what it shows is how the service is on its way."""
    language = state.spec.language
    try:
        if verb == "start":
            state.begin_start(name)
        else:
            state.begin_stop(name)
    except KeyError:
        return _failed("StartService: OpenService" if verb == "start" else "OpenService", MISSING, language)
    except ServiceFailure as failure:
        return _failed("StartService" if verb == "start" else "ControlService", failure.code, language)
    return Printed(_full(state.unsettled_service(name), name, language, extended=verb == "start"))


def _dependents(state: ServerState, name: str, buffer: int) -> Printed:
    """All that need the service, directly or not, running or stopped; the last to start comes first."""
    language = state.spec.language
    try:
        dependents = state.dependents(name)
    except KeyError:
        return _failed("EnumDependentServices:OpenService", MISSING, language)
    needed = sum(_entry_bytes(dependent) for dependent in dependents)
    if needed > buffer:
        return Printed(message("sc-enumdepend-more", language, bytes=str(needed)), exit_code=MORE_DATA)
    head = message("sc-enumdepend-head", language, count=str(len(dependents)))
    return Printed(head + "".join(f"\n{_entry(dependent, language)}" for dependent in dependents))


def _entry_bytes(service: Service) -> int:
    return ENTRY_BYTES + 2 * (len(service.name) + 1) + 2 * (len(service.display) + 1)


def _entry(service: Service, language: str) -> str:
    """Between name and type stands what the service is called."""
    first, rest = _status(service, service.name, language).split("\n", 1)
    return f"{first}\n{message('sc-display', language, name=service.display)}{rest}{message('sc-query-tail', language)}"


def _full(service: Service, name: str, language: str, *, extended: bool) -> str:
    text = _status(service, name, language) + message("sc-query-tail", language)
    if extended:
        text += message("sc-queryex-tail", language, pid=str(service.pid))
    return f"\n{text}"


def _failed(call: str, code: int, language: str) -> Printed:
    words = system_errors.text(code, language)
    return Printed(message("sc-failed", language, call=call, code=str(code), text=words) + "\n", exit_code=code)


def _status(service: Service, name: str, language: str) -> str:
    """The name is as it was asked for; blanks stand behind some words."""
    lines = (sample("sc-query") if language == "en" else sample(f"sc-query-{language}")).splitlines()
    words = message("sc-states", language).split()
    kind_number, kind = SHARED_PROCESS if service.shared else OWN_PROCESS
    accepts = lines[3] if service.status == RUNNING else message("sc-pending", language).rstrip("\n")
    code = service.exit_code
    texts = [
        _fill(lines[0], name),
        _fill(lines[1], f"{kind_number}  {kind}  "),
        _fill(lines[2], f"{service.status}  {words[service.status - 1]} "),
        *([] if service.status == STOPPED else [f"{accepts} "]),
        _fill(lines[4], f"{code}  (0x{code:x})"),
    ]
    return "".join(f"{text}\n" for text in texts)


def _fill(line: str, text: str) -> str:
    """The sample's line with another text after its label."""
    return f"{re.split(': ', line, maxsplit=1)[0]}: {text}"
