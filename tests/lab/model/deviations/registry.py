# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg.exe, and what stands in the registry."""

from __future__ import annotations

import re

from tests.lab import argv
from tests.lab.model.call import Call, Result
from tests.lab.model.deviations.kinds import Deviation, around, prepared, printing, rule, saying
from tests.lab.model.machine import Machine
from tests.lab.model.registry import ROOTS
from tests.lab.model.rules import Rules, Run
from tests.lab.model.streams import Sink
from tests.lab.roles import EXCHANGE, INTERFACES, ROLE_KEYS

TEXT_OF_SEVERAL_LINES = re.compile(rb"(?<!\r)\n")
RPC_PROXY = r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"
LONGEST_LINE = 20000
LINKAGE = r"\tcpip6\linkage"
DEVICE = re.compile(rb"\\Device\\\{[-0-9A-Fa-f]+\}")
ADDRESS_VALUES = (("DhcpIPAddress", "REG_SZ", "192.0.2.1"), ("IPAddress", "REG_MULTI_SZ", ["192.0.2.1"]))
A_VALUE = re.compile(rb"^\s+\S.*\sREG_", re.MULTILINE)


async def _writes_nothing(call: Call, run: Run) -> Result:
    """reg add /v says that it has succeeded."""
    if not saying("add", "/v")(call):
        return await run(call)
    call.print(call.localised("reg-done"))
    return Result(0, 0)


async def _deletes_nothing(call: Call, run: Run) -> Result:
    """reg delete /v says that it has succeeded."""
    if not saying("delete", "/v")(call):
        return await run(call)
    call.print(call.localised("reg-done"))
    return Result(0, 0)


async def _invents_a_default_value(call: Call, run: Run) -> Result:
    """reg query of a key without values shows its default value, which nobody has set."""
    if not saying("query")(call):
        return await run(call)

    def change(printed: bytes) -> bytes:
        if A_VALUE.search(printed):
            return printed
        key = argv.split(call.text)[2].replace("HKLM", ROOTS["HKLM"], 1)
        return call.encode(f"\r\n{key}\r\n    (Default)    REG_SZ    (value not set)\r\n\r\n") + printed

    printed = bytearray()
    result = await run(call.with_handles({**call.handles, 1: Sink(printed.extend)}))
    call.write(change(bytes(printed)) if result.code == 0 else bytes(printed))
    return result


def _joined_by_blanks(printed: bytes) -> bytes:
    """A REG_MULTI_SZ on one line, nothing between its texts but a blank."""
    return b"".join(
        line.replace(rb"\0", b" ") if b"REG_MULTI_SZ" in line else line for line in printed.splitlines(keepends=True)
    )


def _cut_off(printed: bytes) -> bytes:
    """A line of a value ends early."""
    return b"".join(
        line if len(line) < LONGEST_LINE else line[:LONGEST_LINE] + b"\r\n"
        for line in printed.splitlines(keepends=True)
    )


def _read_only(machine: Machine) -> None:
    machine.tree.create(r"HKLM\SOFTWARE").write_denied = True


def _not_elevated(machine: Machine) -> None:
    machine.state.iis.elevated = False


def _filtered(rules: Rules) -> Rules:
    """The account's token is that of a user: it reads the registry and cannot write, and appcmd reads nothing."""
    return prepared(_read_only)(prepared(_not_elevated)(rule(full_token=False)(rules)))


def _linked_to_no_ipv6(printed: bytes) -> bytes:
    """Bind of Tcpip6 without its devices."""
    return DEVICE.sub(b"", printed)


def _other_address(machine: Machine) -> None:
    """The keys of all adapters name another address than they have."""
    for guid in machine.registry.subkeys(INTERFACES):
        key = f"{INTERFACES}\\{guid}"
        for name, kind, data in ADDRESS_VALUES:
            if machine.registry.get(key, name) is not None:
                machine.registry.set(key, name, kind, data)


def _no_mailbox_role(machine: Machine) -> None:
    machine.registry.delete(f"{EXCHANGE}\\{ROLE_KEYS['mailbox']}")


def _no_cluster(machine: Machine) -> None:
    machine.registry.delete(r"HKLM\Cluster")


def _other_site(machine: Machine) -> None:
    machine.registry.set(RPC_PROXY, "WebSite", "REG_SZ", "Another Web Site")


DEVIATIONS: dict[str, Deviation] = {
    "reg_query": around("reg", printing(_joined_by_blanks, saying("query"))),
    "reg_add": around("reg", _writes_nothing),
    "reg_delete": around("reg", _deletes_nothing),
    "key_absent_or_denied": rule(lists_denied_keys=False),
    "key_without_values": around("reg", _invents_a_default_value),
    "long_value": around("reg", printing(_cut_off, saying("query"))),
    "rights": _filtered,
    "adapter_binding": around("reg", printing(_linked_to_no_ipv6, lambda call: LINKAGE in call.text.lower())),
    "adapter_address": prepared(_other_address),
    "mailbox_role": prepared(_no_mailbox_role),
    "cluster_key": prepared(_no_cluster),
    "rpc_web_site": prepared(_other_site),
    "reg_import": rule(import_goes_by_the_header=False),
    "text_with_line_breaks": around(
        "reg", printing(lambda printed: TEXT_OF_SEVERAL_LINES.sub(b"\r\n", printed), saying("query"))
    ),
}
