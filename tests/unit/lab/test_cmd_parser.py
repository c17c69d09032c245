# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe's grammar, its traps included."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.model.parser import CmdSyntaxError, NotModelled, expand_percent, parse
from tests.lab.model.syntax import Block, Condition, For, If, Pair, Redirection, Simple

# Nothing that cmd.exe reads as syntax.
PLAIN = st.text(alphabet="abcdefgh0123456789.:_-", min_size=1, max_size=20)


def test_operators_bind_from_loose_to_tight() -> None:
    assert parse("a&b||c&&d|e") == Pair(
        "&", Simple("a"), Pair("||", Simple("b"), Pair("&&", Simple("c"), Pair("|", Simple("d"), Simple("e"))))
    )


def test_body_of_if_without_parentheses_takes_everything_after_it() -> None:
    node = parse("if defined x echo a&echo b")
    assert isinstance(node, If)
    assert node.then == Pair("&", Simple("echo a"), Simple("echo b"))


def test_body_of_else_without_parentheses_takes_everything_after_it() -> None:
    node = parse("if defined x (a) else b&c")
    assert isinstance(node, If)
    assert node.otherwise == Pair("&", Simple("b"), Simple("c"))


def test_body_of_for_takes_everything_after_it() -> None:
    assert parse("for %i in (1 2) do a&b") == For("i", "1 2", Pair("&", Simple("a"), Simple("b")))


def test_parentheses_around_an_if_end_its_body() -> None:
    node = parse("(if errorlevel 1 (a) else (b))&c")
    assert isinstance(node, Pair)
    assert node.right == Simple("c")


def test_else_is_a_keyword_only_after_a_parenthesis() -> None:
    node = parse("if defined x echo a else echo b")
    assert node == If(Condition("defined", "x"), Simple("echo a else echo b"), None)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("if errorlevel 1 a", Condition("errorlevel", "1")),
        ("if not errorlevel 1 a", Condition("errorlevel", "1", negated=True)),
        ('if exist "C:\\a b" a', Condition("exist", '"C:\\a b"')),
        ("if not defined oa a", Condition("defined", "oa", negated=True)),
        ("if a==b a", Condition("==", "a", "b")),
        ("if not %~zi==324512 a", Condition("==", "%~zi", "324512", negated=True)),
        ('if /i "A b"=="a B" a', Condition("==", '"A b"', '"a B"', ignore_case=True)),
        ("if 2 gtr 1 a", Condition("gtr", "2", "1")),
    ],
)
def test_conditions(text: str, condition: Condition) -> None:
    assert parse(text) == If(condition, Simple("a"), None)


@pytest.mark.parametrize(
    ("text", "redirections"),
    [
        ("a <nul", [Redirection(0, "<", "nul")]),
        ("a>b", [Redirection(1, ">", "b")]),
        ("a >>b", [Redirection(1, ">>", "b")]),
        ("a 2>&1", [Redirection(2, "&", "1")]),
        ("a>&2", [Redirection(1, "&", "2")]),
        ("a >nul 2>nul", [Redirection(1, ">", "nul"), Redirection(2, ">", "nul")]),
        ("<nul a", [Redirection(0, "<", "nul")]),
        ('a >"b c"', [Redirection(1, ">", '"b c"')]),
    ],
)
def test_redirections(text: str, redirections: list[Redirection]) -> None:
    node = parse(text)
    assert isinstance(node, Simple)
    assert node.text.strip() == "a"
    assert list(node.redirections) == redirections


def test_a_digit_before_a_redirection_is_a_handle() -> None:
    assert parse("echo a1>&2") == Simple("echo a", (Redirection(1, "&", "2"),))
    assert parse("echo a^1>&2") == Simple("echo a1", (Redirection(1, "&", "2"),))
    assert parse("echo 1.>&2") == Simple("echo 1.", (Redirection(1, "&", "2"),))


def test_redirection_of_a_block() -> None:
    assert parse("(a) >b") == Block(Simple("a"), (Redirection(1, ">", "b"),))


def test_carets_and_quotes_protect() -> None:
    assert parse("echo a^&b") == Simple("echo a&b")
    assert parse('echo "a&b)"') == Simple('echo "a&b)"')
    assert parse("(echo a^)b)") == Block(Simple("echo a)b"))


def test_rem_takes_the_rest() -> None:
    assert parse("rem a & b") == Simple("rem")


@pytest.mark.parametrize(
    "line", ["&a", "a &&", "a ||", "a |", "(a", "()", "a & & b", "(a) b", "if a b", "for i in (1) do a"]
)
def test_syntax_errors(line: str) -> None:
    with pytest.raises(CmdSyntaxError):
        parse(line)


def test_a_line_or_block_may_end_in_an_ampersand() -> None:
    assert parse("a&") == Simple("a")
    assert parse("(a&)") == Block(Simple("a"))


def test_what_the_model_lacks_is_said() -> None:
    with pytest.raises(NotModelled):
        parse("for /f %i in (x) do a")


def test_expansion_happens_once_and_leaves_the_undefined() -> None:
    variables = {"A": "%B%", "B": "b"}
    assert expand_percent("%a% %b% %c% 100%", variables) == "%B% b %c% 100%"


def test_expansion_finds_a_variable_after_a_lone_percent() -> None:
    line = 'for %i in ("%TEMP%\\x") do (if not %~zi==1 (echo %TEMP%))'
    assert expand_percent(line, {"TEMP": "T"}) == 'for %i in ("T\\x") do (if not %~zi==1 (echo T))'


def test_expansion_knows_replacements_and_substrings() -> None:
    assert expand_percent("%a:b=x% %a:~1,2% %a:~-1%", {"A": "abcd"}) == "axcd bc d"


@given(st.lists(PLAIN, min_size=1, max_size=5))
def test_plain_commands_survive_parsing(words: list[str]) -> None:
    node = parse("&".join(f"x{word}" for word in words))
    texts: list[str] = []
    while isinstance(node, Pair):
        assert isinstance(node.right, Simple)
        texts.insert(0, node.right.text)
        node = node.left
    assert isinstance(node, Simple)
    assert [node.text, *texts] == [f"x{word}" for word in words]


@given(st.text(alphabet='ab&|()<>^"%1 ', max_size=30))
def test_any_line_is_parsed_or_refused(line: str) -> None:
    with contextlib.suppress(CmdSyntaxError, NotModelled):
        parse(expand_percent(line, {"A": "1"}))


@given(PLAIN, st.integers(min_value=1, max_value=5))
def test_parentheses_change_nothing(text: str, depth: int) -> None:
    node = parse("(" * depth + "x" + text + ")" * depth)
    for _level in range(depth):
        assert isinstance(node, Block)
        node = node.body
    assert node == Simple("x" + text)
