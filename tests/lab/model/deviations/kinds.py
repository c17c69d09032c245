# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of deviations: another rule, another way to run a program, another server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.lab.model.call import Call, Result
from tests.lab.model.machine import Machine
from tests.lab.model.rules import Around, Rules, Run
from tests.lab.model.streams import Sink

Deviation = Callable[[Rules], Rules]


def rule(**changes: Any) -> Deviation:
    """Other rules."""
    return lambda rules: replace(rules, **changes)


def around(name: str, how: Around) -> Deviation:
    """A program or internal command that runs in another way; around what is there already."""

    def change(rules: Rules) -> Rules:
        inner = rules.around.get(name)

        async def both(call: Call, run: Run) -> Result:
            return await how(call, run if inner is None else lambda inside: inner(inside, run))

        return replace(rules, around={**rules.around, name: both})

    return change


def prepared(how: Callable[[Machine], None]) -> Deviation:
    """A server that is another one from the start."""
    return lambda rules: replace(rules, prepared=(*rules.prepared, how))


def printing(change: Callable[[bytes], bytes], when: Callable[[Call], bool] = lambda _call: True) -> Around:
    """What a program prints to standard output becomes something else."""

    async def run_changed(call: Call, run: Run) -> Result:
        if not when(call):
            return await run(call)
        printed = bytearray()
        result = await run(call.with_handles({**call.handles, 1: Sink(printed.extend)}))
        call.write(change(bytes(printed)))
        return result

    return run_changed


def ending(change: Callable[[Result], Result], when: Callable[[Call], bool] = lambda _call: True) -> Around:
    """A program ends in another way."""

    async def run_changed(call: Call, run: Run) -> Result:
        result = await run(call)
        return change(result) if when(call) else result

    return run_changed


def saying(*words: str) -> Callable[[Call], bool]:
    """Whether a command line holds all of these words, as words of their own."""
    wanted = {word.lower() for word in words}
    return lambda call: wanted <= set(call.text.lower().split())
