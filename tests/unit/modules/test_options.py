# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc says of a module's options is what its action takes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from plugins.doc_fragments.server import ModuleDocFragment
from plugins.plugin_utils.action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR
from plugins.plugin_utils.baseline import FIXES
from tests.evidence import REPOSITORY

MODULES = sorted(path.stem for path in (REPOSITORY / "plugins" / "modules").glob("*.py"))
FIX_NAMES = {fix.name for fix in FIXES}
FRAGMENT = "exchange_ops.outlook_anywhere.server"
UNSAID = {"type": "str", "required": False, "default": None, "choices": None, "elements": None}


def documented(module: str) -> dict[str, Any]:
    """The options with those of the fragments."""
    documentation = yaml.safe_load(importlib.import_module(f"plugins.modules.{module}").DOCUMENTATION)
    assert documentation["module"] == module
    options = dict(documentation.get("options") or {})
    for name in documentation.get("extends_documentation_fragment", ()):
        assert name.startswith(FRAGMENT)
        section = name.removeprefix(FRAGMENT).removeprefix(".").upper() or "DOCUMENTATION"
        options |= yaml.safe_load(getattr(ModuleDocFragment, section)).get("options") or {}
    return options | {name: {**options[name], "suboptions": of_a_fix(name)} for name in options if name in FIX_NAMES}


def of_a_fix(module: str) -> dict[str, Any]:
    """What baseline's option of that name refers to: the options of its module that are not the task's own."""
    return {
        name: option for name, option in documented(module).items() if name not in (*COMMAND_TIMEOUT, *SNAPSHOT_DIR)
    }


def taken(module: str) -> dict[str, Any]:
    """The options of the action plugin."""
    action = importlib.import_module(f"plugins.action.{module}").ActionModule
    return dict(action.__new__(action).argument_spec)


def flat(options: dict[str, Any], below: str, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every option at every depth, by its path."""
    for name, option in options.items():
        said = {key: option.get(key, default) for key, default in UNSAID.items()}
        yield f"{place}{name}", {**said, "choices": said["choices"] and sorted(said["choices"])}
        yield from flat(option.get(below) or {}, below, f"{place}{name}.")


@pytest.mark.parametrize("module", MODULES)
def test_the_documented_options_are_those_that_are_taken(module: str) -> None:
    assert dict(flat(documented(module), "suboptions")) == dict(flat(taken(module), "options"))


def test_every_module_has_its_action_and_every_action_its_module() -> None:
    actions = sorted(path.stem for path in (REPOSITORY / "plugins" / "action").glob("*.py"))
    assert actions == MODULES
