# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet file, the inventory, and the lab as a program."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.lab import Lab, load_hosts
from tests.lab.hosts import SCHEMA_FILE, HostsFileError, RegistryValue, Servicelet
from tests.patience import PATIENCE_SECONDS
from tests.unit.lab.conftest import Client

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "tests" / "lab" / "fleets" / "demo.yml"


def test_demo_fleet() -> None:
    fleet = load_hosts(DEMO)
    assert {spec.name: spec.groups for spec in fleet.hosts} == {
        "cas1": ("client_access",),
        "cas2": ("client_access",),
        "mbx1": ("mailbox",),
        "mbx2": ("mailbox",),
        "gc1": ("global_catalog",),
        "gc2": ("global_catalog",),
    }
    assert {spec.transport for spec in fleet.hosts} == {"basic", "ntlm"}
    assert not any("outlook_anywhere_fqdn" in spec.vars for spec in fleet.hosts)


def test_demo_starts_with_what_the_servicelet_writes() -> None:
    with Lab(DEMO) as lab:
        registry = lab["cas1"].registry
        before = registry.get(r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy", "ValidPorts")
        machine: Any = lab["cas1"].backend
        machine.machine.advance(15 * 60)
        assert registry.get(r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy", "ValidPorts") == before


def test_defaults_lie_under_every_host() -> None:
    fleet = load_hosts(
        {
            "defaults": {
                "language": "de",
                "quotas": {"shells_per_user": 2},
                "registry": {r"HKLM\SOFTWARE\A": {"x": {"type": "REG_BINARY", "data": "01ab"}}},
            },
            "hosts": {
                "a": {
                    "fqdn": "a.contoso.com",
                    "quotas": {"operations_per_shell": 3},
                    "registry": {r"HKLM\SOFTWARE\A": {"y": {"type": "REG_DWORD", "data": 1}}, r"HKLM\SOFTWARE\B": {}},
                    "servicelet": {"mailbox_servers": ["m.contoso.com"]},
                    "faults": [{"kind": "output", "stdout": "ä"}],
                },
                "b": None,
            },
            "vars": {"x": 1},
        },
        backend="wine",
    )
    first, second = fleet.hosts
    assert (first.language, second.language, second.backend, second.fqdn) == ("de", "de", "wine", "b")
    assert (first.quotas.operations_per_shell, first.quotas.shells_per_user) == (3, 2)
    assert first.registry[r"HKLM\SOFTWARE\A"] == {
        "x": RegistryValue("REG_BINARY", b"\x01\xab"),
        "y": RegistryValue("REG_DWORD", 1),
    }
    assert first.registry[r"HKLM\SOFTWARE\B"] == {}
    tcpip = first.registry[r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"]
    assert {name: value.data for name, value in tcpip.items()} == {
        "Hostname": "a",
        "NV Hostname": "a",
        "Domain": "contoso.com",
        "NV Domain": "contoso.com",
    }
    assert first.servicelet == Servicelet(("m.contoso.com",))
    assert first.faults[0].stdout == "ä".encode()
    assert fleet.vars == {"x": 1}


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ({"transprt": "basic"}, "hosts/a"),
        ({"transport": "kerberos"}, "hosts/a/transport"),
        ({"groups": ["edge"]}, "hosts/a/groups/0"),
        ({"registry": {"HKLM": {}}}, "hosts/a/registry"),
        ({"registry": {r"HKLM\A": {"x": {"type": "REG_DWORD", "data": "1"}}}}, r"hosts/a/registry/HKLM\A/x/data"),
        ({"quotas": {"operations_per_shell": 0}}, "hosts/a/quotas/operations_per_shell"),
        ({"faults": [{"kind": "none"}]}, "hosts/a/faults/0/kind"),
        ({"servicelet": {}}, "hosts/a/servicelet"),
    ],
)
def test_the_schema_refuses_and_names_the_place(host: dict[str, object], where: str) -> None:
    with pytest.raises(HostsFileError) as caught:
        load_hosts({"hosts": {"a": host}})
    assert str(caught.value).startswith(f"fleet file, at {where}: ")


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "list.yml").write_text("- a\n", encoding="utf-8")
    (tmp_path / "broken.yml").write_text("a: [\n", encoding="utf-8")
    for name in ("list.yml", "broken.yml"):
        with pytest.raises(HostsFileError, match=name):
            load_hosts(tmp_path / name)
    with pytest.raises(HostsFileError, match="hosts"):
        load_hosts({})


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_inventory(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yml"
    path.write_text("old", encoding="utf-8")
    hosts = {"a": {"groups": ["mailbox", "client_access"], "vars": {"x": 1}}, "b": {"transport": "ntlm"}}
    with Lab({"hosts": hosts, "vars": {"y": 2}}) as lab:
        lab.write_inventory(path)
        inventory = yaml.safe_load(path.read_text(encoding="utf-8"))["all"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert inventory["hosts"]["a"] == {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_port": lab["a"].port,
            "ansible_user": lab["a"].user,
            "ansible_password": lab["a"].password,
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": ["basic"],
            "x": 1,
        }
        assert inventory["hosts"]["b"]["ansible_winrm_transport"] == ["ntlm"]
        assert inventory["vars"] == {"y": 2}
        assert inventory["children"] == {
            "client_access": {"hosts": {"a": None}},
            "mailbox": {"hosts": {"a": None}},
            "global_catalog": {"hosts": {}},
        }


def test_hundreds_of_servers_in_one_thread() -> None:
    before = threading.active_count()
    with Lab({"hosts": {f"h{number}": {} for number in range(200)}}) as lab:
        assert threading.active_count() == before + 1
        assert len({host.port for host in lab.hosts.values()}) == 200
        client = Client(lab["h199"])
        assert client.run("hostname")[0] == b"h199\r\n"
        client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program(tmp_path: Path, number: signal.Signals) -> None:
    inventory = tmp_path / "inventory.yml"
    command = [sys.executable, "-m", "tests.lab", "--hosts", str(DEMO), "--inventory", str(inventory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "lab ready: 6 hosts\n"
            assert inventory.exists()
            process.send_signal(number)
            out, error = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    assert (process.returncode, out, error) == (0, "", "")


def test_the_program_names_what_is_wrong(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yml"
    fleet.write_text("hosts: {a: {transport: none}}\n", encoding="utf-8")
    command = [sys.executable, "-m", "tests.lab", "--hosts", str(fleet), "--inventory", str(tmp_path / "out")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert result.returncode == 1
    assert result.stderr.startswith("fleet file, at hosts/a/transport: ")
