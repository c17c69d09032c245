# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that a test or a fleet file orders from a server, and the count that decides when each strikes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

OPERATIONS = ("create", "command", "send", "receive", "signal", "delete")
# The steps of a handshake come before any operation; "any" does not count them, and they can only be cut.
HANDSHAKE = "auth"
CUTS = ("cut_before", "cut_after")
KINDS = (*CUTS, "http_status", "garbage", "truncate", "fault", "hang", "output", "whole", "stall", "lose")
# These change what a command does, so only the request that starts one can carry them.
COMMAND_KINDS = ("hang", "output", "whole")
# Only a Send has input that can be lost.
SEND_KINDS = ("lose",)


@dataclass(frozen=True)
class Fault:
    """One ordered mishap: which request it strikes, and how.

    It strikes the nth matching request after it was added and the times - 1 that follow; times=0 never ends.
    With command_regex only requests of commands whose line it matches count.
    """

    kind: str
    operation: str = "any"
    nth: int = 1
    times: int = 1
    command_regex: str | None = None
    status: int = 500  # http_status
    body: str = ""  # http_status
    code: int = 170  # fault: WSManFault Code
    wmi_code: int | None = None  # fault: MSFT_WmiError error_Code
    stdout: bytes = b""  # output
    stderr: bytes = b""  # output
    exit_code: int = 0  # output
    seconds: float = 1.0  # stall
    arrives: float = 0.5  # lose: the part of the input that the command gets; the answer is as if it were all
    # Called in the lab's thread with each cut or loss, while the client still waits.
    when_cut: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault kind {self.kind!r}, known: {', '.join(KINDS)}")
        if self.operation not in ("any", HANDSHAKE, *OPERATIONS):
            raise ValueError(f"unknown operation {self.operation!r}, known: any, {HANDSHAKE}, {', '.join(OPERATIONS)}")
        if self.operation == HANDSHAKE and self.kind not in CUTS:
            raise ValueError(f"fault kind {self.kind!r} does not strike a handshake")
        if self.kind in COMMAND_KINDS and self.operation not in ("any", "command"):
            raise ValueError(f"fault kind {self.kind!r} strikes the operation 'command' only")
        if self.kind in SEND_KINDS and self.operation not in ("any", "send"):
            raise ValueError(f"fault kind {self.kind!r} strikes the operation 'send' only")
        if self.nth < 1 or self.times < 0:
            raise ValueError("nth counts from 1, times from 0")

    def matches(self, operation: str, command_line: str | None) -> bool:
        """Whether a request counts for this fault."""
        if self.operation != operation and (self.operation != "any" or operation == HANDSHAKE):
            return False
        if self.kind in COMMAND_KINDS and operation != "command":
            return False
        if self.kind in SEND_KINDS and operation != "send":
            return False
        if self.command_regex is None:
            return True
        return command_line is not None and re.search(self.command_regex, command_line) is not None


class FaultPlan:
    """The faults still to come on one server, each with its own count; safe to change while requests arrive."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._entries: list[tuple[Fault, list[int]]] = []
        for fault in faults:
            self.append(fault)

    def append(self, fault: Fault) -> None:
        """Order one more fault; its count starts now."""
        with self._lock:
            self._entries.append((fault, [0]))

    def clear(self) -> None:
        """Cancel every fault."""
        with self._lock:
            self._entries.clear()

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter([fault for fault, _seen in self._entries])

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def take(self, operation: str, command_line: str | None) -> Fault | None:
        """Count a request for every fault it matches; the first one that is due, if any, strikes."""
        due: Fault | None = None
        with self._lock:
            for fault, seen in self._entries:
                if not fault.matches(operation, command_line):
                    continue
                seen[0] += 1
                if due is None and seen[0] >= fault.nth and (not fault.times or seen[0] < fault.nth + fault.times):
                    due = fault
        return due
