# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row: those that are proved, in the order in which they are, and those that no look at a server proves."""

from __future__ import annotations

from . import cmd_line, files, iis, network, registry, standard_input, system, whoami, win_rs
from .probe import Probe, never

_STOPS = "would stop a service"
_STARTS = "would start a service"
_REBOOT = "needs a reboot"
_HOSTS = "would change the hosts file"
NEVER = {
    "net_stop": _STOPS,
    "net_start": _STARTS,
    "shutdown_r": "would restart the server",
    "appcmd_set": "would change IIS's configuration",
    "rpcping": "needs a mailbox server and a password: module rpcping",
    "taskkill": "would end a process",
    "busy": "WinRM cannot be made busy to order",
    "idle_shell": "would take as long as the server's IdleTimeout, and leave a shell",
    "servicelet_pass": "would change PeriodicPollingMinutes, and a pass cannot be seen",
    "system_attendant_start": "needs a restart of MSExchangeSA",
    "later_exchange": "nothing else that is read says whether a later Exchange is installed",
    "highest_build": "nothing else that is read says which build runs",
    "kernel_mode_restart": "would change IIS's configuration and restart W3SVC",
    "service_start_timeout": _STARTS,
    "boot_time": _REBOOT,
    "stale_exit_code": _STARTS,
    "valid_ports_reread": "would change ValidPorts",
    "hosts_file_form": _HOSTS,
    "hosts_file_reread": _HOSTS,
}


ROWS: tuple[Probe, ...] = (
    *cmd_line.PROBES,
    *win_rs.PROBES,
    *standard_input.PROBES,
    *files.PROBES,
    *whoami.PROBES,
    *registry.PROBES,
    *system.PROBES,
    *network.PROBES,
    *iis.PROBES,
    *win_rs.AT_THE_END,
    *(never(row, why) for row, why in NEVER.items()),
)
