# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of rpcping asks for, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .action_base import plain
from .fixes.options import OptionReader
from .formats.names import check_labels, is_ipv4, parse_fqdn, parse_netbios
from .rpc_ladder import LADDER, Rung
from .secret import Secret
from .windows.rpcping import Identity, Ping, check_password, parse_path, parse_user

MAX_STEP_SECONDS = 600
# For what lies between the rungs, so that the guard on the server does not meet one that is still within its time.
_BETWEEN_SECONDS = 10
_HTTP_SCHEMES = {"basic": 1, "ntlm": 2}
_PACKAGES = {"negotiate": 9, "ntlm": 10, "kerberos": 16}


@dataclass(frozen=True)
class Order:
    """What a task asks for."""

    rpc_proxy: str
    mailbox_server: str
    identity: Identity
    proxy_authentication: str
    rpc_authentication: str
    rungs: tuple[Rung, ...]
    step_timeout: int
    command_timeout: int
    program: str | None

    argument_spec: ClassVar[dict[str, dict[str, Any]]] = {
        "rpc_proxy": {"type": "str", "required": True},
        "mailbox_server": {"type": "str", "required": True},
        "username": {"type": "str", "required": True},
        "domain": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "proxy_authentication": {"type": "str", "required": True, "choices": list(_HTTP_SCHEMES)},
        "rpc_authentication": {"type": "str", "choices": list(_PACKAGES), "default": "negotiate"},
        "steps": {
            "type": "list",
            "elements": "str",
            "choices": [rung.name for rung in LADDER],
            "default": [rung.name for rung in LADDER],
        },
        "step_timeout": {"type": "int", "default": 60},
        "program": {"type": "str"},
    }

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Order:
        """From a task's options; raises InvalidOptions, which never holds the password."""
        reader = OptionReader()
        for name, parse in (
            ("rpc_proxy", parse_fqdn),
            ("mailbox_server", _parse_server),
            ("username", parse_user),
            ("domain", _parse_domain),
        ):
            reader.each(name, [options[name]], parse)
        program = options["program"]
        if program is not None:
            reader.each("program", [program], parse_path)
        try:
            check_password(options["password"])
        except ValueError as error:
            reader.problem("password", "(not shown)", str(error))
        if not 1 <= options["step_timeout"] <= MAX_STEP_SECONDS:
            why = f"it is not between 1 and {MAX_STEP_SECONDS} seconds"
            reader.problem("step_timeout", options["step_timeout"], why)
        if not options["steps"]:
            reader.problem("steps", options["steps"], "it names no step")
        reader.raise_problems()
        return cls(
            rpc_proxy=options["rpc_proxy"],
            mailbox_server=options["mailbox_server"],
            identity=Identity(options["username"], options["domain"], secret_of(options)),
            proxy_authentication=options["proxy_authentication"],
            rpc_authentication=options["rpc_authentication"],
            rungs=tuple(rung for rung in LADDER if rung.name in options["steps"]),
            step_timeout=options["step_timeout"],
            command_timeout=options["command_timeout"],
            program=program,
        )

    @property
    def most_seconds(self) -> int:
        """How long the whole ladder may take once its first rung has begun."""
        return len(self.rungs) * (self.step_timeout + _BETWEEN_SECONDS) + self.command_timeout

    def ping(self, rung: Rung) -> Ping:
        """The run of rpcping for one rung."""
        return Ping(
            rpc_proxy=self.rpc_proxy,
            server=self.mailbox_server,
            port=rung.port,
            http_scheme=_HTTP_SCHEMES[self.proxy_authentication],
            package=_PACKAGES[self.rpc_authentication],
            identity=self.identity,
        )


def secret_of(options: Mapping[str, Any]) -> Secret:
    """The password; it may be shown encoded together with its account, as HTTP Basic does and rpcping's arguments."""
    given = (options.get(name) for name in ("username", "domain", "password"))
    user, domain, password = ("" if value is None else str(plain(value)) for value in given)
    names = (f"{user}:", f"{domain}\\{user}:", f"{user}@{domain}:", f"{user},{domain},")
    return Secret(password, [name + password for name in names])


def _parse_server(text: str) -> str:
    return parse_fqdn(text) if "." in text else parse_netbios(text)


def _parse_domain(text: str) -> str:
    check_labels(text)
    if is_ipv4(text):
        raise ValueError(f"{text!r} is an IPv4 address, not a domain")
    return text
