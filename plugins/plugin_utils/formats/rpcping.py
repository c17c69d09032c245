# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be guessed of rpcping's text: no transcript of it was found, so these are guesses, and decide nothing.

The numbers are those of Windows' and WinHTTP's lists of errors, and of HTTP. They are looked for in the decimal and in
the hexadecimal form, and not where they measure something.
"""

from __future__ import annotations

import re

# Number -> what it stands for.
_WINDOWS = {
    1326: "the user name or the password is wrong",
    1327: "an account restriction (blank password, hours, station)",
    1330: "the password of the account has expired",
    1331: "the account is disabled",
    1385: "the account may not log on in this way",
    1722: "the RPC server is unavailable",
    1723: "the RPC server is too busy",
    1726: "the remote procedure call failed",
    1753: "no more endpoints: nothing is registered at this endpoint",
    1793: "the account has expired",
    1818: "the remote procedure call was cancelled",
    1825: "a security package specific error",
    1907: "the password must be changed before the first logon",
    1909: "the account is locked out",
    12002: "the request timed out",
    12007: "the name of the RPC proxy could not be resolved",
    12029: "no connection to the RPC proxy could be made",
    12030: "the connection to the RPC proxy was broken off",
    12037: "the certificate's dates are not valid",
    12038: "the certificate is for another name",
    12045: "the certificate's issuer is not trusted",
    12175: "the certificate or the secure channel is not accepted",
}
_HTTP = {
    401: "the web server of the RPC proxy refused the credentials or this way to authenticate",
    403: "the web server of the RPC proxy forbids it",
    404: "the web server has no RPC proxy at this path",
    500: "the web server of the RPC proxy failed",
    502: "a gateway on the way got no usable answer",
    503: "the RPC proxy, or what is behind it, is out of service",
}
ACCESS_DENIED = "access is denied"
# What makes a number a measure: 401 ms, 401.000 ms/T, 1722 T/S.
_NO_MEASURE = r"(?![\d.,]*\d)(?!\s*(?:ms|msec|milliseconds?|s|sec|seconds?|T/S|calls?|bytes?)\b)"
_NOT_INSIDE = r"(?<![\w.,:-])"
_WORDS = (
    (re.compile(r"\bRPC server is (?:unavailable|not available)\b", re.IGNORECASE), 1722),
    (re.compile(r"\bno more endpoints\b", re.IGNORECASE), 1753),
    (re.compile(r"\blocked out\b", re.IGNORECASE), 1909),
    (re.compile(r"\b(?:logon failure|user ?name or password is incorrect)\b", re.IGNORECASE), 1326),
)
# The number 5 alone says nothing.
_DENIED = re.compile(
    r"\baccess (?:is |was )?denied\b|\b(?:error|exception|status|code)\W{1,3}(?:5|0x0*5)\b" + _NO_MEASURE,
    re.IGNORECASE,
)


def _number(number: int) -> re.Pattern[str]:
    return re.compile(rf"{_NOT_INSIDE}(?:{number}|0x(?:8007)?0*{number:x})\b{_NO_MEASURE}", re.IGNORECASE)


_PATTERNS = {number: _number(number) for number in (*_WINDOWS, *_HTTP)}


def recognise(text: str) -> tuple[str, ...]:
    """What the text seems to speak of, in words; each is a guess."""
    numbers = {number for number, pattern in _PATTERNS.items() if pattern.search(text)}
    numbers |= {number for pattern, number in _WORDS if pattern.search(text)}
    found = [f"{number}: {(_WINDOWS | _HTTP)[number]}" for number in sorted(numbers)]
    return (*found, f"5: {ACCESS_DENIED}") if _DENIED.search(text) else tuple(found)


def explain_exit_code(exit_code: int) -> str | None:
    """What Windows means by this number, where rpcping ends with the number of an error; a guess too."""
    return ACCESS_DENIED if exit_code == 5 else _WINDOWS.get(exit_code)
