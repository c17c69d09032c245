# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the registry and reg.exe: keys that every server has, and one scratch key.

Two writers, reg add and reg import, write what one reader reads: what both wrote and comes out wrong is the reader's.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..facts.roles import WINDOWS, WINDOWS_2003
from ..formats.registry import (
    Data,
    DeleteValue,
    Key,
    KeyAbsent,
    KeyContent,
    KeyDenied,
    RegistryChange,
    SetData,
    SetNumber,
    SetText,
    SetTexts,
)
from ..formats.text import printable
from ..reads import ProbeKey, ReadKey
from ..windows import registry
from ..windows.command_line import Frame, Step, command
from .probe import ABSENT, FRAME, SCRATCH_KEY, Answers, Ask, Probe, Untestable, chain, expect, shown
from .whoami import GROUPS, has_full_token, token

SOFTWARE = Key(r"HKLM\SOFTWARE")
SECURITY = Key(r"HKLM\SECURITY")
RPC_SERVICE = Key(r"HKLM\SYSTEM\CurrentControlSet\Services\RpcSs")
_IMPORT = ("findstr", "standard_input", "for", "cd")
# Start of a service that runs from the boot on.
AUTOMATIC = 2
TEXT, NUMBER, LIST = "a  b", 0xFFFFFFFF, ("a", "b c")
# Two rows of octets in a .reg file.
LONG_TEXT = "".join(f"{number:04} " for number in range(160))
TEXT_OF_LETTERS = "a\u00e4b\u20acc"
TEXT_OF_LINES = "one\ntwo\r\nthree"
# 60 KB as the registry keeps it.
TEXT_OF_60_KB = "".join(f"{number:09};" for number in range(3072))


def _below(name: str) -> Key:
    return Key(f"{SCRATCH_KEY.path}\\{name}")


ADDED, IMPORTED, LISTED, EMPTY, DELETED = (_below(name) for name in ("added", "imported", "listed", "empty", "deleted"))
CHILD = Key(f"{EMPTY.path}\\child")
OF_LETTERS, OF_LINES, OF_60_KB = (_below(name) for name in ("letters", "lines", "long"))


def _steps(changes: Iterable[RegistryChange]) -> tuple[Step, ...]:
    """As every module writes."""
    return tuple(step for change in changes for step in registry.part(change).steps)


def _imported(name: str, change: SetText | SetTexts | SetData) -> Ask:
    part = registry.part(change)
    return Ask(name, steps=part.steps, reads=(ProbeKey(change.key),), stdin=part.stdin, fresh=True, needs=_IMPORT)


KNOWN = Ask("keys of every server", reads=(ProbeKey(WINDOWS), ProbeKey(RPC_SERVICE), ProbeKey(SOFTWARE)))
TOLD_APART = Ask("a key that is denied and one that is absent", reads=(ReadKey(SECURITY), ReadKey(_below(ABSENT))))
WRITTEN = Ask(
    "reg add",
    steps=(
        *_steps([SetText(ADDED, "text", "first")]),
        Step("again", registry.part(SetText(ADDED, "text", TEXT)).steps[0].line, may_fail=True),
        *_steps([SetText(ADDED, "empty", ""), SetNumber(ADDED, "number", NUMBER), SetTexts(ADDED, "list", LIST)]),
    ),
    reads=(ProbeKey(ADDED),),
)
TEXT_IMPORTED = _imported("reg import of a text", SetData(IMPORTED, "text", "REG_SZ", LONG_TEXT))
LIST_IMPORTED = _imported("reg import of a list", SetData(LISTED, "list", "REG_MULTI_SZ", LIST))
LETTERS_IMPORTED = _imported("a text with letters beyond ASCII", SetText(OF_LETTERS, "letters", TEXT_OF_LETTERS))
LINES_IMPORTED = _imported("a text with line breaks", SetText(OF_LINES, "lines", TEXT_OF_LINES))
LONG_IMPORTED = _imported("a text of 60 KB", SetText(OF_60_KB, "long", TEXT_OF_60_KB))
MADE_EMPTY = Ask(
    "a key without values",
    # A key that REG ADD makes for itself may get a default value; one on the way to another key does not.
    steps=(
        *_steps([SetText(CHILD, "text", TEXT)]),
        Step("remove", command("reg", "delete", CHILD.path, "/f"), may_fail=True),
    ),
    reads=(ProbeKey(EMPTY), ProbeKey(SCRATCH_KEY), ProbeKey(CHILD)),
)
REMOVED = Ask(
    "reg delete",
    steps=_steps([SetText(DELETED, "kept", TEXT), SetText(DELETED, "text", TEXT), DeleteValue(DELETED, "text")]),
    reads=(ProbeKey(DELETED),),
)
UMLAUTS = Ask("letters beyond ASCII", f"echo {TEXT_OF_LETTERS}")


def value_of(answers: Answers, ask: Ask, key: Key, name: str) -> Data:
    """A value as a module reads it; None where it cannot."""
    state = answers.observed(ask).key(key) if answers.asked(ask) else None
    value = state.value(name) if isinstance(state, KeyContent) else None
    return None if value is None else value.data


def _query_of(key: Key) -> str:
    return registry.key_step(key).name


def _written(answers: Answers) -> dict[str, bool]:
    """Which values of each writer are read as they were written."""
    added = {"text": TEXT, "empty": "", "number": NUMBER, "list": LIST}
    return {
        **{f"{name} by add": value_of(answers, WRITTEN, ADDED, name) == data for name, data in added.items()},
        "text by import": value_of(answers, TEXT_IMPORTED, IMPORTED, "text") == LONG_TEXT,
        "list by import": value_of(answers, LIST_IMPORTED, LISTED, "list") == LIST,
    }


def _rights(answers: Answers) -> str:
    seen = token(answers)
    if answers.check_mode:
        full = has_full_token(answers)
        if full is None:
            raise Untestable(chain("check mode: nothing is written, and the token does not tell", seen))
        expect(full, seen)
        return chain("nothing was written in check mode", seen)
    accepted = [answers.asked(ask) and _accepted(answers, ask) for ask in (WRITTEN, TEXT_IMPORTED)]
    expect(any(accepted), chain(f"{SCRATCH_KEY.path} could not be written", answers.said(WRITTEN), seen))
    return chain(f"{SCRATCH_KEY.path} was written", seen)


def _accepted(answers: Answers, ask: Ask) -> bool:
    """Whether the first write of an ask succeeded by its exit code."""
    name = next(step.name for step in ask.steps if step.name.startswith("write"))
    return answers.ran(ask, name) and answers.frame(ask, name).succeeded


def _reg_query(answers: Answers) -> str:
    known = {key: answers.frame(KNOWN, _query_of(key)) for key in (WINDOWS, RPC_SERVICE, SOFTWARE)}
    seen = chain(*(shown(frame) for frame in known.values()))
    states = {key: answers.observed(KNOWN).key(key) for key in known}
    contents = {key: state for key, state in states.items() if isinstance(state, KeyContent)}
    expect(len(contents) == len(known), seen)
    version = contents[WINDOWS].value("CurrentVersion")
    gap = "\t" if version is not None and version.data == WINDOWS_2003 else " " * 4
    start = contents[RPC_SERVICE].value("Start")
    found = (
        _line_of(known[WINDOWS], f"{gap}CurrentVersion{gap}REG_SZ{gap}"),
        _line_of(known[RPC_SERVICE], f"{gap}Start{gap}REG_DWORD{gap}0x"),
    )
    right = all(found) and start is not None and start.data == AUTOMATIC and contents[SOFTWARE].has_subkey("Microsoft")
    absent = answers.frame(TOLD_APART, _query_of(_below(ABSENT)))
    expect(right and absent.exit_code == 1, chain(seen, f"of an absent key: {shown(absent)}"))
    # The whole of such a key may hold what is nobody's business, such as the product's number.
    told = chain(*(f"'{line}'" for line in found), f"of an absent key: {shown(absent)}")
    read = _written(answers)
    both_lists = read["list by add"] or read["list by import"]
    both_texts = read["text by add"] or read["text by import"]
    of_add = all(read[name] for name in ("text by add", "number by add", "list by add"))
    accepted = answers.asked(WRITTEN) and _accepted(answers, WRITTEN)
    if not accepted and not (both_lists and both_texts):
        why = "check mode: nothing is written" if answers.check_mode else answers.said(WRITTEN)
        raise Untestable(chain("values of other types could not be written, so not read", why, told))
    expect(both_lists and both_texts, chain(answers.said(WRITTEN), answers.said(LIST_IMPORTED)))
    expect(read["empty by add"] or not of_add, answers.said(WRITTEN))
    return chain(told, answers.said(WRITTEN))


def _line_of(frame: Frame, start: str) -> str:
    """The first line that begins so; empty where none does."""
    printed = frame.stdout.decode("utf-8", "backslashreplace").splitlines()
    return next((printable(line) for line in printed if line.startswith(start)), "")


def _reg_add(answers: Answers) -> str:
    read = {name: right for name, right in _written(answers).items() if name.endswith("add")}
    refused = [step.name for step in WRITTEN.steps if not _succeeded(answers, WRITTEN, step.name)]
    expect(all(read.values()) and not refused, answers.said(WRITTEN))
    return answers.said(WRITTEN)


def _succeeded(answers: Answers, ask: Ask, step: str) -> bool:
    return answers.ran(ask, step) and answers.frame(ask, step).succeeded


def _reg_import(answers: Answers) -> str:
    seen = chain(answers.said(TEXT_IMPORTED), answers.said(LIST_IMPORTED))
    read = _written(answers)
    expect(read["text by import"] and read["list by import"], seen)
    return seen


def _reg_delete(answers: Answers) -> str:
    content = answers.observed(REMOVED).key(DELETED)
    left = [value.name for value in content.values] if isinstance(content, KeyContent) else None
    expect(left == ["kept"] and _succeeded(answers, REMOVED, REMOVED.steps[-1].name), answers.said(REMOVED))
    return answers.said(REMOVED)


def _without_values(answers: Answers) -> str:
    frame = answers.frame(MADE_EMPTY, _query_of(EMPTY))
    above = answers.observed(MADE_EMPTY).key(SCRATCH_KEY)
    emptied = not answers.frame(MADE_EMPTY, _query_of(CHILD)).succeeded
    if not (emptied and isinstance(above, KeyContent) and above.has_subkey(EMPTY.name)):
        raise Untestable(chain("the empty key was not made", answers.said(MADE_EMPTY)))
    expect(answers.observed(MADE_EMPTY).key(EMPTY) == KeyContent((), ()), shown(frame))
    return shown(frame)


def _line_breaks(answers: Answers) -> str:
    expect(value_of(answers, LINES_IMPORTED, OF_LINES, "lines") == TEXT_OF_LINES, answers.said(LINES_IMPORTED))
    return answers.said(LINES_IMPORTED)


def _long_value(answers: Answers) -> str:
    found = value_of(answers, LONG_IMPORTED, OF_60_KB, "long")
    came = f"{len(found)} characters" if isinstance(found, str) else "nothing that can be read"
    expect(found == TEXT_OF_60_KB, chain(f"{len(TEXT_OF_60_KB)} written, {came} came", answers.said(LONG_IMPORTED)))
    return f"{len(TEXT_OF_60_KB)} characters were written and printed whole"


def _told_apart(answers: Answers) -> str:
    observed, seen = answers.observed(TOLD_APART), answers.said(TOLD_APART)
    denied, absent = observed.key(SECURITY), observed.key(_below(ABSENT))
    if isinstance(denied, KeyContent):
        raise Untestable(f"this account may read {SECURITY.path}, so no denied key is known")
    expect(isinstance(denied, KeyDenied) and isinstance(absent, KeyAbsent), chain(str(denied)[:200], seen))
    return chain(f"{SECURITY.path} is denied, an absent key is absent", seen)


def _code_page(answers: Answers) -> str:
    frame = answers.line(UMLAUTS)
    expect(frame.stdout == f"{TEXT_OF_LETTERS}\r\n".encode(), f"echo {TEXT_OF_LETTERS} -> {frame.stdout!r}")
    answers.need(("reg_query", "reg_import"), shown(frame))
    found, seen = value_of(answers, LETTERS_IMPORTED, OF_LETTERS, "letters"), answers.said(LETTERS_IMPORTED)
    expect(found == TEXT_OF_LETTERS, seen)
    return chain(shown(frame), seen)


_WRITERS = "every module that writes into the registry"
_BY_FILE = "valid_ports with long lists, restore, and texts that no command line may hold"
PROBES = (
    Probe("reg_query", _reg_query, (KNOWN, TOLD_APART), FRAME, also=(WRITTEN, TEXT_IMPORTED, LIST_IMPORTED)),
    Probe("key_absent_or_denied", _told_apart, (TOLD_APART,), (*FRAME, "reg_query")),
    Probe("rights", _rights, (GROUPS,), FRAME, also=(WRITTEN, TEXT_IMPORTED), used_by=_WRITERS),
    Probe("reg_add", _reg_add, (WRITTEN,), (*FRAME, "reg_query", "rights"), writes=True, used_by=_WRITERS),
    Probe(
        "reg_import",
        _reg_import,
        (TEXT_IMPORTED, LIST_IMPORTED),
        (*FRAME, "reg_query", "rights", *_IMPORT),
        writes=True,
        used_by=_BY_FILE,
    ),
    Probe("reg_delete", _reg_delete, (REMOVED,), ("reg_query", "reg_add"), writes=True, used_by=_WRITERS),
    Probe("key_without_values", _without_values, (MADE_EMPTY,), ("reg_query", "reg_add"), writes=True),
    Probe("text_with_line_breaks", _line_breaks, (LINES_IMPORTED,), ("reg_query", "reg_import"), writes=True),
    Probe(
        "long_value",
        _long_value,
        (LONG_IMPORTED,),
        ("reg_query", "reg_import", "envelope"),
        writes=True,
        used_by=_BY_FILE,
    ),
    Probe("code_page", _code_page, (UMLAUTS,), FRAME, also=(LETTERS_IMPORTED,)),
)
