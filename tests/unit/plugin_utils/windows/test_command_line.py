# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command line says exactly what was meant, or is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.changes import SetIisAttribute
from plugins.plugin_utils.windows import iis
from plugins.plugin_utils.windows.command_line import (
    MAX_LINE,
    Batch,
    LineTooLong,
    Step,
    UnsafeArgument,
    command,
    fits,
    quote,
)
from plugins.plugin_utils.windows.writing import END, lines_of, steps_of


def program_sees(line: str) -> list[str]:
    """The arguments as the Microsoft C run-time parses them: 2n backslashes and a quote are n backslashes."""
    arguments, current, quoted, started, at = [], "", False, False, 0
    while at < len(line):
        backslashes = re.match(r"\\*", line[at:]).end()  # type: ignore[union-attr]
        if at + backslashes < len(line) and line[at + backslashes] == '"':
            current += "\\" * (backslashes // 2)
            if backslashes % 2:
                current += '"'
            else:
                quoted = not quoted
            started, at = True, at + backslashes + 1
        elif backslashes:
            current, started, at = current + "\\" * backslashes, True, at + backslashes
        elif line[at] in " \t" and not quoted:
            if started:
                arguments.append(current)
            current, started, at = "", False, at + 1
        else:
            current, started, at = current + line[at], True, at + 1
    return [*arguments, current] if started else arguments


ARGUMENT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@given(st.lists(ARGUMENT, min_size=1, max_size=4))
def test_a_program_sees_what_was_meant_or_the_text_is_refused(arguments: list[str]) -> None:
    try:
        line = " ".join(quote(argument) for argument in arguments)
    except UnsafeArgument:
        assert any(set(argument) & set('"%!^&|<>?`') for argument in arguments)
    else:
        assert program_sees(line) == arguments


@pytest.mark.parametrize("char", list('"%!^&|<>`\r\n\t\0\u00e4\u2028'))
def test_what_cmd_could_read_as_syntax_is_refused_and_named(char: str) -> None:
    with pytest.raises(UnsafeArgument) as error:
        quote(f"a{char}b")
    assert repr(char) in str(error.value)


def test_a_command_reads_nothing() -> None:
    assert command("reg", "query", r"HKLM\A B") == r'reg query "HKLM\A B" <nul'
    assert command("reg", "add", "A", "/d", "") == 'reg add A /d "" <nul'
    assert quote("a b\\") == '"a b\\\\"'


STEPS = [Step("first", "reg query A <nul"), Step("second", "reg query B <nul", "after_a_failure"), Step("last", "ver")]


def test_the_line_frames_each_command_and_asks_for_its_exit_code() -> None:
    line = Batch(STEPS, "T").line
    assert line.startswith(
        "set errorlevel=&set oa=&echo T.0.>&2&reg query A <nul&call echo T.0=%^errorlevel%.&"
        "(if errorlevel 1 (set oa=1))&(if not errorlevel 0 (set oa=1))&"
    )
    assert "&(if defined oa (echo T.1.>&2&" in line
    assert "%errorlevel%" not in line
    assert line.count("(") == line.count(")")


def test_what_is_never_negative_is_asked_for_1_and_above_alone() -> None:
    line = Batch([Step("a", "reg query A <nul", never_negative=True), Step("b", "ver", may_fail=True)], "T").line
    assert line.endswith("%.&(if errorlevel 1 (set oa=1))&echo T.1.>&2&ver&call echo T.1=%^errorlevel%.")


def test_each_command_gets_its_own_output_and_exit_code() -> None:
    stdout = b"first out\r\nT.0=1.\r\nno line end T.1=0.\r\nT.2=-1.\r\n"
    frames = Batch(STEPS, "T").split(stdout, b"T.0.\r\ndenied\r\nT.1.\r\nT.2.\r\n")
    assert {name: (frame.stdout, frame.stderr, frame.exit_code) for name, frame in frames.items()} == {
        "first": (b"first out\r\n", b"denied\r\n", 1),
        "second": (b"no line end ", b"", 0),
        "last": (b"", b"", -1),
    }
    assert frames["first"].text == "first out denied"


def test_a_command_that_did_not_run_is_missing_and_a_cut_one_has_no_exit_code() -> None:
    frames = Batch(STEPS, "T").split(b"half a li", b"T.0.\r\n")
    assert list(frames) == ["first"]
    assert frames["first"].exit_code is None
    assert frames["first"].stdout == b"half a li"
    assert not frames["first"].succeeded
    frames = Batch(STEPS, "T").split(b"out\r\nT.0=0.\r\nhalf", b"T.0.\r\nT.2.\r\nodd")
    assert list(frames) == ["first", "last"]
    assert (frames["last"].stdout, frames["last"].stderr, frames["last"].exit_code) == (b"half", b"odd", None)


def test_what_stands_outside_of_all_frames_is_not_thrown_away() -> None:
    frames = Batch(STEPS, "T").split(b"x T.0=0.\r\n after", b"<html>T.0.\r\n")
    assert (frames["first"].stdout, frames["first"].stderr) == (b"x ", b"")
    assert frames.outside == "after <html>"
    assert Batch(STEPS, "T").split(b"garbage", b"").outside == "garbage"


@given(st.binary(max_size=200), st.binary(max_size=50), st.integers(-1, 1))
def test_what_a_command_prints_is_never_taken_for_a_mark(stdout: bytes, stderr: bytes, code: int) -> None:
    batch = Batch([Step("only", "x")])
    mark = re.search(r"echo (o[0-9a-f]{4}\.0)\.", batch.line)[1].encode()  # type: ignore[index]
    other = b"o.0=0."
    frames = batch.split(stdout + other + mark + b"=%d.\r\n" % code, mark + b".\r\n" + stderr)
    assert frames["only"].stdout == stdout + other
    assert frames["only"].stderr == stderr
    assert frames["only"].exit_code == code


def test_what_follows_a_failure_shares_one_condition_and_what_needs_success_has_one_each() -> None:
    after = Batch([Step("a", "x", "after_a_failure"), Step("b", "y", "after_a_failure")], "T").line
    assert after.count("if defined oa") == 1
    while_ = Batch([Step("a", "x", "while_all_succeed"), Step("b", "y", "while_all_succeed")], "T").line
    assert while_.count("if not defined oa") == 2


def test_two_batches_do_not_share_their_marks() -> None:
    assert Batch(STEPS).line != Batch(STEPS).line


def test_a_line_that_cmd_would_not_take_is_refused() -> None:
    long = [Step("long", "echo " + "x" * 8200)]
    assert not fits(long)
    with pytest.raises(LineTooLong, match="8191"):
        Batch(long).line.strip()


@pytest.mark.parametrize(("variable", "value"), [("TEMP", "x" * 100), ("windir", "x" * 20), ("SystemRoot", "x" * 20)])
def test_a_line_that_fits_still_does_when_cmd_has_put_the_variables_in(variable: str, value: str) -> None:
    count = next(count for count in range(2000) if not fits([Step("a", f"%{variable}%" * (count + 1))]))
    line = Batch([Step("a", f"%{variable}%" * count)]).line
    assert MAX_LINE - len(value) < len(line.replace(f"%{variable}%", value)) <= MAX_LINE


@pytest.mark.parametrize("length", range(20, 60))
def test_changes_of_many_places_fit_their_lines_after_expansion(length: int) -> None:
    places = [f"Default Web Site/v{number:02}-{'x' * length}" for number in range(60)]
    section = "system.webServer/security/authentication/windowsAuthentication"
    changes = [SetIisAttribute(place, place, section, "useKernelMode", "false", "true") for place in places]
    lines = [Batch([*steps_of(parts), END]).line for parts in lines_of([iis.part(change) for change in changes])]
    assert max(len(line.replace("%windir%", r"C:\Windows")) for line in lines) <= MAX_LINE


@pytest.mark.parametrize("variable", ["%PATH%", "%Temp%", "%errorlevel%"])
def test_a_variable_whose_length_is_not_counted_is_refused(variable: str) -> None:
    with pytest.raises(UnsafeArgument, match=variable):
        Batch([Step("a", f"echo {variable}")]).line.strip()


def test_a_step_has_a_known_condition() -> None:
    with pytest.raises(ValueError, match="no condition"):
        Step("a", "b", "sometimes")
