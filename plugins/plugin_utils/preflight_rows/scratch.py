# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight makes on a server, how it looks for it, and how it removes it."""

from __future__ import annotations

from ..windows.command_line import Frames, Step, command
from ..windows.registry import IMPORT_FILE
from .files import FOLDER
from .probe import ENCODED, FILE, SCRATCH_KEY, SECOND

FILES = (FILE, SECOND, ENCODED, IMPORT_FILE)
_THERE = "there."


def _paths() -> dict[str, str]:
    return {name: f'"{FOLDER}\\{name}"' for name in FILES}


def look_steps(when: str) -> list[Step]:
    """Ask for each of them; C(when) tells two looks of one command apart."""
    files = [
        Step(f"{name} {when}", f"(if exist {path} (echo {_THERE}))", may_fail=True) for name, path in _paths().items()
    ]
    return [Step(f"key {when}", command("reg", "query", SCRATCH_KEY.path), may_fail=True), *files]


def left(frames: Frames, when: str) -> tuple[str, ...]:
    """What is there, by an answer to look_steps."""
    key = frames.get(f"key {when}")
    there = [name for name in FILES if (frame := frames.get(f"{name} {when}")) and _THERE.encode() in frame.stdout]
    return (*([SCRATCH_KEY.path] if key is not None and key.succeeded else []), *there)


def remove_steps() -> list[Step]:
    """Delete them all, whatever their attributes."""
    files = [
        Step(f"remove {name}", f"(if exist {path} (attrib -r -h -s {path} <nul&del /f /q {path} <nul))", may_fail=True)
        for name, path in _paths().items()
    ]
    return [Step("remove key", command("reg", "delete", SCRATCH_KEY.path, "/f"), may_fail=True), *files]
