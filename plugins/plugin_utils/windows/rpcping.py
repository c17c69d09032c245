# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpcping.exe on the server: where it is, its arguments, which process is ours, and how it is ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..reads import Clock, Process
from ..secret import Secret
from .command_line import Frames, Step, command, quote

IMAGE = "rpcping.exe"
USUAL_PATH = rf"%SystemRoot%\system32\{IMAGE}"
# A program that is started without cmd.exe needs its full path, and cmd.exe would take quotes around it off.
_PATH = re.compile(rf"[A-Za-z]:(?:\\[A-Za-z0-9._~-]+)*\\{re.escape(IMAGE)}", re.IGNORECASE)
MAX_PATH = 200

_LOOK = "rpcping"
# Between rpcping's start as the server tells it and as it was seen from here.
_TOLERANCE = 2.0

# Printable ASCII without what cmd.exe or a C runtime reads as syntax inside quotes, and without rpcping's own comma.
_PASSWORD = re.compile(r"(?! )[ -~]+(?<! )")
_REFUSED = re.compile(r'[",%]')
MAX_PASSWORD = 127
_USER = re.compile(r"[A-Za-z0-9_$][A-Za-z0-9._$-]{0,103}")


def parse_path(text: str) -> str:
    """The full path of an rpcping.exe; raises ValueError with the reason."""
    if len(text) > MAX_PATH or not _PATH.fullmatch(text):
        raise ValueError(
            f"{text!r} is not the full path of {IMAGE}: a drive, folders of the letters A-Z, digits, '.', '_', '-' and "
            f"'~' (no blanks: short names serve), and {IMAGE}"
        )
    return text


def parse_user(text: str) -> str:
    """The name of an account; raises ValueError with the reason."""
    if not _USER.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a user name of the letters A-Z, digits, '.', '_', '$' and '-'; the domain has an option "
            "of its own"
        )
    return text


def check_password(text: str) -> None:
    """Raise ValueError with a reason that shows nothing of the password."""
    if not text:
        raise ValueError("it is empty")
    if text == "*":
        raise ValueError("rpcping would ask for the password and wait for ever")
    if len(text) > MAX_PASSWORD or not _PASSWORD.fullmatch(text) or _REFUSED.search(text):
        raise ValueError(
            "it holds a character that may not reach rpcping as it is: a comma, a double quote, a percent sign, a "
            "blank at its beginning or end, or one that is not printable ASCII; or it has more than "
            f"{MAX_PASSWORD} characters"
        )


@dataclass(frozen=True)
class Identity:
    """Who logs on."""

    user: str
    domain: str
    password: Secret

    def quoted(self) -> str:
        """As one argument: the same text for a C runtime and, should cmd.exe get it, for cmd.exe.

        Backslashes count double before a quote alone, and the only quote is the last.
        """
        text = f"{self.user},{self.domain},{self.password.reveal()}"
        trailing = len(text) - len(text.rstrip("\\"))
        return f'"{text}{chr(92) * trailing}"'


@dataclass(frozen=True)
class Ping:
    """One run of rpcping; port None asks the RPC proxy alone."""

    rpc_proxy: str
    server: str
    port: int | None
    http_scheme: int
    package: int
    identity: Identity

    def arguments(self) -> str:
        """What stands behind the program's name.

        Asking the proxy alone, it logs on to the proxy alone, so that a wrong password is one failed logon.
        """
        who = self.identity.quoted()
        # Over SSL, with the first scheme alone.
        proxy = ["-t", "ncacn_http", "-s", quote(self.server), "-o", f"RpcProxy={quote(self.rpc_proxy)}"]
        proxy += ["-P", who, "-H", str(self.http_scheme), "-F", "3"]
        security = ["-a", "connect", "-u", str(self.package), "-v", "3"]
        rest = ["-E"] if self.port is None else ["-I", who, "-e", str(self.port)]
        return " ".join([*proxy, *security, *rest])


def look_step(path: str | None) -> Step:
    """Print the program's full path where it is there."""
    where = USUAL_PATH if path is None else path
    return Step(_LOOK, f'(if exist "{where}" (echo {where}))', may_fail=True)


def found_path(frames: Frames) -> str | None:
    """What look_step has printed; None where it is not there, or not a path that can be used."""
    frame = frames.get(_LOOK)
    text = "" if frame is None else frame.stdout.decode("utf-8", "backslashreplace").strip()
    return text if _PATH.fullmatch(text) else None


def what_was_said(frames: Frames) -> str:
    """What the server said instead of a path."""
    frame = frames.get(_LOOK)
    return frames.outside if frame is None else frame.text


def guard_line(seconds: int, others: Sequence[Process]) -> str:
    """Wait, then end every rpcping.exe but those that ran before: for a controller that has died meanwhile.

    A pause that is ended early fails, and then nothing is ended.
    """
    filters = [f"/fi {quote(f'pid ne {process.pid}')}" for process in others]
    kill = " ".join(["taskkill", "/f", "/im", IMAGE, *filters, "<nul", ">nul", "2>nul"])
    return f"ping -n {seconds + 1} 127.0.0.1 <nul >nul&&{kill}"


def end_step(process: Process) -> Step:
    """End one process, which must still be an rpcping.exe; what taskkill says of it proves nothing."""
    filters = ["/fi", f"pid eq {process.pid}", "/fi", f"imagename eq {IMAGE}"]
    return Step("end rpcping", command("taskkill", "/f", *filters), may_fail=True)


@dataclass(frozen=True)
class Interval:
    """Between these two moments of the controller's clock something happened."""

    first: float
    last: float


def newer(running: Sequence[Process], before: Sequence[Process]) -> tuple[Process, ...]:
    """The processes that were not there before."""
    known = {(process.pid, process.started) for process in before}
    return tuple(process for process in running if (process.pid, process.started) not in known)


def may_be_ours(
    running: Sequence[Process], before: Sequence[Process], clock: Clock, started: Interval, read: Interval
) -> tuple[Process, ...]:
    """The processes that were not there before and are as old as ours must be, by the server's own clock.

    A server's clock may differ from ours; how long ago something was does not.
    """
    youngest = read.first - started.last - _TOLERANCE
    oldest = read.last - started.first + _TOLERANCE
    return tuple(
        process
        for process in newer(running, before)
        if youngest <= (clock.now - process.started).total_seconds() <= oldest
    )
