# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg.exe: query, add, delete and import. Exit code 1 means absent, denied or misread alike, as on a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.lab import argv
from tests.lab.backend import RegistryData
from tests.lab.model.call import Call
from tests.lab.model.files import FileError
from tests.lab.model.programs import reg_file, reg_query
from tests.lab.model.registry import AccessDenied, BadKeyName, KeyMissing, Value, split

KINDS = ("REG_SZ", "REG_MULTI_SZ", "REG_EXPAND_SZ", "REG_DWORD", "REG_QWORD", "REG_BINARY", "REG_NONE")
MULTI_SEPARATOR = r"\0"
WITH_ARGUMENT = ("/v", "/t", "/d", "/s")


class BadArguments(Exception):
    """reg does not understand its command line."""


@dataclass
class _Arguments:
    key: str
    options: dict[str, str] = field(default_factory=dict)

    def has(self, option: str) -> bool:
        return option in self.options

    @property
    def value_name(self) -> str | None:
        """The value meant; empty for the default value."""
        return "" if self.has("/ve") else self.options.get("/v")


async def run(call: Call) -> int:
    """Dispatch on the verb."""
    arguments = argv.split(call.text)[1:]
    verb = VERBS.get(arguments[0].lower()) if arguments else None
    try:
        if verb is None:
            raise BadArguments
        await verb(call, arguments[1:])
    except (BadArguments, BadKeyName):
        call.complain("reg-syntax")
    except KeyMissing:
        call.complain("reg-missing")
    except AccessDenied:
        call.complain("reg-denied")
    except FileError:
        call.complain("reg-file-missing")
    except _Cancelled:
        pass
    else:
        return 0
    return 1


class _Cancelled(Exception):
    """The question was not answered with yes."""


def _parse(words: list[str], known: tuple[str, ...], bare: tuple[str, ...] = ()) -> _Arguments:
    """bare names options of WITH_ARGUMENT that stand alone for this verb."""
    if not words or words[0].startswith("/"):
        raise BadArguments
    arguments = _Arguments(words[0])
    split(arguments.key)
    rest = iter(words[1:])
    for word in rest:
        option = word.lower()
        if option not in known or arguments.has(option):
            raise BadArguments
        value = "" if option not in WITH_ARGUMENT or option in bare else next(rest, None)
        if value is None:
            raise BadArguments
        arguments.options[option] = value
    return arguments


async def _query(call: Call, words: list[str]) -> None:
    arguments = _parse(words, ("/v", "/ve", "/s"), bare=("/s",))
    tree = call.machine.tree
    with tree.lock:
        key = tree.open(arguments.key)
        name = arguments.value_name
        if name is None:
            text = reg_query.whole_key(arguments.key, key, call, recursive=arguments.has("/s"))
        elif name.lower() in key.values:
            text = reg_query.one_value(arguments.key, key.values[name.lower()], call)
        else:
            raise KeyMissing(name)
    call.write(call.encode(text))


async def _add(call: Call, words: list[str]) -> None:
    arguments = _parse(words, ("/v", "/ve", "/t", "/s", "/d", "/f"))
    tree = call.machine.tree
    name = arguments.value_name
    if name is None:
        tree.create(arguments.key, as_user=True)
    else:
        kind = arguments.options.get("/t", "REG_SZ").upper()
        data = _data(kind, arguments.options.get("/d", ""), arguments.options.get("/s", MULTI_SEPARATOR))
        key = tree.find(arguments.key)
        if key is not None and name.lower() in key.values and not arguments.has("/f"):
            await _confirm(call, name)
        tree.write(arguments.key, Value(name, kind, data), as_user=True)
    call.print(call.localised("reg-done"))


async def _delete(call: Call, words: list[str]) -> None:
    arguments = _parse(words, ("/v", "/ve", "/va", "/f"))
    tree = call.machine.tree
    key = tree.open(arguments.key)
    name = arguments.value_name
    if not arguments.has("/f"):
        await _confirm(call, arguments.key if name is None else name)
    if arguments.has("/va"):
        for value in list(key.values.values()):
            tree.remove_value(arguments.key, value.name, as_user=True)
    elif name is None:
        tree.remove_key(arguments.key, as_user=True)
    elif not tree.remove_value(arguments.key, name, as_user=True):
        raise KeyMissing(name)
    call.print(call.localised("reg-done"))


async def _import(call: Call, words: list[str]) -> None:
    if len(words) != 1:
        raise BadArguments
    content = call.machine.files.load(call.path(words[0]))
    changes = reg_file.parse(content, call.machine.rules.import_goes_by_the_header)
    if changes is None:
        raise BadArguments
    refused = False
    for change in changes:
        try:
            change(call.machine.tree)
        except AccessDenied:
            refused = True
        except KeyMissing:
            continue
    if refused:
        raise AccessDenied
    call.complain("reg-done")


VERBS: dict[str, Callable[[Call, list[str]], Awaitable[None]]] = {
    "query": _query,
    "add": _add,
    "delete": _delete,
    "import": _import,
}


async def _confirm(call: Call, name: str) -> None:
    """Ask, and wait for the end of standard input; no answer means no."""
    call.print(call.localised("reg-confirm", name=name))
    answer = call.decode(await call.read()).strip().lower()
    if answer[:1] not in ("y", "j"):
        raise _Cancelled


def _data(kind: str, text: str, separator: str) -> RegistryData:
    if kind not in KINDS:
        raise BadArguments
    if kind in ("REG_DWORD", "REG_QWORD"):
        return _number(text, 32 if kind == "REG_DWORD" else 64)
    if kind == "REG_MULTI_SZ":
        return [part for part in text.split(separator) if part]
    if kind in ("REG_BINARY", "REG_NONE"):
        try:
            return bytes.fromhex(text if len(text) % 2 == 0 else f"0{text}")
        except ValueError as error:
            raise BadArguments from error
    return text


def _number(text: str, bits: int) -> int:
    try:
        number = int(text, 16) if text.lower().startswith("0x") else int(text or "0")
    except ValueError as error:
        raise BadArguments from error
    if not 0 <= number < 1 << bits:
        raise BadArguments
    return number
