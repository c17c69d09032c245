# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module that talks to a server has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and notes."""

    DOCUMENTATION = r"""
options:
  command_timeout:
    description:
      - Seconds that one command may take on the server before it is ended there and the task fails, 1 to 3600.
      - A task sends one command to read and one to change; a file is brought by one more.
    type: int
    default: 120
attributes:
  check_mode:
    description: Can run in check mode and predict what a run would change, without writing anything on the server.
    support: full
  diff_mode:
    description: Says what changed, or would change, in diff mode.
    support: full
  platform:
    description: Systems that the module works on.
    support: full
    platforms: windows
  powershell:
    description: Runs without PowerShell on the server.
    support: full
requirements:
  - pywinrm >= 0.5 on the controller
notes:
  - The module runs on the controller and talks to the server through the C(winrm) connection of the inventory, in one
    WinRS shell. Every transport of that connection serves; other connections are refused.
  - Nothing is started on the server but programs that come with Windows. C(become) and C(environment) are refused.
"""

    SNAPSHOTS = r"""
options:
  snapshot_dir:
    description:
      - Folder on the controller, with a folder for each host below it, that keeps what must outlive a task. It holds a
        snapshot for each task that changed something, with what was there before, and C(pending.json), which changes
        still wait for a restart or a reboot, by the server's own clock, and what an undo needs to know.
      - Made when absent, readable by its owner only. Without it nothing is changed.
    type: path
    default: ./.outlook_anywhere/snapshots
"""

    FIX = r"""
options:
  leave_alone:
    description:
      - Look, and change nothing. The findings then have this status, unless a fix is half applied, which is drift.
      - With V(not_applicable) a setting that is as wanted stays C(compliant), with a note.
    type: str
    choices: [not_managed, not_applicable]
  leave_alone_reason:
    description: The reason that the findings give with O(leave_alone).
    type: str
    default: nobody has asked for it
"""
