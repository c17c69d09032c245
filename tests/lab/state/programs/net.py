# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""net start and net stop: they wait for the service, on the server's clock, and end with 2 whatever was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.samples import message
from tests.lab.state import system_errors
from tests.lab.state.printed import NotModelled, Printed
from tests.lab.state.services import (
    ALREADY_RUNNING,
    CANNOT_ACCEPT_CONTROL,
    NOT_STARTED,
    STOPPED,
    Service,
    ServiceFailure,
)

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

TROUBLE = 2
# How long net really waits is nowhere documented.
PATIENCE_SECONDS = 60.0
YES = ("/y", "/yes")
# What net says in words of its own.
OWN_WORDS = {
    ALREADY_RUNNING: "net-already-started",
    CANNOT_ACCEPT_CONTROL: "net-pending",
    NOT_STARTED: "net-not-started",
}


def run(state: ServerState, arguments: list[str]) -> Printed:
    """net start NAME; net stop NAME [/y]."""
    verb, name, yes = _read(arguments)
    service = _find(state, name)
    if service is None:
        return _complain(message("net-unknown", state.spec.language))
    return _start(state, service) if verb == "start" else _stop(state, service, yes)


def asks(state: ServerState, arguments: list[str]) -> bool:
    """Whether net would ask about dependent services."""
    try:
        verb, name, yes = _read(arguments)
    except NotModelled:
        return False
    service = _find(state, name)
    return verb == "stop" and not yes and service is not None and bool(_running_dependents(state, service))


def _read(arguments: list[str]) -> tuple[str, str, bool]:
    words = [argument for argument in arguments if argument.lower() not in YES]
    if len(words) != 2 or words[0].lower() not in ("start", "stop") or words[1].startswith("/"):
        raise NotModelled
    return words[0].lower(), words[1], len(words) < len(arguments)


def _find(state: ServerState, name: str) -> Service | None:
    """By the name of its key or the one that is displayed."""
    for service in state.services():
        if name.lower() in (service.name.lower(), service.display.lower()):
            return service
    return None


def _running_dependents(state: ServerState, service: Service) -> list[Service]:
    return [dependent for dependent in state.dependents(service.name) if dependent.status != STOPPED]


def _start(state: ServerState, service: Service) -> Printed:
    language = state.spec.language
    try:
        state.begin_start(service.name)
    except ServiceFailure as failure:
        return _refused(service, failure.code, language)
    service = state.wait_for_service(service.name, PATIENCE_SECONDS)
    going_up = message("net-starting", language, name=service.display)
    if service.running:
        return Printed(going_up + message("net-started", language, name=service.display) + "\n")
    failed = message("net-start-failed", language, name=service.display)
    if service.exit_code:
        failed += "\n" + _system_error(service.exit_code, language)
    return Printed(going_up, failed + "\n", TROUBLE)


def _stop(state: ServerState, service: Service, yes: bool) -> Printed:
    """Dependents first; they are not started again. What has stopped stays so when another will not."""
    language = state.spec.language
    dependents = _running_dependents(state, service)
    printed = ""
    if dependents:
        names = "".join(f"   {dependent.display}\n" for dependent in dependents)
        printed = message("net-dependents", language, name=service.display, services=names.rstrip("\n")) + "\n"
        if not yes:
            return Printed(printed + message("net-question", language), "", TROUBLE)
    for each in [*dependents, service]:
        try:
            state.begin_stop(each.name)
        except ServiceFailure as failure:
            refused = _refused(each, failure.code, language)
            return Printed(printed, refused.stderr, TROUBLE)
        printed += message("net-stopping", language, name=each.display)
        if state.wait_for_service(each.name, PATIENCE_SECONDS).status != STOPPED:
            return Printed(printed, message("net-stop-failed", language, name=each.display) + "\n", TROUBLE)
        printed += message("net-stopped", language, name=each.display) + "\n"
    return Printed(printed)


def _refused(service: Service, code: int, language: str) -> Printed:
    if code in OWN_WORDS:
        return _complain(message(OWN_WORDS[code], language, name=service.display))
    return _complain(_system_error(code, language))


def _system_error(code: int, language: str) -> str:
    return message("net-system-error", language, code=str(code), text=system_errors.text(code, language))


def _complain(text: str) -> Printed:
    return Printed("", f"{text}\n", TROUBLE)
