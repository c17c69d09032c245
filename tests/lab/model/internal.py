# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The internal commands of cmd.exe that the model knows. Each leaves errorlevel as cmd.exe does."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.lab.model.call import Call
from tests.lab.model.files import PathMissing, is_nul
from tests.lab.model.parser import DELIMITERS, NotModelled
from tests.lab.samples import sample

UTF16_MARK = b"\xff\xfe"
# cmd.exe has these as well.
UNMODELLED = re.compile(
    "assoc|break|call|chdir|cls|color|copy|date|dir|dpath|endlocal|ftype|goto|keys|md|mkdir|mklink|move|path|pause|"
    "popd|prompt|pushd|rd|ren|rename|rmdir|setlocal|shift|start|time|title|verify|vol"
)


@dataclass(frozen=True)
class Result:
    """code is what && and || look at; errorlevel None leaves it as it was."""

    code: int = 0
    errorlevel: int | None = None


class Exit(Exception):
    """The command exit; code None means the last errorlevel."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


Runner = Callable[[Call], Awaitable[Result]]


@dataclass(frozen=True)
class Found:
    """An internal command and the text after its name."""

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
    return None if runner is None else Found(runner, rest)


async def _echo(call: Call) -> Result:
    """Leaves errorlevel alone."""
    state = call.text.strip().lower()
    if call.text[:1] in (".", ":", "/", "\\", "(", "+", "[", "]"):
        call.print(call.text[1:] + "\n")
    elif not state:
        call.print(call.localised("cmd-echo-state"))
    elif state not in ("on", "off"):
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


async def _type(call: Call) -> Result:
    """Copies bytes, but converts UTF-16 with a byte order mark into the code page."""
    code = 0
    for name in _names(call.text):
        try:
            data = b"" if is_nul(name) else call.machine.files.read(call.path(name))
        except PathMissing:
            call.complain("cmd-file-missing", name=name)
            code = 1
            continue
        if data.startswith(UTF16_MARK):
            data = call.encode(data[2:].decode("utf-16-le", "replace"))
        call.write(data)
    return Result(code, code)


async def _del(call: Call) -> Result:
    """Clears errorlevel even where there was nothing to delete."""
    for name in _names(call.text):
        paths = call.machine.files.match(call.path(name))
        if not paths:
            call.complain("cmd-file-missing", name=name)
        for path in paths:
            call.machine.files.delete(path)
    return Result(0, 0)


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


def _names(text: str) -> list[str]:
    """File names among switches like /q."""
    words = [word.replace('"', "") for word in re.findall(rf'(?:"[^"]*"|[^{DELIMITERS}"])+', text)]
    return [word for word in words if not word.startswith("/")]


COMMANDS: dict[str, Runner] = {
    "cd": _cd,
    "del": _del,
    "echo": _echo,
    "erase": _del,
    "exit": _exit,
    "rem": _rem,
    "set": _set,
    "type": _type,
    "ver": _ver,
}
