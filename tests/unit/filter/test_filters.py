# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each filter is there by its name, takes what ansible-doc says, and returns plain data that a template can use."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from tests.evidence import REPOSITORY

FILTERS = sorted(path.stem for path in (REPOSITORY / "plugins" / "filter").glob("*.py"))
DENIED = {"failed": True, "msg": "Access is denied.", "server": {}}


def filter_of(name: str) -> Callable[..., Any]:
    filters = importlib.import_module(f"plugins.filter.{name}").FilterModule().filters()
    assert list(filters) == [name]
    return filters[name]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", FILTERS)
def test_its_documentation_names_what_it_takes_in_the_order_in_which_it_takes_it(name: str) -> None:
    documentation = yaml.safe_load(importlib.import_module(f"plugins.filter.{name}").DOCUMENTATION)
    assert documentation["name"] == name
    positional = [part.strip() for part in documentation.get("positional", "").split(",") if part.strip()]
    parameters = list(inspect.signature(filter_of(name)).parameters.values())[1:]
    options = documentation["options"]
    assert list(options) == ["_input", *(parameter.name for parameter in parameters)]
    assert [parameter.name for parameter in parameters][: len(positional)] == positional
    without_default = [parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty]
    assert without_default == [option for option in options if options[option].get("required")][1:]


@pytest.mark.parametrize(
    ("affinity", "identity", "status", "says"),
    [
        ("", None, "not_managed", "is not set"),
        ("source_ip", {}, "not_managed", "keeps a client on one server"),
        ("ssl_id", DENIED, None, "may split a connection (ssl_id)"),
        ("none", {"server": None}, None, "may split a connection (none)"),
        ("none", {"server": {"exchange_2010_or_later": True}}, "not_applicable", "has no DSProxy"),
    ],
)
def test_the_fix_for_split_connections_is_wanted_where_somebody_has_said_so_only(
    affinity: str, identity: dict[str, Any] | None, status: str | None, says: str
) -> None:
    decided = filter_of("split_connection")(affinity, identity)
    assert decided["status"] == status
    assert says in decided["reason"]


@pytest.mark.parametrize("affinity", ["sourceip", None, True])
def test_an_affinity_that_nobody_knows_is_an_error_and_not_an_unset_one(affinity: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="source_ip, ssl_id and none are known"):
        filter_of("split_connection")(affinity)


@pytest.mark.parametrize(("name", "client_access"), [("ipv6_need", "cas1"), ("hosts_file_need", "mbx1")])
def test_a_server_that_denied_its_reading_is_named_and_not_taken_for_one_without_the_need(
    name: str, client_access: str
) -> None:
    hostvars = {host: {"outlook_anywhere_identity": DENIED} for host in ("mbx1", "cas1")}
    need = filter_of(name)(["mbx1"], hostvars, client_access=client_access)
    assert need["unread"] == ["mbx1"]
    assert need["needed"] is True
    assert "mbx1" in need["reason"]
    assert json.loads(json.dumps(need)) == need
