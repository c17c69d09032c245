# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How reg query lays its output out, read off the samples."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace

from tests.lab.samples import sample

VALUE_2003 = re.compile(r"(\s+)(\S[^\t]*)(\t)(REG_\w+)(\t)(.*)$")


@dataclass(frozen=True)
class QueryShape:
    """Lines end in CR LF; head stands once above everything; default_name None means the server's own language."""

    head: str
    before_key: str
    indent: str
    before_kind: str
    before_data: str
    empty_data: str
    hex_prefix: str
    multi_separator: str
    before_subkeys: str
    prints_key_without_values: bool
    keys_only_before: str
    default_name: str | None


def query_shape(windows: str) -> QueryShape:
    """The shape of a release."""
    return _shape_of_2003() if windows == "2003" else _shape_of_2008()


@functools.cache
def _shape_of_2008() -> QueryShape:
    """2008 and later."""
    lines = sample("reg-query-2008").split("\n")
    key = next(number for number, line in enumerate(lines) if line.startswith("HKEY_"))
    values = [match for line in lines if (match := re.match(r"(\s+)(\S.*?)(\s+)(REG_\w+)(.*)$", line))]
    first = values[0]
    multi = next(match[5].strip() for match in values if match[4] == "REG_MULTI_SZ")
    number = next(match[5] for match in values if match[4] == "REG_DWORD")
    keys_only = sample("reg-query-2008-keys-only")
    only = re.findall(r"^HKEY_.*$", keys_only, re.MULTILINE)
    last_value = max(position for position, line in enumerate(lines) if re.match(r"\s+\S", line))
    subkey = next(position for position in range(last_value, len(lines)) if lines[position].startswith("HKEY_"))
    before_data = re.match(r"\s+", first[5])
    if before_data is None:
        raise ValueError("reg-query-2008: the first value has no data")
    return QueryShape(
        head="",
        before_key="\r\n" * key,
        indent=first[1],
        before_kind=first[3],
        before_data=before_data[0],
        empty_data=next(match[5] for match in values if not match[5].strip()),
        hex_prefix="0x" if number.strip().startswith("0x") else "",
        multi_separator=multi.split("ncacn_http:6004")[1].split("ncacn_http:")[0],
        before_subkeys="\r\n" * (subkey - last_value - 1),
        prints_key_without_values=only[1].startswith(only[0] + "\\"),
        keys_only_before=keys_only.partition("HKEY_")[0].replace("\n", "\r\n"),
        default_name=None,
    )


@functools.cache
def _shape_of_2003() -> QueryShape:
    """A head line and tabs; what the sample does not show is as in 2008."""
    lines = sample("reg-query-2003").split("\n")
    head = next(number for number, line in enumerate(lines) if line.startswith("!"))
    key = next(number for number, line in enumerate(lines) if line.startswith("HKEY_"))
    values = [match for line in lines if (match := VALUE_2003.match(line))]
    default = next(match for match in values if match[2].startswith("<"))
    return replace(
        _shape_of_2008(),
        head="".join(f"{line}\r\n" for line in lines[: head + 1]),
        before_key="\r\n" * (key - head - 1),
        indent=values[0][1],
        before_kind=values[0][3],
        before_data=values[0][5],
        empty_data=default[5],
        default_name=default[2],
    )
