# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any set of fixes as one task: what is given is managed, and all of it is read at once."""

from __future__ import annotations

from typing import Any, ClassVar

from .action_base import COMMAND_TIMEOUT, SNAPSHOT_DIR, ConvergeAction, managed_by, options_of
from .converge import Managed
from .fixes.dsproxy_referral import DsproxyReferral
from .fixes.hosts_ipv4 import HostsIpv4
from .fixes.ipv6_binding import Ipv6Binding
from .fixes.ipv6_components import Ipv6Components
from .fixes.kernel_mode_authentication import KernelModeAuthentication
from .fixes.nspi_endpoint import NspiEndpoint
from .fixes.options import InvalidOptions, OptionProblem
from .fixes.plan import Finding, Fix
from .fixes.rpc_virtual_directory import RpcVirtualDirectory
from .fixes.valid_ports import ValidPorts

# In the order in which their changes are made on a server that has several roles: no client is left without a
# directory on the way.
FIXES: tuple[type[Fix], ...] = (
    NspiEndpoint,
    Ipv6Components,
    Ipv6Binding,
    HostsIpv4,
    KernelModeAuthentication,
    RpcVirtualDirectory,
    ValidPorts,
    DsproxyReferral,
)


class BaselineAction(ConvergeAction):
    """The module baseline."""

    name: ClassVar[str] = "baseline"
    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        **{fix.name: {"type": "dict", "options": options_of(fix)} for fix in FIXES},
        **COMMAND_TIMEOUT,
        **SNAPSHOT_DIR,
    }

    @property
    def _given(self) -> tuple[type[Fix], ...]:
        return tuple(fix for fix in FIXES if fix.name in self._task.args)

    def unknown(self, reason: str) -> tuple[Finding, ...]:
        """Those of every fix that is given."""
        return tuple(finding for fix in self._given for finding in fix.unknown(reason))

    def managed(self, options: dict[str, Any]) -> tuple[Managed, ...]:
        """Every fix that is given, with all problems of all options said at once."""
        problems: list[OptionProblem] = []
        managed: list[Managed] = []
        if not self._given:
            names = ", ".join(fix.name for fix in FIXES)
            problems.append(OptionProblem("baseline", "no fix", f"at least one of these is needed: {names}"))
        for fix in self._given:
            if options[fix.name] is None:
                why = "an empty value says neither yes nor no: give {} to manage it, or leave the key out"
                problems.append(OptionProblem(fix.name, "nothing", why))
                continue
            try:
                managed.append(managed_by(fix, options[fix.name]))
            except InvalidOptions as error:
                problems += [
                    OptionProblem(f"{fix.name}.{item.option}", item.found, item.why) for item in error.problems
                ]
        if problems:
            raise InvalidOptions(problems)
        return tuple(managed)
