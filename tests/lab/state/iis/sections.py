# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of IIS's configuration that the lab knows, with their attributes in the order of the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.iis import ACCESS, ANONYMOUS, BASIC, WINDOWS

BOOLEANS = ("true", "false")


@dataclass(frozen=True)
class Section:
    """defaults: attribute -> what it is where nothing says otherwise. collection: the element that holds <add>s."""

    path: str
    defaults: Mapping[str, str]
    collection: str | None = None

    @property
    def name(self) -> str:
        """The section's own name, which appcmd takes as well."""
        return self.path.rpartition("/")[2]

    def attribute(self, name: str) -> str | None:
        """An attribute as the schema spells it."""
        return next((known for known in self.defaults if known.lower() == name.lower()), None)

    def is_boolean(self, attribute: str) -> bool:
        """Whether an attribute takes true and false alone."""
        return self.defaults[attribute] in BOOLEANS


SECTIONS = (
    Section(
        WINDOWS,
        {
            "enabled": "false",
            "authPersistSingleRequest": "false",
            "authPersistNonNTLM": "false",
            "useKernelMode": "true",
            "useAppPoolCredentials": "false",
        },
        "providers",
    ),
    Section(BASIC, {"enabled": "false", "realm": "", "defaultLogonDomain": "", "logonMethod": "ClearText"}),
    Section(ANONYMOUS, {"enabled": "true", "userName": "IUSR", "password": "", "logonMethod": "ClearText"}),
    Section(ACCESS, {"sslFlags": "None"}),
)


def find(name: str) -> Section | None:
    """A section by its path or by its own name, in any case."""
    return next((section for section in SECTIONS if name.lower() in (section.path.lower(), section.name.lower())), None)
