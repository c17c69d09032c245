# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible inventory of a running fleet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import yaml

from tests.lab.hosts import HostSpec
from tests.lab.server import ADDRESS

GROUPS = ("client_access", "mailbox", "global_catalog")


class Reachable(Protocol):
    """What the inventory needs to know of a running server."""

    spec: HostSpec
    port: int
    user: str
    password: str


def write_inventory(path: Path, hosts: Iterable[Reachable], shared: Mapping[str, Any]) -> None:
    """Write it for the owner's eyes only."""
    hosts = list(hosts)
    groups = {
        group: {"hosts": {host.spec.name: None for host in hosts if group in host.spec.groups}} for group in GROUPS
    }
    document = {
        "all": {
            "hosts": {host.spec.name: _host_vars(host) for host in hosts},
            "vars": dict(shared),
            "children": groups,
        }
    }
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        yaml.safe_dump(document, stream, sort_keys=False)


def _host_vars(host: Reachable) -> dict[str, Any]:
    return {
        "ansible_connection": "winrm",
        "ansible_host": ADDRESS,
        "ansible_port": host.port,
        "ansible_user": host.user,
        "ansible_password": host.password,
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": [host.spec.transport],
        **host.spec.vars,
    }
