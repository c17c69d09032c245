# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a server off the network and back: reboots that are due, power that fails, a cable that is pulled."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import math
from collections.abc import Callable, Coroutine
from typing import Any

from tests.lab.faults import Fault, FaultPlan
from tests.lab.server import WsmanServer
from tests.lab.shells import ShellService
from tests.lab.state import ServerState
from tests.lab.state.power import POWER_OFF

# A server that shuts down still sends the answer of the command that told it to.
LAST_WORDS_SECONDS = 0.2
ORDER_SECONDS = 60


class Outage:
    """One server's. Its coroutines run in the loop that called watch()."""

    def __init__(self, state: ServerState, service: ShellService, server: WsmanServer, faults: FaultPlan) -> None:
        self._state = state
        self._service = service
        self._server = server
        self._faults = faults
        self._reboot = state.spec.reboot
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._shutdown: asyncio.Task[None] | None = None
        self._plugged_in = True

    def watch(self) -> None:
        """Carry out shutdowns from now on."""
        self._loop = asyncio.get_running_loop()
        self._state.watch_power(self._look)
        self._wind_up()

    async def stop(self) -> None:
        """Carry out none any more."""
        self._state.watch_power(None)
        self._loop = None
        await self._cancel()

    def order(self, action: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have it done, from any thread but the loop's own; returns when it is."""
        if self._loop is None:
            raise RuntimeError(f"{self._state.spec.name} is not running")
        done: concurrent.futures.Future[None] = asyncio.run_coroutine_threadsafe(action(), self._loop)
        done.result(ORDER_SECONDS)

    async def power_off(self) -> None:
        """At once."""
        await self._cancel()
        await self._server.cut()
        await self._service.close()
        await asyncio.to_thread(self._state.shut_down)

    async def power_on(self) -> None:
        """A server that is up only gets its port back."""
        await self._cancel()
        if not self._state.is_up:
            await asyncio.to_thread(self._state.boot)
        self._plugged_in = True
        await self._server.start()

    async def unplug(self) -> None:
        """The state and the shells stay as they are."""
        self._plugged_in = False
        await self._server.cut()

    async def plug_in(self) -> None:
        """A server that is off stays out of reach."""
        self._plugged_in = True
        if self._state.is_up:
            await self._server.start()

    def _look(self) -> None:
        """Called from any thread when a shutdown may have fallen due."""
        loop = self._loop
        if loop is not None:
            # The lab may be closing down.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wind_up)

    def _wind_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending = self._state.pending_shutdown
        if self._loop is None or pending is None or math.isinf(pending.due):
            return
        if self._shutdown is not None and not self._shutdown.done():
            return
        left = max(0.0, pending.due - self._state.clock.now())
        self._timer = self._loop.call_later(left + LAST_WORDS_SECONDS, self._begin)

    def _begin(self) -> None:
        """Nobody may have taken the order back in the meantime."""
        self._timer = None
        pending = self._state.pending_shutdown
        if pending is not None and self._state.shutdown_is_due:
            self._shutdown = asyncio.get_running_loop().create_task(self._carry_out(pending.kind))

    async def _carry_out(self, kind: str) -> None:
        await self._server.cut()
        await self._service.close()
        await asyncio.to_thread(self._state.shut_down)
        if kind == POWER_OFF or not self._reboot.comes_back:
            return
        await asyncio.sleep(self._reboot.outage_seconds)
        await asyncio.to_thread(self._state.boot)
        if self._reboot.network_lost:
            self._plugged_in = False
        await asyncio.sleep(self._reboot.winrm_late_seconds)
        if self._reboot.shells_late:
            self._faults.append(Fault("fault", operation="create", times=self._reboot.shells_late))
        if self._plugged_in:
            await self._server.start()

    async def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._shutdown is not None:
            self._shutdown.cancel()
            await asyncio.gather(self._shutdown, return_exceptions=True)
            self._shutdown = None
