# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of IIS's configuration: Default Web Site/Rpc, or MACHINE/WEBROOT/APPHOST/Default Web Site/Rpc; any case."""

from __future__ import annotations

SERVER = "MACHINE/WEBROOT/APPHOST"

# The segments of a path in lower case; none of them is the server's level.
Key = tuple[str, ...]


def below_server(path: str) -> str:
    """A path without MACHINE/WEBROOT/APPHOST and slashes at its ends."""
    text = path.strip("/")
    if text.lower() == SERVER.lower() or text == ".":
        return ""
    return text[len(SERVER) + 1 :] if text.lower().startswith(SERVER.lower() + "/") else text


def full(path: str) -> str:
    """A path as appcmd shows it."""
    inner = below_server(path)
    return f"{SERVER}/{inner}" if inner else SERVER


def key(path: str) -> Key:
    """What two spellings of a path have in common."""
    return tuple(segment for segment in below_server(path).lower().split("/") if segment)


def contains(upper: Key, lower: Key) -> bool:
    """Whether a path is the other one or above it."""
    return lower[: len(upper)] == upper
