# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of cmd.exe for one command line (cmd /c): percent expansion first, then the grammar.

Its traps are there on purpose: variables expand before anything runs; the body of IF, ELSE and FOR without
parentheses takes everything that follows, & included; the body of FOR is printed on every round unless it begins with
@; a digit before > or < is a handle. Whether cmd wants a blank before that digit is not documented: the model takes the
reading that hurts more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.lab.model.syntax import Block, Condition, For, If, Node, Pair, Redirection, Simple

DELIMITERS = " \t,;="
OPERATORS = "&|<>"
COMPARISONS = ("equ", "neq", "lss", "leq", "gtr", "geq")


class CmdSyntaxError(Exception):
    """Something was unexpected at this time."""


class NotModelled(Exception):
    """cmd.exe can do this, the model cannot: the test must not read anything into it."""


def expand_percent(line: str, variables: Mapping[str, str]) -> str:
    """%NAME%, %NAME:a=b% and %NAME:~n,m% in command-line mode: what is not defined stays as it is.

    variables is keyed by upper case.
    """
    out = []
    position = 0
    while position < len(line):
        if line[position] == "%":
            match = re.compile(r"%([^%:]+)(:[^%]*)?%").match(line, position)
            if match is not None and match[1].upper() in variables:
                out.append(_modified(variables[match[1].upper()], match[2] or ""))
                position = match.end()
                continue
        out.append(line[position])
        position += 1
    return "".join(out)


def _modified(value: str, modifier: str) -> str:
    if modifier.startswith(":~"):
        numbers = re.fullmatch(r"(-?\d+)(?:,(-?\d+))?", modifier[2:])
        if numbers is None:
            raise NotModelled(f"substring {modifier}")
        start = int(numbers[1])
        cut = value[start:] if start >= 0 else value[max(0, len(value) + start) :]
        return cut if numbers[2] is None else cut[: int(numbers[2])]
    if modifier:
        search, equals, replacement = modifier[1:].partition("=")
        if not equals or not search or search.startswith("*"):
            raise NotModelled(f"replacement {modifier}")
        return re.sub(re.escape(search), lambda _match: replacement, value, flags=re.IGNORECASE)
    return value


def parse(line: str, if_takes_the_rest: bool = True) -> Node | None:
    """The tree of an expanded line; None for an empty one. if_takes_the_rest False: the body of an IF ends at &."""
    return _Parser(line, if_takes_the_rest).parse()


class _Parser:
    def __init__(self, line: str, if_takes_the_rest: bool) -> None:
        self._line = line
        self._if_takes_the_rest = if_takes_the_rest
        self._at = 0
        self._depth = 0

    def parse(self) -> Node | None:
        self._skip()
        if self._end:
            return None
        node = self._list()
        self._skip()
        if not self._end and self._peek != ")":
            raise CmdSyntaxError(self._word())
        # A closing parenthesis that closes nothing makes the rest a remark.
        return node

    # -- characters

    @property
    def _end(self) -> bool:
        return self._at >= len(self._line)

    @property
    def _peek(self) -> str:
        return self._line[self._at : self._at + 1]

    def _skip(self, characters: str = DELIMITERS) -> None:
        while not self._end and self._peek in characters:
            self._at += 1

    def _word(self) -> str:
        """What an error message names."""
        match = re.compile(r"[^\s,;=&|<>()]+|.|$").match(self._line, self._at)
        return match[0] if match else ""

    def _keyword(self, *words: str) -> str:
        """Consume one of the words (any case, followed by no letter or digit); empty where there is none."""
        match = re.compile(r"[A-Za-z]+(?![A-Za-z0-9_.\\:])").match(self._line, self._at)
        if match is None or match[0].lower() not in words:
            return ""
        self._at = match.end()
        return match[0].lower()

    # -- operators: & binds loosest, then ||, then &&, then |

    def _list(self) -> Node:
        node = self._or()
        while self._operator("&"):
            self._skip()
            # A line or a block may end in &.
            if self._end or (self._peek == ")" and self._depth):
                break
            node = Pair("&", node, self._or())
        return node

    def _or(self) -> Node:
        node = self._and()
        while self._operator("||"):
            node = Pair("||", node, self._and())
        return node

    def _and(self) -> Node:
        node = self._pipe()
        while self._operator("&&"):
            node = Pair("&&", node, self._pipe())
        return node

    def _pipe(self) -> Node:
        node = self._command()
        if self._operator("|"):
            return Pair("|", node, self._pipe())
        return node

    def _operator(self, operator: str) -> bool:
        self._skip(" \t")
        match = re.compile(r"&&|\|\||&|\|").match(self._line, self._at)
        if match is None or match[0] != operator:
            return False
        self._at = match.end()
        return True

    # -- commands

    def _command(self) -> Node:
        self._skip(DELIMITERS + "@")
        if self._end or self._peek in "&|" or (self._peek == ")" and self._depth):
            raise CmdSyntaxError(self._word())
        if self._peek == "(":
            return self._block()
        redirections: list[Redirection] = []
        while (redirection := self._leading_redirection()) is not None:
            redirections.append(redirection)
            self._skip()
        if self._keyword("rem"):
            self._at = len(self._line)
            return Simple("rem", tuple(redirections))
        keyword = "" if redirections else self._keyword("if", "for")
        if keyword == "if":
            return self._if()
        if keyword == "for":
            return self._for()
        return self._simple(redirections)

    def _block(self) -> Node:
        self._at += 1
        self._depth += 1
        body = self._list()
        self._skip()
        if self._peek != ")":
            raise CmdSyntaxError(self._word())
        self._at += 1
        self._depth -= 1
        redirections = []
        self._skip()
        while (redirection := self._leading_redirection()) is not None:
            redirections.append(redirection)
            self._skip()
        return Block(body, tuple(redirections))

    def _simple(self, redirections: list[Redirection]) -> Node:
        text: list[str] = []
        literal: list[bool] = []  # escaped or quoted: neither a handle's digit nor an operator
        quoted = False
        while not self._end:
            character = self._peek
            if quoted or character == '"':
                quoted = quoted != (character == '"')
                text.append(character)
                literal.append(True)
                self._at += 1
            elif character == "^":
                text.append(self._line[self._at + 1 : self._at + 2])
                literal.append(True)
                self._at += 2
            elif character in "&|" or (character == ")" and self._depth):
                break
            elif character in "<>":
                handle = 1 if character == ">" else 0
                if text and text[-1].isdigit() and not literal[-1]:
                    handle = int(text.pop())
                    literal.pop()
                redirections.append(self._redirection(handle))
            else:
                text.append(character)
                literal.append(False)
                self._at += 1
        return Simple("".join(text), tuple(redirections))

    def _leading_redirection(self) -> Redirection | None:
        match = re.compile(r"([0-9])?(?=[<>])").match(self._line, self._at)
        if match is None:
            return None
        self._at = match.end()
        default = 1 if self._peek == ">" else 0
        return self._redirection(int(match[1]) if match[1] else default)

    def _redirection(self, handle: int) -> Redirection:
        match = re.compile(r">>|<|>").match(self._line, self._at)
        if match is None:
            raise CmdSyntaxError(self._word())
        self._at = match.end()
        if self._peek == "&":
            self._at += 1
            target = self._peek
            if not target.isdigit():
                raise CmdSyntaxError(self._word())
            self._at += 1
            return Redirection(handle, "&", target)
        self._skip()
        return Redirection(handle, match[0], self._token())

    def _token(self) -> str:
        """One word up to a delimiter or operator, with its quotes."""
        stops = DELIMITERS + OPERATORS + (")" if self._depth else "")
        out: list[str] = []
        quoted = False
        while not self._end:
            character = self._peek
            if character == '"':
                quoted = not quoted
            elif character == "^" and not quoted:
                self._at += 1
                out.append(self._peek)
                self._at += 1
                continue
            elif not quoted and character in stops:
                break
            out.append(character)
            self._at += 1
        if not out:
            raise CmdSyntaxError(self._word())
        return "".join(out)

    # -- IF

    def _if(self) -> Node:
        ignore_case = False
        self._skip()
        if self._line[self._at : self._at + 2].lower() == "/i":
            ignore_case = True
            self._at += 2
            self._skip()
        negated = bool(self._keyword("not"))
        self._skip()
        condition = self._condition(negated, ignore_case)
        then = self._list() if self._if_takes_the_rest else self._or()
        otherwise = None
        self._skip()
        if isinstance(_last(then), Block) and self._keyword("else"):
            otherwise = self._list()
        return If(condition, then, otherwise)

    def _condition(self, negated: bool, ignore_case: bool) -> Condition:
        unary = self._keyword("errorlevel", "exist", "defined")
        if unary:
            self._skip()
            return Condition(unary, self._token(), negated=negated)
        if self._keyword("cmdextversion"):
            raise NotModelled("if cmdextversion")
        left = "" if self._line.startswith("==", self._at) else self._token()
        self._skip(" \t,;")
        if self._line.startswith("==", self._at):
            self._at += 2
            kind = "=="
        else:
            kind = self._keyword(*COMPARISONS)
            if not kind:
                raise CmdSyntaxError(self._word())
        self._skip()
        return Condition(kind, left, self._token(), negated, ignore_case)

    # -- FOR

    def _for(self) -> Node:
        self._skip()
        if self._peek == "/":
            raise NotModelled(f"for {self._word()}")
        match = re.compile(r"%([A-Za-z])[\s,;=]+in[\s,;=]*\(", re.IGNORECASE).match(self._line, self._at)
        if match is None:
            raise CmdSyntaxError(self._word())
        self._at = match.end()
        items = self._items()
        self._skip()
        if not self._keyword("do"):
            raise CmdSyntaxError(self._word())
        self._skip()
        start = self._at
        body = self._list()
        text = self._line[start : self._at].strip()
        return For(match[1], items, body, "" if text.startswith("@") else text)

    def _items(self) -> str:
        """The text up to the closing parenthesis, which is consumed."""
        match = re.compile(r'((?:"[^"]*"|[^")])*)\)').match(self._line, self._at)
        if match is None:
            raise CmdSyntaxError(self._word())
        self._at = match.end()
        return match[1]


def _last(node: Node) -> Node:
    """The command that ends a text: only after a closing parenthesis is ELSE a keyword."""
    return _last(node.right) if isinstance(node, Pair) else node
