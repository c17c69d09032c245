# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test's hand in a Wine server's registry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.backend import RegistryData
from tests.lab.hosts import HostSpec
from tests.lab.wine import registry_data
from tests.lab.wine.registry import RegistryError
from tests.unit.lab_wine.server import Servers

KEY = r"HKLM\SOFTWARE\Hand\With blank"
DATA: list[tuple[str, RegistryData]] = [
    ("REG_SZ", ""),
    ("REG_SZ", "mbx1:6001-6002;" * 3600),
    ("REG_SZ", 'line one\r\nline "two"\ttab \u00e4\u20ac\U0001f600 %TEMP% \\0'),
    ("REG_EXPAND_SZ", r"%SystemRoot%\system32"),
    ("REG_DWORD", 0),
    ("REG_DWORD", 0xFFFFFFFF),
    ("REG_QWORD", 1 << 63),
    ("REG_MULTI_SZ", []),
    ("REG_MULTI_SZ", ["one", "two words", r"back\0slash"]),
    ("REG_BINARY", b""),
    ("REG_BINARY", bytes(range(256))),
    ("REG_NONE", b"\1"),
]
TEXT = st.text(st.characters(exclude_characters="\0"))


@pytest.mark.wine
@pytest.mark.parametrize(("kind", "data"), DATA)
@pytest.mark.parametrize("name", ["", "Periodic polling (minutes)", 'quo"ted \u00fc'])
def test_what_is_set_is_read_back(server: Servers, name: str, kind: str, data: RegistryData) -> None:
    server.registry.set(KEY, name, kind, data)
    assert server.registry.get(KEY.lower(), name.upper()) == (kind, data)


@pytest.mark.wine
def test_reg_exe_sees_what_the_hand_has_set(server: Servers) -> None:
    server.registry.set(KEY, "Some name", "REG_SZ", "x" * 54000)
    output = server.run(f'reg query "{KEY}" /v "Some name"')
    assert b"    Some name    REG_SZ    " + b"x" * 54000 + b"\r\n" in output.stdout


@pytest.mark.wine
def test_absent_is_none_and_no_error(server: Servers) -> None:
    assert server.registry.get(r"HKLM\SOFTWARE\Nowhere\At all", "Name") is None
    assert server.registry.get(r"HKLM\SOFTWARE", "Name") is None
    assert server.registry.subkeys(r"HKLM\SOFTWARE\Nowhere") == []
    server.registry.delete(r"HKLM\SOFTWARE\Nowhere")
    server.registry.delete(r"HKLM\SOFTWARE", "Name")


@pytest.mark.wine
def test_keys_are_made_listed_and_removed_with_all_below(server: Servers) -> None:
    server.registry.create(r"HKLM\SOFTWARE\Tree\One\Deep")
    server.registry.create(r"HKEY_LOCAL_MACHINE\SOFTWARE\tree\Two")
    assert server.registry.subkeys(r"HKLM\SOFTWARE\Tree") == ["One", "Two"]
    server.registry.delete(r"HKLM\SOFTWARE\Tree")
    assert "Tree" not in server.registry.subkeys(r"HKLM\SOFTWARE")


@pytest.mark.wine
def test_values_are_removed_one_by_one(server: Servers) -> None:
    server.registry.set(KEY, "First", "REG_DWORD", 1)
    server.registry.set(KEY, "Second", "REG_DWORD", 2)
    server.registry.delete(KEY, "First")
    assert server.registry.get(KEY, "First") is None
    assert server.registry.get(KEY, "Second") == ("REG_DWORD", 2)


@pytest.mark.wine
def test_first_values_come_from_the_fleet_file(server: Servers) -> None:
    assert server.registry.get(r"HKLM\SOFTWARE\Loaded", "Some number") == ("REG_DWORD", 0xFFFFFFFF)


@pytest.mark.wine
def test_a_denied_key_can_be_removed_and_made_anew(server: Servers) -> None:
    key = r"HKLM\SOFTWARE\Denied later"
    server.registry.create(key)
    server.registry.deny(key)
    assert server.run(f'reg query "{key}"').exit_code == 1
    server.registry.delete(key)
    server.registry.create(key)
    assert server.run(f'reg query "{key}"').exit_code == 0


@pytest.mark.wine
def test_a_tree_with_performance_data_in_it_can_be_denied(wine_installed: None) -> None:
    """Perflib\\009 opens as something that takes no access list."""
    microsoft = r"HKLM\SOFTWARE\Microsoft"
    with Servers(HostSpec("cas2", "cas2.test", denied=(microsoft,))) as servers:
        for key in (microsoft, rf"{microsoft}\Rpc", rf"{microsoft}\Windows NT\CurrentVersion\Perflib"):
            assert servers.run(f'reg query "{key}" <nul').exit_code == 1, key
        assert "Perflib" in servers.registry.subkeys(rf"{microsoft}\Windows NT\CurrentVersion")


def test_only_the_two_roots_are_known(server: Servers) -> None:
    with pytest.raises(ValueError, match="HKXX"):
        server.registry.get(r"HKXX\SOFTWARE", "Name")
    with pytest.raises(RegistryError):
        server.registry.create("HKLM\\" + "x" * 300)


def test_data_must_fit_its_type() -> None:
    with pytest.raises(TypeError, match="REG_DWORD"):
        registry_data.encode("REG_DWORD", "1")


def test_unknown_types_come_as_bytes() -> None:
    assert registry_data.decode(99, b"raw") == ("REG_TYPE_99", b"raw")
    assert registry_data.decode(4, b"odd") == ("REG_DWORD", b"odd")


@given(TEXT, st.lists(TEXT.filter(bool)), st.integers(0, 0xFFFFFFFF), st.binary())
def test_raw_bytes_round_trip(text: str, texts: list[str], number: int, raw: bytes) -> None:
    for kind, data in (("REG_SZ", text), ("REG_MULTI_SZ", texts), ("REG_DWORD", number), ("REG_BINARY", raw)):
        encoded = registry_data.encode(kind, data)
        assert registry_data.decode(registry_data.NUMBERS[kind], encoded) == (kind, data)
