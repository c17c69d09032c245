# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names are parsed before they are used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.formats.names import ServerName, netbios_of, parse_fqdn, parse_netbios

LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?", fullmatch=True)


@pytest.mark.parametrize("name", ["mbx1.contoso.com", "a.b", "MBX-1.Contoso.COM", "mbx_1.contoso.com", "1a.2b.c3"])
def test_an_fqdn_is_taken_as_it_is(name: str) -> None:
    assert parse_fqdn(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("mbx1", "no dot"),
        ("mbx 1.contoso.com", "mbx 1"),
        ("mbx1;.contoso.com", "mbx1;"),
        ("mbx1&calc.contoso.com", "mbx1&calc"),
        ("%TEMP%.contoso.com", "%TEMP%"),
        ('mbx".contoso.com', 'mbx"'),
        ("mbx!.contoso.com", "mbx!"),
        ("mbx^.contoso.com", "mbx"),
        ("mbx|more.contoso.com", "mbx|more"),
        ("mbx1..contoso.com", "empty label"),
        ("mbx1.contoso.com.", "empty label"),
        (f"{'a' * 64}.contoso.com", "64 characters"),
        (".".join(["a" * 62] * 5), "more than 255"),
        ("mbx\u00e4.contoso.com", "mbx\u00e4"),
        ("mbx\u0661.contoso.com", "letters A-Z"),
        ("-mbx.contoso.com", "-mbx"),
        ("mbx1.contoso.com\n", "com"),
        ("10.0.0.1", "IPv4"),
    ],
)
def test_what_is_no_fqdn_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        parse_fqdn(name)
    assert reason in str(error.value)


@given(st.lists(LABEL, min_size=2, max_size=6))
def test_labels_joined_by_dots_are_an_fqdn_and_its_netbios_name_parses(labels: list[str]) -> None:
    name = ".".join(labels)
    if all(label.isdigit() for label in labels):
        return
    assert parse_fqdn(name) == name
    netbios = netbios_of(name)
    assert len(netbios) <= 15
    assert name.startswith(netbios)


def test_a_server_is_an_fqdn_or_a_dict() -> None:
    assert ServerName.parse("mailboxserver-west2.contoso.com").netbios == "mailboxserver-w"
    assert ServerName.parse({"fqdn": "mbx1.contoso.com", "netbios": "OLD"}) == ServerName("mbx1.contoso.com", "OLD")
    assert ServerName.parse({"fqdn": "mbx1.contoso.com"}).netbios == "mbx1"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (7, "neither"),
        ({}, "no fqdn"),
        ({"fqdn": "mbx1.contoso.com", "port": 6001}, "unknown key port"),
        ({"fqdn": "mbx1.contoso.com", "netbios": "sixteen-letters1"}, "16 characters"),
        ({"fqdn": "mbx1.contoso.com", "netbios": "a.b"}, "a.b"),
        ({"fqdn": "mbx1.contoso.com", "netbios": 5}, "not a text"),
        ({"unknown": "the FQDN of mbx1 is not known"}, "the FQDN of mbx1 is not known"),
    ],
)
def test_other_forms_are_refused_with_the_reason(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        ServerName.parse(value)
    assert reason in str(error.value)


def test_a_netbios_name_has_no_dot_and_15_characters_at_most() -> None:
    assert parse_netbios("MBX-1_A") == "MBX-1_A"
    assert ServerName.parse("mailbox-server-01.contoso.com").netbios == "mailbox-server-"
    for name in ("", "a.b", "x" * 16, "-a", "a b"):
        with pytest.raises(ValueError, match="NetBIOS"):
            parse_netbios(name)
