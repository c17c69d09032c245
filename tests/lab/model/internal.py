# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The internal commands of cmd.exe that the model knows. Each leaves errorlevel as cmd.exe does."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.lab.model import file_commands
from tests.lab.model.call import Call, Result
from tests.lab.model.parser import DELIMITERS, NotModelled
from tests.lab.samples import sample

# cmd.exe has these as well.
UNMODELLED = re.compile(
    "assoc|break|chdir|cls|color|date|dir|dpath|endlocal|ftype|goto|keys|md|mkdir|mklink|path|pause|"
    "popd|prompt|pushd|rd|ren|rename|rmdir|setlocal|shift|start|time|title|verify|vol"
)


class Exit(Exception):
    """The command exit; code None means the last errorlevel."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


Runner = Callable[[Call], Awaitable[Result]]


@dataclass(frozen=True)
class Found:
    """An internal command by its name, and the text after it."""

    name: str
    run: Runner
    arguments: str


def find(text: str) -> Found | None:
    """The internal command that a text begins with; NotModelled for one that only cmd.exe has."""
    match = re.match(rf"[^{DELIMITERS}./\\:+\[\]()\"]+", text)
    if match is None:
        return None
    name, rest = match[0].lower(), text[match.end() :]
    # echo.text is the command, reg.exe is not.
    if rest[:1] in (".", "\\", ":") and name != "echo":
        return None
    if UNMODELLED.fullmatch(name):
        raise NotModelled(name)
    runner = COMMANDS.get(name)
    return None if runner is None else Found(name, runner, rest)


async def _echo(call: Call) -> Result:
    """Leaves errorlevel alone."""
    state = call.text.strip().lower()
    if call.text[:1] in (".", ":", "/", "\\", "(", "+", "[", "]"):
        call.print(call.text[1:] + "\n")
    elif not state:
        call.print(call.localised("cmd-echo-state"))
    elif state in ("on", "off"):
        call.environment.echo = state == "on"
    else:
        call.print(call.text[1:] + "\n")
    return Result()


async def _set(call: Call) -> Result:
    text = call.text.lstrip(" \t,;=")
    if text[:2].lower() in ("/a", "/p"):
        raise NotModelled(f"set {text[:2]}")
    if text.startswith('"'):
        text = text[1:].rpartition('"')[0] or text[1:]
    name, equals, value = text.partition("=")
    if equals:
        call.environment.set(name, value)
        return Result()
    prefix = text.strip().lower()
    found = sorted((key for key in call.environment if key.lower().startswith(prefix)), key=str.lower)
    if not found:
        call.complain("cmd-variable-missing", name=text.strip())
        return Result(1, 1)
    call.print("".join(f"{key}={call.environment[key]}\n" for key in found))
    return Result()


async def _cd(call: Call) -> Result:
    """With /d another drive too; leaves errorlevel alone when it succeeds."""
    path = call.path(re.sub(r"(?i)^\s*/d\b", "", call.text).strip())
    if not call.machine.files.is_directory(path):
        call.complain("cmd-file-missing", name=path)
        return Result(1, 1)
    call.environment.directory = path
    return Result()


async def _exit(call: Call) -> Result:
    words = [word for word in call.text.split() if word.lower() != "/b"]
    raise Exit(int(words[0]) if words and re.fullmatch(r"-?\d+", words[0]) else None)


async def _rem(_call: Call) -> Result:
    return Result()


async def _ver(call: Call) -> Result:
    call.print(sample("cmd-version").replace("{name}", call.machine.spec.windows))
    return Result(0, 0)


COMMANDS: dict[str, Runner] = {
    "cd": _cd,
    "copy": file_commands.copy,
    "del": file_commands.delete,
    "echo": _echo,
    "erase": file_commands.delete,
    "exit": _exit,
    "move": file_commands.move,
    "rem": _rem,
    "set": _set,
    "type": file_commands.type_,
    "ver": _ver,
}
