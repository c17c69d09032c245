# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs print, taken from the sample files of tests/data: change a sample and the model's output changes."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
HEADER_END = "# ---\n"


@functools.cache
def sample(name: str) -> str:
    """A sample without its header, lines ending in LF."""
    text = (DATA / f"{name}.txt").read_text(encoding="utf-8")
    header, separator, body = text.partition(HEADER_END)
    if not separator or not header.startswith("# source: "):
        raise ValueError(f"{name}: a sample begins with '# source: ' lines and '{HEADER_END.strip()}'")
    return body


def message(sample_name: str, language: str, /, **fields: str) -> str:
    """A localised message, its {fields} filled in."""
    text = sample(f"{sample_name}-{language}")
    for field, value in fields.items():
        text = text.replace(f"{{{field}}}", value)
    return text


@dataclass(frozen=True)
class QueryShape:
    """How reg query lays its output out."""

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


@functools.cache
def query_shape() -> QueryShape:
    """The shape of 2008 and later."""
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
        before_key="\n" * key,
        indent=first[1],
        before_kind=first[3],
        before_data=before_data[0],
        empty_data=next(match[5] for match in values if not match[5].strip()),
        hex_prefix="0x" if number.strip().startswith("0x") else "",
        multi_separator=multi.split("ncacn_http:6004")[1].split("ncacn_http:")[0],
        before_subkeys="\n" * (subkey - last_value - 1),
        prints_key_without_values=only[1].startswith(only[0] + "\\"),
        keys_only_before=keys_only.partition("HKEY_")[0],
    )
