# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg.exe: output shapes as the samples have them, arguments, and .reg files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import argv
from tests.lab.model.programs import reg_file
from tests.lab.model.registry import AccessDenied, Tree
from tests.lab.samples import DATA, sample
from tests.unit.lab.conftest import Server

NTDS = r"HKLM\SYSTEM\CurrentControlSet\Services\NTDS\Parameters"
KEY = r"HKLM\SOFTWARE\Contoso"


@pytest.fixture
def ntds(server: Server) -> Server:
    """The server that the sample of reg query shows."""
    for name, kind, data in (
        ("System Schema Version", "REG_DWORD", 0x38),
        ("Root Domain", "REG_SZ", "DC=test,DC=local"),
        ("ServiceDll", "REG_EXPAND_SZ", r"%systemroot%\system32\ntdsa.dll"),
        ("Hierarchy Table Recalculation interval (minutes)", "REG_DWORD", 720),
        ("Global Catalog Promotion Complete", "REG_DWORD", 1),
        ("NSPI interface protocol sequences", "REG_MULTI_SZ", ["ncacn_http:6004", "ncacn_http:6005"]),
        ("NSPI Target Server", "REG_SZ", ""),
    ):
        server.registry.set(NTDS, name, kind, data)
    server.registry.create(NTDS + r"\Quality of Service")
    return server


def test_query_is_the_sample_byte_for_byte(ntds: Server) -> None:
    output = ntds.run(f'reg query "{NTDS}" <nul')
    assert output.stdout == sample("reg-query-2008").replace("\n", "\r\n").encode()
    assert (output.stderr, output.exit_code) == (b"", 0)


def test_query_of_one_value(ntds: Server) -> None:
    lines = ntds.out(f'reg query "{NTDS}" /v "root domain"').splitlines()
    assert lines == [
        "",
        NTDS.replace("HKLM", "HKEY_LOCAL_MACHINE"),
        "    Root Domain    REG_SZ    DC=test,DC=local",
        "",
    ]


def test_query_prints_the_line_breaks_of_a_text_as_they_are(server: Server) -> None:
    server.registry.set(KEY, "v", "REG_SZ", "x\r\ny\nz")
    for query in (f"{KEY} /v v", KEY, f"{KEY} /s"):
        assert b"\r\n    v    REG_SZ    x\r\ny\nz\r\n" in server.run(f"reg query {query}").stdout


def test_query_of_a_key_without_values_lists_its_subkeys(server: Server) -> None:
    server.registry.create(KEY + r"\A")
    server.registry.create(KEY + r"\B")
    assert server.out(f"reg query {KEY}").split() == [
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Contoso\A",
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Contoso\B",
    ]


def test_query_with_all_below(server: Server) -> None:
    server.registry.set(KEY + r"\A", "v", "REG_SZ", "1")
    server.registry.set(KEY + r"\A\B", "w", "REG_BINARY", b"\x01\xab")
    text = server.out(f"reg query {KEY} /s")
    assert "    v    REG_SZ    1" in text
    assert "    w    REG_BINARY    01AB" in text


@pytest.mark.parametrize(("language", "label"), [("en", "(Default)"), ("de", "(Standard)")])
def test_the_default_value_has_a_local_name(new_server: Callable[..., Server], language: str, label: str) -> None:
    server = new_server(language=language)
    server.registry.set(KEY, "", "REG_SZ", "x")
    assert f"    {label}    REG_SZ    x\n" in server.out(f"reg query {KEY}")


@pytest.mark.parametrize("language", ["en", "de"])
def test_absent_and_denied(new_server: Callable[..., Server], language: str) -> None:
    server = new_server(language=language, denied=[KEY])
    for query, name in (
        (r"HKLM\SOFTWARE\None", "reg-missing"),
        (r"HKLM\SOFTWARE /v None", "reg-missing"),
        (KEY, "reg-denied"),
        (KEY + r"\Below", "reg-denied"),
    ):
        output = server.run(f"reg query {query} <nul")
        assert (output.stdout, output.exit_code) == (b"", 1)
        assert output.stderr.decode() == sample(f"{name}-{language}").replace("\n", "\r\n")
    assert "HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\n" in server.out(r"reg query HKLM\SOFTWARE")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("/v N /t REG_SZ /d x /f", ("REG_SZ", "x")),
        ("/v N /d x /f", ("REG_SZ", "x")),
        ("/v N /t reg_dword /d 255", ("REG_DWORD", 255)),
        ("/v N /t REG_DWORD /d 0xff", ("REG_DWORD", 255)),
        ("/v N /t REG_QWORD /d 4294967296", ("REG_QWORD", 1 << 32)),
        ('/v N /t REG_SZ /d "a b;c=d"', ("REG_SZ", "a b;c=d")),
        ('/v N /t REG_SZ /d ""', ("REG_SZ", "")),
        (r"/v N /t REG_MULTI_SZ /d a\0b", ("REG_MULTI_SZ", ["a", "b"])),
        ("/v N /t REG_MULTI_SZ /s ; /d a;b", ("REG_MULTI_SZ", ["a", "b"])),
        ("/v N /t REG_EXPAND_SZ /d ^%x^%", ("REG_EXPAND_SZ", "%x%")),
        ("/v N /t REG_BINARY /d 01ab", ("REG_BINARY", b"\x01\xab")),
    ],
)
def test_add(server: Server, arguments: str, expected: object) -> None:
    output = server.run(f"reg add {KEY} {arguments} <nul")
    assert (output.stderr, output.exit_code) == (b"", 0)
    assert server.registry.get(KEY, "n") == expected


@pytest.mark.parametrize(
    "arguments",
    ["/v N /t REG_DWORD /d x", "/v N /t REG_DWORD /d 4294967296", "/v N /t REG_NO", "/x", "/v N /v M", "x"],
)
def test_add_refuses_nonsense(server: Server, arguments: str) -> None:
    assert server.run(f"reg add {KEY} {arguments} /f").exit_code == 1
    assert server.registry.get(KEY, "N") is None


def test_add_of_a_key_or_its_default_value(server: Server) -> None:
    assert server.run(f"reg add {KEY} <nul").exit_code == 0
    assert "Contoso" in server.registry.subkeys(r"HKLM\SOFTWARE")
    assert server.run(f"reg add {KEY} /ve /d x /f").exit_code == 0
    assert server.registry.get(KEY, "") == ("REG_SZ", "x")


def test_add_to_a_denied_key(new_server: Callable[..., Server]) -> None:
    server = new_server(denied=[KEY])
    output = server.run(f"reg add {KEY} /v N /d x /f")
    assert (output.stderr, output.exit_code) == (b"ERROR: Access is denied.\r\n", 1)
    assert server.registry.get(KEY, "N") is None


def test_delete(server: Server) -> None:
    for name in ("a", "b", "c"):
        server.registry.set(KEY, name, "REG_SZ", "")
    assert server.run(f"reg delete {KEY} /v A /f").exit_code == 0
    assert server.run(f"reg delete {KEY} /v A /f").exit_code == 1
    assert server.registry.get(KEY, "b") is not None
    assert server.run(f"reg delete {KEY} /va /f").exit_code == 0
    assert server.registry.get(KEY, "b") is None
    assert server.run(f"reg delete {KEY} <nul").exit_code == 1
    assert server.run(f"reg delete {KEY}", b"y\r\n").exit_code == 0
    assert server.run(f"reg query {KEY}").exit_code == 1


def imported(text: str | bytes) -> Tree:
    """What a .reg file makes of an empty registry."""
    tree = Tree()
    changes = reg_file.parse(text.encode() if isinstance(text, str) else text)
    assert changes is not None
    for change in changes:
        change(tree)
    return tree


def values(tree: Tree) -> dict[str, tuple[str, object]]:
    return {value.name: (value.kind, value.data) for value in tree.create(KEY).values.values()}


HEADER = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso]\r\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"n"="a;b"', ("REG_SZ", "a;b")),
        (r'"n"="C:\\a \"b\""', ("REG_SZ", r'C:\a "b"')),
        ('"n"=dword:000000ff', ("REG_DWORD", 255)),
        ('"n"=hex:01,ab', ("REG_BINARY", b"\x01\xab")),
        ('"n"=hex(1):61,00,62,00,00,00', ("REG_SZ", "ab")),
        ('"n"=hex(1):61,00,\\\r\n  62,00,\\\r\n  00,00', ("REG_SZ", "ab")),
        ('"n"=hex(2):25,00,78,00,00,00', ("REG_EXPAND_SZ", "%x")),
        ('"n"=hex(7):61,00,00,00,62,00,00,00,00,00', ("REG_MULTI_SZ", ["a", "b"])),
        ('"n"=hex(b):01,00,00,00,00,00,00,00', ("REG_QWORD", 1)),
        ('  "n" = "x"  ', ("REG_SZ", "x")),
    ],
)
def test_import_of_values(line: str, expected: object) -> None:
    assert values(imported(HEADER + line + "\r\n")) == {"n": expected}


@pytest.mark.parametrize(
    "line", ['"n"=', "n=1", '"n"="open', '"n"=dword:xyz', '"n"=hex:0', '"n"=hex(63):00', "; c", "junk"]
)
def test_import_skips_what_makes_no_sense(line: str) -> None:
    assert values(imported(HEADER + line + '\r\n"m"="x"\r\n')) == {"m": ("REG_SZ", "x")}


def test_import_of_other_encodings() -> None:
    text = HEADER + '"n"="ä"\r\n'
    assert values(imported(b"\xff\xfe" + text.encode("utf-16-le"))) == {"n": ("REG_SZ", "ä")}
    assert values(imported(text.encode("cp1252"))) == {"n": ("REG_SZ", "ä")}
    old = text.replace("Windows Registry Editor Version 5.00", "REGEDIT4") + '"m"=hex(7):61,00,62,00,00\r\n'
    assert values(imported(old)) == {"n": ("REG_SZ", "ä"), "m": ("REG_MULTI_SZ", ["a", "b"])}


def test_import_deletes() -> None:
    gone = "[{}HKEY_LOCAL_MACHINE\\SOFTWARE\\Gone]\r\n"
    tree = imported(HEADER + '"n"="x"\r\n"n"=-\r\n@="d"\r\n' + gone.format("") + gone.format("-") + '"o"="x"\r\n')
    assert values(tree) == {"": ("REG_SZ", "d")}
    assert tree.find(r"HKLM\SOFTWARE\Gone") is None


def test_import_as_a_program(new_server: Callable[..., Server]) -> None:
    server = new_server(denied=[r"HKLM\SOFTWARE\Denied"])
    server.machine.files.write(r"C:\a.reg", (HEADER + '"n"="x"\r\n').encode())
    output = server.run(r'reg import "C:\a.reg" <nul')
    assert (output.stdout, output.exit_code) == (b"", 0)
    assert output.stderr
    assert server.registry.get(KEY, "n") == ("REG_SZ", "x")
    server.machine.files.write(r"C:\b.reg", HEADER.replace("Contoso", "Denied").encode() + b'"n"="x"\r\n')
    assert server.run(r"reg import C:\b.reg").exit_code == 1
    server.machine.files.write(r"C:\c.reg", b"something else\r\n")
    assert server.run(r"reg import C:\c.reg").exit_code == 1
    assert server.run(r"reg import C:\none.reg").exit_code == 1


def test_import_into_a_denied_key() -> None:
    tree = Tree()
    tree.create(KEY).denied = True
    changes = reg_file.parse((HEADER + '"n"="x"\r\n').encode())
    assert changes is not None
    for change in changes:
        with pytest.raises(AccessDenied):
            change(tree)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (r'reg query "HKLM\A B"', ["reg", "query", r"HKLM\A B"]),
        (r'"C:\a b\reg.exe" x', [r"C:\a b\reg.exe", "x"]),
        (r'x "a\"b" c\\d "e\\"', ["x", 'a"b', r"c\\d", "e\\"]),
        ('x "" y', ["x", "", "y"]),
        ('x a"b c"d', ["x", "ab cd"]),
    ],
)
def test_arguments_as_the_c_runtime_reads_them(text: str, arguments: list[str]) -> None:
    assert argv.split(text) == arguments


@given(st.lists(st.text(alphabet='ab \\"', max_size=6), max_size=4))
def test_quoted_arguments_come_back(arguments: list[str]) -> None:
    def quote(argument: str) -> str:
        out, slashes = "", 0
        for character in argument:
            if character == '"':
                out += "\\" * slashes + '\\"'
            else:
                out += character
            slashes = slashes + 1 if character == "\\" else 0
        return f'"{out}{chr(92) * slashes}"'

    assert argv.split(" ".join(["x", *(quote(argument) for argument in arguments)])) == ["x", *arguments]


def test_samples_name_their_source() -> None:
    for file in DATA.glob("*.txt"):
        assert sample(file.stem).strip(), file.name


def test_model_follows_its_sample(ntds: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.lab.model import query_shape as shapes

    changed = sample("reg-query-2008").replace("    Root Domain    REG_SZ    ", "\tRoot Domain\tREG_SZ\t")
    changed = changed.replace("    System Schema Version    REG_DWORD    ", "\tSystem Schema Version\tREG_DWORD\t")
    monkeypatch.setattr(shapes, "sample", lambda name: changed if name == "reg-query-2008" else sample(name))
    shapes._shape_of_2008.cache_clear()
    try:
        assert "\tRoot Domain\tREG_SZ\tDC=test" in ntds.out(f"reg query {NTDS}")
    finally:
        shapes._shape_of_2008.cache_clear()
