# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand the lab up in the foreground: python -m tests.lab --hosts FILE --inventory OUT [--backend model|wine]."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from tests.lab.fleet import BACKENDS, Lab
from tests.lab.hosts import HostsFileError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="Windows servers to test against.")
    parser.add_argument("--hosts", required=True, metavar="FILE", help="the fleet, YAML as in hosts.schema.json")
    parser.add_argument("--inventory", required=True, metavar="OUT", help="the Ansible inventory to write")
    parser.add_argument("--backend", choices=sorted(BACKENDS), default="model", help="for hosts that name none")
    options = parser.parse_args(arguments)
    # A pipe, because a handler that sets a threading.Event can meet its waiter holding the lock.
    told, tell = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: os.write(tell, b"."))
    try:
        lab = Lab(options.hosts, options.backend)
    except (HostsFileError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    with lab:
        lab.write_inventory(options.inventory)
        print(f"lab ready: {len(lab.hosts)} hosts", flush=True)
        os.read(told, 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
