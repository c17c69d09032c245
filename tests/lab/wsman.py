# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of MS-WSMV command shells: requests read into one record, answers and faults written."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
SHELL_CMD = f"{SHELL}/cmd"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "x": TRANSFER,
    "rsp": SHELL,
}
WSMAN_FAULT_NAMESPACE = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
WMI_ERROR_NAMESPACE = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
OPERATIONS = {
    f"{TRANSFER}/Create": "create",
    f"{SHELL}/Command": "command",
    f"{SHELL}/Send": "send",
    f"{SHELL}/Receive": "receive",
    f"{SHELL}/Signal": "signal",
    f"{TRANSFER}/Delete": "delete",
}
MAX_ENVELOPE = 153600
# More than all of a Receive answer that is not base64.
ENVELOPE_OVERHEAD = 4096

OPERATION_TIMED_OUT = 2150858793
SHELL_NOT_FOUND = 2150858843
SHELLS_PER_USER_EXCEEDED = 2150859173
OPERATIONS_EXCEEDED = 0x803381A6


class WsmanFault(Exception):
    """An answer of HTTP status 500 with a SOAP fault; code and wmi_code are left out where unknown."""

    def __init__(self, reason: str, code: int | None = None, subcode: str = "w:InternalError", wmi: int | None = None):
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.subcode = subcode
        self.wmi = wmi


@dataclass(frozen=True)
class Request:
    """One request; fields that its operation lacks keep their defaults."""

    operation: str
    message_id: str
    shell_id: str = ""
    command_id: str = ""
    operation_timeout: float = 60.0
    max_envelope: int = MAX_ENVELOPE
    options: Mapping[str, str] = field(default_factory=dict)
    command_line: str | None = None
    stdin: bytes = b""
    stdin_end: bool = False

    def flag(self, option: str, default: bool) -> bool:
        """A WINRS_... option that is TRUE or FALSE."""
        return self.options.get(option, str(default)).strip().upper() in ("TRUE", "1")


def parse(envelope: bytes, limit: int) -> Request:
    """Read a request; WsmanFault where it is none that a command shell knows, or larger than the limit."""
    if len(envelope) > limit:
        raise WsmanFault("The request envelope is larger than this server takes.", subcode="w:EncodingLimit")
    try:
        root = ElementTree.fromstring(envelope)
    except ElementTree.ParseError as error:
        raise WsmanFault(f"The request is not XML: {error}", subcode="w:SchemaValidationError") from error
    action = _text(root, "s:Header/a:Action")
    if action not in OPERATIONS:
        raise WsmanFault(f"Action {action!r} is not supported.", subcode="a:ActionNotSupported")
    if _text(root, "s:Header/w:ResourceURI") != SHELL_CMD:
        raise WsmanFault("Only the cmd shell is served.", subcode="a:DestinationUnreachable")
    operation = OPERATIONS[action]
    body = _body_fields(operation, root)
    return Request(
        operation=operation,
        message_id=_text(root, "s:Header/a:MessageID"),
        shell_id=_selector(root),
        operation_timeout=_duration(_text(root, "s:Header/w:OperationTimeout")),
        max_envelope=min(int(_text(root, "s:Header/w:MaxEnvelopeSize") or MAX_ENVELOPE), MAX_ENVELOPE),
        options={
            node.get("Name", "").upper(): node.text or ""
            for node in root.iterfind("s:Header/w:OptionSet/w:Option", NAMESPACES)
        },
        command_id=body.command_id,
        command_line=body.command_line,
        stdin=body.stdin,
        stdin_end=body.stdin_end,
    )


@dataclass(frozen=True)
class _Body:
    command_id: str = ""
    command_line: str | None = None
    stdin: bytes = b""
    stdin_end: bool = False


def _body_fields(operation: str, root: ElementTree.Element) -> _Body:
    if operation == "command":
        words = [root.findtext("s:Body/rsp:CommandLine/rsp:Command", "", NAMESPACES)]
        words += [node.text or "" for node in root.iterfind("s:Body/rsp:CommandLine/rsp:Arguments", NAMESPACES)]
        return _Body(command_line=" ".join(words))
    if operation == "send":
        streams = root.findall("s:Body/rsp:Send/rsp:Stream", NAMESPACES)
        return _Body(
            command_id=streams[0].get("CommandId", "") if streams else "",
            stdin=b"".join(_base64(node.text or "") for node in streams),
            stdin_end=any(node.get("End", "").lower() in ("true", "1") for node in streams),
        )
    if operation == "receive":
        node = root.find("s:Body/rsp:Receive/rsp:DesiredStream", NAMESPACES)
        return _Body(command_id="" if node is None else node.get("CommandId", ""))
    if operation == "signal":
        node = root.find("s:Body/rsp:Signal", NAMESPACES)
        return _Body(command_id="" if node is None else node.get("CommandId", ""))
    return _Body()


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error as error:
        raise WsmanFault("The stream is not base64.", subcode="w:SchemaValidationError") from error


def _text(root: ElementTree.Element, path: str) -> str:
    return root.findtext(path, "", NAMESPACES).strip()


def _selector(root: ElementTree.Element) -> str:
    for node in root.iterfind("s:Header/w:SelectorSet/w:Selector", NAMESPACES):
        if node.get("Name") == "ShellId":
            return node.text or ""
    return ""


def _duration(text: str) -> float:
    """Seconds of an xs:duration without years, months and days; 60, WinRM's default, where there is none."""
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", text)
    if match is None or not any(match.groups()):
        return 60.0
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def output_room(max_envelope: int) -> int:
    """How many bytes of output one Receive answer can carry."""
    return max(1024, (max_envelope - ENVELOPE_OVERHEAD) // 4 * 3)


def created(request: Request, shell_id: str) -> bytes:
    """The answer to Create."""
    return _answer(
        request,
        f"{TRANSFER}/CreateResponse",
        "<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{SHELL_CMD}</w:ResourceURI>"
        f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
        "</a:ReferenceParameters></x:ResourceCreated>"
        f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId></rsp:Shell>",
    )


def started(request: Request, command_id: str) -> bytes:
    """The answer to Command."""
    body = f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"
    return _answer(request, f"{SHELL}/CommandResponse", body)


def sent(request: Request) -> bytes:
    """The answer to Send."""
    return _answer(request, f"{SHELL}/SendResponse", "<rsp:SendResponse/>")


def received(request: Request, stdout: bytes, stderr: bytes, exit_code: int | None) -> bytes:
    """The answer to Receive; exit_code None while the command runs or has more to say."""
    command = quoteattr(request.command_id)
    streams = "".join(
        f'<rsp:Stream Name="{name}" CommandId={command}>{base64.b64encode(data).decode()}</rsp:Stream>'
        for name, data in (("stdout", stdout), ("stderr", stderr))
        if data
    )
    if exit_code is None:
        state = f'<rsp:CommandState CommandId={command} State="{SHELL}/CommandState/Running"/>'
    else:
        streams += "".join(
            f'<rsp:Stream Name="{name}" CommandId={command} End="true"/>' for name in ("stdout", "stderr")
        )
        state = (
            f'<rsp:CommandState CommandId={command} State="{SHELL}/CommandState/Done">'
            f"<rsp:ExitCode>{exit_code & 0xFFFFFFFF}</rsp:ExitCode></rsp:CommandState>"
        )
    body = f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>"
    return _answer(request, f"{SHELL}/ReceiveResponse", body)


def signalled(request: Request) -> bytes:
    """The answer to Signal."""
    return _answer(request, f"{SHELL}/SignalResponse", "<rsp:SignalResponse/>")


def deleted(request: Request) -> bytes:
    """The answer to Delete."""
    return _answer(request, f"{TRANSFER}/DeleteResponse", "")


def fault(message_id: str, error: WsmanFault) -> bytes:
    """The answer that carries a fault."""
    code = "" if error.code is None else f' Code="{error.code}"'
    details = (
        f'<f:WSManFault xmlns:f="{WSMAN_FAULT_NAMESPACE}"{code} Machine="127.0.0.1">'
        f"<f:Message>{escape(error.reason)}</f:Message></f:WSManFault>"
    )
    if error.wmi is not None:
        number = f"<e:error_Code>{error.wmi}</e:error_Code>"
        details += f'<e:MSFT_WmiError xmlns:e="{WMI_ERROR_NAMESPACE}">{number}</e:MSFT_WmiError>'
    body = (
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{error.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(error.reason)}</s:Text></s:Reason>'
        f"<s:Detail>{details}</s:Detail></s:Fault>"
    )
    return _envelope(message_id, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", body)


def _answer(request: Request, action: str, body: str) -> bytes:
    return _envelope(request.message_id, action, body)


_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


def _envelope(relates_to: str, action: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" {_DECLARATIONS}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
