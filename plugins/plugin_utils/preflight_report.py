# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of preflight_report: results of module preflight -> a table, a file, and a failure unless clean."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ansible.utils.display import Display

from .action_base import ControllerAction
from .fixes.plan import Failure
from .formats.text import printable, shortened
from .journal import write_whole
from .preflight_rows.probe import FOUNDATION
from .version import VERSION

FILE = "preflight.json"
RESULTS = ("proved", "differs", "not_testable")
SILENT = ("failed", "unreachable", "not_run", "not_judged")
_SHOWN = 160
_NAMED = 3
_HEAD = ("result", "row", "servers", "what was seen, or why not")


class PreflightReportAction(ControllerAction):
    """Writes on the controller only, in check mode too."""

    name = "preflight_report"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "results": {"type": "dict", "required": True},
        "report_dir": {"type": "path", "default": "./outlook_anywhere_report"},
    }

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make the record, show the table, write the file."""
        content = record(options["results"])
        table = lines(content)
        display = Display()
        for line in ("", *table):
            display.display(line)
        path = Path(options["report_dir"]).absolute() / FILE
        result = {"changed": False, "clean": content["clean"], "summary": content["summary"], "table": table}
        try:
            write_whole(path, json.dumps(content, indent=2) + "\n")
        except OSError as error:
            return {**result, **self.stopped(_not_written(path, error))}
        display.display(f"report: {path}")
        result["report"] = str(path)
        if not content["clean"]:
            result |= {"failed": True, "msg": f"not clean: {_why_not(content['summary'])}; details in {path}"}
        return result


def record(results: Mapping[str, Any]) -> dict[str, Any]:
    """The content of preflight.json."""
    hosts = [_host(name, result if isinstance(result, Mapping) else {}) for name, result in sorted(results.items())]
    counts = {name: sum(host["summary"][name] for host in hosts) for name in RESULTS}
    silent = {state: sum(host["state"] == state for host in hosts) for state in SILENT}
    return {
        "schema_version": 1,
        "collection_version": VERSION,
        "generated": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "clean": bool(hosts) and not counts["differs"] and not any(silent.values()),
        "summary": {
            "hosts": len(hosts),
            **counts,
            "left_out": sum(host["summary"]["left_out"] for host in hosts),
            **silent,
        },
        "hosts": hosts,
    }


def _why_not(summary: Mapping[str, int]) -> str:
    words = [f"{summary[word]} {word.replace('_', ' ')}" for word in ("differs", *SILENT) if summary[word]]
    return ", ".join(words) or "no server was asked"


def _not_written(path: Path, error: OSError) -> Failure:
    return Failure(
        setting="report_dir",
        problem="the report could not be written",
        found=str(error),
        expected=f"a folder in which {path.name} can be written",
        next_step="Name another report_dir, or make it writable, and run again.",
    )


def _host(name: str, result: Mapping[str, Any]) -> dict[str, Any]:
    rows = [{key: str(row.get(key, "")) for key in ("id", "result", "seen")} for row in result.get("rows", ())]
    results = [row["result"] for row in rows]
    left_out = [str(row) for row in result.get("left_out", ())]
    state = _state(result, rows, left_out)
    message = _why_not_judged(left_out) if state == "not_judged" else result.get("msg")
    return {
        "name": str(name),
        "state": state,
        "message": str(message) if message else None,
        "warnings": [str(warning) for warning in result.get("warnings", ())],
        "summary": {**{word: results.count(word) for word in RESULTS}, "left_out": len(left_out)},
        "left_out": left_out,
        "rows": rows,
    }


def _state(result: Mapping[str, Any], rows: list[dict[str, str]], left_out: list[str]) -> str:
    """judged also where rows differ; failed where the work itself did not come to its end.

    not_judged where nothing is proved, or what nearly every row stands on was left out.
    """
    if not result or result.get("skipped"):
        return "not_run"
    if result.get("unreachable"):
        return "unreachable"
    results = [row["result"] for row in rows]
    if "differs" in results:
        return "judged"
    if result.get("failure") or result.get("exception") or not rows:
        return "failed"
    return "not_judged" if "proved" not in results or set(FOUNDATION) & set(left_out) else "judged"


def _why_not_judged(left_out: list[str]) -> str:
    names = ", ".join(row for row in FOUNDATION if row in left_out)
    return f"{names} left out, on which nearly every other row stands" if names else "no row is proved"


def lines(content: Mapping[str, Any]) -> list[str]:
    """What an operator reads of the record: a line a server, and a table of what is not proved."""
    hosts = content["hosts"]
    told_of: list[str] = []
    for host in hosts:
        counts = host["summary"]
        told = f"{counts['proved']} proved, {counts['differs']} differ, {counts['not_testable']} not testable"
        if counts["left_out"]:
            told += f" ({counts['left_out']} left out)"
        if host["state"] == "not_judged":
            told = f"not judged, {told}"
        asked = host["state"] in ("judged", "not_judged")
        told_of.append(f"{host['name']}: {told if asked else host['state'].replace('_', ' ')}")
        if host["state"] != "judged" and host["message"]:
            told_of.append(f"  {host['message']}")
        told_of += [f"  warning: {warning}" for warning in host["warnings"]]
    table = [_HEAD, *_rows([host for host in hosts if host["state"] == "judged"])]
    if len(table) > 1:
        widths = [max(len(row[column]) for row in table) for column in range(len(_HEAD) - 1)]
        told_of += ["", *(_in_columns(row, widths) for row in table)]
    return [printable(line) for line in told_of]


def _in_columns(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]])


def _rows(hosts: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """One line for what is the same on several servers, and what differs first."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for host in hosts:
        for row in host["rows"]:
            if row["result"] != "proved":
                seen = printable(shortened(row["seen"], _SHOWN))
                together.setdefault((row["result"], row["id"], seen), []).append(host["name"])
    ordered = sorted(together.items(), key=lambda item: item[0][0] != "differs")
    return [
        (result.replace("_", " "), printable(row), _named(names, len(hosts)), seen)
        for (result, row, seen), names in ordered
    ]


def _named(names: list[str], of: int) -> str:
    if len(names) == of > 1:
        return "every server"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return printable(", ".join(names[:_NAMED]) + more)
