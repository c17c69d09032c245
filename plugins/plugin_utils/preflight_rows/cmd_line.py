# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of cmd.exe's own words, on which the frames around every command stand.

Each is asked by a line of its own that has no frames. An exit code and a variable are each watched by two words, IF and
CALL: where both see what is wrong it is what they watch, where one does it is that word.
"""

from __future__ import annotations

from ..windows.command_line import MAX_LINE
from .probe import Answers, Ask, Odd, Probe, chain, expect, lines, shown

# Every character that quote() lets through, and blanks that must stay as many as they are.
LETTERS = "\"a  b c (d) [e] {f} 'g' #h $i +j ~k ;l ,m =n @o -p /q \\r *s .t _u :v\"  w"
CODES = (5, 1060, -5)
_WINDIR = 20

WORDS = Ask("echo", "echo a.&echo b.>&2")
AS_IT_IS = Ask("letters", f"echo {LETTERS}")
KEPT_BY_ECHO = Ask("exit code behind echo", "cmd /c exit 5&echo a.&(if errorlevel 5 (echo 5.))")
# Whether a command failed is asked behind CALL; which code it was is not.
KEPT_BY_CALL = Ask(
    "exit code behind call",
    "cmd /c exit 5&call echo a.&(if errorlevel 1 (echo 1.))&cmd /c exit 0&call echo b.&(if errorlevel 1 (echo 2.))",
)
OF_IF = Ask("conditions", "(if a==b (echo 1.))&(if not a==b (echo 2.))")
BARE_IF = Ask("a condition without brackets", "echo 1.&if a==b echo 2.&echo 3.")
CODES_BY_IF = Ask(
    "exit codes by if",
    "cmd /c exit 5&(if errorlevel 6 (echo 6.))&(if errorlevel 5 (echo 5.))&cmd /c exit 5&(if errorlevel 4 (echo 4.))"
    "&cmd /c exit 1060&(if errorlevel 1061 (echo 1061.))&(if errorlevel 1060 (echo 1060.))"
    "&cmd /c exit -5&(if errorlevel 0 (echo 0.))&(if not errorlevel 0 (echo below 0.))",
)
CODES_BY_CALL = Ask(
    "exit codes by call",
    "&".join(["set errorlevel=", *(f"cmd /c exit {code}&call echo %^errorlevel%." for code in CODES)]),
)
VARIABLE_BY_IF = Ask(
    "a variable by if",
    "set oa=&(if defined oa (echo 1.))&set oa=1&(if defined oa (echo 2.))&set oa=&(if defined oa (echo 3.))&echo 4.",
)
VARIABLE_BY_CALL = Ask("a variable by call", "set oa=&call echo [%^oa%]&set oa=1&call echo [%^oa%]")
HIDDEN_CODE = Ask(
    "a variable that hides the exit code",
    "set errorlevel=77&call echo %^errorlevel%.&set errorlevel=&cmd /c exit 5&call echo %^errorlevel%.",
)
OF_VER = Ask("exit code behind ver", "cmd /c exit 5&ver >nul&(if errorlevel 1 (echo 1.))&echo 2.")
BEFORE_THE_LINE = Ask("variables before the line", "set oa=1&echo [%oa%]&cmd /c exit 5&echo %errorlevel%.")
VARIABLES = Ask("variables", "echo %TEMP%&echo %windir%&echo %SystemRoot%")
LONGEST = Ask("the longest line", f"echo {'x' * (MAX_LINE - len('echo '))}")
LONGEST_PUT_IN = Ask("the longest line with a variable", f"echo %windir%{'x' * (MAX_LINE - len('echo ') - _WINDIR)}")

_RIGHT = {
    KEPT_BY_ECHO.name: ["a.", "5."],
    KEPT_BY_CALL.name: ["a.", "1.", "b."],
    OF_IF.name: ["2."],
    BARE_IF.name: ["1."],
    CODES_BY_IF.name: ["5.", "4.", "1060.", "below 0."],
    CODES_BY_CALL.name: [f"{code}." for code in CODES],
    VARIABLE_BY_IF.name: ["2.", "4."],
    VARIABLE_BY_CALL.name: ["[%oa%]", "[1]"],
    HIDDEN_CODE.name: ["77.", "5."],
}


def _right(answers: Answers, ask: Ask) -> bool:
    return lines(answers.line(ask)) == _RIGHT[ask.name]


def _seen(answers: Answers, *asks: Ask) -> str:
    return chain(*(f"{ask.line} -> {shown(answers.line(ask))}" for ask in asks))


def _expect(answers: Answers, *asks: Ask) -> None:
    wrong = [ask for ask in asks if not _right(answers, ask)]
    expect(not wrong, _seen(answers, *wrong))


def _echo(answers: Answers) -> str:
    frame = answers.line(WORDS)
    expect((frame.stdout, frame.stderr) == (b"a.\r\n", b"b.\r\n"), _seen(answers, WORDS))
    if _right(answers, CODES_BY_IF):
        _expect(answers, KEPT_BY_ECHO)
    return _seen(answers, WORDS, KEPT_BY_ECHO)


def _as_it_is(answers: Answers) -> str:
    expect(answers.line(AS_IT_IS).stdout == f"{LETTERS}\r\n".encode(), _seen(answers, AS_IT_IS))
    return _seen(answers, AS_IT_IS)


def _cmd(answers: Answers) -> str:
    wrong = not (_right(answers, CODES_BY_IF) or _right(answers, CODES_BY_CALL))
    expect(not wrong, _seen(answers, CODES_BY_IF, CODES_BY_CALL))
    return _seen(answers, CODES_BY_CALL)


def _if(answers: Answers) -> str:
    _expect(answers, OF_IF)
    _alone(answers, CODES_BY_IF, CODES_BY_CALL)
    _alone(answers, VARIABLE_BY_IF, VARIABLE_BY_CALL)
    return _seen(answers, OF_IF, CODES_BY_IF, VARIABLE_BY_IF)


def _bare_if(answers: Answers) -> str:
    _expect(answers, BARE_IF)
    return _seen(answers, BARE_IF)


def _call(answers: Answers) -> str:
    _alone(answers, CODES_BY_CALL, CODES_BY_IF)
    _alone(answers, VARIABLE_BY_CALL, VARIABLE_BY_IF)
    if _right(answers, KEPT_BY_ECHO):
        _expect(answers, KEPT_BY_CALL)
    return _seen(answers, CODES_BY_CALL, VARIABLE_BY_CALL)


def _alone(answers: Answers, ask: Ask, other: Ask) -> None:
    """Raise Odd where this word sees what is wrong and the other does not."""
    if not _right(answers, ask) and _right(answers, other):
        raise Odd(_seen(answers, ask, other))


def _set(answers: Answers) -> str:
    _expect(answers, VARIABLE_BY_IF, VARIABLE_BY_CALL, HIDDEN_CODE)
    return _seen(answers, VARIABLE_BY_IF, HIDDEN_CODE)


def _ver(answers: Answers) -> str:
    expect(lines(answers.line(OF_VER)) == ["2."], _seen(answers, OF_VER))
    return _seen(answers, OF_VER)


def _before_the_line(answers: Answers) -> str:
    expect(lines(answers.line(BEFORE_THE_LINE)) == ["[%oa%]", "0."], _seen(answers, BEFORE_THE_LINE))
    return _seen(answers, BEFORE_THE_LINE)


def _lengths_of_variables(answers: Answers) -> str:
    found = lines(answers.line(VARIABLES))
    limits = (100, _WINDIR, _WINDIR)
    right = len(found) == len(limits) and all(len(value) <= most for value, most in zip(found, limits, strict=True))
    expect(right, _seen(answers, VARIABLES))
    return _seen(answers, VARIABLES)


def _line_length(answers: Answers) -> str:
    came = answers.line(LONGEST).stdout
    expect(came == b"x" * (MAX_LINE - len("echo ")) + b"\r\n", _of_long(answers, LONGEST, came))
    put_in = answers.line(LONGEST_PUT_IN).stdout
    right = put_in.endswith(b"x" * (MAX_LINE - len("echo ") - _WINDIR) + b"\r\n") and not put_in.startswith(b"%")
    expect(right, _of_long(answers, LONGEST_PUT_IN, put_in))
    return f"lines of {MAX_LINE} characters, also with a variable in them, were printed whole"


def _of_long(answers: Answers, ask: Ask, came: bytes) -> str:
    return f"{ask.name}: {len(came)} bytes came: {shown(answers.line(ask))}"


def _shell(_answers: Answers) -> str:
    return "a WinRS shell was opened and ran commands, without PowerShell"


PROBES = (
    Probe("shell", _shell),
    Probe("echo", _echo, (WORDS, CODES_BY_IF, KEPT_BY_ECHO)),
    Probe("line_as_it_is", _as_it_is, (AS_IT_IS,), ("echo",)),
    Probe("cmd", _cmd, (CODES_BY_IF, CODES_BY_CALL), ("echo",)),
    Probe(
        "if",
        _if,
        (OF_IF, CODES_BY_IF, CODES_BY_CALL, VARIABLE_BY_IF, VARIABLE_BY_CALL),
        ("echo", "cmd"),
    ),
    Probe(
        "call",
        _call,
        (CODES_BY_CALL, CODES_BY_IF, VARIABLE_BY_CALL, VARIABLE_BY_IF, KEPT_BY_ECHO, KEPT_BY_CALL),
        ("echo", "cmd", "if"),
    ),
    Probe("set", _set, (VARIABLE_BY_IF, VARIABLE_BY_CALL, HIDDEN_CODE), ("echo", "cmd", "if", "call")),
    Probe(
        "if_without_brackets",
        _bare_if,
        (BARE_IF,),
        ("echo",),
        used_by="nothing: every IF that is sent stands in brackets, because of this",
    ),
    Probe("ver", _ver, (OF_VER,), ("echo", "cmd", "if"), used_by="hosts_ipv4 and every module that changes something"),
    Probe(
        "variables_before_the_line",
        _before_the_line,
        (BEFORE_THE_LINE,),
        ("echo", "cmd"),
        used_by="nothing: variables are asked for behind CALL, because of this",
    ),
    Probe("variable_lengths", _lengths_of_variables, (VARIABLES,), ("echo",), used_by="lines that are nearly full"),
    Probe("line_length", _line_length, (LONGEST, LONGEST_PUT_IN), ("echo",)),
)
