# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of diagnosis: readings of a fleet -> an answer on screen and in two files, and a failure unless clean."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from ansible.utils.display import Display

from .action_base import ControllerAction, unwritten
from .fleet_findings import fleet_findings
from .journal import write_whole
from .problems.case import Case
from .problems.diagnose import diagnose
from .reports.diagnosis import markdown, outcome, screen
from .version import VERSION

_NOT_WRITTEN = "the diagnosis could not be written; what stands above is all there is of this run"


class DiagnosisAction(ControllerAction):
    """Judges only: server_info and rpcping have asked the servers before it. Check mode writes its files too."""

    name = "diagnosis"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "readings": {"type": "dict", "required": True},
        "inventory": {
            "type": "dict",
            "required": True,
            "options": {
                "client_access": {"type": "list", "elements": "str", "default": []},
                "mailbox": {"type": "list", "elements": "str", "default": []},
                "global_catalog": {"type": "list", "elements": "str", "default": []},
                "mailbox_servers": {"type": "list", "elements": "raw", "default": []},
                "own_mailbox_servers": {"type": "dict", "default": {}},
                "further_mailbox_servers": {"type": "list", "elements": "raw", "default": []},
                "global_catalogs": {"type": "list", "elements": "raw", "default": []},
                "extra_entries": {"type": "list", "elements": "str", "default": []},
                "affinity": {"type": "str", "default": ""},
            },
        },
        "rpcping": {"type": "list", "elements": "dict", "default": []},
        "report_dir": {"type": "path", "default": "./outlook_anywhere_report"},
    }

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make the record, show it, write it."""
        readings, inventory = options["readings"], options["inventory"]
        diagnosis = replace(
            diagnose(Case.of(readings, inventory), fleet_findings(readings, inventory), options["rpcping"]),
            generated=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            collection_version=VERSION,
        )
        record = diagnosis.as_dict()
        folder = Path(options["report_dir"]).absolute()
        files = {"json": folder / "diagnosis.json", "md": folder / "diagnosis.md"}
        result = {"changed": False, "clean": diagnosis.clean, "answer": outcome(record)}
        result["summary"] = diagnosis.summary
        result["problems"] = [{part: item[part] for part in ("name", "state", "hosts")} for item in record["problems"]]
        for line in ["", *screen(record)]:
            Display().display(line)
        try:
            write_whole(files["json"], json.dumps(record, indent=2, ensure_ascii=True) + "\n")
            write_whole(files["md"], markdown(record))
        except OSError as error:
            return result | self.stopped(unwritten(folder, _NOT_WRITTEN, "diagnose", error))
        Display().display(f"\ndiagnosis: {files['md']}")
        result["reports"] = {form: str(path) for form, path in files.items()}
        if not diagnosis.clean:
            result |= {"failed": True, "msg": f"not clean: {outcome(record)}; details in {files['md']}"}
        return result
