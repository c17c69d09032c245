# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One modelled server: registry, files, clock, environment, and what goes on in it by itself."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab import host_files
from tests.lab.clock import Clock
from tests.lab.host_files import DRIVERS_ETC
from tests.lab.hosts import HostSpec
from tests.lab.iis import APPCMD
from tests.lab.model import base_registry
from tests.lab.model.environment import Environment
from tests.lab.model.files import Files
from tests.lab.model.registry import ModelRegistry, Tree, Value
from tests.lab.model.rules import WINDOWS, Rules
from tests.lab.model.servicelet import RpcHttpConfigurator
from tests.lab.rpcping import RPCPING
from tests.lab.state import ServerState

PROFILE = r"C:\Users\Administrator"
TEMP = PROFILE + r"\AppData\Local\Temp"

Callback = Callable[["Machine"], None]


@dataclass
class _Hook:
    pattern: re.Pattern[str]
    callback: Callback
    left: int


class Machine:
    """Built from a HostSpec; tests reach into every part of it."""

    def __init__(self, spec: HostSpec, rules: Rules = WINDOWS) -> None:
        self.spec = spec
        self.rules = rules
        self.clock = Clock()
        self.tree = Tree()
        self.registry = ModelRegistry(self.tree, self.tick)
        self.files = Files((TEMP, DRIVERS_ETC))
        self._hooks: list[_Hook] = []
        self._ticking = threading.RLock()
        hostname = spec.fqdn.partition(".")[0]
        self.environment = Environment(_variables(hostname))
        self._fill_files()
        base_registry.fill(self.tree, spec.windows, hostname)
        self._fill_registry()
        self.state = ServerState(spec, self.registry, self.clock)
        self.servicelet = RpcHttpConfigurator(spec.servicelet, self.tree, self.clock) if spec.servicelet else None
        self.state.start()
        for prepare in rules.prepared:
            prepare(self)

    def tick(self) -> None:
        """Let happen what has fallen due."""
        with self._ticking:
            if self.servicelet is not None:
                self.servicelet.tick()

    def advance(self, seconds: float) -> None:
        """Put the clock forward and let happen what falls due."""
        self.clock.advance(seconds)
        self.tick()

    def deny(self, key: str) -> None:
        """Take the WinRM user's rights to a key and all below it away; an absent key is made."""
        self.tree.create(key).denied = True

    def allow(self, key: str) -> None:
        """Give them back."""
        self.tree.create(key).denied = False

    def after_program(self, pattern: str, callback: Callback, times: int = 1) -> None:
        """Call callback(machine) right after a program whose command text matches, the next so many times."""
        self._hooks.append(_Hook(re.compile(pattern, re.IGNORECASE), callback, times))

    def program_ended(self, text: str) -> None:
        """Run the hooks of a program."""
        for hook in list(self._hooks):
            if hook.left > 0 and hook.pattern.search(text):
                hook.left -= 1
                hook.callback(self)
        self._hooks = [hook for hook in self._hooks if hook.left > 0]

    def _fill_files(self) -> None:
        if self.spec.iis is not None:
            self.files.write(APPCMD, b"MZ")
        if self.spec.rpcping is not None:
            self.files.write(RPCPING, b"MZ")
        for path, file in host_files.initial(self.spec.windows, self.spec.files).items():
            self.files.write(path, file.data)
            self.files.set_attributes(path, file.attributes)
            if file.in_use:
                self.files.hold(path)
            if file.denied:
                self.files.deny(path)

    def _fill_registry(self) -> None:
        for key, values in self.spec.registry.items():
            self.tree.create(key)
            for name, value in values.items():
                self.tree.write(key, Value(name, value.kind, value.data))
        for key in self.spec.denied:
            self.deny(key)


def _variables(hostname: str) -> dict[str, str]:
    return {
        "ALLUSERSPROFILE": r"C:\ProgramData",
        "COMPUTERNAME": hostname.upper()[:15],
        "ComSpec": r"C:\Windows\system32\cmd.exe",
        "NUMBER_OF_PROCESSORS": "2",
        "OS": "Windows_NT",
        "Path": r"C:\Windows\system32;C:\Windows;C:\Windows\System32\Wbem",
        "PATHEXT": ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC",
        "PROCESSOR_ARCHITECTURE": "AMD64",
        "ProgramFiles": r"C:\Program Files",
        "PROMPT": "$P$G",
        "SystemDrive": "C:",
        "SystemRoot": r"C:\Windows",
        "TEMP": TEMP,
        "TMP": TEMP,
        "USERNAME": "Administrator",
        "USERPROFILE": PROFILE,
        "windir": r"C:\Windows",
    }
