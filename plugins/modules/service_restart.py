# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of service_restart; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_restart
short_description: Restart a service and what needs it
version_added: 0.1.0
author:
  - exchange_ops.outlook_anywhere authors (@exchange-ops)
description:
  - Stops a service that runs, waits until it has stopped, starts it, waits until it runs, and starts those services
    again that needed it and ran before.
  - Before the service is stopped, the services that ran are noted on the controller. After a cut, or when one of them
    does not start, a rerun starts what was left and drops the note. One that is disabled or no longer installed by then
    counts as given up; a warning names it.
  - A rerun restarts the service as a whole only where it was not seen stopped before, or where a setting of this
    collection that waits for a start of this very service was changed since.
  - Refuses on cluster nodes, where Exchange's services are cluster resources, and for a service that is disabled.
  - That the service was restarted is remembered on the controller, by the server's own clock.
extends_documentation_fragment:
  - exchange_ops.outlook_anywhere.server
options:
  name:
    description: Name of the service, as C(sc query) takes it.
    type: str
    required: true
  timeout:
    description:
      - Seconds that the stop may take, and again each start, up to 86400.
      - V(0) waits for nothing; what is not done when C(net stop) or C(net start) ends is a failure.
    type: int
    default: 300
  mailbox_outage:
    description:
      - The consent to stop a service on a Mailbox server, whose users may lose mail, directory or search meanwhile. It
        is needed there for every service, as a name does not tell whether Exchange needs it.
      - Without it a rerun still starts what an earlier run has left down, and warns where the restart as a whole stays
        due.
    type: bool
    default: false
  snapshot_dir:
    description:
      - Folder on the controller, with a folder for each host below it, that keeps the note of what ran before.
      - Made when absent. Without it nothing is stopped.
    type: path
    default: ./.outlook_anywhere/snapshots
notes:
  - A service that does not run fails the task, unless a run of this controller has stopped it.
"""

EXAMPLES = r"""
- name: Let the System Attendant read its settings again
  exchange_ops.outlook_anywhere.service_restart:
    name: MSExchangeSA
    mailbox_outage: true
"""

RETURN = r"""
seconds:
  description: How long the service was waited for.
  returned: always
  type: int
failure:
  description: What a failure says in its message, by its parts.
  returned: on failure
  type: dict
  contains:
    host:
      description: Inventory name of the server.
      type: str
    setting:
      description: The service or option concerned.
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
      description: What had been stopped and started before the failure.
      type: str
    next_step:
      description: What to do next.
      type: str
"""
