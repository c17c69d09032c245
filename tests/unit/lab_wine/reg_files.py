# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry files as a test hands them to reg import: ASCII, with the text in hexadecimal over continuation lines."""

from __future__ import annotations

from tests.lab.wine import registry_data

UNICODE_HEADER = "Windows Registry Editor Version 5.00"
ANSI_HEADER = "REGEDIT4"
OCTETS_A_LINE = 25


def reg_file(key: str, *values: str, header: str = UNICODE_HEADER) -> bytes:
    """A file that sets values of one key; each comes as it stands in the file."""
    lines = [header, "", f"[{key.replace('HKLM', 'HKEY_LOCAL_MACHINE')}]", *values, "", ""]
    return "\r\n".join(lines).encode("ascii")


def hex_value(name: str, text: str) -> str:
    r"""A REG_SZ by the octets of its UTF-16; lines end in ,\ and are continued behind two blanks."""
    octets = [f"{octet:02x}" for octet in registry_data.encode("REG_SZ", text)]
    rows = [",".join(octets[start : start + OCTETS_A_LINE]) for start in range(0, len(octets), OCTETS_A_LINE)]
    return f'"{name}"=hex(1):' + ",\\\r\n  ".join(rows)
