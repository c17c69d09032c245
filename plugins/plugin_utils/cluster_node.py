# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No service is stopped and no server booted behind a cluster's back."""

from __future__ import annotations

from .facts.roles import CLUSTER
from .fixes.plan import Failure
from .formats.registry import KeyAbsent, KeyContent, KeyDenied
from .reads import Observed, Read, ReadKey

READ_CLUSTER: Read = ReadKey(CLUSTER)
_COMMANDS = (
    "In the Exchange Management Shell: Move-ClusteredMailboxServer hands the clustered mailbox server over to the "
    "other node, Stop-ClusteredMailboxServer and Start-ClusteredMailboxServer stop and start it where it is."
)


def cluster_failure(observed: Observed, setting: str, what: str) -> Failure | None:
    """Why a cluster node, or a server of which nobody knows whether it is one, is left alone; None for all others."""
    state = observed.key(CLUSTER)
    if isinstance(state, KeyAbsent):
        return None
    expected = f"no key {CLUSTER.path}: a server that is no cluster node"
    if isinstance(state, KeyContent):
        return Failure(
            setting=setting,
            problem=f"it is a cluster node, where Exchange's services are cluster resources: {what} means a failover",
            found=f"the key {CLUSTER.path} exists",
            expected=expected,
            next_step=f"{_COMMANDS} Nothing was done here.",
        )
    why = f"{state.denied.path} exists and cannot be read" if isinstance(state, KeyDenied) else state.why
    return Failure(
        setting=setting,
        problem=f"whether it is a cluster node could not be read, and on one {what} means a failover",
        found=f"{CLUSTER.path}: {why}; the server said {state.answer!r}",
        expected=expected,
        next_step=(
            "Give the connection's account the right to read the key and run again (a local administrator other than "
            f"the built-in one gets a filtered token over the network, KB 951016). On a cluster node: {_COMMANDS}"
        ),
    )
