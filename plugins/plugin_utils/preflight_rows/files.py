# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of files: one scratch file and its companions in %TEMP%, made anew for each look."""

from __future__ import annotations

import base64

from ..reads import FileContent, ReadFile
from ..windows import files
from ..windows.command_line import Frame, Step, command, quote
from .probe import (
    ABSENT,
    ENCODED,
    FILE,
    FRAME,
    SECOND,
    Answers,
    Ask,
    Probe,
    Untestable,
    chain,
    expect,
    lines,
    shown,
)

FOLDER = "%TEMP%"
_GOOD = "while_all_succeed"
_USERS = "*S-1-5-32-545:R"
_ONE = b"one.\r\n"
# All that a file can hold but NUL, which no text has; and UTF-16 with its mark.
OCTETS = bytes(range(1, 256))
UTF_16 = "\ufeffabc".encode("utf-16-le")
PLAIN = b"abc"
# CD need not clear the exit code when it succeeds. The modules clear it by VER, which is a row of its own.
_CLEAR = "cmd /c exit 0"
_ENTER = Step("enter", f'{_CLEAR}&cd /d "{FOLDER}"')
_HOSTS = "hosts_ipv4, and restore of a hosts file"


def _fresh(name: str, word: str) -> Step:
    """A file with the permissions of its folder."""
    remove = f"attrib -r -h -s {quote(name)} <nul&del /f /q {quote(name)} <nul"
    return Step(f"make {name}", f"(if exist {quote(name)} ({remove}))&{_CLEAR}&echo {word}>{quote(name)}", _GOOD)


def _grant(name: str) -> Step:
    return Step(f"grant {name}", command("icacls", name, "/grant", _USERS), _GOOD, may_fail=True)


def _permissions(name: str, when: str) -> Step:
    return Step(f"permissions of {name} {when}", command("icacls", name), _GOOD, may_fail=True)


def _exists(name: str, when: str) -> Step:
    return Step(f"{name} {when}", f"(if exist {quote(name)} (echo there.))", may_fail=True)


def _type(name: str, when: str = "") -> Step:
    return Step(f"type {name}{when}", f"type {quote(name)}", may_fail=True)


def _size(name: str, when: str = "") -> Step:
    return Step(f"size of {name}{when}", f"(for %i in ({quote(name)}) do @echo %~zi)", may_fail=True)


def _xcopy(source: str) -> Step:
    line = command("xcopy", source, SECOND, "/o", "/x", "/k", "/h", "/r", "/y")
    return Step(f"xcopy {source}", line, _GOOD, may_fail=True)


def _decode(content: bytes) -> tuple[Step, ...]:
    encoded = base64.b64encode(content).decode("ascii")
    return (
        _ENTER,
        _fresh(ENCODED, f"{encoded} "),
        Step("decode", command("certutil", "-f", "-decode", ENCODED, FILE), _GOOD, may_fail=True),
        _size(FILE),
        _type(FILE),
    )


ENTERED = Ask(
    "folders",
    steps=(
        Step("absent", rf'{_CLEAR}&cd /d "{FOLDER}\{ABSENT}"', may_fail=True),
        Step("there", f'{_CLEAR}&cd /d "%windir%"', may_fail=True),
        Step("inside", "(if exist system32 (echo there.))", may_fail=True),
    ),
)
CONTENT = Ask(
    "a file's content",
    steps=(
        _ENTER,
        _fresh(FILE, "one."),
        _type(FILE),
        _size(FILE),
        Step("empty", f"type nul >{quote(FILE)}", _GOOD, may_fail=True),
        _type(FILE, " emptied"),
        _size(FILE, " emptied"),
        _type(ABSENT),
    ),
)
DELETED = Ask(
    "deleting files",
    steps=(
        _ENTER,
        _fresh(FILE, "one."),
        _exists(FILE, "made"),
        Step("del", f"del /q {quote(FILE)} <nul", may_fail=True),
        _exists(FILE, "deleted"),
        _fresh(FILE, "two."),
        Step("protect", command("attrib", "+r", FILE), may_fail=True),
        Step("del /f", f"del /f /q {quote(FILE)} <nul", may_fail=True),
        _exists(FILE, "deleted by force"),
    ),
)
DELETED_ABSENT = Ask(
    "deleting a file that is not there",
    f'{_CLEAR}&del /q "{FOLDER}\\{ABSENT}" <nul&call echo %^errorlevel%.',
)
PROTECTED = Ask(
    "attributes set",
    steps=(_ENTER, _fresh(FILE, "one."), Step("protect", command("attrib", "+r", FILE), _GOOD, may_fail=True)),
    reads=(ReadFile(FOLDER, FILE),),
)
UNPROTECTED = Ask(
    "attributes taken off",
    steps=(_ENTER, Step("undress", command("attrib", "-r", "-h", "-s", FILE), _GOOD, may_fail=True)),
    reads=(ReadFile(FOLDER, FILE),),
)
GRANTED = Ask(
    "permissions",
    steps=(_ENTER, _fresh(FILE, "one."), _permissions(FILE, "at first"), _grant(FILE), _permissions(FILE, "then")),
)
COPIED = Ask(
    "a copy with its permissions",
    steps=(
        _ENTER,
        _fresh(FILE, "one."),
        _fresh(SECOND, "two."),
        _grant(FILE),
        Step("protect", command("attrib", "+r", FILE), _GOOD, may_fail=True),
        Step("empty", f"type nul >{quote(SECOND)}", _GOOD, may_fail=True),
        _xcopy(FILE),
        _permissions(FILE, "of the source"),
        _permissions(SECOND, "of the copy"),
        Step("absent source", _xcopy(ABSENT).line, may_fail=True),
        Step("clear", _CLEAR),
    ),
    reads=(ReadFile(FOLDER, SECOND),),
)
MOVED = Ask(
    "a move over a file",
    steps=(
        _ENTER,
        _fresh(SECOND, "two."),
        _fresh(FILE, "one."),
        _grant(FILE),
        _permissions(FILE, "before the move"),
        Step("move", command("move", "/y", FILE, SECOND), _GOOD, may_fail=True),
        _exists(FILE, "moved"),
        _type(SECOND),
        _permissions(SECOND, "after the move"),
    ),
)
NOT_MOVED = Ask(
    "a move over a read-only file",
    steps=(
        _ENTER,
        _fresh(SECOND, "two."),
        _fresh(FILE, "one."),
        Step("protect", command("attrib", "+r", SECOND), _GOOD, may_fail=True),
        Step("move", command("move", "/y", FILE, SECOND), _GOOD, may_fail=True),
        _type(FILE),
        _type(SECOND),
    ),
)
REDIRECTED = Ask(
    "redirections into a file that exists",
    steps=(
        _ENTER,
        _fresh(FILE, "one."),
        _fresh(SECOND, "two."),
        _grant(FILE),
        _permissions(FILE, "at first"),
        Step("echo", f"echo two.>{quote(FILE)}", _GOOD, may_fail=True),
        _permissions(FILE, "behind echo"),
        Step("type", f"type {quote(SECOND)} >{quote(FILE)}", _GOOD, may_fail=True),
        _permissions(FILE, "behind type"),
    ),
)
FAILED = Ask(
    "a redirection that fails",
    f'cmd /c exit 5&echo a.>"{FOLDER}\\{ABSENT}\\{FILE}"&(if errorlevel 5 (echo 5.))&(if errorlevel 6 (echo 6.))',
)
DECODED, DECODED_OCTETS, DECODED_UTF_16 = (
    Ask(name, steps=_decode(content))
    for name, content in (("base64", PLAIN), ("base64 of bytes", OCTETS), ("base64 of UTF-16", UTF_16))
)


def _cd(answers: Answers) -> str:
    absent, there, inside = (answers.frame(ENTERED, name) for name in ("absent", "there", "inside"))
    expect((absent.exit_code, there.exit_code, lines(inside)) == (1, 0, ["there."]), answers.said(ENTERED))
    return answers.said(ENTERED)


def _number(frame: Frame) -> int | None:
    printed = frame.stdout.strip()
    return int(printed) if printed.isdigit() else None


def _prints(answers: Answers) -> bool:
    """Whether TYPE prints what ECHO wrote."""
    return answers.frame(CONTENT, f"type {FILE}").stdout == _ONE


def _for(answers: Answers) -> str:
    sizes = [_number(answers.frame(CONTENT, f"size of {FILE}{when}")) for when in ("", " emptied")]
    if sizes != [len(_ONE), 0] and not _prints(answers):
        raise Untestable(chain("because type differs, or nothing was written", answers.said(CONTENT)))
    expect(sizes == [len(_ONE), 0], answers.said(CONTENT))
    return answers.said(CONTENT)


def _certutil(answers: Answers) -> str:
    if not answers.proved("for"):
        raise Untestable("because for differs")
    if not _prints(answers):
        raise Untestable("because type differs")
    printed, size = answers.frame(DECODED, f"type {FILE}"), _number(answers.frame(DECODED, f"size of {FILE}"))
    code = answers.frame(DECODED, "decode").exit_code
    expect((printed.stdout, size, code) == (PLAIN, len(PLAIN), 0), answers.said(DECODED))
    return answers.said(DECODED)


def _need_printing(answers: Answers) -> None:
    """Raise Untestable where TYPE does not even print plain text; other bytes are no matter here."""
    if answers.verdicts["type"].result == "differs" or not _prints(answers):
        raise Untestable("because type differs")


def _type_row(answers: Answers) -> str:
    expect(_prints(answers) and answers.frame(CONTENT, f"type {FILE}").succeeded, answers.said(CONTENT))
    emptied, absent = answers.frame(CONTENT, f"type {FILE} emptied"), answers.frame(CONTENT, f"type {ABSENT}")
    expect(emptied.stdout == b"" and absent.exit_code != 0, answers.said(CONTENT))
    _expect_kept(answers, "behind echo", "behind type", alone=True)
    answers.need(("certutil", "icacls"), answers.said(CONTENT))
    octets = answers.frame(DECODED_OCTETS, f"type {FILE}")
    expect(octets.stdout == OCTETS, f"{len(OCTETS)} bytes in the file, {len(octets.stdout)} printed: {shown(octets)}")
    printed = answers.frame(DECODED_UTF_16, f"type {FILE}")
    size = _number(answers.frame(DECODED_UTF_16, f"size of {FILE}"))
    expect(size == len(UTF_16) and len(printed.stdout) != size, answers.said(DECODED_UTF_16))
    return chain(answers.said(CONTENT), f"every byte from 1 to 255; of UTF-16: {answers.said(DECODED_UTF_16)}")


def _del(answers: Answers) -> str:
    made, gone, forced = (
        lines(answers.frame(DELETED, f"{FILE} {when}")) for when in ("made", "deleted", "deleted by force")
    )
    if made != ["there."]:
        raise Untestable(chain("no file could be made", answers.said(DELETED)))
    expect((gone, forced) == ([], []), answers.said(DELETED))
    return answers.said(DELETED)


def _del_exit_code(answers: Answers) -> str:
    frame = answers.line(DELETED_ABSENT)
    expect(lines(frame)[-1:] == ["0."], shown(frame))
    return shown(frame)


def _attrib(answers: Answers) -> str:
    _need_printing(answers)
    found = [answers.observed(ask).states[ReadFile(FOLDER, FILE)] for ask in (PROTECTED, UNPROTECTED)]
    seen = chain(answers.said(PROTECTED), answers.said(UNPROTECTED))
    letters = [state.attributes & files.PROTECTING if isinstance(state, FileContent) else None for state in found]
    expect(letters == [frozenset("R"), frozenset()], seen)
    return seen


def _listed(answers: Answers, ask: Ask, name: str, when: str) -> str:
    """The permissions of a file as icacls prints them, without its name."""
    frame = answers.frame(ask, f"permissions of {name} {when}")
    expect(frame.succeeded, f"icacls: {shown(frame)}")
    return frame.stdout.decode("utf-8", "backslashreplace").replace(name, "")


def _shape(listed: str) -> list[str]:
    """The entries, however far they are put in behind a name."""
    return [line.strip() for line in listed.splitlines()]


def _icacls(answers: Answers) -> str:
    first = answers.frame(GRANTED, f"permissions of {FILE} at first")
    if not first.succeeded or not first.stdout.strip():
        raise Untestable(f"icacls shows no permissions here: {shown(first)}")
    before, after = (_shape(_listed(answers, GRANTED, FILE, when)) for when in ("at first", "then"))
    granted = answers.frame(GRANTED, f"grant {FILE}")
    expect(granted.succeeded and len(after) == len(before) + 1, answers.said(GRANTED))
    return answers.said(GRANTED)


def _expect_same(answers: Answers, ask: Ask, one: tuple[str, str], other: tuple[str, str]) -> None:
    expect(_shape(_listed(answers, ask, *one)) == _shape(_listed(answers, ask, *other)), answers.said(ask))


def _xcopy_row(answers: Answers) -> str:
    _need_printing(answers)
    copied = answers.frame(COPIED, f"xcopy {FILE}")
    absent = answers.frame(COPIED, "absent source")
    there = answers.observed(COPIED).states[ReadFile(FOLDER, SECOND)]
    right = isinstance(there, FileContent) and (there.data, there.attributes & files.PROTECTING) == (
        _ONE,
        frozenset("R"),
    )
    expect(copied.succeeded and absent.exit_code != 0 and right, answers.said(COPIED))
    answers.need(("icacls",), answers.said(COPIED))
    _expect_same(answers, COPIED, (FILE, "of the source"), (SECOND, "of the copy"))
    return answers.said(COPIED)


def _move(answers: Answers) -> str:
    _need_printing(answers)
    moved, content = answers.frame(MOVED, "move"), answers.frame(MOVED, f"type {SECOND}")
    left = lines(answers.frame(MOVED, f"{FILE} moved"))
    expect(moved.succeeded and content.stdout == _ONE and not left, answers.said(MOVED))
    held = answers.frame(NOT_MOVED, "move")
    both = [answers.frame(NOT_MOVED, f"type {name}").stdout for name in (FILE, SECOND)]
    expect(held.exit_code == 1 and both == [_ONE, b"two.\r\n"], answers.said(NOT_MOVED))
    seen = chain(answers.said(MOVED), answers.said(NOT_MOVED))
    answers.need(("icacls",), seen)
    _expect_same(answers, MOVED, (FILE, "before the move"), (SECOND, "after the move"))
    return seen


def _expect_kept(answers: Answers, *moments: str, alone: bool = False) -> None:
    """The permissions stay over a redirection; C(alone) where the first moment is no part of what is judged."""
    if not answers.proved("icacls"):
        return
    before = moments[0] if alone else "at first"
    for moment in moments[1:] if alone else moments:
        _expect_same(answers, REDIRECTED, (FILE, before), (FILE, moment))


def _redirection(answers: Answers) -> str:
    _expect_kept(answers, "behind echo")
    return answers.said(REDIRECTED)


def _failing_redirection(answers: Answers) -> str:
    frame = answers.line(FAILED)
    expect(lines(frame) == ["5."], shown(frame))
    return shown(frame)


_IN_FILES = (*FRAME, "cd")
PROBES = (
    Probe("cd", _cd, (ENTERED,), FRAME, used_by=_HOSTS),
    Probe("redirection_that_fails", _failing_redirection, (FAILED,), ("echo", "cmd", "if"), used_by=_HOSTS),
    Probe("del_exit_code", _del_exit_code, (DELETED_ABSENT,), ("echo", "cmd", "call"), used_by=_HOSTS),
    Probe("for", _for, (CONTENT,), _IN_FILES, writes=True, used_by=f"{_HOSTS}, and long registry values"),
    Probe("certutil", _certutil, (CONTENT, DECODED), _IN_FILES, writes=True, used_by=f"{_HOSTS} without a line end"),
    Probe(
        "icacls",
        _icacls,
        (GRANTED,),
        _IN_FILES,
        writes=True,
        used_by="nothing but preflight itself, to see the permissions of its scratch file",
    ),
    Probe(
        "type",
        _type_row,
        (CONTENT, DECODED_OCTETS, DECODED_UTF_16, REDIRECTED),
        _IN_FILES,
        writes=True,
        used_by=_HOSTS,
    ),
    Probe("attrib", _attrib, (CONTENT, PROTECTED, UNPROTECTED), (*_IN_FILES, "for"), writes=True, used_by=_HOSTS),
    Probe("del", _del, (DELETED,), _IN_FILES, writes=True, used_by=f"{_HOSTS}, and long registry values"),
    Probe("xcopy", _xcopy_row, (CONTENT, COPIED), (*_IN_FILES, "for", "attrib"), writes=True, used_by=_HOSTS),
    Probe("move", _move, (CONTENT, MOVED, NOT_MOVED), (*_IN_FILES, "attrib"), writes=True, used_by=_HOSTS),
    Probe(
        "redirection_keeps_permissions",
        _redirection,
        (REDIRECTED,),
        (*_IN_FILES, "icacls"),
        writes=True,
        used_by=_HOSTS,
    ),
)
