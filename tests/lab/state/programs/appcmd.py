# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""appcmd list, search and set of a section of IIS's configuration."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.iis import WINDOWS
from tests.lab.samples import sample
from tests.lab.state.iis import Iis, paths, sections
from tests.lab.state.iis.sections import BOOLEANS, Section
from tests.lab.state.printed import NotModelled, Printed

if TYPE_CHECKING:
    from tests.lab.state.server import ServerState

# A public transcript has 5 for the session without elevation. That the others are Windows' codes for the cause is an
# inference (IIS itself gives 0x80070021 for a lock), and so is the 1 of a search that finds nothing.
DENIED = 5
LOCKED = 33
UNREACHABLE = 53
INVALID = 87
NO_SUCH_SITE = 1168
NOTHING_FOUND = 1


@dataclass(frozen=True)
class _Command:
    """parameters: the /NAME:VALUE arguments, their names in lower case; None for one without a value."""

    verb: str
    path: str
    section: Section
    parameters: Mapping[str, str | None]


class _Refused(Exception):
    """A command that appcmd answers with an error, which it prints to standard output."""

    def __init__(self, exit_code: int, name: str, /, **fields: str) -> None:
        super().__init__(name)
        self.printed = Printed(_filled(name, **fields), exit_code=exit_code)


def run(state: ServerState, arguments: list[str]) -> Printed:
    """VERB config [PATH] /section:SECTION, with the arguments of the verb; list vdir; list apppool NAME /text:NAME."""
    iis = state.iis
    try:
        if not iis.elevated:
            raise _Refused(DENIED, "appcmd-denied")
        if not iis.reachable:
            raise _Refused(UNREACHABLE, "appcmd-share-unreachable")
        if [argument.lower() for argument in arguments] == ["list", "vdir"]:
            return _folders(iis)
        if [argument.lower() for argument in arguments[:2]] == ["list", "apppool"]:
            return _pool(iis, arguments[2:])
        command = _parse(iis, arguments)
        return {"list": _list, "search": _search, "set": _set}[command.verb](iis, command)
    except _Refused as refused:
        return refused.printed


def _folders(iis: Iis) -> Printed:
    """Every virtual directory."""
    found = iis.configuration.folders()
    return Printed("".join(_filled("appcmd-list-vdir", path=path, folder=folder) for path, folder in found))


def _pool(iis: Iis, arguments: list[str]) -> Printed:
    """The text of one attribute of one pool."""
    name, kind = (*arguments, "", "")[:2]
    text, value = _parameter(kind)
    attributes = iis.configuration.pool(name)
    if len(arguments) != 2 or text != "text" or value is None:
        raise NotModelled
    if attributes is None:
        raise _Refused(NO_SUCH_SITE, "appcmd-no-pool", pool=name)
    known = {attribute.lower(): found for attribute, found in attributes.items()}
    if value.lower() not in known:
        raise NotModelled
    return Printed(f"{known[value.lower()]}\n")


def _parse(iis: Iis, arguments: list[str]) -> _Command:
    words = [argument for argument in arguments if argument[:1] not in "/-"]
    given = dict(_parameter(argument) for argument in arguments if argument[:1] in "/-")
    verb, kind, path = (*words, "", "", "")[:3]
    if verb.lower() not in ("list", "search", "set") or kind.lower() != "config" or len(words) > 3 or "://" in path:
        raise NotModelled
    name = given.pop("section", None)
    if name is None:
        raise NotModelled
    section = sections.find(name)
    if section is None:
        raise _Refused(INVALID, "appcmd-unknown-section", section=name)
    sites = {site.lower() for site in iis.configuration.sites()}
    site = paths.below_server(path).partition("/")[0]
    if site and site.lower() not in sites:
        raise _Refused(NO_SUCH_SITE, "appcmd-no-site", site=site)
    return _Command(verb.lower(), path, section, given)


def _parameter(argument: str) -> tuple[str, str | None]:
    name, colon, value = argument[1:].partition(":")
    return name.lower(), value if colon else None


def _list(iis: Iis, command: _Command) -> Printed:
    """The section as XML; with /config:* what counts at the path, else what is written there."""
    if command.parameters not in ({}, {"config": None}, {"config": "*"}):
        raise NotModelled
    everything = command.parameters.get("config") == "*"
    configuration = iis.configuration
    reader = configuration.effective if everything else configuration.explicit
    root = ET.Element("")
    element = root
    for step in command.section.path.split("/"):
        element = ET.SubElement(element, step)
    element.attrib.update(reader(command.path, command.section))
    if command.section.collection is not None:
        collection = ET.SubElement(element, command.section.collection)
        for value in configuration.collection(command.path, command.section, inherited=everything):
            ET.SubElement(collection, "add", {"value": value})
    ET.indent(root[0], _indent())
    return Printed(ET.tostring(root[0], "unicode") + "\n")


def _indent() -> str:
    """How far the sample puts a child in."""
    match = re.search(r"^( +)<", sample("appcmd-list-config"), re.MULTILINE)
    if match is None:
        raise ValueError("appcmd-list-config: no child")
    return match[1]


def _search(iis: Iis, command: _Command) -> Printed:
    """The places that write an attribute, at a path and below it."""
    if len(command.parameters) != 1:
        raise NotModelled
    ((name, value),) = command.parameters.items()
    places = iis.configuration.places(command.section, _attribute(command.section, name), value and value.lower())
    upper = paths.key(command.path)
    found = [place for place in places if paths.contains(upper, paths.key(place))]
    text = "".join(_filled("appcmd-search", path=paths.full(place)) for place in found)
    return Printed(text, exit_code=0 if found else NOTHING_FOUND)


def _set(iis: Iis, command: _Command) -> Printed:
    """Without /commit:apphost it would go to the web.config of the path, which a lock does not allow."""
    parameters = dict(command.parameters)
    commit = parameters.pop("commit", None)
    values = {_attribute(command.section, name): value for name, value in parameters.items()}
    if not values or (commit is not None and commit.lower() not in ("apphost", paths.SERVER.lower())):
        raise NotModelled
    iis.about_to_write()
    here = commit is not None or not paths.key(command.path)
    if iis.locked and command.section.path == WINDOWS:
        raise _Refused(LOCKED, "appcmd-locked")
    if not here:
        if iis.configuration.locked(command.path, command.section):
            raise _Refused(LOCKED, "appcmd-locked")
        raise NotModelled
    checked = {name: _checked(command.section, name, value) for name, value in values.items()}
    for name, text in checked.items():
        iis.set(command.path, command.section.path, name, text)
    iis.changes += 1
    return Printed(
        _filled("appcmd-applied", section=command.section.path, path=paths.full(command.path), commit=paths.SERVER)
    )


def _attribute(section: Section, name: str) -> str:
    known = section.attribute(name)
    if known is None:
        raise _Refused(INVALID, "appcmd-unknown-attribute", attribute=name)
    return known


def _checked(section: Section, attribute: str, value: str | None) -> str:
    if not section.is_boolean(attribute):
        return value or ""
    if value is None or value.lower() not in BOOLEANS:
        raise _Refused(INVALID, "appcmd-invalid-value", attribute=attribute, value=value or "")
    return value.lower()


def _filled(name: str, /, **fields: str) -> str:
    text = sample(name)
    for field, value in fields.items():
        text = text.replace(f"{{{field}}}", value)
    return text
