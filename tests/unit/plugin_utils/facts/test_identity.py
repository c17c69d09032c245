# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's names are read and never guessed."""

from __future__ import annotations

import pytest

from plugins.plugin_utils.facts.identity import TCPIP, Identity
from plugins.plugin_utils.formats.registry import KeyAbsent, KeyContent, KeyDenied, KeyState, Unreadable, Value


def content(**values: str) -> KeyContent:
    names = {name.replace("_", " "): data for name, data in values.items()}
    return KeyContent(tuple(Value(name, "REG_SZ", data, data) for name, data in names.items()), ())


def test_the_fqdn_is_the_hostname_and_the_domain() -> None:
    identity = Identity.of(content(Hostname="exchange-mailbox-west", NV_Domain="contoso.com", Domain="old.contoso.com"))
    assert identity == Identity(
        "exchange-mailbox-west", "contoso.com", "exchange-mailbox-west.contoso.com", "exchange-mailbo"
    )
    assert Identity.of(content(Hostname="a", NV_Domain="", Domain="contoso.com")).fqdn == "a.contoso.com"


@pytest.mark.parametrize(
    ("state", "part", "says"),
    [
        (content(Hostname="a"), "fqdn", "Domain"),
        (content(Domain="contoso.com"), "hostname", "Hostname"),
        (content(Hostname="a b", Domain="contoso.com"), "fqdn", "a b"),
        (KeyAbsent(TCPIP), "fqdn", "does not exist"),
        (KeyDenied(TCPIP, "denied!"), "fqdn", "denied!"),
        (Unreadable("odd", "<html>"), "netbios", "<html>"),
    ],
)
def test_a_missing_part_is_null_with_its_reason(state: KeyState, part: str, says: str) -> None:
    identity = Identity.of(state)
    assert getattr(identity, part) is None
    assert identity.fqdn is None
    assert says in identity.unknown[part]
