# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Exchange 2007 sets IIS up on a Client Access server, as far as this collection is concerned."""

from __future__ import annotations

import functools
from pathlib import Path

from tests.lab.iis import ACCESS, ANONYMOUS, BASIC, DEFAULT_SITE, WINDOWS
from tests.lab.state.iis import sections
from tests.lab.state.iis.configuration import Configuration

FILE = Path(__file__).with_name("application_host.xml")
SITE_FIELD = "{site}"
# Kernel mode is written nowhere: its default holds. What the other applications allow is simplified.
OUTLOOK_ANYWHERE = (
    (ACCESS, "sslFlags", "Ssl, Ssl128"),
    (ANONYMOUS, "enabled", "false"),
    (BASIC, "enabled", "true"),
    (WINDOWS, "enabled", "true"),
)
WINDOWS_ALONE = ((ANONYMOUS, "enabled", "false"), (WINDOWS, "enabled", "true"))
LOCATIONS = {"Rpc": OUTLOOK_ANYWHERE, "OAB": WINDOWS_ALONE, "EWS": WINDOWS_ALONE, "Autodiscover": WINDOWS_ALONE}


@functools.cache
def _default(site: str) -> Configuration:
    configuration = Configuration(FILE.read_text(encoding="utf-8").replace(SITE_FIELD, _escaped(site)))
    for application, values in LOCATIONS.items():
        for path, attribute, value in values:
            section = sections.find(path)
            if section is not None:
                configuration.set(f"{site}/{application}", section, attribute, value)
    return configuration


def client_access(site: str = DEFAULT_SITE) -> Configuration:
    """A fresh one, its applications in a site of that name."""
    return _default(site).copy()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
