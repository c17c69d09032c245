# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret is shown by nothing, and found in the forms that others give it."""

from __future__ import annotations

import base64
import json
import traceback
from html import escape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.secret import HIDDEN, Secret

PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=30)
AROUND = st.text(st.sampled_from("\r\n .:"), max_size=10)


@given(PASSWORDS, AROUND, AROUND)
def test_no_form_of_it_is_left_in_a_text(password: str, before: str, after: str) -> None:
    secret = Secret(password)
    for form in (
        password,
        repr(password)[1:-1],
        json.dumps(password)[1:-1],
        escape(password),
        quote(password, safe=""),
        "\0".join(password),
        base64.b64encode(password.encode()).decode(),
        base64.b64encode(password.encode("utf-16-le")).decode(),
    ):
        assert secret.hide(f"{before}{form}{after}") == f"{before}{HIDDEN}{after}"


def test_neither_text_nor_traceback_of_it_shows_it() -> None:
    secret = Secret("Secret!1")
    with pytest.raises(LookupError, match="Secret") as raised:
        raise LookupError(secret)
    shown = "".join(traceback.format_exception(raised.value))
    assert "Secret!1" not in f"{secret} {secret!r} {shown}"
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret.reveal() == "Secret!1"


@given(PASSWORDS, st.sampled_from(["utf-8", "utf-16-le"]), st.sampled_from(["{}:{}", "{},CONTOSO,{}", "C\\\\{}:{}"]))
def test_it_is_hidden_in_base64_together_with_its_account(password: str, codec: str, form: str) -> None:
    whole = form.format("rpcping", password)
    coded = base64.b64encode(whole.encode(codec)).decode()
    assert Secret(password, [whole]).hide(f"Authorization: Basic {coded}\r\n") == f"Authorization: Basic {HIDDEN}\r\n"


# One that repeats itself may be found a letter too early, where nothing tells its beginning.
VARIED = PASSWORDS.filter(lambda text: len(text) >= 7 and len(set(text)) >= 5)


@given(VARIED, st.binary(max_size=9), st.binary(max_size=9), st.booleans())
def test_it_is_hidden_at_every_place_in_base64(password: str, before: bytes, after: bytes, wide: bool) -> None:
    """Whatever stands around it: no letter that it decides or shares is left."""
    data = password.encode("utf-16-le" if wide else "utf-8")
    text = base64.b64encode(before + data + after).decode()
    first, last = len(before) * 8 // 6, -(-(len(before) + len(data)) * 8 // 6)
    shown = Secret(password).hide(text)
    assert HIDDEN in shown
    head, _hidden, tail = shown.partition(HIDDEN)
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head) <= first
    assert len(text) - len(tail) >= last


def test_innocent_base64_stays_where_the_password_is_short() -> None:
    assert Secret("ab").hide("YWJjZGVmZ2hpamts") == "YWJjZGVmZ2hpamts"


def test_no_password_hides_nothing() -> None:
    assert Secret("", ["user:"]).hide("a text dXNlcjo=") == "a text dXNlcjo="
