# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaviours of docs/evidence.md that a server can be made to break, by the ids of their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# What the server does then.
BREAKABLE: Mapping[str, str] = {
    "reg_query": "joins the texts of a REG_MULTI_SZ by a blank",
    "reg_add": "writes no value and reports success",
    "reg_delete": "deletes no value and reports success",
    "reg_import": "takes hex(1) and hex(7) for the ANSI code page, whatever the header says",
    "wmic_os": "prints datetimes without their zone",
    "wmic_process": "prints datetimes without their zone",
    "wmic_nicconfig": "prints a list of addresses without quotes",
    "whoami": "prints no SIDs",
    "netstat": "prints no process ids",
    "sc_query": "ends with 0 for a service that does not exist",
    "sc_enumdepend": "ends with 0 where it needs more bytes",
    "netsh_interface": "prints an address together with the length of its prefix",
    "findstr": "cuts lines of more than 4,096 bytes",
    "appcmd_list": "does not print defaults",
    "appcmd_search": "prints paths that do not begin with MACHINE/WEBROOT, and ends with 2 where nothing is found",
    "appcmd_is_there": "has an IIS 7 without appcmd.exe",
    "kernel_mode_default": "has useKernelMode false where nothing sets it",
    "ping": "takes no time",
    "cd": "reports success where the folder cannot be entered",
    "del": "does not delete a read-only file in spite of /f",
    "del_exit_code": "del reports failure in every case",
    "attrib": "prints the letters behind the path",
    "icacls": "grants nothing and reports success",
    "xcopy": "does not copy permissions in spite of /o and /x",
    "move": "gives the file the permissions of its new folder",
    "type": "ends at the byte 0x1A",
    "ver": "leaves the exit code as it was",
    "certutil": "writes a byte less than it decoded",
    "cmd": "ends with the lowest eight bits of an exit code",
    "echo": "sets the exit code to 0",
    "set": "makes no variable",
    "call": "does not expand once more",
    "if": "takes if errorlevel N for exactly N",
    "if_without_brackets": "the body of an IF ends at the &",
    "for": "gives no size",
    "key_absent_or_denied": "a key does not list those below it that are denied",
    "key_without_values": "reg query shows the default value of a key without values",
    "text_with_line_breaks": "reg query prints LF as CR LF",
    "variables_before_the_line": "%name% is replaced when its command runs",
    "line_length": "a line has at most 2,047 characters",
    "variable_lengths": "%TEMP% has more than 100 characters",
    "line_as_it_is": "several blanks of a command line become one",
    "standard_input": "CR LF arrives as LF",
    "code_page": "programs answer in the code page 850",
    "long_value": "reg query cuts lines of more than 20,000 characters",
    "rights": "the account's token is filtered: it cannot write below HKLM\\SOFTWARE, nor read by appcmd",
    "adapter_binding": "Bind of Tcpip6 names no adapter though they have IPv6 addresses",
    "adapter_address": "the keys of the adapters name another address than they have",
    "mailbox_role": "a Mailbox server's registry does not list MailboxRole",
    "rpc_web_site": "WebSite names a site that does not hold /Rpc",
    "skip_cmd_shell": "no program is started without cmd.exe",
    "commands_side_by_side": "a command ends the one that runs in the same shell",
    "operation_quota": "a shell that has used up its operations says so by the fault 1359",
    "envelope": "the envelope takes 64 KB",
    "cluster_key": "a running cluster node has no key HKLM\\Cluster",
    "redirection_keeps_permissions": "the file gets the permissions of its folder",
    "redirection_that_fails": "it sets the exit code to 1",
}
# Why it cannot be: nothing that changes nothing on a server can see it.
UNBREAKABLE: Mapping[str, str] = {
    "shell": "without a shell nothing can be told at all",
    "rpcping": "preflight knows no mailbox server and no password",
    "taskkill": "preflight ends no process",
    "net_stop": "preflight stops no service",
    "net_start": "preflight starts no service",
    "shutdown_r": "preflight restarts no server",
    "appcmd_set": "preflight changes nothing of IIS",
    "busy": "nobody can make WinRM busy to order",
    "idle_shell": "preflight leaves no shell behind",
    "servicelet_pass": "preflight changes no polling",
    "disabled_components_at_boot": "preflight restarts no server",
    "system_attendant_start": "preflight restarts no service",
    "nspi_endpoint_at_boot": "preflight restarts no server",
    "later_exchange": "preflight does not know what else is installed",
    "highest_build": "nothing else says which build runs",
    "kernel_mode_restart": "preflight changes nothing of IIS",
    "service_start_timeout": "preflight starts no service",
    "boot_time": "preflight restarts no server",
    "stale_exit_code": "preflight starts no service",
    "valid_ports_reread": "preflight changes no ValidPorts",
    "hosts_file_form": "preflight changes no hosts file",
    "hosts_file_reread": "preflight changes no hosts file",
}


def refusal(ids: Iterable[str], backend: str) -> str | None:
    """Why a server cannot be broken so; None where it can."""
    ids = tuple(ids)
    for name in ids:
        if name in UNBREAKABLE:
            return f"{name} cannot be broken: {UNBREAKABLE[name]}"
        if name not in BREAKABLE:
            return f"{name!r} is no id of a row that can be broken; these are: {', '.join(sorted(BREAKABLE))}"
    if ids and backend != "model":
        return "only servers of the model can be broken"
    return None
