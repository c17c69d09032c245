# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What appcmd.exe prints: a section as XML, the places that set an attribute, its errors; what may be sent to it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

SERVER = "MACHINE/WEBROOT/APPHOST"
# Letters of a site's or a folder's name that neither cmd.exe nor appcmd gives a meaning to.
_SEGMENT = re.compile(r"[A-Za-z0-9 ._()\[\]{}#$+~',=@-]+")
_PLACE = re.compile(r'CONFIGSEARCH "([^"]*)"')
_ERROR = re.compile(r"\s*ERROR \( message:(.*?)\s*\)?\s*", re.DOTALL)
# A document type or an entity; nothing that appcmd prints needs one. Comments are harmless.
_DECLARATION = re.compile(r"<!(?!--)")
_BOOLEANS = {"true": True, "false": False}


class NotParsed(ValueError):
    """appcmd printed something that is not of its documented shape."""


@dataclass(frozen=True)
class ConfigPath:
    """A path of IIS's configuration below the server: a site, perhaps with what is in it. Equal whatever its case."""

    text: str

    @classmethod
    def parse(cls, text: str) -> ConfigPath:
        """From a registry value or an answer of appcmd; raises ValueError for a text that must not be sent."""
        for segment in text.split("/"):
            if not segment.strip(". "):
                raise ValueError(f"{text!r} has a part without a name")
            if not _SEGMENT.fullmatch(segment):
                odd = sorted({char for char in segment if not _SEGMENT.fullmatch(char)})
                raise ValueError(f"{text!r} has {' '.join(map(repr, odd))}, which is not sent to cmd.exe")
        if text.startswith("-"):
            raise ValueError(f"{text!r} begins with '-', which appcmd takes for an option")
        return cls(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConfigPath) and self.text.lower() == other.text.lower()

    def __hash__(self) -> int:
        return hash(self.text.lower())

    def below(self, name: str) -> ConfigPath:
        """The path of what has this name in it."""
        return ConfigPath.parse(f"{self.text}/{name}")


def parse_section(text: str, section: str) -> dict[str, str]:
    """The attributes of a section, as they are; raises NotParsed."""
    if _DECLARATION.search(text):
        raise NotParsed("the XML has a declaration of its own, which appcmd does not print")
    try:
        root = ET.fromstring(text.strip())
    except (ET.ParseError, ValueError) as error:
        raise NotParsed(f"no XML: {error}") from error
    outermost, *steps = section.split("/")
    if root.tag != outermost:
        raise NotParsed(f"the XML is <{root.tag}>, not <{outermost}>")
    for step in steps:
        found = root.findall(step)
        if len(found) != 1:
            raise NotParsed(f"<{root.tag}> holds {len(found)} elements <{step}>, not one")
        root = found[0]
    return dict(root.attrib)


def parse_places(text: str) -> tuple[str, ...]:
    """The paths of a search in their order, less the server's own part; "" is the server's level. Raises NotParsed."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _PLACE.fullmatch(line)
        if match is None:
            raise NotParsed(f"a line that is no CONFIGSEARCH: {line!r}")
        found.append(_below_server(match[1]))
    return tuple(found)


def parse_value(text: str) -> str:
    """What C(/text:ATTRIBUTE) prints for one object: the value on a line of its own; raises NotParsed."""
    lines = list(filter(None, map(str.strip, text.splitlines())))
    if len(lines) != 1 or parse_error(text) is not None:
        raise NotParsed(f"no value on one line: {text!r}")
    return lines[0]


def _below_server(path: str) -> str:
    server, rest = path[: len(SERVER)], path[len(SERVER) :]
    if server.upper() != SERVER or (rest and not rest.startswith("/")):
        raise NotParsed(f"a place that is not below {SERVER}: {path!r}")
    return rest.strip("/")


def parse_error(text: str) -> str | None:
    """What stands in an C(ERROR ( message:... )) block; None where the text is none."""
    match = _ERROR.fullmatch(text)
    return match[1] if match else None


def parse_boolean(text: str) -> bool:
    """true or false, whatever its case; raises NotParsed."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise NotParsed(f"{text!r} is neither true nor false") from None


def parse_flags(text: str) -> frozenset[str]:
    """Flags by their names in lower case, such as C(Ssl, Ssl128); none for C(None). Raises NotParsed."""
    flags = frozenset(flag.strip().lower() for flag in text.split(",")) - {"none", ""}
    if not all(re.fullmatch(r"[a-z][a-z0-9]*", flag) for flag in flags):
        raise NotParsed(f"{text!r} is no list of flags")
    return flags


_ELEVATION = (
    "Use the built-in Administrator, or an account whose token is not filtered over the network (KB 951016), and run "
    "again."
)


def advice(answer: str) -> str:
    """What an operator does about an error of appcmd. Its words only choose the advice, they never decide success."""
    words = answer.lower()
    if "permission" in words or "denied" in words or "80070005" in words:
        return _ELEVATION
    if "redirection.config" in words:
        return (
            "redirection.config leads to a configuration that cannot be read here. A WinRM session with NTLM cannot "
            "reach a share (second hop): use Kerberos delegation or CredSSP, or run appcmd in a session on the server. "
            f"Without a shared configuration the account lacks a right. {_ELEVATION}"
        )
    if "overridemode" in words or "locked" in words or "80070021" in words:
        return (
            "A lock holds the section. Where a guide put lockAttributes, lockItem or overrideMode=Deny into "
            "applicationHost.config, take it out (appcmd unlock config), and run again."
        )
    if "site object" in words:
        return "Compare the site's name with appcmd list site and with the value WebSite of RpcProxy, then run again."
    return "Run the same appcmd command on the server by hand and compare."
