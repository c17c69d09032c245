# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of server_check: how a server runs before a change is remembered, and after it compared."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Any, ClassVar

from .action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR, ServerAction
from .converge import Stop, no_memory, not_read, stop_result
from .fixes.options import OptionReader
from .fixes.plan import Failure
from .journal import FileJournal, JournalUnusable
from .patience import Patience
from .server_info import read_facts
from .server_trouble import server_trouble
from .windows.server import Server
from .windows.shell import FarSideError
from .work_note import NAME, WorkNote

SETTING = "how the server runs"
MAX_SECONDS = 86400


class ServerCheckAction(ServerAction):
    """Three tasks around a change; what lies between may take a reboot, and may be cut."""

    name = "server_check"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "moment": {"type": "str", "choices": ["before", "after", "done"], "required": True},
        "seconds": {"type": "int", "default": 600},
        "directory": {"type": "bool", "default": False},
        "closes": {"type": "list", "elements": "int", "default": []},
        **COMMAND_TIMEOUT,
        **SNAPSHOT_DIR,
    }

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Writes on the controller only."""
        reader = OptionReader()
        if not 0 <= options["seconds"] <= MAX_SECONDS:
            reader.problem("seconds", options["seconds"], f"it is not between 0 and {MAX_SECONDS}")
        reader.raise_problems()
        refused = self.refused(options)
        if refused is not None:
            return refused
        journal = FileJournal(Path(options["snapshot_dir"]), self.host)
        server = self.server(options)
        try:
            note = WorkNote.of(journal.read())
            if options["moment"] == "before":
                return self._before(server, journal, note)
            if options["moment"] == "after":
                return self._after(server, note, options)
            if note is not None and not self._task.check_mode:
                journal.remember([], [NAME])
        except JournalUnusable as error:
            return self._stopped_by(no_memory(SETTING, error))
        except FarSideError as error:
            return self._stopped_by(not_read(SETTING, error))
        return {"changed": False}

    def _before(self, server: Server, journal: FileJournal, note: WorkNote | None) -> dict[str, Any]:
        """An unfinished earlier work keeps its own measure."""
        facts = read_facts(server)
        lacks = [part for part in ("services", "ports", "read_at") if facts.get(part) is None]
        if lacks:
            return self._stopped_by(Stop(_no_measure(facts, lacks)))
        if note is None and not self._task.check_mode:
            at = datetime.datetime.fromisoformat(facts["read_at"])
            journal.remember([WorkNote(facts["services"], facts["ports"], at).record])
        return {"changed": False, "server": facts, "resumed": note is not None}

    def _after(self, server: Server, note: WorkNote | None, options: dict[str, Any]) -> dict[str, Any]:
        """Ask until the server is as well as before or the time is over; one that does not answer is asked anew."""
        if note is None:
            return self._stopped_by(Stop(_no_note()))
        patience = Patience(options["seconds"], time.monotonic)
        while True:
            result = self._look(server)
            trouble = server_trouble(note.before, result, options["directory"], options["closes"])
            if not trouble:
                return {"changed": False, "server": result["server"], "seconds": round(patience.spent)}
            pause = patience.pause()
            if pause is None:
                stop = Stop(_worse(trouble, options["seconds"]), "see the results before")
                return {**result, **self._stopped_by(stop)}
            time.sleep(pause)

    def _look(self, server: Server) -> dict[str, Any]:
        try:
            return {"server": read_facts(server)}
        except FarSideError as error:
            server.leave()
            return {"failure": {"found": str(error)}}

    def _stopped_by(self, stop: Stop) -> dict[str, Any]:
        return {"changed": False, **stop_result(self.host, self.name, stop)}


def _no_measure(facts: dict[str, Any], lacks: list[str]) -> Failure:
    why = facts.get("unknown") or {}
    return Failure(
        setting=SETTING,
        problem="how the server runs could not be read, so nobody could say whether it is worse after the change",
        found="; ".join(f"{part}: {why.get(part, 'not read')}" for part in lacks),
        expected="its services, listeners and clock",
        next_step="Mend what keeps them from being read, then run again. Nothing was changed.",
    )


def _no_note() -> Failure:
    return Failure(
        setting=SETTING,
        problem="the controller does not know how the server ran before",
        found="no record of a server in work",
        expected="server_check with moment: before, on this controller and with this snapshot_dir",
        next_step="Run it before the change. Nothing was compared.",
    )


def _worse(trouble: list[str], seconds: int) -> Failure:
    return Failure(
        setting=SETTING,
        problem=f"after the change it is worse than before; waited {seconds} seconds",
        found="; ".join(trouble),
        expected="every service that ran and every port that was listened on, as before",
        next_step=(
            "Bring the server to that and run the playbook again: it goes on here. Where it is meant to be as it is "
            "now, remove the record 'in work' from the server's pending.json below snapshot_dir."
        ),
    )
