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


def test_a_result_is_searched_to_its_leaves() -> None:
    found = Secret("Secret!1").hide_in({"a": ["x Secret!1", {"b": "Secret!1", "c": 1}], "d": None})
    assert found == {"a": [f"x {HIDDEN}", {"b": HIDDEN, "c": 1}], "d": None}


def test_no_password_hides_nothing() -> None:
    assert Secret("").hide("a text") == "a text"
