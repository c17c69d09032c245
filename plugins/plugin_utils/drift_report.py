# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of drift_report: results of a run -> a table on screen, files, and a failure unless all is clean."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from ansible.utils.display import Display

from .action_base import ControllerAction, plain, unwritten
from .fixes.options import InvalidOptions, OptionProblem
from .fleet_findings import fleet_findings
from .journal import write_whole
from .registered import EXPECTED
from .reports.files import render
from .reports.fleet import FleetReport, HostReport
from .reports.run import PARTS, PLAYBOOKS, Run
from .reports.summary import gate_record
from .reports.words import looked_at
from .version import VERSION

_NOT_WRITTEN = "the report could not be written; the table above is all there is of this run"


class DriftReportAction(ControllerAction):
    """Writes on the controller only, in check mode too: the report is what check mode is run for."""

    name = "drift_report"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "results": {"type": "dict", "required": True},
        "report_dir": {"type": "path", "default": "./outlook_anywhere_report"},
        "changes_applied": {"type": "bool", "default": False},
        "stopped": {"type": "list", "elements": "str", "default": []},
        "gates": {"type": "list", "elements": "dict", "default": []},
        "readings": {"type": "dict", "default": {}},
        "inventory": {"type": "dict", "default": {}},
        "interim": {"type": "bool", "default": False},
        "playbook": {"type": "str", "choices": list(PLAYBOOKS), "default": "drift"},
        "parts": {"type": "list", "elements": "str", "choices": list(PARTS), "default": []},
    }

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make the record, show the table, write the file."""
        report = FleetReport(
            hosts=tuple(
                HostReport.of(host, self._groups_of(host), _results(host, results), options["changes_applied"])
                for host, results in options["results"].items()
            ),
            changes_applied=options["changes_applied"],
            generated=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            collection_version=VERSION,
            stopped=tuple(options["stopped"]),
            gates=tuple(gate_record(gate) for gate in options["gates"]),
            known_settings=_known_settings(),
            fleet=fleet_findings(options["readings"], options["inventory"]) if options["inventory"] else (),
            fleet_not_judged=None if options["inventory"] else _not_judged(options["interim"]),
            run=_run(
                options["playbook"], options["parts"], options["results"], plain(self.task_vars.get("groups", {}))
            ),
        )
        folder = Path(options["report_dir"]).absolute()
        if not options["interim"]:
            self._show(report)
        try:
            paths = write_report(folder, report, options["interim"])
        except OSError as error:
            return {
                "summary": report.summary,
                "table": report.table(),
                **self.stopped(unwritten(folder, _NOT_WRITTEN, "drift", error)),
            }
        result = {
            "changed": False,
            "clean": report.clean,
            "summary": report.summary,
            "report": paths["json"],
            "reports": paths,
        }
        if options["interim"]:
            return result
        Display().display(f"report: {paths['html']}")
        if "prom" not in paths:
            seen = looked_at({"summary": report.summary, "run": report.run.as_dict()})
            Display().display(
                "drift.prom is left as it was: drift and site of the whole fleet write it, and this was "
                f"{options['playbook']} of {seen}"
            )
        result["table"] = report.table()
        if not report.clean:
            why = "; ".join(report.why_not_clean)
            result |= {"failed": True, "msg": f"not clean: {why}; details in {paths['html']}"}
        return result

    def _groups_of(self, host: str) -> list[str]:
        groups = self.task_vars.get("groups", {})
        return [group for group in EXPECTED if host in groups.get(group, ())]

    def _show(self, report: FleetReport) -> None:
        display = Display()
        display.display("")
        for line in report.table():
            display.display(line)
        for line in report.details():
            display.display(f"  {line}")


def _not_judged(interim: bool) -> str:
    return "the run was still changing servers" if interim else "the task was given no inventory"


def write_report(folder: Path, report: FleetReport, interim: bool = False) -> dict[str, str]:
    """Every file of the report, or in the middle of a run its record; where each is, by its format."""
    paths = {}
    for file in render(report.as_dict(), interim):
        path = folder / file.name
        # The collector of metrics is seldom the account that runs Ansible, and no server is named there.
        write_whole(path, file.content, mode=0o644 if file.form == "prom" else 0o600)
        paths[file.form] = str(path)
    return paths


def _run(playbook: str, parts: Iterable[str], looked_at: Iterable[str], groups: Mapping[str, Iterable[str]]) -> Run:
    every = dict.fromkeys(host for group in EXPECTED for host in groups.get(group, ()))
    return Run(playbook, tuple(parts) or PARTS, tuple(host for host in every if host not in set(looked_at)))


def _known_settings() -> tuple[tuple[str, str], ...]:
    """Every setting that the roles look after, and the role."""
    return tuple(
        (f"{finding.fix}.{finding.setting}", role)
        for role, tasks in EXPECTED.items()
        for fixes in tasks.values()
        for fix in fixes
        for finding in fix.unknown("")
    )


def _results(host: str, results: object) -> list[Mapping[str, Any]]:
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise InvalidOptions([OptionProblem(f"results[{host}]", repr(results), "it is not a list of results")])
    return results
