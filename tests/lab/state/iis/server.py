# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIS 7 of one server, as its programs and a test find it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from tests.lab.clock import Clock
from tests.lab.iis import WINDOWS, IisSpec
from tests.lab.state.iis import sections
from tests.lab.state.iis.configuration import Configuration
from tests.lab.state.iis.defaults import client_access
from tests.lab.state.iis.sections import Section

NOTHING = "<configuration />"
DEFAULT_POOL = "DefaultAppPool"

Callback = Callable[["Iis"], None]
# The moment of the server's clock at which W3SVC started; None while it does not run.
Started = Callable[[], float | None]


class Iis:
    """The fields are the test's to change. Sections go by their path or by their own name; the path "" is the server.

    elevated: appcmd may read and write. reachable: the share that holds the configuration answers. locked: a lock
    refuses every write to windowsAuthentication. changes: how often appcmd has written.
    """

    def __init__(self, spec: IisSpec | None, lock: threading.RLock, clock: Clock, started: Started) -> None:
        self.installed = spec is not None
        spec = spec or IisSpec(config=NOTHING)
        self.elevated = spec.elevated
        self.reachable = spec.reachable
        self.locked = spec.locked
        self.changes = 0
        self._lock = lock
        self._hooks: list[Callback] = []
        self._clock = clock
        self._started = started
        first = Configuration(spec.config) if spec.config is not None else client_access(spec.site)
        for setting in spec.settings:
            first.set(setting.path, _known(setting.section), setting.attribute, setting.value)
        if spec.recycles_after is not None:
            first.recycle(DEFAULT_POOL, spec.recycles_after)
        self._versions = [(-math.inf, first)]

    # -- what a test does

    def set(self, path: str, section: str, attribute: str, value: str) -> None:
        """Write a value as somebody else would, past every lock."""
        with self._lock:
            changed = self.configuration.copy()
            changed.set(path, _known(section), attribute, value)
            self._versions.append((self._clock.now(), changed))

    def before_set(self, callback: Callback) -> None:
        """Call callback(iis) once, right before the next write of appcmd."""
        with self._lock:
            self._hooks.append(callback)

    # -- how it is

    @property
    def configuration(self) -> Configuration:
        """The present one; change it by set alone."""
        return self._versions[-1][1]

    @property
    def document(self) -> str:
        """The configuration as text."""
        with self._lock:
            return self.configuration.text

    def get(self, path: str, section: str, attribute: str) -> str | None:
        """The value that is written for exactly this path."""
        with self._lock:
            return self.configuration.get(path, _known(section), attribute)

    def effective(self, path: str, section: str, attribute: str) -> str:
        """The value that counts at a path."""
        with self._lock:
            return self.configuration.effective(path, _known(section))[attribute]

    def kernel_mode_in_effect(self, path: str) -> bool | None:
        """Whether requests to a path are authenticated in kernel mode; None while W3SVC does not run.

        It reads the setting when it starts. That no change counts before is an inference.
        """
        with self._lock:
            started = self._started()
            if started is None:
                return None
            served = [version for moment, version in self._versions if moment <= started][-1]
            return served.effective(path, _known(WINDOWS))["useKernelMode"].lower() == "true"

    # -- what its programs do

    def about_to_write(self) -> None:
        """Let happen what a test wants before a write."""
        hooks, self._hooks = self._hooks, []
        for hook in hooks:
            hook(self)


def _known(section: str) -> Section:
    found = sections.find(section)
    if found is None:
        raise KeyError(section)
    return found
