# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes each task's result as one line of JSON, for the tests that run ansible-playbook."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: notification
short_description: one line of JSON a result
description: The file is named by the environment variable RESULTS_FILE.
"""


def _types(value):
    """The names of all types in a result: they must be those that JSON has."""
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return {type(value).__name__}.union(*(_types(part) for part in parts))


class CallbackModule(CallbackBase):
    """Every result, whatever became of the task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, outcome, result):
        record = {
            "outcome": outcome,
            "host": result._host.get_name(),
            "action": result._task.action,
            "task": result._task.get_name(),
            "result": result._result,
            "types": sorted(_types(result._result)),
        }
        with open(os.environ["RESULTS_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(record, default=str) + "\n")

    def v2_runner_on_ok(self, result, **kwargs):
        """The task succeeded."""
        self._write("ok", result)

    def v2_runner_on_failed(self, result, **kwargs):
        """The task failed."""
        self._write("failed", result)

    def v2_runner_on_unreachable(self, result):
        """The line was lost."""
        self._write("unreachable", result)

    def v2_runner_on_skipped(self, result):
        """The task was skipped."""
        self._write("skipped", result)
