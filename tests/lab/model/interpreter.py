# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe at work: runs the parsed tree of one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tests.lab.argv import program_name
from tests.lab.model import internal
from tests.lab.model.call import Call, Result
from tests.lab.model.files import INHERITED, FileError, is_nul
from tests.lab.model.internal import Exit
from tests.lab.model.parser import DELIMITERS, CmdSyntaxError, NotModelled, expand_percent, parse
from tests.lab.model.streams import NUL, Bytes, Handle, Sink
from tests.lab.model.syntax import Block, Condition, For, If, Node, Pair, Redirection, Simple

UNKNOWN_PROGRAM = 9009


class Interpreter:
    """One cmd.exe process."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._errorlevel = 0
        self._variables: dict[str, str] = {}  # of the FOR loops around

    async def run(self, line: str) -> int:
        """cmd /c LINE: its exit code, which is the last errorlevel (an inference; nothing may rely on it)."""
        limit = self._call.machine.rules.line_limit
        if len(line) > limit:
            self._call.complain("cmd-line-too-long")
            return 1
        try:
            expanded = expand_percent(_strip_quotes(line), {"ERRORLEVEL": "0", **_upper(self._call.environment)})
            if len(expanded) > limit:
                self._call.complain("cmd-line-too-long")
                return 1
            node = parse(expanded, self._call.machine.rules.if_takes_the_rest)
            if node is not None:
                await self._run(node, self._call)
        except CmdSyntaxError as error:
            self._call.complain("cmd-syntax", name=str(error))
            return 1
        except Exit as exit_:
            return self._errorlevel if exit_.code is None else exit_.code
        return self._errorlevel

    async def _run(self, node: Node, call: Call) -> int:
        """Run a part; what && and || look at."""
        if isinstance(node, Pair):
            return await self._pair(node, call)
        if isinstance(node, If):
            return await self._if(node, call)
        if isinstance(node, For):
            return await self._for(node, call)
        with ExitStack() as opened:
            try:
                call = self._redirect(node.redirections, call, opened)
            except FileError as error:
                # The command is not run, and errorlevel stays as it is (StackOverflow 10354016).
                call.complain(error.message, name=str(error))
                if call.machine.rules.failed_redirection is not None:
                    self._errorlevel = call.machine.rules.failed_redirection
                return 1
            if isinstance(node, Block):
                return await self._run(node.body, call)
            return await self._simple(node, call)

    async def _pair(self, pair: Pair, call: Call) -> int:
        if pair.operator == "|":
            return await self._pipe(pair, call)
        result = await self._run(pair.left, call)
        if pair.operator == "||" and result != 0:
            # It sets errorlevel where what failed did not, as a redirection (StackOverflow 10354016).
            self._errorlevel = result
        if pair.operator == "&" or (pair.operator == "&&") == (result == 0):
            return await self._run(pair.right, call)
        return result

    async def _pipe(self, pair: Pair, call: Call) -> int:
        """Each side is a cmd.exe of its own, and what it sets is lost."""
        between = bytearray()
        await self._child(pair.left, call, {**call.handles, 1: Sink(between.extend)})
        self._errorlevel = await self._child(pair.right, call, {**call.handles, 0: Bytes(bytes(between))})
        return self._errorlevel

    async def _child(self, node: Node, call: Call, handles: Mapping[int, Handle]) -> int:
        child = Interpreter(
            Call(call.machine, call.environment.copy(), handles, call.code_page, call.directory),
        )
        child._errorlevel = self._errorlevel
        child._variables = self._variables
        try:
            await child._run(node, child._call)
        except Exit as exit_:
            return child._errorlevel if exit_.code is None else exit_.code
        return child._errorlevel

    # -- IF and FOR

    async def _if(self, node: If, call: Call) -> int:
        if self._holds(node.condition, call) != node.condition.negated:
            return await self._run(node.then, call)
        return await self._run(node.otherwise, call) if node.otherwise is not None else 0

    def _holds(self, condition: Condition, call: Call) -> bool:
        left = self._substitute(condition.left)
        if condition.kind == "errorlevel":
            if not re.fullmatch(r"-?\d+", left):
                raise CmdSyntaxError(left)
            return call.machine.rules.errorlevel_reaches(self._errorlevel, int(left))
        if condition.kind == "defined":
            return left in call.environment
        if condition.kind == "exist":
            return call.machine.files.exists(call.path(left))
        return _compare(condition, left, self._substitute(condition.right))

    async def _for(self, node: For, call: Call) -> int:
        result = 0
        for item in self._items(self._substitute(node.items), call):
            with self._variable(node.variable, item):
                if node.echoed and call.environment.echo:
                    call.print(f"\n{_prompt(call)}{self._substitute(node.echoed)}\n")
                result = await self._run(node.body, call)
        return result

    def _items(self, text: str, call: Call) -> list[str]:
        words = re.findall(rf'(?:"[^"]*"|[^{DELIMITERS}"])+', text)
        items: list[str] = []
        for word in words:
            items += call.machine.files.match(call.path(word), unseen=False) if re.search(r"[*?]", word) else [word]
        return items

    @contextmanager
    def _variable(self, name: str, value: str) -> Iterator[None]:
        outer = self._variables
        self._variables = {**outer, name: value}
        try:
            yield
        finally:
            self._variables = outer

    def _substitute(self, text: str) -> str:
        """FOR variables, with the modifiers ~ and ~z."""
        if not self._variables:
            return text
        return re.sub(r"%(~[fdpnxsatz]*)?([A-Za-z])", self._variable_text, text)

    def _variable_text(self, match: re.Match[str]) -> str:
        value = self._variables.get(match[2])
        if value is None:
            return match[0]
        if match[1] is None:
            return value
        bare = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        if match[1] == "~":
            return bare
        if match[1] != "~z":
            raise NotModelled(match[0])
        machine = self._call.machine
        size = machine.files.size(self._call.path(bare)) if machine.rules.for_gives_sizes else None
        return "" if size is None else str(size)

    # -- commands

    def _redirect(self, redirections: tuple[Redirection, ...], call: Call, opened: ExitStack) -> Call:
        handles = dict(call.handles)
        for redirection in redirections:
            target = self._substitute(redirection.target)
            handles[redirection.handle] = _open(redirection.mode, target, handles, call, opened)
        return call.with_handles(handles)

    async def _simple(self, node: Simple, call: Call) -> int:
        text = self._substitute(node.text).lstrip(DELIMITERS + "@")
        if not call.machine.rules.variables_before_the_line:
            text = expand_percent(text, self._variables_now(call))
        if called := re.match(rf"(?i)call[{DELIMITERS}]+", text):
            return await self._called(text[called.end() :], call)
        return await self._command(text, call)

    async def _called(self, text: str, call: Call) -> int:
        """CALL expands once more, so %^errorlevel%, whose caret the parser has taken off, is what it is just now."""
        if re.match(r"(?i)(:|if\b|for\b|rem\b|call\b|\()", text) or "^" in text:
            raise NotModelled(f"call {text}")
        if not call.machine.rules.call_expands:
            return await self._command(text, call)
        return await self._command(expand_percent(text, self._variables_now(call)), call)

    def _variables_now(self, call: Call) -> dict[str, str]:
        return {"ERRORLEVEL": str(self._errorlevel), **_upper(call.environment)}

    async def _command(self, text: str, call: Call) -> int:
        command = internal.find(text)
        if command is not None:
            run = call.machine.rules.runner(command.name, command.run)
            result = await run(call.with_text(command.arguments))
            if result.errorlevel is not None:
                self._errorlevel = result.errorlevel
            return result.code
        if not text:
            return 0
        self._errorlevel = await run_program(call.with_text(text))
        return self._errorlevel


async def run_program(call: Call) -> int:
    """Run a program by its command line; it sees a server where everything due has happened."""
    from tests.lab.model.programs import find

    call.machine.tick()
    name = program_name(call.text)
    program = find(call)
    if program is None:
        call.complain("cmd-unknown-program", name=name)
        return UNKNOWN_PROGRAM

    async def run(call: Call) -> Result:
        code = await program(call)
        return Result(code, code)

    result = await call.machine.rules.runner(name, run)(call)
    call.machine.tick()
    call.machine.program_ended(call.text)
    return result.code


def _open(mode: str, target: str, handles: Mapping[int, Handle], call: Call, opened: ExitStack) -> Handle:
    if mode == "&":
        # A handle that was never opened swallows what it gets.
        return handles.get(int(target), NUL)
    path = call.path(target)
    if is_nul(path):
        return Bytes() if mode == "<" else NUL
    files = call.machine.files
    if mode == "<":
        return Bytes(files.load(path))
    file = opened.enter_context(files.redirected(path, append=mode != ">"))
    if not call.machine.rules.redirection_keeps_permissions:
        file.permissions = INHERITED
    return Sink(file.data.extend)


def _prompt(call: Call) -> str:
    if call.environment["PROMPT"] != "$P$G":
        raise NotModelled(f"the prompt {call.environment['PROMPT']}")
    return f"{call.environment.directory or call.directory}>"


def _compare(condition: Condition, left: str, right: str) -> bool:
    if condition.ignore_case:
        left, right = left.lower(), right.lower()
    if condition.kind == "==":
        return left == right
    both_numbers = all(re.fullmatch(r"-?\d+", side) for side in (left, right))
    order = (int(left) > int(right)) - (int(left) < int(right)) if both_numbers else (left > right) - (left < right)
    return {
        "equ": order == 0,
        "neq": order != 0,
        "lss": order < 0,
        "leq": order <= 0,
        "gtr": order > 0,
        "geq": order >= 0,
    }[condition.kind]


def _strip_quotes(line: str) -> str:
    """cmd /c takes the outer quotes off a line that begins with one.

    It keeps them around the name of a program alone; no program here has a blank in its name, so that never happens.
    """
    line = line.lstrip(" \t")
    if not line.startswith('"'):
        return line
    head, _quote, tail = line[1:].rpartition('"')
    return head + tail if _quote else line[1:]


def _upper(variables: Mapping[str, str]) -> dict[str, str]:
    """Keyed as percent expansion asks for them."""
    return {name.upper(): value for name, value in variables.items()}
