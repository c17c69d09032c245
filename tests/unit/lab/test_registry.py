# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modelled registry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.model.registry import AccessDenied, BadKeyName, KeyMissing, Tree, Value
from tests.unit.lab.conftest import Server

NAMES = st.text(alphabet="abcABC 1()", min_size=1, max_size=5).filter(lambda name: name.strip() == name)


def test_names_ignore_case_and_keep_it() -> None:
    tree = Tree()
    tree.write(r"HKLM\SOFTWARE\Contoso", Value("Name", "REG_SZ", "1"))
    tree.write(r"hkey_local_machine\software\CONTOSO", Value("NAME", "REG_DWORD", 2))
    key = tree.open(r"HKLM\software\contoso")
    assert list(key.values.values()) == [Value("Name", "REG_DWORD", 2)]
    assert [name for name, _key in tree.open(r"HKLM\SOFTWARE").sorted_subkeys()] == ["Contoso"]


def test_values_keep_their_order_and_subkeys_are_sorted() -> None:
    tree = Tree()
    for name in ("b", "a", "c"):
        tree.create(f"HKLM\\K\\{name}")
        tree.write(r"HKLM\K", Value(name, "REG_SZ", ""))
    key = tree.open(r"HKLM\K")
    assert [value.name for value in key.values.values()] == ["b", "a", "c"]
    assert [name for name, _key in key.sorted_subkeys()] == ["a", "b", "c"]


def test_current_control_set_is_a_link() -> None:
    tree = Tree()
    tree.write(r"HKLM\SYSTEM\CurrentControlSet\Services\X", Value("Start", "REG_DWORD", 2))
    assert tree.open(r"HKLM\SYSTEM\ControlSet001\Services\X").values["start"].data == 2
    assert [name for name, _key in tree.open(r"HKLM\SYSTEM").sorted_subkeys()] == ["ControlSet001", "CurrentControlSet"]


def test_a_denied_key_and_all_below_it_refuse() -> None:
    tree = Tree()
    tree.create(r"HKLM\K\Denied\Below")
    tree.create(r"HKLM\K\Denied").denied = True
    for path in (r"HKLM\K\Denied", r"HKLM\K\Denied\Below", r"HKLM\K\Denied\Absent"):
        with pytest.raises(AccessDenied):
            tree.open(path)
        with pytest.raises(AccessDenied):
            tree.write(path, Value("v", "REG_SZ", ""), as_user=True)
    assert [name for name, _key in tree.open(r"HKLM\K").sorted_subkeys()] == ["Denied"]


def test_absent_is_not_denied() -> None:
    with pytest.raises(KeyMissing):
        Tree().open(r"HKLM\K")
    with pytest.raises(BadKeyName):
        Tree().open(r"HKXX\K")


def test_listeners_hear_of_values() -> None:
    tree = Tree()
    heard: list[tuple[str, str]] = []
    tree.listen(lambda key, name: heard.append((key, name)))
    tree.write(r"HKLM\K", Value("v", "REG_SZ", ""))
    tree.remove_value(r"HKLM\K", "V")
    tree.remove_value(r"HKLM\K", "V")
    assert heard == [(r"HKLM\K", "v"), (r"HKLM\K", "V")]


@given(st.dictionaries(NAMES, st.text(max_size=5), max_size=5))
def test_what_is_set_is_got(values: dict[str, str]) -> None:
    tree = Tree()
    for name, data in values.items():
        tree.write(r"HKLM\K", Value(name, "REG_SZ", data))
    last = {name.lower(): data for name, data in values.items()}
    stored = tree.create(r"HKLM\K").values
    assert {name: value.data for name, value in stored.items()} == last


def test_the_hand_of_a_test_has_every_right(server: Server) -> None:
    registry = server.registry
    registry.set(r"HKLM\SECURITY\Policy", "v", "REG_SZ", "x")
    assert registry.get(r"hklm\security\policy", "V") == ("REG_SZ", "x")
    registry.delete(r"HKLM\SECURITY\Policy", "v")
    assert registry.get(r"HKLM\SECURITY\Policy", "v") is None
    registry.create(r"HKLM\K\L")
    assert registry.subkeys(r"HKLM\K") == ["L"]
    registry.delete(r"HKLM\K")
    assert registry.subkeys(r"HKLM\K") == []
    assert registry.get(r"HKLM\K", "v") is None


def test_a_server_looks_like_one(server: Server) -> None:
    assert server.registry.subkeys("HKLM") == ["HARDWARE", "SAM", "SECURITY", "SOFTWARE", "SYSTEM"]
    assert server.registry.subkeys(r"HKLM\SYSTEM") == [
        "ControlSet001",
        "CurrentControlSet",
        "MountedDevices",
        "Select",
        "Setup",
    ]
    parameters = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
    assert server.registry.get(parameters, "NV Hostname") == ("REG_SZ", "cas1")
    assert server.registry.get(parameters, "NV Domain") == ("REG_SZ", "contoso.com")
    assert server.run(r"reg query HKLM\SECURITY").stderr == b"ERROR: Access is denied.\r\n"


def test_rights_can_be_taken_and_given_back(server: Server) -> None:
    server.machine.deny(r"HKLM\SOFTWARE\Contoso")
    assert server.run(r"reg query HKLM\SOFTWARE\Contoso").exit_code == 1
    server.machine.allow(r"HKLM\SOFTWARE\Contoso")
    assert server.run(r"reg query HKLM\SOFTWARE\Contoso").exit_code == 0
