# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook against the lab, as an operator would, and keeps what it returned."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]
COLLECTION = "exchange_ops.outlook_anywhere"
RUN_SECONDS = 300

RPC_PROXY = r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"
SERVICE_HOST = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeServiceHost"
CONFIGURATOR = SERVICE_HOST + r"\RpcHttpConfigurator"
# Only a servicelet can make a longer wait worth its while.
SETTLED = {"settle_seconds": 1}
WRITE = {"operation": "command", "command_regex": "reg (add|import)"}


def number(data: int) -> dict[str, Any]:
    """A REG_DWORD for a fleet file."""
    return {"type": "REG_DWORD", "data": data}


def text(data: str, kind: str = "REG_SZ") -> dict[str, Any]:
    """A text value for a fleet file."""
    return {"type": kind, "data": data}


def client_access(
    ports: Mapping[str, Any] | None = None, polling: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A Client Access server for a fleet file; without polling the value is absent."""
    values = {"Enabled": number(1)} | ({"ValidPorts": dict(ports)} if ports else {})
    return {
        "groups": ["client_access"],
        "fqdn": "cas1.contoso.com",
        "registry": {
            RPC_PROXY: values,
            SERVICE_HOST: {"Start": number(2)},
            CONFIGURATOR: {"PeriodicPollingMinutes": dict(polling)} if polling else {},
        },
        **more,
    }


@dataclass
class Run:
    """One ansible-playbook: its exit code, its screen and the results of its tasks."""

    exit_code: int
    screen: str
    records: list[dict[str, Any]] = field(default_factory=list)

    def of(self, module: str, host: str = "cas1") -> dict[str, Any]:
        """The last result of a module on a host, with its outcome."""
        found = [
            record for record in self.records if record["host"] == host and record["action"] == f"{COLLECTION}.{module}"
        ]
        assert found, f"{module} did not run on {host}:\n{self.screen}"
        return {**found[-1]["result"], "outcome": found[-1]["outcome"]}


class Fleet:
    """A running lab with an inventory of it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.inventory = folder / "inventory.yml"
        lab.write_inventory(self.inventory)

    def play(self, playbook: str | list[dict[str, Any]], *arguments: str, **environment: str) -> Run:
        """Run a playbook of the collection by its name, or plays given as data."""
        if not isinstance(playbook, str):
            path = self.folder / "playbook.yml"
            path.write_text(yaml.safe_dump(playbook), encoding="utf-8")
            playbook = str(path)
        results = self.folder / "results.jsonl"
        results.unlink(missing_ok=True)
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", self.inventory, playbook, *arguments],
            cwd=self.folder,
            env=self._environment(results) | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
        return Run(done.returncode, done.stdout + done.stderr, [json.loads(line) for line in lines])

    def valid_ports(self, *arguments: str, play: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """The result of valid_ports on cas1 for mbx1 and gc1 of contoso.com, with further options."""
        return self.valid_ports_everywhere(*arguments, play={"hosts": "cas1", **(play or {})}, **options)["cas1"]

    def valid_ports_everywhere(
        self, *arguments: str, play: Mapping[str, Any] | None = None, **options: Any
    ) -> dict[str, dict[str, Any]]:
        """The same on every Client Access server, by its name."""
        given = {"mailbox_servers": ["mbx1.contoso.com"], "global_catalogs": ["gc1.contoso.com"], **SETTLED, **options}
        task = {f"{COLLECTION}.valid_ports": given}
        run = self.play(
            [{"hosts": "client_access", "gather_facts": False, "tasks": [task], **(play or {})}], *arguments
        )
        hosts = {record["host"] for record in run.records}
        assert hosts, run.screen
        return {host: run.of("valid_ports", host) for host in hosts}

    def _environment(self, results: Path) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_") and name != "LC_ALL"
        }
        return inherited | {
            "ANSIBLE_COLLECTIONS_PATH": collections_path(),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback_plugins")),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
            "RESULTS_FILE": str(results),
        }


def collections_path() -> str:
    """Where the collection is found: the checkout's link, or another copy that the environment names."""
    return os.environ.get("TESTED_COLLECTIONS_PATH", str(REPOSITORY / ".venv" / "collections"))


WITH_VERBS = ("appcmd", "net", "netsh", "reg", "sc", "shutdown", "wmic")
_REDIRECTION = r"\d?>>?(?:&\d|\s*(?:\"[^\"]*\"|[^\s\"&|()<>])+)|<\s*(?:\"[^\"]*\"|[^\s\"&|()<>])+"
_TOKEN = re.compile(rf"{_REDIRECTION}|&&?|\|\|?|[()]|(?:\"[^\"]*\"|[^\s\"&|()<>])+")
_CONDITION_WORDS = {"errorlevel": 1, "defined": 1, "exist": 1}


def programs(command_line: str) -> set[str]:
    """The programs of a line, each with its verb where it has verbs.

    Everything that stands where a command may stand counts: at the start, behind &, | and brackets, behind the
    condition of an IF and behind the DO of a FOR.
    """
    found: set[str] = set()
    segment: list[str] = []
    for token in [*_TOKEN.findall(command_line), "&"]:
        if token in ("&", "&&", "|", "||", "(", ")"):
            # The set of a FOR stands in brackets and is no command.
            if segment and not _is_for_set(segment):
                found |= _command(segment)
            segment = ["for-set"] if segment and segment[-1].lower() == "in" and token == "(" else []
        elif not re.match(r"\d?>|<", token):
            segment.append(token)
    return found


def _is_for_set(segment: list[str]) -> bool:
    return segment[0] == "for-set"


def _command(words: list[str]) -> set[str]:
    name = re.sub(r"\.exe$", "", words[0].lstrip("@").strip('"').rpartition("\\")[2].lower())
    if name == "do":
        return _command(words[1:]) if words[1:] else set()
    if name == "if":
        rest = words[1:]
        while rest and rest[0].lower() in ("not", "/i"):
            rest = rest[1:]
        rest = rest[1 + _CONDITION_WORDS.get(rest[0].lower(), 0) :] if rest else []
        return {"if"} | (_command(rest) if rest else set())
    if name == "else":
        return _command(words[1:]) if words[1:] else set()
    if name == "for":
        return {"for"}
    return {f"{name} {words[1].lower()}" if name in WITH_VERBS and words[1:] else name}
