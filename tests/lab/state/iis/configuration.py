# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An applicationHost.config: which value is written where, and which one counts at a path."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab.state.iis import paths
from tests.lab.state.iis.paths import Key
from tests.lab.state.iis.sections import Section

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
INDENT = "    "
RESTART_TIME = "recycling.periodicRestart.time"
# 29 hours.
RESTART_TIME_DEFAULT = "1.05:00:00"


@dataclass(frozen=True)
class _Holder:
    """What may hold sections: the document itself or one of its location elements."""

    key: Key
    path: str
    element: ET.Element


class Configuration:
    """Values are as they are written; a location's beats those of the paths above it. Comments survive, unread."""

    def __init__(self, text: str) -> None:
        parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
        self._root: ET.Element = ET.fromstring(text.strip(), parser)

    def copy(self) -> Configuration:
        """One that later changes do not reach."""
        return copy.deepcopy(self)

    @property
    def text(self) -> str:
        """The document."""
        root = copy.deepcopy(self._root)
        ET.indent(root, INDENT)
        return DECLARATION + ET.tostring(root, "unicode") + "\n"

    def sites(self) -> list[str]:
        """The names of the web sites."""
        sites = _below(self._root, "system.applicationHost/sites")
        return [] if sites is None else [site.get("name", "") for site in sites.findall("site")]

    def pool(self, name: str) -> dict[str, str] | None:
        """What an application pool has for the attributes that the lab knows; None where there is no such pool."""
        pools = _below(self._root, "system.applicationHost/applicationPools")
        found = [] if pools is None else pools.findall("add")
        pool = next((one for one in found if one.get("name", "").lower() == name.lower()), None)
        if pool is None:
            return None
        restart = _below(pool, "recycling/periodicRestart")
        return {RESTART_TIME: RESTART_TIME_DEFAULT if restart is None else restart.get("time", RESTART_TIME_DEFAULT)}

    def recycle(self, name: str, time: str) -> None:
        """Set the time after which a pool recycles."""
        pools = _make(self._root, "system.applicationHost/applicationPools")
        pool = _named(pools, "add", name)
        if pool is None:
            pool = ET.SubElement(pools, "add", {"name": name})
        _make(pool, "recycling/periodicRestart").set("time", time)

    def folders(self) -> list[tuple[str, str]]:
        """The virtual directories of all sites: path, which ends in a slash for an application's own, and folder."""
        sites = _below(self._root, "system.applicationHost/sites")
        found = []
        for site in [] if sites is None else sites.findall("site"):
            for application in site.findall("application"):
                path = f"{site.get('name', '')}{application.get('path', '/').rstrip('/')}"
                directories = application.findall("virtualDirectory") or [ET.Element("virtualDirectory", {"path": "/"})]
                found += [
                    (f"{path}{directory.get('path', '/')}", directory.get("physicalPath", ""))
                    for directory in directories
                ]
        return found

    def get(self, path: str, section: Section, attribute: str) -> str | None:
        """The value that is written for exactly this path."""
        return self.explicit(path, section).get(attribute)

    def explicit(self, path: str, section: Section) -> dict[str, str]:
        """All values that are written for exactly this path."""
        wanted = paths.key(path)
        return {
            name: value
            for holder, element in self._elements(section)
            if holder.key == wanted
            for name, value in element.attrib.items()
        }

    def effective(self, path: str, section: Section) -> dict[str, str]:
        """All values that count at a path, in the order of the schema."""
        values = dict(section.defaults)
        for _holder, element in self._leading_to(path, section):
            values.update(element.attrib)
        return values

    def collection(self, path: str, section: Section, inherited: bool = True) -> list[str]:
        """The values of the section's <add> elements that count at a path, or that are written there alone."""
        values: list[str] = []
        wanted = paths.key(path)
        for holder, element in self._leading_to(path, section):
            found = element.find(section.collection) if section.collection else None
            if found is not None and (inherited or holder.key == wanted):
                values = _collected(values, found)
        return values

    def set(self, path: str, section: Section, attribute: str, value: str) -> None:
        """Write a value where the section stands already, else into a location element that is made for it."""
        wanted = paths.key(path)
        for holder, element in self._elements(section):
            if holder.key == wanted:
                element.set(attribute, value)
                return
        _make(self._holder(path).element, section.path).set(attribute, value)

    def places(self, section: Section, attribute: str, value: str | None) -> list[str]:
        """Every path for which an attribute is written, with this value or any."""
        found = {
            holder.key: holder.path
            for holder, element in self._elements(section)
            if attribute in element.attrib and value in (None, element.attrib[attribute].lower())
        }
        return list(found.values())

    def locked(self, path: str, section: Section) -> bool:
        """Whether a file below this one may not hold the section at a path."""
        wanted = paths.key(path)
        modes = [self._declared_mode(section)]
        modes += [
            holder.element.get("overrideMode", "Inherit")
            for holder, _element in sorted(self._elements(section), key=lambda pair: len(pair[0].key))
            if paths.contains(holder.key, wanted)
        ]
        return [mode for mode in modes if mode != "Inherit"][-1] == "Deny"

    def _declared_mode(self, section: Section) -> str:
        """overrideModeDefault of the section's declaration."""
        *groups, name = section.path.split("/")
        element = self._root.find("configSections")
        for group in groups:
            element = _named(element, "sectionGroup", group)
        declaration = _named(element, "section", name)
        return "Allow" if declaration is None else declaration.get("overrideModeDefault", "Allow")

    def _holders(self) -> Iterator[_Holder]:
        yield _Holder((), "", self._root)
        for element in self._root.findall("location"):
            path = paths.below_server(element.get("path", ""))
            yield _Holder(paths.key(path), path, element)

    def _elements(self, section: Section) -> Iterator[tuple[_Holder, ET.Element]]:
        for holder in self._holders():
            element = _below(holder.element, section.path)
            if element is not None:
                yield holder, element

    def _leading_to(self, path: str, section: Section) -> list[tuple[_Holder, ET.Element]]:
        """Where the section is written for a path or one above it; the nearest comes last."""
        wanted = paths.key(path)
        found = [pair for pair in self._elements(section) if paths.contains(pair[0].key, wanted)]
        return sorted(found, key=lambda pair: len(pair[0].key))

    def _holder(self, path: str) -> _Holder:
        """What may take a section for this path, made where it is absent."""
        wanted = paths.key(path)
        for holder in self._holders():
            if holder.key == wanted:
                return holder
        inner = paths.below_server(path)
        return _Holder(wanted, inner, ET.SubElement(self._root, "location", {"path": inner}))


def _below(element: ET.Element, path: str) -> ET.Element | None:
    found: ET.Element | None = element
    for step in path.split("/"):
        found = None if found is None else next((child for child in found if child.tag == step), None)
    return found


def _make(element: ET.Element, path: str) -> ET.Element:
    for step in path.split("/"):
        found = next((child for child in element if child.tag == step), None)
        element = ET.SubElement(element, step) if found is None else found
    return element


def _named(element: ET.Element | None, tag: str, name: str) -> ET.Element | None:
    children = () if element is None else element.findall(tag)
    return next((child for child in children if child.get("name") == name), None)


def _collected(values: list[str], element: ET.Element) -> list[str]:
    """A collection's values after what an element of it says."""
    for child in element:
        value = child.get("value", "")
        if child.tag == "clear":
            values = []
        elif child.tag == "remove":
            values = [other for other in values if other != value]
        elif child.tag == "add" and value not in values:
            values = [*values, value]
    return values
