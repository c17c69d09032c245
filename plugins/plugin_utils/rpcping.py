# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of an Outlook Anywhere client, tried rung by rung with rpcping.exe: RPC proxy, store, referral, DSProxy."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail, AnsibleError

from .action_base import COMMAND_TIMEOUT, ServerAction
from .fixes.plan import Failure
from .rpc_climb import Climb
from .rpc_order import Order, secret_of
from .windows.server import Server
from .windows.shell import Shell


class RpcpingAction(ServerAction):
    """Try the way of a client from one server."""

    name = "rpcping"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {**Order.argument_spec, **COMMAND_TIMEOUT}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """As every action, with the password taken out of whatever is raised."""
        self._secret = secret_of(self._task.args)
        try:
            return super().run(tmp, task_vars)
        except AnsibleError as error:
            told = str(error)
        except Exception as error:  # noqa: BLE001 a mistake of ours is told in full, but for the password
            told = f"the module has a mistake; report this:\n{''.join(traceback.format_exception(error))}"
        # Outside of the handler, so that the error that may hold the password does not go along as the cause.
        raise AnsibleActionFail(self._secret.hide(told))

    def stopped(self, failure: Failure) -> dict[str, Any]:
        """A failed result before anything was started."""
        # They quote what the task gives.
        quoting = {name: self._secret.hide(getattr(failure, name)) for name in ("setting", "problem", "found")}
        return {**super().stopped(replace(failure, **quoting)), "proved": False, "steps": [], "failed_step": None}

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Climb the ladder; in check mode as well, as it changes nothing."""
        order = Order.parse(options)
        refused = self.refused(options)
        if refused is not None:
            return refused
        shell = Shell(self._connection, deadline=options["command_timeout"], hide=self._secret.hide)
        climb = Climb(order, Server(shell), shell)
        try:
            return climb.run().as_result(self.host, self.name)
        except BaseException:
            # The task's own time-out too: what core makes of it says nothing of the server.
            if climb.left is not None:
                self._display.warning(f"{self.host}: {self.name} was cut short: {climb.left}")
            raise
