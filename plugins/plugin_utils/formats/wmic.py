# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(wmic ... get ... /value) prints: name=value a line, a blank line between objects. Free of language."""

from __future__ import annotations

import datetime
import re

# strptime imports the locale and compiles its patterns anew in every worker of Ansible.
_DATETIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-]\d{3})")
_LINE_END = re.compile(r"\r*\n")


class NotParsed(ValueError):
    """wmic printed something that is not of its documented shape."""


def parse_list(text: str) -> tuple[dict[str, str], ...]:
    """One dict an object; raises NotParsed with the first line that does not fit.

    Redirected, wmic ends its lines in more than one carriage return.
    """
    objects: list[dict[str, str]] = []
    current: dict[str, str] = {}
    for line in _LINE_END.split(text):
        name, equals, value = line.strip("\r\ufeff").partition("=")
        if equals and name not in current:
            current[name] = value
        elif (not name and not equals) or equals:
            if current:
                objects.append(current)
            current = {name: value} if equals else {}
        else:
            raise NotParsed(f"a line that is no name=value: {line!r}")
    return tuple([*objects, current] if current else objects)


def parse_datetime(text: str) -> datetime.datetime:
    """A CIM datetime, C(yyyymmddHHMMSS.mmmmmm+UUU) with the minutes from UTC; raises NotParsed."""
    match = _DATETIME.fullmatch(text.strip())
    if not match:
        raise NotParsed(f"{text!r} is no CIM datetime")
    zone = datetime.timezone(datetime.timedelta(minutes=int(match[8])))
    try:
        year, month, day, hour, minute, second, microsecond = (int(part) for part in match.groups()[:7])
        return datetime.datetime(year, month, day, hour, minute, second, microsecond, zone)
    except ValueError as error:
        raise NotParsed(f"{text!r} is no CIM datetime: {error}") from error
