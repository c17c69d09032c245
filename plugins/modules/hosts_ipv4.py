# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of hosts_ipv4; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: hosts_ipv4
short_description: Let a server with both roles reach itself over IPv4, by its hosts file
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - For a server with the Client Access and the Mailbox role, whose C(mad.exe) listens on IPv4 only on port 6004.
  - Puts one C(#) before each active C(::1) line of C(%SystemRoot%\system32\drivers\etc\hosts), and lets the server's
    hostname and FQDN each stand on exactly one active line, behind its IPv4 address. Names with another address are
    corrected on their own line; missing lines are added at the end. Every other byte stays as it is, and so do the
    file's attributes and permissions.
  - With O(state=absent) exactly that is undone. What there was before is remembered in C(pending.json) of
    O(snapshot_dir). Lines that are none of this are shown and stay. Where it is lost, lines that hold nothing but the
    address and the names go, and on Windows Server 2008 the C(::1) line that it ships is made active again.
  - New bytes go into a copy beside the file and are read back before the copy is moved over it. A file that cannot be
    read whole, as one in UTF-16, is never written.
  - A hosts file that the fix had to make stays when it is undone, empty.
  - A last line without its line end stays so where C(certutil) can write it. However that fails (endpoint protection
    may stop it, or let it hang), the line end is added, with a warning that says why.
  - A domain controller, and an Exchange 2007 server without the Mailbox role, does not need this and is
    C(not_applicable). O(state=absent) works there too.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
  - exchange_ops.outlook_anywhere.server.snapshots
  - exchange_ops.outlook_anywhere.server.fix
options:
  address:
    description:
      - The IPv4 address by which the server reaches itself.
      - By default the only one of its adapters, by its registry. With several the task fails and lists them.
    type: str
  hostname:
    description: The server's hostname, one label. By default what its registry says.
    type: str
  fqdn:
    description: The server's fully qualified domain name. By default what its registry says.
    type: str
  state:
    description: Whether the lines are to be there, or what was there before.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Reach this server over IPv4
  exchange_ops.outlook_anywhere.hosts_ipv4:

- name: The same on a server with several addresses
  exchange_ops.outlook_anywhere.hosts_ipv4:
    address: 192.0.2.17

- name: Undo it
  exchange_ops.outlook_anywhere.hosts_ipv4:
    state: absent
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
      description: C(hosts ::1) or C(hosts own names).
      type: str
    status:
      description: One of C(compliant), C(drifted), C(not_applicable), C(not_managed), C(unknown).
      type: str
    before:
      description: The lines concerned as found; null when there are none or when they were not read.
      type: str
    after:
      description: The lines concerned as they are to be; null for none.
      type: str
    reason:
      description: Why the status is what it is.
      type: str
    reference:
      description: Where the fact comes from.
      type: str
    effective:
      description: Whether the server works by the lines, C(no) or C(unknown).
      type: str
    blocked_by:
      description: What holds the change back; null when nothing does. A change that is held back is not counted.
      type: str
restart_required:
  description: Always empty for this module.
  returned: always
  type: list
  elements: str
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
