# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sc query and sc queryex of one service, laid out as the sample is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.lab.samples import message, sample
from tests.lab.state.printed import NotModelled, Printed
from tests.lab.state.services import Service

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

MISSING = 1060
NEVER_STARTED = 1077
STOPPED, RUNNING = 1, 4
OWN_PROCESS, SHARED_PROCESS = (10, "WIN32_OWN_PROCESS"), (20, "WIN32_SHARE_PROCESS")


def run(state: ServerState, arguments: list[str]) -> Printed:
    """Numbers are the same in every language; labels and words are not."""
    if len(arguments) != 2 or arguments[0].lower() not in ("query", "queryex"):
        raise NotModelled
    try:
        service = state.service(arguments[1])
    except KeyError:
        return Printed(sample("sc-query-missing") + "\n", exit_code=MISSING)
    text = _status(service, arguments[1], state.spec.language) + message("sc-query-tail", state.spec.language)
    if arguments[0].lower() == "queryex":
        text += message("sc-queryex-tail", state.spec.language, pid=str(service.pid))
    return Printed(f"\n{text}")


def _status(service: Service, name: str, language: str) -> str:
    """The name is as it was asked for; blanks stand behind some words."""
    lines = (sample("sc-query") if language == "en" else sample(f"sc-query-{language}")).splitlines()
    stopped, running = message("sc-states", language).split()
    kind_number, kind = SHARED_PROCESS if service.shared else OWN_PROCESS
    number, word = (RUNNING, running) if service.running else (STOPPED, stopped)
    code = 0 if service.started_since_boot else NEVER_STARTED
    texts = [
        _fill(lines[0], name),
        _fill(lines[1], f"{kind_number}  {kind}  "),
        _fill(lines[2], f"{number}  {word} "),
        *([f"{lines[3]} "] if service.running else []),
        _fill(lines[4], f"{code}  (0x{code:x})"),
    ]
    return "".join(f"{text}\n" for text in texts)


def _fill(line: str, text: str) -> str:
    """The sample's line with another text after its label."""
    return f"{re.split(': ', line, maxsplit=1)[0]}: {text}"
