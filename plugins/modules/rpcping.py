# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of rpcping; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rpcping
short_description: Try the way of an Outlook Anywhere client step by step
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Runs C(rpcping.exe) on the server of the task, as a client of the RPC proxy, in up to four steps. The first asks the
    RPC proxy alone, the others reach for the ports 6001 (mail), 6002 (referral) and 6004 (directory) behind it.
  - Stops at the first step that fails, and says what that step proves and where to look. The task fails then;
    C(failed_when) on C(proved) decides otherwise.
  - Changes nothing, and so runs in check mode just the same. It does log on with the account that it is given.
  - C(rpcping.exe) takes the password on its command line. While a step runs, everybody who may look at the server's
    processes with their command lines can see it, and endpoint protection may keep it or object. Use an account that is
    made for this and has no rights but a mailbox.
  - A wrong password is one failed logon a run, at the first step. With O(steps) that leave out V(proxy) the RPC proxy
    and the server behind it are both logged on to.
  - A step that does not end in time is ended on the server, by WinRM and by its process id. When its end was not seen,
    a warning says so, and a guard that waits on the server is left there, as when the line is lost, the controller dies
    or the task's own C(timeout) strikes. The guard ends every C(rpcping.exe) that was started since the ladder began.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
options:
  rpc_proxy:
    description: FQDN of the RPC proxy, as Outlook knows it. Its certificate must be for this name.
    type: str
    required: true
  mailbox_server:
    description:
      - FQDN or NetBIOS name of the server behind the RPC proxy. C(ValidPorts) must list it by this very name.
      - A Mailbox server, or with O(steps=6004) a Global Catalog that serves 6004 itself.
    type: str
    required: true
  username:
    description: Name of the account, without its domain.
    type: str
    required: true
  domain:
    description: NetBIOS or DNS name of the account's domain.
    type: str
    required: true
  password:
    description:
      - Password of the account, of printable ASCII, up to 127 characters. One with a comma, a double quote, a percent
        sign, or a blank at its beginning or end, or V(*) alone, is refused before anything is sent.
      - It stands in no result, message, log or traceback of this module, whatever the verbosity. Ansible itself shows
        the options of every task where C(ANSIBLE_DISPLAY_ARGS_TO_STDOUT) is set; C(no_log) on the task keeps that off.
    type: str
    required: true
  proxy_authentication:
    description: How the RPC proxy is logged on to.
    type: str
    required: true
    choices: [basic, ntlm]
  rpc_authentication:
    description: How the server behind the RPC proxy is logged on to.
    type: str
    choices: [negotiate, ntlm, kerberos]
    default: negotiate
  steps:
    description: The steps to try, always in this order.
    type: list
    elements: str
    choices: [proxy, '6001', '6002', '6004']
    default: [proxy, '6001', '6002', '6004']
  step_timeout:
    description: Seconds that one step may take, 1 to 600.
    type: int
    default: 60
  program:
    description:
      - Full path of C(rpcping.exe) on the server, without blanks (short names serve).
      - By default it is looked for in C(%SystemRoot%\\system32) alone.
    type: str
seealso:
  - module: exchange_ops.outlook_anywhere.server_info
"""

EXAMPLES = r"""
- name: Try the way of a client from a server that has rpcping.exe
  exchange_ops.outlook_anywhere.rpcping:
    rpc_proxy: mail.contoso.com
    mailbox_server: mbx1.contoso.com
    username: rpcping
    domain: CONTOSO
    password: "{{ vault_rpcping_password }}"
    proxy_authentication: basic
  throttle: 1

- name: Try whether a Global Catalog serves the directory through this Client Access server
  exchange_ops.outlook_anywhere.rpcping:
    rpc_proxy: cas1.contoso.com
    mailbox_server: gc1.contoso.com
    username: rpcping
    domain: CONTOSO
    password: "{{ vault_rpcping_password }}"
    proxy_authentication: ntlm
    steps: [proxy, 6004]
"""

RETURN = r"""
proved:
  description: Whether every step succeeded.
  returned: always
  type: bool
steps:
  description: The steps in their order; empty where the options were refused.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: V(proxy), V(6001), V(6002) or V(6004).
      type: str
    state:
      description:
        - V(succeeded) for exit code 0, V(failed) for any other, V(not_run) for what stands behind the first that
          failed.
        - V(timed_out) when no end of it was seen, at its deadline or because the line to the server was lost.
      type: str
    exit_code:
      description: Exit code of C(rpcping.exe); null where none was seen.
      type: int
    seconds:
      description: How long it took.
      type: float
    meaning:
      description: What the step proves when it succeeds.
      type: str
    look_at:
      description: Where to look when it fails.
      type: list
      elements: str
    recognised:
      description: What the text seems to speak of, in words. These are guesses, and decide nothing.
      type: list
      elements: str
    output:
      description: What C(rpcping.exe) printed, with every form of the password replaced.
      type: str
failed_step:
  description: Name of the step that failed or timed out; null where none did.
  returned: always
  type: str
rpc_proxy:
  description: The RPC proxy.
  returned: when the options were accepted
  type: str
mailbox_server:
  description: The server behind it.
  returned: when the options were accepted
  type: str
proxy_authentication:
  description: How the RPC proxy was logged on to.
  returned: when the options were accepted
  type: str
failure:
  description: What a failure says in its message, by its parts.
  returned: on failure
  type: dict
  contains:
    host:
      description: Inventory name of the server.
      type: str
    setting:
      description: The step or option concerned.
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
      description: What had been changed before the failure, which is nothing.
      type: str
    next_step:
      description: What to do next.
      type: str
"""
