# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every action of this collection does around its own work: options, refusals, the shell, plain results."""

from __future__ import annotations

from abc import abstractmethod
from functools import reduce
from pathlib import Path
from typing import Any, ClassVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.plugins.action import ActionBase

from .converge import Controller, Managed, Outcome, Stop, Task, converge, stop_result
from .fixes.options import InvalidOptions
from .fixes.plan import Failure, Finding, Fix, LeaveAlone
from .journal import FileJournal
from .snapshots import FileSnapshots
from .windows.server import Server
from .windows.shell import Shell, refusal

COMMAND_TIMEOUT = {"command_timeout": {"type": "int", "default": 120}}
SNAPSHOT_DIR = {"snapshot_dir": {"type": "path", "default": "./.outlook_anywhere/snapshots"}}
LEAVE_ALONE: dict[str, dict[str, Any]] = {
    "leave_alone": {"type": "str", "choices": ["not_managed", "not_applicable"]},
    "leave_alone_reason": {"type": "str", "default": "nobody has asked for it"},
}
MAX_TIMEOUT = 3600


def plain(value: Any) -> Any:
    """The value without the tags that ansible-core puts on texts and containers."""
    if isinstance(value, str):
        return "".join(value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


class ControllerAction(ActionBase):
    """An action that runs on the controller, with its options checked and its failures in one form."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    name: ClassVar[str]
    argument_spec: ClassVar[dict[str, dict[str, Any]]]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Check the options, then do the work."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.task_vars = task_vars or {}
        self.host = plain(self._task.delegate_to or self.task_vars.get("inventory_hostname", "localhost"))
        checked = ArgumentSpecValidator(self.argument_spec).validate(plain(self._task.args))
        if checked.error_messages:
            result.update(self.stopped(self._not_of_the_spec(checked)))
            return result
        try:
            result.update(self.work(checked.validated_parameters))
        except InvalidOptions as error:
            result.update(self.stopped(_bad_options(error)))
        return result

    def _not_of_the_spec(self, checked: ValidationResult) -> Failure:
        # What is unknown below an option comes as a tuple of names.
        paths = [item if isinstance(item, tuple) else (item,) for item in checked.unsupported_parameters]
        above = {".".join(map(str, path)): path[:-1] for path in paths}
        unknown = sorted(above)
        known = []
        for place in dict.fromkeys(above[name] for name in unknown) or [()]:
            options = reduce(lambda level, name: level[name]["options"], place, self.argument_spec)
            known.append(f"{'.'.join(place) or self.name}: {', '.join(sorted(options))}")
        return Failure(
            setting=", ".join(unknown) or "options",
            problem=f"the task has options that {self.name} does not know"
            if unknown
            else "; ".join(checked.error_messages),
            found=f"unknown options: {', '.join(unknown)}" if unknown else f"options {sorted(self._task.args)}",
            expected=f"options of {'; '.join(known)}, as ansible-doc shows them",
            next_step="Correct the options and run again. Nothing was sent to the server.",
        )

    @abstractmethod
    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """The task's result; InvalidOptions may be raised."""

    def stopped(self, failure: Failure) -> dict[str, Any]:
        """A failed result before anything was read or changed."""
        return {"changed": False, **stop_result(self.host, self.name, Stop(failure))}


class ServerAction(ControllerAction):
    """An action that needs the server's WinRS shell."""

    _requires_connection = True

    def server(self, options: dict[str, Any]) -> Server:
        """The server behind the task's connection; nothing is sent yet."""
        return Server(Shell(self._connection, deadline=options["command_timeout"]))

    def refused(self, options: dict[str, Any]) -> dict[str, Any] | None:
        """A failed result when the task asks for what this way to the server cannot give; None otherwise."""
        problem = refusal(self._connection, self._task.become, [item for item in self._task.environment or () if item])
        if problem is None and not 1 <= options["command_timeout"] <= MAX_TIMEOUT:
            problem = f"command_timeout {options['command_timeout']} is not between 1 and {MAX_TIMEOUT} seconds"
        if problem is None:
            return None
        return self.stopped(
            Failure(
                setting="the way to the server",
                problem="this task cannot run as it is written",
                found=problem,
                expected="a plain winrm connection, no become, no environment, options within their bounds",
                next_step="Correct the task or the inventory. Nothing was sent to the server.",
            )
        )


class ConvergeAction(ServerAction):
    """An action that brings fixes to their desired state."""

    @abstractmethod
    def managed(self, options: dict[str, Any]) -> tuple[Managed, ...]:
        """The fixes of the task; raises InvalidOptions."""

    @abstractmethod
    def unknown(self, reason: str) -> tuple[Finding, ...]:
        """The findings of a task whose options say too little to look at anything."""

    def stopped(self, failure: Failure) -> dict[str, Any]:
        """A failed result with every setting unknown."""
        findings = self.unknown(f"not read, because of the task: {failure.problem}")
        return {**super().stopped(failure), "findings": [finding.as_dict(self.host) for finding in findings]}

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Converge, or in check mode say what would be done."""
        managed = self.managed(options)
        refused = self.refused(options)
        if refused is not None:
            return refused
        controller = self.controller(options)
        outcome = converge(Task(self.name, self.host, managed), self.server(options), controller, self.check_mode)
        return self.done(outcome, controller).as_result()

    def done(self, outcome: Outcome, controller: Controller) -> Outcome:
        """What is left to do on the controller behind it; nothing for most."""
        return outcome

    @property
    def check_mode(self) -> bool:
        """Whether the task may only look."""
        return bool(self._task.check_mode)

    def controller(self, options: dict[str, Any]) -> Controller:
        """What the controller keeps of the server."""
        folder = Path(options["snapshot_dir"])
        return Controller(FileJournal(folder, self.host), FileSnapshots(folder, self.host))


class FixAction(ConvergeAction):
    """A module of one fix."""

    fix: ClassVar[type[Fix]]

    @property
    def name(self) -> str:  # type: ignore[override]
        """The module's name is the fix's."""
        return self.fix.name

    @property
    def argument_spec(self) -> dict[str, dict[str, Any]]:  # type: ignore[override]
        """The fix's own options and those of every module."""
        return {**options_of(self.fix), **COMMAND_TIMEOUT, **SNAPSHOT_DIR}

    def unknown(self, reason: str) -> tuple[Finding, ...]:
        """Those of the fix."""
        return self.fix.unknown(reason)

    def managed(self, options: dict[str, Any]) -> tuple[Managed, ...]:
        """The one fix."""
        return (managed_by(self.fix, options),)


def options_of(fix: type[Fix]) -> dict[str, dict[str, Any]]:
    """The argument spec of a fix, with what can be said of every one."""
    return {**fix.argument_spec, **LEAVE_ALONE}


def managed_by(fix: type[Fix], options: dict[str, Any]) -> Managed:
    """The fix that these options describe; raises InvalidOptions."""
    status = options["leave_alone"]
    leave = None if status is None else LeaveAlone(status, options["leave_alone_reason"])
    return Managed(fix.parse(options), leave)


def unwritten(folder: Path, problem: str, playbook: str, error: OSError) -> Failure:
    """The failure of a report that could not be written; C(problem) says what is left of it."""
    return Failure(
        setting="report_dir",
        problem=problem,
        found=str(error),
        expected=f"a folder {folder} that can be made and written",
        next_step=f"Name another folder (in the playbooks: outlook_anywhere_report_dir) and run {playbook} again.",
    )


def _bad_options(error: InvalidOptions) -> Failure:
    return Failure(
        setting=", ".join(problem.option for problem in error.problems),
        problem="; ".join(problem.why for problem in error.problems),
        found="; ".join(f"{problem.option} is {problem.found}" for problem in error.problems),
        expected="options that parse (ansible-doc shows their form)",
        next_step="Correct the options and run again. Nothing was sent to the server.",
    )
