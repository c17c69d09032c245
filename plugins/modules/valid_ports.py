# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of valid_ports; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: valid_ports
short_description: Pin the RPC proxy's ValidPorts on a Client Access server
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Sets which servers and ports the RPC proxy of a Client Access server may reach (C(ValidPorts)), and how often the
    servicelet RpcHttpConfigurator overwrites that list (C(PeriodicPollingMinutes)).
  - Mailbox servers get the ports 6001-6002 and 6004, Global Catalogs the port 6004, each under its NetBIOS name and its
    FQDN, in the order given.
  - Values are compared by meaning. Another order, other case, duplicates, split ranges and empty entries mean the same;
    blanks, quotes, line breaks or another registry type do not, because nobody documents that the RPC proxy tolerates
    them.
  - Polling is written before C(ValidPorts). When the servicelet was in the middle of a pass and overwrites the list
    once more, that is noticed, said, and mended.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
  - exchange_ops.outlook_anywhere.server.fix
options:
  mailbox_servers:
    description:
      - The Mailbox servers, at least one. Each is an FQDN, or a dict of C(fqdn) and C(netbios).
      - Without C(netbios) the NetBIOS name is the first label of the FQDN, cut at 15 characters.
    type: list
    elements: raw
    required: true
  global_catalogs:
    description: The Global Catalogs, in the same forms.
    type: list
    elements: raw
    default: []
  extra_entries:
    description:
      - Further entries in the grammar of C(ValidPorts), C(name:port) or C(name:low-high). A name may end in C(*).
    type: list
    elements: str
    default: []
  unknown_entries:
    description:
      - What to do with targets in the present value that nobody asked for. An entry that does not parse is one.
      - V(fail) names them and writes nothing, unless all of them are covered by O(allow_removal).
      - V(keep) leaves them in the value, behind the entries asked for.
      - V(remove) takes them out.
    type: str
    choices: [fail, keep, remove]
    default: fail
  allow_removal:
    description:
      - Names of servers whose entries may be removed although O(unknown_entries) is V(fail), or entries as they stand
        in the value, also such that do not parse. Case is ignored.
      - An FQDN covers the NetBIOS name that is derived of it too, unless a server that is asked for has that name.
    type: list
    elements: str
    default: []
  polling_minutes:
    description:
      - V(0) pins the list. V(15), the default of Exchange, gives it back to the servicelet.
      - The registry value is never deleted, because the next update rollup would put it back.
    type: int
    default: 0
  settle_seconds:
    description:
      - Seconds to wait on the server, after polling was switched off, before the values are read again, 0 to 600.
      - How long a pass of the servicelet takes is not documented.
    type: int
    default: 5
  repin_only:
    description:
      - Put back what was pinned before, and pin nothing anew. A server of which this controller's O(snapshot_dir) has
        no record of being pinned is C(not_managed).
      - For what an update rollup undoes, on a schedule.
    type: bool
    default: false
seealso:
  - name: Microsoft's documentation of ValidPorts
    description: The grammar of the value, and when the RPC proxy reads it.
    link: https://learn.microsoft.com/en-us/windows/win32/rpc/rpc-over-http-security
"""

EXAMPLES = r"""
- name: Let Outlook Anywhere reach two Mailbox servers and a Global Catalog
  exchange_ops.outlook_anywhere.valid_ports:
    mailbox_servers:
      - mbx1.contoso.com
      - fqdn: mailboxserver-west2.contoso.com
        netbios: MAILBOXSERVER-W
    global_catalogs:
      - gc1.contoso.com

- name: Take a server out of the list that is gone
  exchange_ops.outlook_anywhere.valid_ports:
    mailbox_servers: [mbx1.contoso.com]
    allow_removal: [mbx9.contoso.com]

- name: Give the list back to Exchange
  exchange_ops.outlook_anywhere.valid_ports:
    mailbox_servers: [mbx1.contoso.com]
    unknown_entries: keep
    polling_minutes: 15
"""

RETURN = r"""
findings:
  description:
    - What each setting was before any change. Check mode and the run that follows give the same findings.
    - A failed task returns its findings too.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: Inventory name of the server.
      type: str
    fix:
      description: Name of the module.
      type: str
    setting:
      description: C(PeriodicPollingMinutes) or C(ValidPorts).
      type: str
    status:
      description: One of C(compliant), C(drifted), C(not_applicable), C(not_managed), C(unknown).
      type: str
    before:
      description: The value as found; null when absent or not read.
      type: str
    after:
      description: The value as it is to be; null for absent.
      type: str
    reason:
      description: Why the status is what it is.
      type: str
    reference:
      description: Where the fact comes from.
      type: str
    effective:
      description: Whether the running services use the value, C(yes), C(no) or C(unknown).
      type: str
    blocked_by:
      description: What holds the change back; null when nothing does. A change that is held back is not counted.
      type: str
restart_required:
  description: Services to restart so that the change works at once; without, it works at their next poll.
  returned: always
  type: list
  elements: str
  sample: [MSExchangeServiceHost]
reboot_required:
  description: Always false for this module.
  returned: always
  type: bool
snapshot:
  description: The file on the controller that says what was there before, for M(exchange_ops.outlook_anywhere.restore).
  returned: when something was changed, or was about to be
  type: str
predicted:
  description: Whether this is what check mode predicts; nothing was changed then.
  returned: when the server was read
  type: bool
failure:
  description: What a failure says in its message, by its parts.
  returned: on failure
  type: dict
  contains:
    host:
      description: Inventory name of the server.
      type: str
    setting:
      description: The setting or option concerned.
      type: str
    problem:
      description: What is wrong.
      type: str
    found:
      description: What was found.
      type: str
    expected:
      description: What was expected.
      type: str
    changed:
      description: What had been changed before the failure.
      type: str
    next_step:
      description: What to do next.
      type: str
"""
